"""Single sign-on: from what an identity provider says of somebody to an account and a session.

The web server has checked the ID token and keeps its claims in a signed cookie that it knows of no
way to take back. Therefore a sign-in counts once: the first run that sees its claims, within
minutes, writes it down in the state database; from then on that row decides whether the session is
on, and a copy of the cookie is worth nothing more than the row.

Issuer and subject say who somebody is; an e-mail address or a name never does.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from data.audit import NOBODY, Event, person, record, without_people
from data.errors import AccountError, StateConflict
from data.group_roles import Grant, SignInRefused, granted
from data.sign_in_config import SignIn
from data.state import SsoSignIn, User, open_state
from data.state.models import utc_now
from data.users import Account, account_of, end_all_sessions

# How old a sign-in may be when it is first seen, and how far ahead the provider's clock may be.
REDEEM_WITHIN = timedelta(minutes=10)
CLOCK_AHEAD = timedelta(minutes=2)
# Rows are kept longer than the web server takes its own cookie (31 days), so that none that was
# ended could be taken for a new one.
_KEEP = timedelta(days=40)
MAX_NAME = 200
_NEEDED = ("iss", "sub", "nonce")
_NOT_IN_USERNAME = re.compile(r"[^a-z0-9._@+-]+")
_ENDED = "Your session has ended. Please sign in again."


@dataclass(frozen=True)
class Identity:
    """Somebody as the identity provider describes them in one sign-in.

    ``sign_in_id`` is that sign-in and no other; ``issued_at`` is UTC without a zone.
    """

    issuer: str
    subject: str
    sign_in_id: str
    issued_at: datetime
    full_name: str
    email: str | None
    username: str
    groups: tuple[str, ...]


def read_identity(claims: Mapping[str, Any], groups_claim: str) -> Identity:
    """What the claims of an ID token say. Raises ``SignInRefused`` when they lack what is needed.

    ``groups_claim`` is the name of a claim with a list of groups, or a path to one with dots.
    """
    names = {name: claims.get(name) for name in _NEEDED}
    issued_at = _moment(claims.get("iat"))
    if issued_at is None or not all(map(_is_id, names.values())):
        raise SignInRefused(
            "The identity provider did not say who you are.", remedy="Please sign in again."
        )
    issuer, subject, nonce = map(str, names.values())
    email = _text(claims.get("email"))
    wanted = _text(claims.get("preferred_username")) or email or subject
    return Identity(
        issuer=issuer,
        subject=subject,
        sign_in_id=_hash(issuer, subject, nonce),
        issued_at=issued_at,
        full_name=_text(claims.get("name")) or wanted[:MAX_NAME],
        email=email,
        username=_as_username(wanted),
        groups=_groups(claims, groups_claim),
    )


def _is_id(value: Any) -> bool:
    """Whether a claim can tell one thing from another; subjects have at most 255 characters."""
    return isinstance(value, str) and 0 < len(value) <= 255


def _moment(seconds: Any) -> datetime | None:
    """Seconds since 1970 as UTC without a zone; None for what is no moment."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _text(value: Any) -> str | None:
    """One line of text that can be kept and shown; None for anything else."""
    if not isinstance(value, str):
        return None
    text = " ".join("".join(c if c.isprintable() else " " for c in value).split())
    return text[:MAX_NAME] or None


def _as_username(wanted: str) -> str:
    plain = _NOT_IN_USERNAME.sub("-", wanted.strip().lower()).lstrip("._@+-")
    return plain[:64] or "somebody"


def _groups(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value: Any = claims.get(name)
    if value is None:
        value = claims
        for part in name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    if isinstance(value, str):
        return (value,)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def sso_account(identity: Identity, settings: SignIn, *, now: datetime | None = None) -> Account:
    """The account of somebody who has signed in at the identity provider.

    The first time it makes or brings up to date their account, by their groups. Raises
    ``SignInRefused``, in words for them, when they may not come in or the session has ended.
    """
    now = now or utc_now()
    found = _lookup(identity.sign_in_id)
    if found is None:
        if not now - REDEEM_WITHIN <= identity.issued_at <= now + CLOCK_AHEAD:
            raise SignInRefused(_ENDED)
        try:
            found = _redeem(identity, settings, now)
        except StateConflict:
            # Another tab has written it down in this instant, or the name was taken.
            found = _lookup(identity.sign_in_id)
            if found is None:
                raise
    if found.refusal is not None:
        raise SignInRefused(found.refusal)
    account = _live_account(found, settings, now)
    if account is None:
        raise SignInRefused(_ENDED)
    return account


def sso_session(
    sign_in_id: str, settings: SignIn, *, now: datetime | None = None
) -> Account | None:
    """The account of a sign-in that was seen before; None when its session has ended."""
    found = _lookup(sign_in_id)
    return None if found is None else _live_account(found, settings, now or utc_now())


@dataclass(frozen=True)
class _SignIn:
    """A row of ``sso_sign_ins`` with its account."""

    signed_in_at: datetime
    session_epoch: int | None
    is_over: bool
    refusal: str | None
    account: Account | None


def _lookup(sign_in_id: str) -> _SignIn | None:
    with open_state().read() as session:
        row = session.get(SsoSignIn, sign_in_id)
        return None if row is None else _sign_in(session, row)


def _sign_in(session: Session, row: SsoSignIn) -> _SignIn:
    user = None if row.username is None else session.get(User, row.username)
    return _SignIn(
        signed_in_at=row.signed_in_at,
        session_epoch=row.session_epoch,
        is_over=row.ended_at is not None,
        refusal=row.refusal,
        account=None if user is None else account_of(user),
    )


def _live_account(found: _SignIn, settings: SignIn, now: datetime) -> Account | None:
    account = found.account
    over = found.is_over or found.refusal is not None
    over = over or now - found.signed_in_at > timedelta(hours=settings.session_hours)
    if over or account is None or account.issuer is None or not account.is_active:
        return None
    return account if account.session_epoch == found.session_epoch else None


def _redeem(identity: Identity, settings: SignIn, now: datetime) -> _SignIn:
    """Write a sign-in down, with the account that it is of or the reason why it is refused."""
    with open_state().write() as session:
        session.execute(delete(SsoSignIn).where(SsoSignIn.signed_in_at < now - _KEEP))
        row = SsoSignIn(id=identity.sign_in_id, signed_in_at=now)
        session.add(row)
        session.flush()
        user = session.scalar(
            select(User).where(User.issuer == identity.issuer, User.subject == identity.subject)
        )
        try:
            grant = _admitted(user, identity, settings)
        except SignInRefused as refused:
            row.refusal = str(refused)
            _log_refusal(session, user)
            return _sign_in(session, row)
        if user is None:
            user = _add_account(session, identity, grant)
        else:
            _bring_up_to_date(session, user, identity, grant)
        session.flush()
        row.username, row.session_epoch = user.username, user.session_epoch
        _log(session, Event.SIGN_IN, user, {})
        session.flush()
        return _sign_in(session, row)


def _admitted(user: User | None, identity: Identity, settings: SignIn) -> Grant:
    """What somebody may do from this sign-in on. Raises ``SignInRefused``."""
    if user is not None and not user.is_active:
        raise SignInRefused(
            "Your account is disabled.", remedy="Ask whoever looks after the scorecard."
        )
    # The provider counts whole seconds.
    ended = None if user is None or user.sessions_ended_at is None else user.sessions_ended_at
    if ended is not None and identity.issued_at < ended.replace(microsecond=0):
        raise SignInRefused(_ENDED)
    try:
        return granted(identity.groups, settings.groups)
    except SignInRefused:
        if user is not None:
            # What they were let do once is over in every browser.
            end_all_sessions(user)
        raise


def _log_refusal(session: Session, user: User | None) -> None:
    """A row for the log, nameless where somebody has no account here: they never agreed to one."""
    about = None if user is None else user.username
    detail = {"method": "oidc"}
    record(Event.SIGN_IN_FAILED, by=NOBODY, about=about, detail=detail, session=session)


def _add_account(session: Session, identity: Identity, grant: Grant) -> User:
    user = User(
        username=_free_username(session, identity),
        full_name=identity.full_name,
        email=identity.email,
        password_hash=None,
        issuer=identity.issuer,
        subject=identity.subject,
        role=grant.role,
        is_active=True,
        must_change_password=False,
        row_scope=_as_json(grant),
        session_epoch=secrets.randbelow(2**30),
    )
    session.add(user)
    _log(session, Event.ACCOUNT_ADDED, user, {"role": grant.role, "sees": _sees(grant)})
    return user


def _free_username(session: Session, identity: Identity) -> str:
    """The name that the provider gives, or one like it where somebody else has that one."""
    if session.get(User, identity.username) is None:
        return identity.username
    username = f"{identity.username[:55]}-{_hash(identity.issuer, identity.subject)[:8]}"
    if session.get(User, username) is not None:
        raise AccountError("There is no user name left for you.", remedy="Ask an administrator.")
    return username


def _bring_up_to_date(session: Session, user: User, identity: Identity, grant: Grant) -> None:
    """Name and rights as the provider has them now; sessions with another role end."""
    user.full_name, user.email = identity.full_name, identity.email
    if user.row_scope != _as_json(grant):
        user.row_scope = _as_json(grant)
        _log(session, Event.SCOPE_CHANGED, user, {"sees": _sees(grant)})
    if user.role != grant.role:
        _log(session, Event.ROLE_CHANGED, user, {"before": user.role, "after": grant.role})
        user.role = grant.role
        end_all_sessions(user)


def _log(session: Session, event: Event, user: User, detail: dict[str, Any]) -> None:
    said = {**detail, "method": "oidc"}
    record(event, by=person(user.username), about=user.username, detail=said, session=session)


def _as_json(grant: Grant) -> str | None:
    return None if grant.scope.is_whole else json.dumps(grant.scope.pairs())


def _sees(grant: Grant) -> list[str]:
    return without_people(grant.scope.members) or ["everything"]


def end_sso_session(sign_in_id: str) -> None:
    """End one session for good: its cookie is worth nothing from now on, wherever a copy is."""
    with open_state().write() as session:
        row = session.get(SsoSignIn, sign_in_id)
        if row is None or row.ended_at is not None:
            return
        row.ended_at = utc_now()
        if row.username is not None:
            name = row.username
            record(Event.SIGN_OUT, by=person(name), about=name, session=session)
