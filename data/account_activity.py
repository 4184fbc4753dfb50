"""What the state database knows of an account's sign-ins: the last one, those still open, the lock.

It keeps no list of sessions: a session is a signed cookie in a browser. What is told here is read
from the audit log, which has every sign-in with a password.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from data.audit import Event
from data.sign_in_failures import LOCK_TIME, MAX_FAILURES
from data.state import AuditEvent, SignInFailure, open_state
from data.state.models import utc_now

# What ends every session of an account there and then.
_ENDINGS = (
    Event.PASSWORD_SET,
    Event.ROLE_CHANGED,
    Event.ACCOUNT_DISABLED,
    Event.SESSIONS_ENDED,
)


@dataclass(frozen=True)
class Activity:
    """Of one account; moments are UTC without a zone.

    ``open_sign_ins`` counts the sign-ins whose cookie is still good: not signed out, not ended,
    not expired. A tab that is left open for longer than its cookie lasts is not among them.
    """

    last_sign_in: datetime | None = None
    open_sign_ins: int = 0
    locked_until: datetime | None = None


def account_activity(
    *, lasting: timedelta, sso_lasting: timedelta | None = None, now: datetime | None = None
) -> dict[str, Activity]:
    """By user name, of every account that has any; a sign-in is good for as long as ``lasting``,
    one at an identity provider for ``sso_lasting``."""
    now = now or utc_now()
    since, sso_since = now - lasting, now - (sso_lasting or lasting)
    last, still_open, locks = _last_sign_ins(), _open_sign_ins(since, sso_since), _locks(now)
    return {
        name: Activity(last.get(name), still_open[name], locks.get(name))
        for name in {*last, *still_open, *locks}
    }


def _last_sign_ins() -> dict[str, datetime]:
    """Moments of the newest sign-in."""
    newest = (
        select(AuditEvent.subject, func.max(AuditEvent.at))
        .where(AuditEvent.event == Event.SIGN_IN.value, AuditEvent.subject.is_not(None))
        .group_by(AuditEvent.subject)
    )
    with open_state().read() as session:
        return {name: at for name, at in session.execute(newest) if name is not None}


def _open_sign_ins(since: datetime, sso_since: datetime) -> Counter[str]:
    kinds = (Event.SIGN_IN, Event.SIGN_OUT, *_ENDINGS)
    told = (
        select(AuditEvent.event, AuditEvent.subject, AuditEvent.actor, AuditEvent.source)
        .add_columns(AuditEvent.detail, AuditEvent.at)
        .where(
            AuditEvent.at > min(since, sso_since),
            AuditEvent.event.in_([kind.value for kind in kinds]),
        )
        .order_by(AuditEvent.id)
    )
    count: Counter[str] = Counter()
    with open_state().read() as session:
        for event, name, actor, source, detail, at in session.execute(told):
            if name is None:
                continue
            if event == Event.SIGN_IN:
                said = json.loads(detail)
                is_good = at > (sso_since if said.get("method") == "oidc" else since)
                # With a first password there is no cookie before it is replaced.
                count[name] += int(is_good and not said.get("first_password"))
            elif event == Event.SIGN_OUT:
                count[name] = max(0, count[name] - 1)
            else:
                # Whoever chooses a new password in the app goes on there, and nowhere else.
                own = event == Event.PASSWORD_SET and source == "app" and actor == name
                count[name] = int(own)
    return count


def _locks(now: datetime) -> dict[str, datetime]:
    locked = select(SignInFailure.username, SignInFailure.last_failed_at).where(
        SignInFailure.failed_attempts >= MAX_FAILURES,
        SignInFailure.last_failed_at > now - LOCK_TIME,
    )
    with open_state().read() as session:
        return {name: at + LOCK_TIME for name, at in session.execute(locked)}
