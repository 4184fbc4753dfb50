"""What part of the data one person may see: members of dimensions, as an administrator grants it.

Values of one dimension are OR, dimensions AND, as in a filter. ``metrics/row_scope.py`` makes SQL
of it; this module knows what a scope is, how it is written and how it is narrowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from data.dimensions import DIMENSIONS
from data.errors import AccountError, unknown

NULL_MEMBER = "~"
MAX_MEMBERS = 200
MAX_LENGTH = 200

Members = tuple[str | None, ...]
Filters = tuple[tuple[str, Members], ...]


@dataclass(frozen=True)
class RowScope:
    """The members that count, by dimension, sorted; None is the NULL member.

    Without any dimension everything may be seen.
    """

    members: Filters = ()

    @classmethod
    def parse(cls, pairs: Iterable[str]) -> RowScope:
        """``["region=EMEA", "region=AMER"]``. Raises ``AccountError`` with the nearest name."""
        found: dict[str, set[str | None]] = {}
        for pair in pairs:
            name, sign, value = pair.partition("=")
            if not sign or not value or len(value) > MAX_LENGTH:
                raise AccountError(
                    f"{pair[:60]!r} is not a scope.",
                    remedy=f"Write DIMENSION=VALUE, e.g. region=EMEA, of at most {MAX_LENGTH} "
                    "characters; ~ is the missing value.",
                )
            if name not in DIMENSIONS:
                raise AccountError(unknown("dimension", name, DIMENSIONS))
            found.setdefault(name, set()).add(None if value == NULL_MEMBER else value)
        if sum(map(len, found.values())) > MAX_MEMBERS:
            raise AccountError(f"A scope has at most {MAX_MEMBERS} values.")
        return cls(tuple((name, _sorted(found[name])) for name in sorted(found)))

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing that may not be seen."""
        return not self.members

    def pairs(self) -> tuple[str, ...]:
        """As it is written: ``("region=AMER", "region=EMEA")``."""
        return tuple(
            f"{name}={NULL_MEMBER if member is None else member}"
            for name, members in self.members
            for member in members
        )

    @property
    def words(self) -> str:
        """As people read it: "region AMER, EMEA; channel (none)"."""
        return "; ".join(
            f"{name.replace('_', ' ')} {', '.join('(none)' if m is None else m for m in members)}"
            for name, members in self.members
        )

    def within(self, dimension: str, members: Sequence[str | None]) -> list[str | None]:
        """Those of a dimension's members that may be seen, in their order."""
        allowed = dict(self.members).get(dimension)
        return [member for member in members if allowed is None or member in allowed]

    def narrowed(self, where: Filters) -> Filters:
        """Filters that ask for no more than may be seen; narrowing them again changes nothing.

        A filter that has nothing in common with the scope keeps no member: it finds nothing.
        """
        named = dict(where)
        for name, allowed in self.members:
            asked = named.get(name)
            named[name] = allowed if asked is None else tuple(m for m in asked if m in allowed)
        return tuple(named.items())


def _sorted(members: Iterable[str | None]) -> Members:
    return tuple(sorted(members, key=lambda member: (member is None, member or "")))


EVERYTHING = RowScope()
