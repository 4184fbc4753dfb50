"""Several statements asked as one, so that what they share is computed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import CompoundSelect, Integer, Select, cast, literal, null, select, union_all

K = TypeVar("K")


def as_one(statements: Sequence[Select], common: Sequence[str]) -> CompoundSelect:
    """One statement with the rows of all: ``part`` says whose row it is, ``common`` are the columns
    that all have; the others of each are there under names of their own, NULL in other parts."""
    parts = [statement.subquery(f"part_{n}") for n, statement in enumerate(statements)]
    own = [
        (n, column)
        for n, part in enumerate(parts)
        for column in part.c
        if column.name not in common
    ]
    return union_all(
        *(
            select(
                literal(n, Integer).label("part"),
                *(part.c[name] for name in common),
                *(
                    (column if owner == n else cast(null(), column.type)).label(
                        _named(owner, column.name)
                    )
                    for owner, column in own
                ),
            )
            for n, part in enumerate(parts)
        )
    )


def apart(
    keys: Sequence[K], common: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> dict[K, list[dict[str, Any]]]:
    """The rows of each statement of ``as_one``, in the order of ``keys``, as it would have them."""
    found: dict[K, list[dict[str, Any]]] = {key: [] for key in keys}
    for row in rows:
        n = row["part"]
        own = {
            name.removeprefix(f"p{n}_"): value
            for name, value in row.items()
            if name.startswith(f"p{n}_")
        }
        found[keys[n]].append({name: row[name] for name in common} | own)
    return found


def _named(part: int, column: str) -> str:
    return f"p{part}_{column}"
