"""What the groups of a person at the identity provider let them do here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from data.errors import AccountError
from data.row_scope import EVERYTHING, RowScope
from data.sign_in_config import Group

# The two editors stand side by side: neither may do more.
_RANK = {"viewer": 0, "editor_marketing": 1, "editor_sales": 1, "admin": 2}


class SignInRefused(AccountError):
    """Somebody whom the identity provider knows may not come in; the message is for them."""


@dataclass(frozen=True)
class Grant:
    """What somebody may do, and which part of the data they see."""

    role: str
    scope: RowScope


def granted(held: Collection[str], groups: Mapping[str, Group]) -> Grant:
    """The highest role that the groups ``held`` give, over the union of those groups' scopes.

    Of the two editors' roles the one whose group is written first holds. Raises ``SignInRefused``
    when no group is known here, and when the scopes have no union that can be written.
    """
    found = [group for name, group in groups.items() if name in held]
    if not found:
        raise SignInRefused(
            "None of your groups at the identity provider may use the scorecard.",
            remedy="Ask whoever looks after it to add you to one, then sign in again.",
        )
    # max() keeps the first of equals, and the groups are in the order of the file.
    role = max(found, key=lambda group: _RANK[group.role]).role
    return Grant(role, united([group.row_scope for group in found if group.role == role]))


def united(scopes: Sequence[RowScope]) -> RowScope:
    """What may be seen with one scope or another.

    A scope holds dimensions that must all fit, so "EMEA, or else small business" cannot be written
    as one. Such scopes are refused (``SignInRefused``): to be shown more than either is a leak, and
    to be shown less a wrong number.
    """
    whole = set(scopes)
    while (pair := _joinable(whole)) is not None:
        first, second, both = pair
        whole = (whole - {first, second}) | {both}
    if len(whole) > 1:
        words = " or ".join(sorted(scope.words for scope in whole))
        raise SignInRefused(
            f"Your groups let you see {words}, which cannot be shown as one.",
            remedy="Ask whoever looks after the scorecard for one group that says what you see.",
        )
    return next(iter(whole), EVERYTHING)


def _joinable(scopes: set[RowScope]) -> tuple[RowScope, RowScope, RowScope] | None:
    """Two of the scopes that have a union, and that union."""
    for first in scopes:
        for second in scopes:
            if first != second and (both := _union(first, second)) is not None:
                return first, second, both
    return None


def _union(first: RowScope, second: RowScope) -> RowScope | None:
    """The union of two scopes, where it is a scope again: one holds the other, or they differ in
    a single dimension that both limit."""
    if _holds(first, second):
        return first
    if _holds(second, first):
        return second
    ours, theirs = dict(first.members), dict(second.members)
    differing = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
    if len(differing) != 1 or not differing <= ours.keys() & theirs.keys():
        return None
    return RowScope.parse({*first.pairs(), *second.pairs()})


def _holds(wide: RowScope, narrow: RowScope) -> bool:
    """Whether everything that may be seen with ``narrow`` may be seen with ``wide``."""
    limits = dict(narrow.members)
    return all(
        name in limits and set(limits[name]) <= set(members) for name, members in wide.members
    )
