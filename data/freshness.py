"""How fresh the data of a warehouse are, and which version: what the rows of its ``loads`` say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LoadRow = Mapping[str, Any]


def version_of(load_rows: Iterable[LoadRow]) -> str:
    """The data version that the rows of ``loads`` make, in whatever order they come."""
    parts = sorted(
        f"{row['load_id']}|{row['source']}|{row['table_name']}|{row['row_count']}|"
        f"{row['loaded_at']}|{row['data_through']}"
        for row in load_rows
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Source:
    """One source of the warehouse: how far its data reach and what it feeds."""

    name: str
    data_through: datetime | None
    loaded_at: datetime
    tables: tuple[str, ...]


@dataclass(frozen=True)
class Load:
    """One table as one load filled it."""

    source: str
    table: str
    rows: int
    loaded_at: datetime
    data_through: datetime | None


def sources_of(load_rows: Iterable[LoadRow]) -> tuple[Source, ...]:
    """Every source, oldest data first."""
    found: dict[str, list[LoadRow]] = {}
    for row in load_rows:
        found.setdefault(row["source"], []).append(row)
    sources = [
        Source(
            name=name,
            data_through=max(
                (r["data_through"] for r in rows if r["data_through"] is not None), default=None
            ),
            loaded_at=max(r["loaded_at"] for r in rows),
            tables=tuple(sorted({r["table_name"] for r in rows})),
        )
        for name, rows in found.items()
    ]
    return tuple(sorted(sources, key=lambda s: (s.data_through or datetime.min, s.name)))


def newest_first(load_rows: Iterable[LoadRow]) -> tuple[Load, ...]:
    """What has filled the tables, the newest first."""
    found = [
        Load(
            row["source"], row["table_name"], int(row["row_count"]),
            row["loaded_at"], row["data_through"],
        )
        for row in load_rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda load: load.loaded_at, reverse=True))
