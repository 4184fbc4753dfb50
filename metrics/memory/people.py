"""Who writes: an account that may, asked for at the moment of writing; and names to show."""

from __future__ import annotations

from data import users
from data.audit import Actor, person
from data.errors import StateError
from data.users import Account
from metrics.model import Team
from metrics.roles import check_may_edit


def active_account(username: str) -> Account:
    """An account that may sign in. Raises ``AccountError`` or ``StateError``."""
    account = users.find_account(username)
    if not account.is_active:
        raise StateError(f"The account {username!r} is disabled.")
    return account


def editor(username: str, team: Team, what: str) -> Actor:
    """Somebody who may change ``what`` a team answers for. Raises ``RoleError`` for others."""
    account = active_account(username)
    check_may_edit(account.role, team, what)
    return person(account.username)


def full_names() -> dict[str, str]:
    """Full names by user name; of an account that is gone there is none."""
    return {account.username: account.full_name for account in users.list_accounts()}
