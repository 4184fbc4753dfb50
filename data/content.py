"""What each table holds, as a short text: the same for the same rows, in whatever order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, func, literal, select, union_all

from data.dialects.functions import row_hash


def write_down(connection: Connection, tables: Iterable[Table]) -> str:
    """The contents of some tables, in one query, as text to be kept with them."""
    counts = union_all(
        *(
            select(
                literal(table.name).label("name"),
                func.count().label("rows"),
                func.sum(row_hash(*table.columns)).label("hash"),
            ).select_from(table)
            for table in tables
        )
    )
    found = connection.execute(counts)
    return json.dumps({row.name: f"{row.rows} {row.hash}" for row in found}, sort_keys=True)


def read_back(text: str | None) -> Mapping[str, str]:
    """The contents by table; none where nothing was written down."""
    return {} if text is None else json.loads(text)
