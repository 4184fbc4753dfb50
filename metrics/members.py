"""The members that a view can be filtered by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select, union

from data.config import DIMENSIONS
from data.tables import accounts, handoffs, leads, opportunities, reps, spend
from data.warehouse import Warehouse
from metrics.cache import RESULTS

# Where the members of each dimension are found; touches add none that their leads and reps lack.
_SOURCES = {
    "channel": (leads.c.channel, opportunities.c.channel, spend.c.channel),
    "campaign": (leads.c.campaign_id, spend.c.campaign_id),
    "region": (leads.c.region, opportunities.c.region),
    "segment": (leads.c.segment, opportunities.c.segment),
    "persona": (leads.c.persona,),
    "industry": (accounts.c.industry,),
    "product_line": (leads.c.product_line, opportunities.c.product_line),
    "rep": (reps.c.rep_id, leads.c.owner_id, opportunities.c.owner_id, handoffs.c.assigned_to),
    "manager": (reps.c.manager,),
    "team": (reps.c.team,),
    "priority": (handoffs.c.priority,),
    "sourced_by": (opportunities.c.sourced_by,),
    "kind": (func.coalesce(opportunities.c.kind, "new"),),
    "pipeline": (opportunities.c.pipeline,),
}
# Reached over a link that a record may lack: (none) is always a member.
_MAY_LACK = ("industry", "manager", "team")


class Members(Mapping[str, list[str | None]]):
    """By dimension its members in the data, by name, the NULL member (None) last; read when asked.

    Raises ``WarehouseError`` when the warehouse does not answer.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse

    def __getitem__(self, dimension: str) -> list[str | None]:
        # Kept under its name: to write the statement down again takes longer than to find it.
        key = (self._warehouse.version_key, "members", dimension)
        members = set(RESULTS.get(key, lambda: self._read(dimension)))
        if dimension in _MAY_LACK and members:
            members.add(None)
        ordered = sorted(members, key=lambda member: (member is None, member or ""))
        return self._warehouse.scope.within(dimension, ordered)

    def _read(self, dimension: str) -> frozenset[str | None]:
        columns = _SOURCES[dimension]
        distinct = union(*(select(column.label("member")) for column in columns)).subquery()
        rows = self._warehouse.rows(select(distinct.c.member).distinct())
        return frozenset(row["member"] for row in rows)

    def __iter__(self) -> Iterator[str]:
        return iter(DIMENSIONS)

    def __len__(self) -> int:
        return len(DIMENSIONS)


def filter_members(warehouse: Warehouse) -> Members:
    """The members of every dimension of a warehouse."""
    return Members(warehouse)
