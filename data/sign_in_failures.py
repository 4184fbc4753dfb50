"""Failed sign-ins: counted by name in the state database, and the lock that they bring.

Names without an account are counted and locked like the others, or the lock itself would tell
which accounts exist. Moments are UTC without a zone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data.audit import NOBODY, Event, record
from data.state import AuditEvent, SignInFailure, User, open_state
from data.state.models import utc_now

MAX_FAILURES = 5
LOCK_TIME = timedelta(minutes=15)
_FORGET_AFTER = timedelta(days=1)
_UNKNOWN_NAMES_EVERY = timedelta(minutes=1)


def record_failure(username: str, attempt: int) -> None:
    """Put a failed sign-in, and the lock that it may bring, into the audit log.

    A name that no account has is not written down: somebody may have typed a password there. And
    such names are free to invent, so of them one a minute is recorded, or the log could be filled.
    """
    with open_state().write() as session:
        # Whatever is recorded, something is written, and it takes the same time.
        session.execute(
            update(SignInFailure)
            .where(SignInFailure.username == username)
            .values(failed_attempts=SignInFailure.failed_attempts)
        )
        known = session.get(User, username) is not None
        if known:
            record(Event.SIGN_IN_FAILED, by=NOBODY, about=username, session=session)
        elif not _failed_lately(session):
            record(Event.SIGN_IN_FAILED, by=NOBODY, detail={"account": "unknown"}, session=session)
        if known and attempt == MAX_FAILURES:
            minutes = int(LOCK_TIME.total_seconds() // 60)
            record(
                Event.NAME_LOCKED,
                by=NOBODY,
                about=username,
                detail={"minutes": minutes},
                session=session,
            )


def _failed_lately(session: Session) -> bool:
    """Whether a failure under an unknown name was recorded within the last minute."""
    lately = select(AuditEvent.id).where(
        AuditEvent.at > utc_now() - _UNKNOWN_NAMES_EVERY,
        AuditEvent.event == Event.SIGN_IN_FAILED.value,
        AuditEvent.subject.is_(None),
    )
    return session.scalar(lately.limit(1)) is not None


def count_attempt(username: str, now: datetime) -> int | None:
    """Count one attempt: its number, or None when the name is locked. Atomic over all processes."""
    forgiven = SignInFailure.last_failed_at <= now - LOCK_TIME
    count = (
        update(SignInFailure)
        .where(SignInFailure.username == username)
        .where((SignInFailure.failed_attempts < MAX_FAILURES) | forgiven)
        .values(
            failed_attempts=case((forgiven, 1), else_=SignInFailure.failed_attempts + 1),
            last_failed_at=now,
        )
    )
    with open_state().write() as session:
        session.execute(
            delete(SignInFailure).where(SignInFailure.last_failed_at < now - _FORGET_AFTER)
        )
        if session.connection().execute(count).rowcount:
            return _attempts(session, username)
        # Nothing was counted: there is no row yet, or it is locked. Only an insert can tell, for a
        # look would take one that another process has made in this instant for a locked one.
        try:
            with session.begin_nested():
                session.add(SignInFailure(username=username, failed_attempts=1, last_failed_at=now))
        except IntegrityError:
            if not session.connection().execute(count).rowcount:
                return None
            return _attempts(session, username)
        return 1


def _attempts(session: Session, username: str) -> int | None:
    """How many are counted; within the transaction that counted the last, nobody adds to it."""
    return session.scalar(
        select(SignInFailure.failed_attempts).where(SignInFailure.username == username)
    )


def forget_failures(session: Session, username: str) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.username == username))


def locked_names(*, now: datetime | None = None) -> set[str]:
    """Names locked at the moment, whether or not they have an account."""
    with open_state().read() as session:
        locked = select(SignInFailure.username).where(
            SignInFailure.failed_attempts >= MAX_FAILURES,
            SignInFailure.last_failed_at > (now or utc_now()) - LOCK_TIME,
        )
        return set(session.scalars(locked))
