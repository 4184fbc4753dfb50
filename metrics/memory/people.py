"""Who writes: an account that may, asked for at the moment of writing; and names to show."""

from __future__ import annotations

from data import users
from data.audit import Actor, person
from metrics.model import Team
from metrics.roles import active_account, check_may_edit


def editor(username: str, team: Team, what: str) -> Actor:
    """Somebody who may change ``what`` a team answers for. Raises ``RoleError`` for others."""
    account = active_account(username)
    check_may_edit(account.role, team, what)
    return person(account.username)


def full_names() -> dict[str, str]:
    """Full names by user name; of an account that is gone there is none."""
    return {account.username: account.full_name for account in users.list_accounts()}
