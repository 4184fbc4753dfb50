"""``[sign_in]`` of ``scorecard.toml``: how people sign in, and what their groups let them do."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from data.errors import AccountError, unknown
from data.roles import ROLES
from data.row_scope import RowScope

METHODS = ("local", "oidc", "both")


def _method(name: str) -> str:
    if name not in METHODS:
        raise ValueError(unknown("method of signing in", name, METHODS))
    return name


def _role(name: str) -> str:
    if name not in ROLES:
        raise ValueError(unknown("role", name, ROLES))
    return name


def _scope(pairs: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return RowScope.parse(pairs).pairs()
    except AccountError as error:
        raise ValueError(str(error)) from error


class Group(BaseModel):
    """What one group of the identity provider gives: a role, and the part of the data seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Annotated[str, AfterValidator(_role)]
    scope: Annotated[tuple[str, ...], AfterValidator(_scope)] = ()

    @property
    def row_scope(self) -> RowScope:
        return RowScope.parse(self.scope)


class SignIn(BaseModel):
    """``groups`` are by the provider's names for them, in the order of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    method: Annotated[str, AfterValidator(_method)] = "local"
    groups_claim: Annotated[str, Field(min_length=1, max_length=200)] = "groups"
    session_hours: Annotated[int, Field(ge=1, le=168)] = 12
    groups: dict[str, Group] = {}

    @property
    def takes_passwords(self) -> bool:
        """Whether the accounts that are kept here sign in with their passwords."""
        return self.method != "oidc"

    @property
    def takes_sso(self) -> bool:
        """Whether people sign in at the identity provider."""
        return self.method != "local"
