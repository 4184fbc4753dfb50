"""Which role may change what: an editor what the own team answers for, and what is shared."""

from __future__ import annotations

from data import users
from data.errors import StateError
from data.users import Account
from metrics.errors import RoleError
from metrics.model import Team

_TEAMS = {
    "editor_marketing": (Team.MARKETING, Team.SHARED),
    "editor_sales": (Team.SALES, Team.SHARED),
    "admin": tuple(Team),
}
_EDITORS = {
    Team.MARKETING: "marketing's editors",
    Team.SHARED: "editors of either team",
    Team.SALES: "sales' editors",
}


def may_edit(role: str, team: Team) -> bool:
    """Whether a role (``data.roles.ROLES``) may change what a team answers for."""
    return team in _TEAMS.get(role, ())


def check_may_edit(role: str, team: Team, what: str) -> None:
    """Raises ``RoleError``, which says who may, for a role that may not."""
    if not may_edit(role, team):
        raise RoleError(
            f"{what} is for {_EDITORS[team]} and admins; your role is {role.replace('_', ' ')}."
        )


def active_account(username: str) -> Account:
    """An account that may sign in. Raises ``AccountError`` or ``StateError``."""
    account = users.find_account(username)
    if not account.is_active:
        raise StateError(f"The account {username!r} is disabled.")
    return account
