"""The ledger of a stage and a span: what each side counts, what both do, and a reason for the rest.

It is read on the whole warehouse and then filtered, by the viewer's scope as well: the evidence
for a reason may lie with records that a scope does not show, and none of those is ever listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import CTE, Select, case, func, select

from data.errors import unknown
from data.row_scope import Filters
from data.tables import STAGES, system_records
from data.warehouse import Warehouse
from metrics.cache import RESULTS, cached_rows
from metrics.calendar import Calendar
from metrics.calendar import Span as Days
from metrics.compile import UnsupportedDimension, filter_conditions
from metrics.errors import QueryError
from metrics.facts.base import Column, Dimensions, Fact, Links
from metrics.personal import personal
from metrics.reconcile.clues import evidence, nearest, one_sided, reason_of, related
from metrics.reconcile.matching import (
    MARKETING,
    SALES,
    Span,
    all_records,
    counted_records,
    pairs,
    settled,
)
from metrics.reconcile.reasons import NOT_FOUND, ORDER
from metrics.records import RecordColumn
from metrics.view_question import TICK

PAGE = 25
MAX_DOWNLOAD = 100_000

DOWNLOAD = (
    RecordColumn("side", "Only counted by"),
    RecordColumn("reason", "Reason"),
    RecordColumn("product", "Product"),
    RecordColumn("record_id", "Record"),
    RecordColumn("counted_at", "Counted", "moment"),
    RecordColumn("lead_id", "Lead id"),
    RecordColumn("lead", "Lead"),
    RecordColumn("company", "Company"),
    RecordColumn("match_key", "Match key"),
    RecordColumn("channel", "Channel"),
    RecordColumn("sync_status", "Sync"),
    RecordColumn("sync_error", "Sync error"),
    RecordColumn("there_product", "Other side's product"),
    RecordColumn("there_record_id", "Other side's record"),
    RecordColumn("there_stage", "Other side's stage"),
    RecordColumn("there_status", "Other side's status"),
    RecordColumn("there_counted_at", "Other side's date", "moment"),
)


@dataclass(frozen=True)
class Part:
    """How many records only one side counts for one reason."""

    side: str
    reason: str
    count: int


@dataclass(frozen=True)
class Balance:
    """Both counts and what lies between them: ``marketing − Σ its parts = matched = sales − Σ its
    parts``. Parts stand with ``not_found`` first, then from the most records to the fewest."""

    marketing: int
    sales: int
    matched: int
    parts: tuple[Part, ...]

    def of(self, side: str) -> tuple[Part, ...]:
        return tuple(part for part in self.parts if part.side == side)

    @property
    def gap(self) -> int:
        return self.marketing - self.sales

    @property
    def not_found(self) -> int:
        return sum(part.count for part in self.parts if part.reason == NOT_FOUND)


class Ledger:
    """The ledger of a stage over company days, as of a moment (naive UTC), under a filter.

    Raises ``QueryError`` for an unknown stage, a warehouse without records of the systems and a
    filter that records do not know. ``shows_people`` False leaves names and addresses out.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        stage: str,
        days: Days,
        as_of: datetime,
        where: Filters = (),
        *,
        shows_people: bool = True,
    ) -> None:
        if stage not in STAGES:
            raise QueryError(unknown("stage", stage, STAGES))
        if warehouse.empty_tables(("system_records",)):
            raise QueryError("The table system_records is empty: there is nothing to reconcile.")
        self.warehouse = warehouse.whole
        self._where = warehouse.scope.narrowed(where)
        self._shows_people = shows_people
        calendar = Calendar(warehouse.config)
        start = calendar.starts_at(days.start)
        end = min(calendar.starts_at(days.end), as_of + TICK)
        self.span = Span(stage, start, max(start, end), as_of)
        # Its statements are long: to write one down takes longer than to find its answer.
        self._key = ("ledger", self.warehouse.version_key, self.span, self._where, shows_people)

    # -- the statement --------------------------------------------------------------------------

    @cached_property
    def _told(self) -> Select:
        """A row a counted record that the filter keeps: its side, its reason (NULL: both count
        it) and, of one-sided ones, what the list shows."""
        records = all_records(self.span)
        counted = counted_records(records, self.span)
        matched = pairs(counted)
        rows = settled(counted, matched)
        open_ = one_sided(rows)
        others = related(open_, records, matched, self.span)
        says = evidence(others)
        source = open_.outerjoin(says, says.c.row == open_.c.row)
        reason = reason_of(open_, counted, says, self.span).label("reason")
        reasons = select(open_.c.row, reason).select_from(source).cte("reasons")
        there = nearest(others)
        dimensions = Dimensions(Fact(source=rows, links=Links(lead_id=rows.c.of_lead)))
        try:
            conditions = filter_conditions(dimensions, self._where)
        except UnsupportedDimension as error:
            raise QueryError(
                f"Records of the systems {error.message.rstrip('.')}: clear that filter."
            ) from error
        shown = self._shown(rows, there, dimensions)
        return (
            select(rows.c.system.label("side"), reasons.c.reason, *shown)
            .select_from(
                dimensions.source.outerjoin(reasons, reasons.c.row == rows.c.row).outerjoin(
                    there, there.c.row == rows.c.row
                )
            )
            .where(*conditions)
        )

    def _shown(self, rows: CTE, there: CTE, dimensions: Dimensions) -> list[Any]:
        c = rows.c

        def linked(entity: str, name: str) -> Column:
            column = dimensions.linked(entity, name)
            assert column is not None  # every record has a link to leads, if to none
            return column

        name = personal(linked("lead", "full_name"), self._shows_people)
        key = personal(c.key, self._shows_people)
        return [
            *(c[n] for n in ("row", "record_id", "product", "counted_at", "partner")),
            c.of_lead.label("lead_id"),
            name.label("lead"),
            linked("account", "name").label("company"),
            linked("lead", "channel").label("channel"),
            key.label("match_key"),
            c.sync_status,
            c.sync_error,
            *(
                there.c[n].label(f"there_{n}")
                for n in ("product", "record_id", "stage", "status", "counted_at")
            ),
        ]

    # -- answers --------------------------------------------------------------------------------

    def balance(self) -> Balance:
        """The counts by reason; one statement."""
        balance: Balance = RESULTS.get((*self._key, "balance"), self._balance)
        return balance

    def _balance(self) -> Balance:
        told = self._told.subquery("told")
        c = told.c
        is_matched = case((c.partner.is_not(None), 1), else_=0)
        statement = select(
            c.side, c.reason, func.count().label("n"), func.sum(is_matched).label("matched")
        ).group_by(c.side, c.reason)
        rows = self.warehouse.rows(statement)
        counts = {
            side: sum(r["n"] for r in rows if r["side"] == side) for side in (MARKETING, SALES)
        }
        parts = [Part(r["side"], r["reason"], int(r["n"])) for r in rows if r["reason"]]
        parts.sort(key=lambda p: (p.reason != NOT_FOUND, -p.count, ORDER.index(p.reason), p.side))
        matched = sum(int(r["matched"]) for r in rows if r["side"] == MARKETING)
        return Balance(counts[MARKETING], counts[SALES], matched, tuple(parts))

    def records(self, side: str | None = None, reason: str | None = None) -> Select:
        """The one-sided records, of one side or reason alone: oldest first within a reason."""
        told = self._told.subquery("told")
        c = told.c
        order = case({name: n for n, name in enumerate(ORDER)}, value=c.reason)
        statement = select(told).where(c.reason.is_not(None))
        if side is not None:
            statement = statement.where(c.side == side)
        if reason is not None:
            statement = statement.where(c.reason == reason)
        return statement.order_by(c.side, order, c.row)

    def page(
        self, side: str, reason: str, offset: int = 0, limit: int = PAGE
    ) -> list[dict[str, Any]]:
        """Some of the records of a part, by the names of ``DOWNLOAD``."""

        def ask() -> list[dict[str, Any]]:
            return self.warehouse.rows(self.records(side, reason).limit(limit).offset(offset))

        rows: list[dict[str, Any]] = RESULTS.get((*self._key, side, reason, offset, limit), ask)
        return rows

    def stream(self, limit: int = MAX_DOWNLOAD) -> Iterator[list[dict[str, Any]]]:
        """All one-sided records for a file, some thousand at a time."""
        yield from self.warehouse.stream(self.records().limit(limit))

    def ids(self) -> dict[tuple[str, str], list[str]]:
        """The ids of the one-sided records by side and reason."""
        told = self.records().subquery("listed")
        statement = select(told.c.side, told.c.reason, told.c.record_id).order_by(told.c.row)
        found: dict[tuple[str, str], list[str]] = {}
        for row in self.warehouse.rows(statement):
            found.setdefault((row["side"], row["reason"]), []).append(row["record_id"])
        return found


def reconcilable_stages(warehouse: Warehouse) -> tuple[str, ...]:
    """The stages that any system counts, in the order of the funnel."""
    statement = select(system_records.c.stage).distinct()
    found = {row["stage"] for row in cached_rows(warehouse.whole, statement)}
    return tuple(stage for stage in STAGES if stage in found)
