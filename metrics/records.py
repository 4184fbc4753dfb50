"""The records behind a number: the very rows that its numerator and denominator count.

They come out of the number's own facts, conditions and measures (``metrics/facts``,
``metrics/compile``); nothing here defines a KPI. Every record carries what it adds to the
numerator and to the denominator, so that over all records both add up to the KPI's exactly. A
ratio over two facts (cost per MQL) has two lists, a KPI made of others has theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import FromClause, Integer, Select, case, func, literal, null, or_, select
from sqlalchemy.sql.expression import ColumnElement

from data.warehouse import Warehouse
from metrics.agreed import with_agreed
from metrics.calendar import Calendar
from metrics.catalog import find_metric
from metrics.compile import Compiler, SumsKey
from metrics.dispute_events import with_disputes
from metrics.engine import Run, cached_rows, run_query
from metrics.errors import QueryError
from metrics.facts import Fact
from metrics.facts.base import Amount, Count, Dimensions, Weight
from metrics.facts.handoffs import UNANSWERED
from metrics.model import Kind, Metric, Status, Unit
from metrics.personal import personal
from metrics.query import MetricQuery

PAGE = 50
MAX_DOWNLOAD = 100_000
# What a record says for itself beside its columns: sums over a list are the KPI's own.
FLAGS = ("numerator", "denominator", "maturing", "in_numerator", "in_denominator")


class Part(StrEnum):
    """What a record is to its KPI."""

    BOTH = "both"
    NUMERATOR = "numerator"
    DENOMINATOR = "denominator"
    MATURING = "maturing"
    LEFT_OUT = "left_out"


@dataclass(frozen=True)
class RecordColumn:
    """``form``: text, moment (naive UTC), day, money, number, days or hours."""

    name: str
    label: str
    form: str = "text"


@dataclass(frozen=True)
class RecordPage:
    """Some records of one list, newest first, and the sums over the whole list.

    ``rows`` hold the ``columns`` by name, ``part`` (``Part``) and the numbers of ``FLAGS``.
    ``reason`` says why there is nothing to list.
    """

    noun: str
    columns: tuple[RecordColumn, ...]
    rows: list[dict[str, Any]]
    total: int
    numerator: float | None = None
    denominator: float | None = None
    maturing: int = 0
    reason: str | None = None


def fact_names(metric: Metric) -> tuple[str, ...]:
    """The facts whose rows a metric counts: one list of records for each."""
    if metric.stages is not None:
        return (f"entered_{metric.stages[0]}",)
    measures = (metric.numerator, metric.denominator, metric.maturing)
    return tuple(dict.fromkeys(measure.fact for measure in measures if measure is not None))


@dataclass(frozen=True)
class ListOf:
    """Which list: its name, and the question about one plain KPI that it belongs to."""

    name: str
    query: MetricQuery
    fact_name: str

    @property
    def title(self) -> str:
        return self.query.definitions[0].label


def lists_of(query: MetricQuery, warehouse: Warehouse) -> tuple[ListOf, ...]:
    """The lists behind a KPI: one a fact; behind a derived KPI those of its inputs, each over a
    span of its own. Raises ``QueryError`` for a question about more than one KPI or span, and
    ``WarehouseError``."""
    if len(query.metrics) != 1 or len(query.spans) != 1 or query.by:
        raise QueryError("Records are listed for one KPI over one span, not split.")
    metric = query.definitions[0]
    if metric.derived is None:
        return tuple(ListOf(fact, query, fact) for fact in fact_names(metric))
    if metric.derived.over is not None:
        query = _of_those_counted(query, metric.derived.over, warehouse)
    inputs = metric.derived.inputs(query.spans[0], Calendar(warehouse.config), query.as_of)
    return tuple(
        ListOf(name, replace(query, metrics=(metric_id,), spans=(span,)), fact)
        for name, (metric_id, span) in inputs.items()
        if name not in metric.derived.aside
        for fact in fact_names(find_metric(metric_id))
    )


def _of_those_counted(query: MetricQuery, over: str, warehouse: Warehouse) -> MetricQuery:
    """The question about those members alone that count: reps that have a quota."""
    rows = run_query(warehouse, replace(query, by=(over,)))
    counted = tuple(row.members[0] for row in rows if row.status is not Status.NO_DATA)
    return replace(query, where=tuple((dict(query.where) | {over: counted}).items()))


class RecordList:
    """The records of one list.

    ``shows_people`` False leaves names out. Raises ``QueryError`` where the KPI has no data or
    cannot be filtered as asked.
    """

    def __init__(self, warehouse: Warehouse, wanted: ListOf, *, shows_people: bool = True) -> None:
        query = with_agreed(warehouse, with_disputes(warehouse, wanted.query))
        self.warehouse = warehouse
        self.metric = query.definitions[0]
        self.fact_name = wanted.fact_name
        reasons = Run(warehouse, query).reasons
        if reasons:
            raise QueryError(f"No records: {reasons[self.metric.id]}.")
        self._compiler = Compiler(query, warehouse.config)
        self._shows_people = shows_people
        fact = self._compiler.fact_of(SumsKey(self.fact_name), [self.metric])
        assert fact.record is not None, self.fact_name
        self._record = fact.record
        self.noun = fact.record.noun
        self._columns: list[RecordColumn] = []
        self._listed = self._list(fact).subquery("listed")

    @property
    def columns(self) -> tuple[RecordColumn, ...]:
        return tuple(self._columns)

    # -- what to ask --------------------------------------------------------------------------

    def _list(self, fact: Fact) -> Select:
        """Every record with its columns and flags."""
        dimensions = Dimensions(fact)
        shown = self._shown(fact, dimensions)
        keys = {f"key_{n}": column for n, column in enumerate(self._record.key)}
        columns = shown | keys | self._measured(fact)
        if fact.once is not None:
            columns["once"] = fact.once
        events: FromClause = self._compiler.events(fact, columns, dimensions).subquery("records")
        if fact.once is not None:
            events = _one_of_each(events, list(keys))
        flags = self._flags(events.c)
        listed = select(*(events.c[name] for name in (*shown, *keys)), *flags.values())
        if self.metric.kind is Kind.COHORT:
            return listed
        counted = (flags[name].element == 1 for name in ("in_numerator", "in_denominator"))
        return listed.where(or_(*counted, flags["maturing"].element == 1))

    def _shown(self, fact: Fact, dimensions: Dimensions) -> dict[str, ColumnElement]:
        """The columns to read, the main ones first."""
        found: dict[str, ColumnElement] = {}

        def show(name: str, label: str, column: ColumnElement | None, form: str = "text") -> None:
            if column is not None:
                found[name] = column
                self._columns.append(RecordColumn(name, label, form))

        record = self._record
        dated = fact.moment if fact.moment is not None else fact.day
        show("at", record.dated, dated, "day" if fact.moment is None else "moment")
        name = dimensions.linked("lead", "full_name")
        show("lead", "Lead", None if name is None else personal(name, self._shows_people))
        show("company", "Company", dimensions.linked("account", "name"))
        self._columns.append(RecordColumn("outcome", "Counted as"))
        show("amount", "Amount", self._amount(fact), "money")
        value = self._value(fact)
        show("value", "Hours" if self.metric.unit is Unit.HOURS else "Days", value, "number")
        for own, column in record.shown.items():
            show(own, column.label, column.column, column.form)
        for dimension in ("channel", "region"):
            show(dimension, dimension.capitalize(), dimensions.column(dimension))
        owner = dimensions.linked("rep", "name")
        if owner is not None:
            show("owner", "Owner", func.coalesce(owner, dimensions.column("rep")))
        show("lead_id", "Lead id", fact.links.lead_id)
        return found

    def _value(self, fact: Fact) -> ColumnElement | None:
        """The number that a median or mean is taken over; NULL while unanswered."""
        if self.metric.kind is not Kind.DURATION or self.metric.numerator is None:
            return None
        number = fact.values[self.metric.numerator.column]
        return case((number < UNANSWERED, number))

    def _amount(self, fact: Fact) -> ColumnElement | None:
        """The money that a record brings, for numerator or denominator."""
        for measure in (self.metric.numerator, self.metric.denominator):
            if measure is not None and measure.fact == self.fact_name:
                found = fact.measures.get(measure.column)
                if isinstance(found, Amount) and found.is_money:
                    return found.value
        return None

    # -- what each record counts for ------------------------------------------------------------

    def _measured(self, fact: Fact) -> dict[str, ColumnElement]:
        """Per record, what the KPI's own measures make of it."""
        metric = self.metric
        if metric.kind is Kind.COHORT:
            names = ("converted", "matured", "converted_matured", "maturing")
            return {name: _count(fact.measures[f"{metric.id}__{name}"]) for name in names}
        zero, none = literal(0, Integer), null().cast(Integer)
        found = {"in_top": zero, "top": none, "in_bottom": zero, "bottom": none, "open": zero}
        if metric.kind is Kind.DURATION:
            assert metric.numerator is not None
            number = fact.values[metric.numerator.column]
            taken = case((number.is_not(None), 1), else_=0)
            found |= {"in_bottom": taken, "bottom": taken}
            if metric.percentile is None:  # of a mean the numerator is the sum
                found |= {"in_top": taken, "top": number}
        else:
            for measure, side in ((metric.numerator, "top"), (metric.denominator, "bottom")):
                if measure is not None and measure.fact == self.fact_name:
                    columns = fact.measures[measure.column].columns("m")
                    found[f"in_{side}"] = columns.get("m__rows", columns["m"])
                    found[side] = columns["m"]
        if metric.maturing is not None and metric.maturing.fact == self.fact_name:
            found["open"] = _count(fact.measures[metric.maturing.column])
        return found

    def _flags(self, c: Any) -> dict[str, Any]:
        """What each record adds to numerator, denominator and maturing."""
        if self.metric.kind is not Kind.COHORT:
            found = (c.top, c.bottom, c.open, c.in_top, c.in_bottom)
            return {name: column.label(name) for name, column in zip(FLAGS, found, strict=True)}
        # While anyone is maturing the share is over the matured leads alone (handbook, §2).
        is_open = func.max(c.maturing).over() == 1
        top = case((is_open, c.converted_matured), else_=c.converted)
        bottom = case((is_open, c.matured), else_=1)
        found = (top, bottom, c.maturing, top, bottom)
        return {name: column.label(name) for name, column in zip(FLAGS, found, strict=True)}

    # -- answers --------------------------------------------------------------------------------

    @property
    def statement(self) -> Select:
        """All records, newest first, then by id: the same order on every call."""
        listed = self._listed.c
        keys = [column for name, column in listed.items() if name.startswith("key_")]
        return select(self._listed).order_by(
            listed.at.desc().nulls_last(), *(key.asc().nulls_last() for key in keys)
        )

    def summary(self) -> dict[str, Any]:
        """``total`` records and their ``numerator``, ``denominator`` and ``maturing``, summed."""
        listed = self._listed.c
        statement = select(
            func.count().label("total"),
            *(func.sum(listed[name]).label(name) for name in FLAGS[:3]),
        ).select_from(self._listed)
        row = cached_rows(self.warehouse, statement)[0]
        return {name: plain(value) for name, value in row.items()}

    def page(self, offset: int = 0, limit: int = PAGE) -> RecordPage:
        """``limit`` records from ``offset`` on; two queries, the second of them the sums."""
        rows = cached_rows(self.warehouse, self.statement.limit(limit).offset(offset))
        sums = self.summary()
        return RecordPage(
            self.noun,
            self.columns,
            [self._finished(row) for row in rows],
            total=sums["total"],
            numerator=sums["numerator"],
            denominator=sums["denominator"],
            maturing=sums["maturing"] or 0,
        )

    def stream(self, limit: int = MAX_DOWNLOAD) -> Iterator[list[dict[str, Any]]]:
        """Up to ``limit`` records, some thousand at a time."""
        for rows in self.warehouse.stream(self.statement.limit(limit)):
            yield [self._finished(row) for row in rows]

    def _finished(self, row: dict[str, Any]) -> dict[str, Any]:
        record = {n: plain(v) for n, v in row.items() if not n.startswith("key_")}
        part = _part(record)
        return record | {"part": part, "outcome": outcome(self.metric, part, record)}


def _one_of_each(events: FromClause, keys: Sequence[str]) -> FromClause:
    """What counts once is listed once: by its first row in the numerator, else its first row."""
    c = events.c
    order = (c.in_top.desc(), c.at, *(c[key] for key in keys))
    place = func.row_number().over(partition_by=c.once, order_by=order)
    ranked = select(*c, place.label("place")).subquery("ranked")
    return select(ranked).where(ranked.c.place == 1).subquery("one_of_each")


def _count(measure: Count | Amount | Weight) -> ColumnElement:
    return measure.columns("n")["n"]


def plain(value: Any) -> Any:
    """Engines differ in the types of numbers: money and sums become int or float."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _part(record: dict[str, Any]) -> Part:
    if record["maturing"]:
        return Part.MATURING
    if record["in_numerator"] and record["in_denominator"]:
        return Part.BOTH
    if record["in_numerator"]:
        return Part.NUMERATOR
    return Part.DENOMINATOR if record["in_denominator"] else Part.LEFT_OUT


# By KPI: a record in the numerator, one in the denominator alone.
_OUTCOMES = {
    "sla_response": ("in time", "late or unanswered"),
    "lead_rejection_rate": ("rejected", "accepted"),
    "win_rate": ("won", "lost"),
    "win_rate_value": ("won", "lost"),
    "wasted_effort_share": ("rejected for fit", "not rejected for fit"),
    "redundant_outreach_rate": ("by both teams", "by one team"),
    "mql_completeness": ("complete", "not complete"),
    "marketing_influenced_share": ("influenced", "not influenced"),
    "return_on_spend": ("credit", "spend"),
}
# A record that is still open, where that is not an answer which is not yet due.
_OPEN = {
    "wasted_effort_share": "may still be rejected",
    "return_on_spend": "can still earn credit",
}


def outcome(metric: Metric, part: Part, record: dict[str, Any]) -> str:
    """What a record counts as, in words."""
    if metric.kind is Kind.COHORT:
        return {
            Part.BOTH: "converted",
            Part.DENOMINATOR: "not converted",
            Part.MATURING: "maturing",
        }.get(part, "converted early; counts when its window is over")
    if part is Part.MATURING:
        return _OPEN.get(metric.id, "not yet due")
    if metric.kind is Kind.DURATION and record.get("value") is None:
        return "unanswered"
    if "amount" in record and record["amount"] is None:
        return "without an amount"
    yes, no = _OUTCOMES.get(metric.id, ("counted", "counted"))
    return no if part is Part.DENOMINATOR else yes


def page(
    warehouse: Warehouse,
    query: MetricQuery,
    offset: int = 0,
    limit: int = PAGE,
    *,
    name: str | None = None,
    shows_people: bool = True,
) -> RecordPage:
    """One page of the records behind a KPI; where it has no data, an empty one with the reason.

    ``name`` chooses among several lists (``lists_of``), the first unless given. Raises
    ``WarehouseError``.
    """
    lists = lists_of(query, warehouse)
    wanted = next((found for found in lists if found.name == name), lists[0])
    try:
        records = RecordList(warehouse, wanted, shows_people=shows_people)
    except QueryError as error:
        return RecordPage("records", (), [], 0, reason=error.message)
    return records.page(offset, limit)
