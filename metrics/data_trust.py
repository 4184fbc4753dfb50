"""How far the systems' records can be trusted: who has a counterpart, and what is not in sync.

Of the whole company, whatever part of it the admin sees: it is the company's health.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, and_, case, func, or_, select

from data.warehouse import Warehouse
from metrics.cache import cached_rows
from metrics.facts.system_records import held

# Reasons are texts of the systems' own; more of them than these are told as one.
REASONS = 12
SYNCED = "synced"


@dataclass(frozen=True)
class Matched:
    """A product's active records, and those of them with a counterpart on the other side: a record
    of the same lead, or of the same e-mail address."""

    system: str
    product: str | None
    records: int
    matched: int

    @property
    def rate(self) -> float | None:
        return self.matched / self.records if self.records else None


@dataclass(frozen=True)
class Unsynced:
    """Active records that are not in sync, for one reason; ``newest`` is when the latest of them
    was counted (naive UTC). ``error`` is None where the system says none; ``status`` is None for
    the rest beyond the first ``REASONS`` reasons."""

    system: str | None
    product: str | None
    status: str | None
    error: str | None
    records: int
    newest: datetime


def _active(as_of: datetime):
    """One row an active record, whatever stages it has been counted at."""
    records = held(as_of)
    c = records.c
    return (
        select(
            c.system,
            c.product,
            c.record_id,
            func.max(c.lead).label("lead"),
            func.max(c.key).label("key"),
        )
        .where(c.status == "active")
        .group_by(c.system, c.product, c.record_id)
        .cte("active")
    )


def matched_statement(as_of: datetime) -> Select:
    """System, product, records and matched."""
    active = _active(as_of)

    def shared(name: str):
        """The values of a column that records of both sides have."""
        value = active.c[name]
        return (
            select(value.label("value"))
            .where(value.is_not(None))
            .group_by(value)
            .having(func.count(active.c.system.distinct()) > 1)
            .cte(f"shared_{name}")
        )

    leads, keys = shared("lead"), shared("key")
    is_matched = or_(leads.c.value.is_not(None), keys.c.value.is_not(None))
    return (
        select(
            active.c.system,
            active.c.product,
            func.count().label("records"),
            func.coalesce(func.sum(case((is_matched, 1), else_=0)), 0).label("matched"),
        )
        .select_from(active)
        .outerjoin(leads, leads.c.value == active.c.lead)
        .outerjoin(keys, keys.c.value == active.c.key)
        .group_by(active.c.system, active.c.product)
        .order_by(active.c.system, active.c.product.nulls_last())
    )


def unsynced_statement(as_of: datetime) -> Select:
    """System, product, status, error, records and newest; the most records first."""
    records = held(as_of)
    c = records.c
    found = (
        select(
            c.system,
            c.product,
            c.record_id,
            c.sync_status,
            c.sync_error,
            func.max(c.counted_at).label("at"),
        )
        .where(and_(c.status == "active", c.sync_status != SYNCED))
        .group_by(c.system, c.product, c.record_id, c.sync_status, c.sync_error)
        .subquery("found")
    )
    f = found.c
    records_here = func.count().label("records")
    return (
        select(
            f.system,
            f.product,
            f.sync_status.label("status"),
            f.sync_error.label("error"),
            records_here,
            func.max(f.at).label("newest"),
        )
        .group_by(f.system, f.product, f.sync_status, f.sync_error)
        .order_by(
            records_here.desc(),
            f.system,
            f.product.nulls_last(),
            f.sync_status,
            f.sync_error.nulls_last(),
        )
    )


def match_rates(warehouse: Warehouse) -> tuple[Matched, ...]:
    """Marketing's products first. Raises ``WarehouseError``."""
    whole = warehouse.whole
    rows = cached_rows(whole, matched_statement(whole.default_as_of))
    return tuple(
        Matched(row["system"], row["product"], int(row["records"]), int(row["matched"]))
        for row in rows
    )


def unsynced(warehouse: Warehouse) -> tuple[Unsynced, ...]:
    """By reason, the most records first. Raises ``WarehouseError``."""
    whole = warehouse.whole
    rows = cached_rows(whole, unsynced_statement(whole.default_as_of))
    found = [
        Unsynced(
            row["system"], row["product"], row["status"], row["error"],
            int(row["records"]), row["newest"],
        )
        for row in rows
    ]  # fmt: skip
    if len(found) <= REASONS:
        return tuple(found)
    rest = found[REASONS:]
    more = Unsynced(
        None, None, None, f"{len(rest)} more reasons", sum(one.records for one in rest),
        max(one.newest for one in rest),
    )  # fmt: skip
    return (*found[:REASONS], more)
