"""Accounts: who may sign in, with which role; passwords and the lock after failures.

Every function opens the state database itself and raises ``StateError`` when that cannot be used.
What it changes goes to the audit log in the same transaction, as done ``by`` somebody: whoever
runs the command line unless it is said. Somebody in the app has to be an administrator at that
moment (``data/administration.py``), but for one's own password and sessions.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.administration import check_may_manage, keep_an_admin
from data.audit import Actor, DetailValue, Event, command_line, person, record, without_people
from data.errors import AccountError, StateConflict, unknown
from data.passwords import check_rules, hash_password, matches
from data.roles import ROLES
from data.row_scope import EVERYTHING, RowScope
from data.sign_in_failures import LOCK_TIME as LOCK_TIME
from data.sign_in_failures import MAX_FAILURES as MAX_FAILURES
from data.sign_in_failures import count_attempt, forget_failures, record_failure
from data.sign_in_failures import locked_names as locked_names
from data.state import User, open_state
from data.state.models import utc_now

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Account:
    """What the program may know of a user; the password's hash is not part of it."""

    username: str
    full_name: str
    email: str | None
    role: str
    is_active: bool
    must_change_password: bool
    session_epoch: int
    created_at: datetime
    password_changed_at: datetime
    scope: RowScope = EVERYTHING
    # Who vouches for the person: an identity provider; None for an account with a password here.
    issuer: str | None = None


def account_of(user: User) -> Account:
    return Account(
        username=user.username,
        full_name=user.full_name,
        email=user.email,
        role=user.role,
        is_active=user.is_active,
        must_change_password=user.must_change_password,
        session_epoch=user.session_epoch,
        created_at=user.created_at,
        password_changed_at=user.password_changed_at,
        scope=_scope(user),
        issuer=user.issuer,
    )


def _scope(user: User) -> RowScope:
    """What the account may see. One that cannot be read is an error, never everything."""
    return RowScope.parse(json.loads(user.row_scope)) if user.row_scope else EVERYTHING


def normal_username(name: str) -> str:
    """A user name as it is kept: lower case, without surrounding space."""
    return name.strip().lower()


def _new_username(name: str) -> str:
    username = normal_username(name)
    if not _USERNAME.fullmatch(username):
        raise AccountError(
            f"{name!r} cannot be a user name.",
            remedy="Expected 1 to 64 of a-z, 0-9 and . _ @ + -, beginning with a letter or digit.",
        )
    return username


def _checked_role(role: str) -> str:
    if role not in ROLES:
        raise AccountError(unknown("role", role, ROLES))
    return role


def _existing(session: Session, name: str) -> User:
    user = session.get(User, normal_username(name))
    if user is None:
        names = list(session.scalars(select(User.username)))
        raise AccountError(
            unknown("user", name, names) if names else f"unknown user {name!r}.",
            remedy=None if names else "There are no accounts yet: 'python -m data users add NAME'.",
        )
    return user


def _to_change(
    session: Session, name: str, by: Actor, *, own: bool = False, what: str | None = None
) -> User:
    """The account that ``by`` is about to change; ``own``: everybody may change theirs so.

    ``what`` is something that an identity provider says of those who sign in there: of their
    accounts it is not changed here.
    """
    if not (own and by.name == normal_username(name)):
        check_may_manage(session, by)
    user = _existing(session, name)
    if what is not None and user.issuer is not None:
        raise _elsewhere(user.username, what)
    return user


def _elsewhere(username: str, what: str) -> AccountError:
    return AccountError(
        f"{username} signs in at the identity provider: the {what} is not set here.",
        remedy="It comes from there; for role and scope see [sign_in.groups] in the configuration.",
    )


def list_accounts() -> list[Account]:
    """All accounts, by user name."""
    with open_state().read() as session:
        return [account_of(user) for user in session.scalars(select(User).order_by(User.username))]


def find_account(name: str) -> Account:
    """One account. Raises ``AccountError`` with the nearest name when there is none."""
    with open_state().read() as session:
        return account_of(_existing(session, name))


def check_new_account(name: str, *, role: str, email: str | None = None) -> str:
    """The user name as it would be kept; raises ``AccountError`` when it cannot be added."""
    username = _new_username(name)
    _checked_role(role)
    if email is not None and not _EMAIL.fullmatch(email):
        raise AccountError(f"{email!r} is not an e-mail address.")
    with open_state().read() as session:
        if session.get(User, username) is not None:
            raise _taken(username)
    return username


def _taken(username: str) -> AccountError:
    return AccountError(
        f"There is an account {username!r} already.",
        remedy="Choose another name, or give that account a new password.",
    )


def add_account(
    name: str,
    password: str,
    *,
    role: str = "viewer",
    full_name: str | None = None,
    email: str | None = None,
    must_change_password: bool = False,
    by: Actor | None = None,
) -> Account:
    """Create an account.

    ``must_change_password`` makes it a first password, to be replaced at the first sign-in.
    Raises ``AccountError`` for a name that is taken or malformed, an unknown role, a weak password.
    """
    username = check_new_account(name, role=role, email=email)
    check_rules(password, username=username)
    user = User(
        username=username,
        full_name=(full_name or "").strip() or username,
        email=email,
        password_hash=hash_password(password),
        role=role,
        is_active=True,
        must_change_password=must_change_password,
        # Not 1: sessions of an earlier account of the same name must not fit this one.
        session_epoch=secrets.randbelow(2**30),
    )
    by = by or command_line()
    try:
        with open_state().write() as session:
            check_may_manage(session, by)
            session.add(user)
            session.flush()
            first = must_change_password
            _log(session, Event.ACCOUNT_ADDED, username, by, role=role, first_password=first)
            return account_of(user)
    except StateConflict as error:
        raise _taken(username) from error


def set_password(
    name: str,
    password: str,
    *,
    must_change_password: bool = False,
    must_differ: bool = False,
    by: Actor | None = None,
) -> Account:
    """Set a password; ends all sessions of the account and lifts its lock.

    ``must_differ`` refuses the password that the account has now.
    """
    account = find_account(name)
    if account.issuer is not None:
        raise _elsewhere(account.username, "password")
    check_rules(password, username=account.username)
    if must_differ and matches(password, _password_hash(account.username)):
        raise AccountError(
            "That is the password the account has already.", remedy="Choose another."
        )
    password_hash = hash_password(password)
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by, own=True, what="password")
        user.password_hash = password_hash
        user.password_changed_at = utc_now()
        user.must_change_password = must_change_password
        end_all_sessions(user)
        forget_failures(session, user.username)
        _log(session, Event.PASSWORD_SET, user.username, by, first_password=must_change_password)
        session.flush()
        return account_of(user)


def set_active(name: str, active: bool, *, by: Actor | None = None) -> Account:
    """Disable an account, which ends its sessions, or enable it again, which lifts its lock."""
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by)
        if user.is_active != active:
            user.is_active = active
            end_all_sessions(user)
            keep_an_admin(session, by)
        if active:
            forget_failures(session, user.username)
        event = Event.ACCOUNT_ENABLED if active else Event.ACCOUNT_DISABLED
        _log(session, event, user.username, by)
        session.flush()
        return account_of(user)


def set_role(name: str, role: str, *, by: Actor | None = None) -> Account:
    """Give an account another role; its sessions end, so that none keeps the old one."""
    _checked_role(role)
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by, what="role")
        if user.role != role:
            _log(session, Event.ROLE_CHANGED, user.username, by, before=user.role, after=role)
            user.role = role
            end_all_sessions(user)
            keep_an_admin(session, by)
        session.flush()
        return account_of(user)


def set_scope(name: str, pairs: Iterable[str], *, by: Actor | None = None) -> Account:
    """Let an account see only these members (``["region=EMEA"]``); none lets it see everything.

    It holds from the next click of a session that is open. Raises ``AccountError`` with the
    nearest name.
    """
    scope = RowScope.parse(pairs)
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by, what="scope")
        user.row_scope = None if scope.is_whole else json.dumps(scope.pairs())
        sees = without_people(scope.members) or ["everything"]
        _log(session, Event.SCOPE_CHANGED, user.username, by, sees=sees)
        session.flush()
        return account_of(user)


def end_sessions(name: str, *, by: Actor | None = None) -> Account:
    """Sign an account out everywhere."""
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by, own=True)
        end_all_sessions(user)
        _log(session, Event.SESSIONS_ENDED, user.username, by)
        session.flush()
        return account_of(user)


def unlock(name: str, *, by: Actor | None = None) -> Account:
    """Lift the lock that failed sign-ins have brought; password and sessions stay as they are."""
    by = by or command_line()
    with open_state().write() as session:
        user = _to_change(session, name, by)
        forget_failures(session, user.username)
        _log(session, Event.ACCOUNT_UNLOCKED, user.username, by)
        return account_of(user)


def end_all_sessions(user: User) -> None:
    """End every session of an account, in the transaction that the row belongs to."""
    user.session_epoch = User.session_epoch + 1
    user.sessions_ended_at = utc_now()


def _log(session: Session, event: Event, username: str, by: Actor, **detail: DetailValue) -> None:
    record(event, by=by, about=username, detail=detail, session=session)


def session_account(username: str, session_epoch: int) -> Account | None:
    """The account of a session with a password, or None when that session has ended.

    It ends when the account is disabled or removed, its password or role changed, or it was
    signed out everywhere.
    """
    with open_state().read() as session:
        user = session.get(User, username)
        if user is None or not user.is_active or user.session_epoch != session_epoch:
            return None
        if user.issuer is not None:
            return None  # its sessions are those of data/sso.py
        return account_of(user)


def _password_hash(username: str) -> str | None:
    with open_state().read() as session:
        return session.scalar(
            select(User.password_hash).where(User.username == username, User.is_active)
        )


def verify(name: str, password: str, *, now: datetime | None = None) -> Account | None:
    """The account when the password is right, else None, for whatever reason.

    After ``MAX_FAILURES`` in a row a name is locked for ``LOCK_TIME``: the answer is then None
    without a look at the password. An unknown or disabled account counts, locks and takes its
    time like any other, so that nobody learns which exist. ``now`` is UTC without a zone.
    """
    username = normal_username(name)
    if not _USERNAME.fullmatch(username):
        matches(password, None)
        return None
    # The attempt is counted before the password is looked at: a hundred guesses sent at once get
    # no more tries than a hundred in a row.
    attempt = count_attempt(username, now or utc_now())
    if attempt is None:
        return None
    password_hash = _password_hash(username)
    if not matches(password, password_hash):
        record_failure(username, attempt)
        return None
    with open_state().write() as session:
        user = session.get(User, username)
        # Between the two looks it may have been disabled or given another password.
        if user is None or not user.is_active or user.password_hash != password_hash:
            return None
        forget_failures(session, username)
        detail = {"first_password": True} if user.must_change_password else None
        record(Event.SIGN_IN, by=person(username), about=username, detail=detail, session=session)
        return account_of(user)
