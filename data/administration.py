"""Who may manage accounts: administrators, asked in the transaction of the change itself.

Not on the command line: whoever may run that may write to the state database anyway, and it is the
way out when nobody can sign in as an administrator any more.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.audit import Actor
from data.errors import AccountError
from data.state import User

ADMIN = "admin"


def check_may_manage(session: Session, by: Actor) -> None:
    """Raises ``AccountError`` for somebody in the app who is no active administrator now."""
    if by.source == "app" and by.name not in _admins(session):
        raise AccountError("Accounts are managed by admins; you are none, or not any more.")


def keep_an_admin(session: Session, by: Actor) -> None:
    """Raises ``AccountError`` when a change made in the app would leave no active administrator.

    To be called in the transaction of the change, after it; that is then undone.
    """
    session.flush()
    if by.source == "app" and not _admins(session):
        raise AccountError(
            "This is the last active admin; nobody could manage accounts any more.",
            remedy="Make somebody else an admin first.",
        )


def _admins(session: Session) -> set[str]:
    """The user names of the active administrators, their rows held until the transaction ends.

    So two of them who demote each other at the same time do it one after the other, and the
    second is refused. (SQLite has one writer at a time in any case.)
    """
    active = select(User.username).where(User.role == ADMIN, User.is_active)
    return set(session.scalars(active.order_by(User.username).with_for_update()))
