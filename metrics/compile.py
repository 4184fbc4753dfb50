"""From a question to SQL: one statement a fact and kind of aggregate; no I/O.

Events are grouped by business day first and days rolled up to the spans of the question in an
outer query, so that any number of spans, overlapping or not, costs one pass over the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.types import Double

from data.config import Config
from data.dialects.functions import local_day, percentile
from data.dialects.row_values import rows_as_table
from metrics.calendar import Calendar, Span
from metrics.errors import QueryError, Unanswerable
from metrics.facts import FACTS, Context, Fact
from metrics.facts.base import Dimensions, Shared
from metrics.facts.handoffs import UNANSWERED
from metrics.model import Kind, Metric
from metrics.query import Filters, MetricQuery


class UnsupportedDimension(Unanswerable):
    """A fact has no such dimension; the KPI is ``no_data``, never the unfiltered figure."""

    def __init__(self, dimension: str) -> None:
        super().__init__(f"cannot be split or filtered by {dimension}")


def dimension_column(dimensions: Dimensions, name: str) -> ColumnElement[Any]:
    """The column of a dimension; raises ``UnsupportedDimension`` where the fact has none."""
    column = dimensions.column(name)
    if column is None:
        raise UnsupportedDimension(name)
    return column


def split_column(fact: Fact, dimensions: Dimensions, name: str) -> ColumnElement[Any]:
    """What a dimension splits a fact by; raises ``UnsupportedDimension``."""
    column = dimension_column(dimensions, name)
    return fact.split_by.get(name, column)


def filter_conditions(dimensions: Dimensions, where: Filters) -> list[ColumnElement[bool]]:
    """One condition a filtered dimension; raises ``UnsupportedDimension``."""
    conditions = []
    for name, members in where:
        column = dimension_column(dimensions, name)
        named = [member for member in members if member is not None]
        tests = [column.in_(named)] if named else []
        if None in members:
            tests.append(column.is_(None))
        conditions.append(or_(false(), *tests))
    return conditions


def _lasting(fact: Fact) -> dict[str, Any]:
    """The column that says until when an event lasts, where it does."""
    return {} if fact.until is None else {"until": fact.until}


@dataclass(frozen=True)
class SumsKey:
    """One statement of additive measures: of one fact, for the cohorts that share it."""

    fact: str


@dataclass(frozen=True)
class ValuesKey:
    """One statement of a percentile (None: the mean) over a fact's per-row values."""

    fact: str
    column: str
    percentile: float | None


Key = SumsKey | ValuesKey


def member_label(dimension: str) -> str:
    return f"by_{dimension}"


def window_days(metric: Metric, query: MetricQuery, config: Config) -> int:
    return query.window_days or metric.window_days or config.window_days(metric.id)


def keys_of(metric: Metric) -> tuple[Key, ...]:
    """The statements that a metric reads."""
    if metric.kind is Kind.COHORT:
        assert metric.stages is not None
        return (SumsKey(f"entered_{metric.stages[0]}"),)
    assert metric.numerator is not None
    if metric.kind is Kind.DURATION:
        values_key = ValuesKey(metric.numerator.fact, metric.numerator.column, metric.percentile)
        return (values_key, SumsKey(metric.maturing.fact)) if metric.maturing else (values_key,)
    measures = (metric.numerator, metric.denominator, metric.maturing)
    return tuple(SumsKey(fact) for fact in dict.fromkeys(m.fact for m in measures if m))


def _with_measures(fact: Fact, key: SumsKey, metrics: Sequence[Metric]) -> Fact:
    """The fact with the measures alone that these metrics read of it."""
    named = {
        measure.column
        for metric in metrics
        for measure in (metric.numerator, metric.denominator, metric.maturing)
        if measure is not None and measure.fact == key.fact
    }
    cohorts = tuple(f"{metric.id}__" for metric in metrics if metric.stages is not None)
    if cohorts:
        named.add("n")
    kept = {
        name: measure
        for name, measure in fact.measures.items()
        if name in named or name.startswith(cohorts)
    }
    return replace(fact, measures=kept)


class Compiler:
    """Compiles the statements of one question."""

    def __init__(self, query: MetricQuery, config: Config, shared: Shared | None = None) -> None:
        self.query = query
        self.config = config
        self.calendar = Calendar(config)
        self.shared = shared or Shared()

    def statement(self, key: Key, metrics: Sequence[Metric]) -> Select:
        """The SELECT of a key: one row a span (``span``, its index) and member combination.

        ``metrics`` are those that read it. Raises ``UnsupportedDimension``.
        """
        fact = self.fact_of(key, metrics)
        if isinstance(key, ValuesKey):
            return self._values(fact, key)
        fact = self._narrowed(_with_measures(fact, key, metrics))
        return self._sums(fact) if fact.once is None else self._distinct(fact, fact.once)

    def over(self, spans: tuple[Span, ...]) -> Compiler:
        """The compiler of the same question over some of its spans."""
        return Compiler(replace(self.query, spans=spans), self.config, self.shared)

    def _narrowed(self, fact: Fact) -> Fact:
        """The fact without the rows that no measure counts, so that they are not even dated.

        In a split they stay: a member that occurs with nothing counted has a row of its own.
        """
        conditions: list[ColumnElement[bool]] = []
        for measure in fact.measures.values():
            condition = getattr(measure, "condition", None)
            if condition is None or self.query.by:
                return fact
            conditions.append(condition)
        return replace(fact, conditions=(*fact.conditions, or_(false(), *conditions)))

    @property
    def _days(self) -> Span:
        """From the first day of the question to its last."""
        if not self.query.spans:
            raise QueryError("The question has no period.")
        spans = self.query.spans
        return Span(min(span.start for span in spans), max(span.end for span in spans))

    def fact_of(self, key: Key, metrics: Sequence[Metric]) -> Fact:
        """The fact that a key reads, made for this question and the metrics that read it."""
        context = Context(
            config=self.config,
            as_of=self.query.as_of,
            unit=self.query.unit,
            cohorts={
                metric.id: (metric.stages[1], window_days(metric, self.query, self.config))
                for metric in metrics
                if metric.stages is not None and isinstance(key, SumsKey)
            },
            by=self.query.by,
            filtered_by=tuple(name for name, _ in self.query.where),
            days=self._days,
            where=self.query.where,
            disputes=self.query.disputes,
            shared=self.shared,
        )
        return FACTS[key.fact](context)

    def events(
        self, fact: Fact, columns: dict[str, Any], dimensions: Dimensions | None = None
    ) -> Select:
        """One row a counted entity: its business day, members and numbers.

        ``dimensions`` are given where ``columns`` hold some that they have joined.
        """
        dimensions = dimensions or Dimensions(fact)
        conditions = [*fact.conditions, *filter_conditions(dimensions, self.query.where)]
        labels = [
            split_column(fact, dimensions, name).label(member_label(name)) for name in self.query.by
        ]
        first, end = self._days.start, self._days.end
        if fact.day is not None:
            day = fact.day
            bounds = and_(day >= first, day < end)
        else:
            assert fact.moment is not None
            since, until = self.calendar.starts_at(first), self.calendar.starts_at(end)
            day = local_day(fact.moment, self.config.company.timezone, (since, until))
            bounds = and_(fact.moment >= since, fact.moment < until)
        if fact.until is not None:
            # What lasts may have begun before the question's days: its day is looked up.
            if fact.moment is not None:
                day = local_day(fact.moment, self.config.company.timezone)
            first_end = min(span.end for span in self.query.spans)
            bounds = and_(day < end, or_(fact.until.is_(None), fact.until >= first_end))
        if fact.moved_to is not None:
            bounds = and_(bounds, fact.moved_to >= min(s.whole.end for s in self.query.spans))
        numbers = [column.label(name) for name, column in columns.items()]
        return (
            select(day.label("day"), *labels, *numbers)
            .select_from(dimensions.source)
            .where(bounds, *conditions)
        )

    def _spans(self) -> FromClause:
        rows = [
            (index, span.start, span.end, span.whole.end)
            for index, span in enumerate(self.query.spans)
        ]
        columns = (
            Column("span", Integer),
            Column("first_day", Date),
            Column("end_day", Date),
            Column("period_end", Date),
        )
        return rows_as_table("spans", columns, rows)

    def _counted(self, fact: Fact, events: Any, spans: Any) -> ColumnElement[bool]:
        """Whether an event counts in a span: it lies in it, or is there at its end."""
        if fact.until is None:
            return self._inside(events.day, spans)
        end = cast(spans.c.end_day, Date)
        return and_(events.day < end, or_(events.until.is_(None), events.until >= end))

    def _days_before_the_last(self, spans: Any) -> ColumnElement[Any]:
        """How many days before the question's end, or the as-of moment, each span ends."""

        def ends(day: date) -> datetime:
            return min(self.calendar.starts_at(day), self.query.as_of)

        last = ends(self._days.end)
        days = {
            index: (last - ends(span.end)) / timedelta(days=1)
            for index, span in enumerate(self.query.spans)
        }
        return case(days, value=spans.c.span)

    @staticmethod
    def _inside(day, spans):
        # Cast, so that the statement also runs where its values stand in it as text.
        return and_(
            day >= cast(spans.c.first_day, Date),
            day < cast(spans.c.end_day, Date),
        )

    def _sums(self, fact: Fact) -> Select:
        columns: dict[str, ColumnElement[Any]] = {}
        for name, measure in fact.measures.items():
            columns |= measure.columns(name)
        is_moved = fact.moved_to is not None
        moved = {"moved_to": fact.moved_to} if is_moved else _lasting(fact)
        events = self.events(fact, columns | moved).subquery("events")
        days = [events.c.day, *(events.c[name] for name in moved)]
        members = [events.c[member_label(name)] for name in self.query.by]
        daily = (
            select(*days, *members, *(func.sum(events.c[name]).label(name) for name in columns))
            .group_by(*days, *members)
            .subquery("days")
        )
        spans = self._spans()
        members = [daily.c[member_label(name)] for name in self.query.by]
        inside = self._counted(fact, daily.c, spans)
        if is_moved:
            inside = and_(inside, daily.c.moved_to >= cast(spans.c.period_end, Date))
        return (
            select(
                spans.c.span, *members, *(func.sum(daily.c[name]).label(name) for name in columns)
            )
            .select_from(spans.join(daily, inside))
            .group_by(spans.c.span, *members)
        )

    def _distinct(self, fact: Fact, once: ColumnElement[Any]) -> Select:
        """A span counts what occurs in it once; days therefore cannot be rolled up to spans."""
        columns = {
            name: case((measure.columns("n")["n"] == 1, once))
            for name, measure in fact.measures.items()
        }
        events = self.events(fact, columns).subquery("events")
        spans = self._spans()
        members = [events.c[member_label(name)] for name in self.query.by]
        return (
            select(
                spans.c.span,
                *members,
                *(func.count(events.c[name].distinct()).label(name) for name in columns),
            )
            .select_from(spans.join(events, self._inside(events.c.day, spans)))
            .group_by(spans.c.span, *members)
        )

    def _values(self, fact: Fact, key: ValuesKey) -> Select:
        value = cast(fact.values[key.column], Double)
        events = self.events(fact, {"number": value} | _lasting(fact)).subquery("events")
        spans = self._spans()
        members = [events.c[member_label(name)] for name in self.query.by]
        number: ColumnElement[Any] = events.c.number
        if fact.until is not None:
            number = number - self._days_before_the_last(spans)
        finite = case((number < UNANSWERED, number))
        middle = func.avg(number) if key.percentile is None else percentile(key.percentile, number)
        inside = self._counted(fact, events.c, spans)
        return (
            select(
                spans.c.span,
                *members,
                middle.label("value"),
                func.count(number).label("n"),
                func.sum(finite).label("total"),
                func.max(finite).label("slowest"),
            )
            .select_from(spans.join(events, inside))
            .where(number.is_not(None))
            .group_by(spans.c.span, *members)
        )
