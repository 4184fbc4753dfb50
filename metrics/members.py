"""The members that a view can be filtered by."""

from __future__ import annotations

from sqlalchemy import select, union

from data.tables import leads, opportunities, spend
from data.warehouse import Warehouse
from metrics.engine import cached_rows

# The dimensions that the review bar offers and the columns they are found in.
_SOURCES = {
    "region": (leads.c.region, opportunities.c.region),
    "segment": (leads.c.segment, opportunities.c.segment),
    "product_line": (leads.c.product_line, opportunities.c.product_line),
    "channel": (leads.c.channel, opportunities.c.channel, spend.c.channel),
}
FILTER_DIMENSIONS = tuple(_SOURCES)


def filter_members(warehouse: Warehouse) -> dict[str, list[str | None]]:
    """Per filter dimension its members in the data, by name, the NULL member (None) last."""
    found: dict[str, list[str | None]] = {}
    for name, columns in _SOURCES.items():
        distinct = union(*(select(column.label("member")) for column in columns)).subquery()
        members = {row["member"] for row in cached_rows(warehouse, select(distinct.c.member))}
        found[name] = sorted(members, key=lambda member: (member is None, member or ""))
    return found
