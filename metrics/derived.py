"""Derived KPIs: what they are made of, and how it is put together, member by member.

Everything that they need is asked for beside the question's own KPIs: their inputs, each over a
span of its own, and the earlier periods from which the part of a longer target is learned. The
targets themselves are one small query (``metrics/targets.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from data.warehouse import Warehouse
from metrics.calendar import Calendar, Span
from metrics.catalog import find_metric
from metrics.fallback import note_of
from metrics.model import Derived, Metric, Parts, Status, TargetOf
from metrics.query import Filters, MetricQuery, Row
from metrics.targets import (
    Aim,
    TargetBook,
    aims_over,
    due_of,
    is_additive,
    read_target_book,
)

Members = tuple[str | None, ...]
# What was answered, by metric and span: a row for each combination of members.
Answers = Mapping[tuple[str, Span], Mapping[Members, Row]]


@dataclass(frozen=True)
class Recipe:
    """What one derived KPI is made of over one span."""

    inputs: Mapping[str, tuple[str, Span]]
    targets: Mapping[str, TargetOf]
    # One rep's deals are too few to learn from how a quarter fills: parts of quotas are linear.
    learns_pace: bool = True


class Derivation:
    """The derived KPIs of a question. Raises ``WarehouseError`` where targets cannot be read."""

    def __init__(
        self, warehouse: Warehouse, query: MetricQuery, status: Callable[[Metric, Span], Status]
    ) -> None:
        self._status = status  # of a metric over a span, whatever it counts
        self._warehouse = warehouse
        self._query = query
        self._calendar = Calendar(warehouse.config)
        self._found: dict[tuple[TargetOf, Members], tuple[Aim, ...]] = {}
        self._recipes = {
            (metric.id, span): self._recipe(metric.derived, span)
            for metric in query.definitions
            if metric.derived is not None
            for span in query.spans_of(metric.id)
        }

    def _recipe(self, derived: Derived, span: Span) -> Recipe:
        asked = (span, self._calendar, self._query.as_of)
        targets = {} if derived.targets is None else derived.targets(*asked)
        return Recipe(derived.inputs(*asked), targets, learns_pace=derived.over is None)

    def made_of(self, metric: Metric) -> list[str]:
        """The KPIs that a derived one reads."""
        inputs = self._recipes[metric.id, self._query.spans_of(metric.id)[0]].inputs
        return [metric_id for metric_id, _ in inputs.values()]

    def asked(self) -> set[tuple[str, Span]]:
        """What must be answered for it: metrics, each over a span."""
        found = {pair for recipe in self._recipes.values() for pair in recipe.inputs.values()}
        for recipe in self._recipes.values():
            for wanted in recipe.targets.values() if recipe.learns_pace else ():
                found.update(
                    (wanted.metric, span)
                    for members in self._members_with_targets()
                    for aim in self._aims(wanted, members)
                    for span in aim.spans(self._calendar)
                )
        return found

    # -- targets ------------------------------------------------------------------------------

    @cached_property
    def _book(self) -> TargetBook:
        wanted = {t.metric for recipe in self._recipes.values() for t in recipe.targets.values()}
        return read_target_book(self._warehouse, wanted, self._query.as_of)

    def _members_with_targets(self) -> list[Members]:
        """The rows of the answer that may have a target: it is one member's or the company's."""
        match self._query.by:
            case ():
                return [()]
            case (dimension,):
                return [
                    (member,)
                    for member in self._book.members(dimension)
                    if member in dict(self._query.where).get(dimension, (member,))
                ]
        return []

    def _filter(self, members: Members) -> Filters:
        """The question's filter, narrowed to one row of its answer."""
        narrowed = dict(self._query.where)
        narrowed |= {name: (m,) for name, m in zip(self._query.by, members, strict=True)}
        return tuple(narrowed.items())

    def _aims(self, wanted: TargetOf, members: Members) -> tuple[Aim, ...]:
        key = (wanted, members)
        if key not in self._found:
            self._found[key] = self._find_aims(wanted, members)
        return self._found[key]

    def _find_aims(self, wanted: TargetOf, members: Members) -> tuple[Aim, ...]:
        where = self._filter(members)
        if wanted.member is not None:
            if where:
                return ()
            where = ((wanted.member[0], (wanted.member[1],)),)
        targets = self._book.under(where)
        return aims_over(targets, self._calendar, find_metric(wanted.metric), wanted.span)

    def _target(
        self, recipe: Recipe, name: str, members: Members, answers: Answers
    ) -> float | None:
        wanted = recipe.targets[name]
        aims = self._aims(wanted, members)
        if not aims:
            return None

        def value_of(span: Span) -> float | None:
            row = answers.get((wanted.metric, span), {}).get(members)
            return None if row is None or not recipe.learns_pace else row.value

        return sum(due_of(aim, self._calendar, value_of).target for aim in aims)

    def _no_target(self, recipe: Recipe, members: Members) -> str:
        """``no target for Bookings of region EMEA, Q4 2026``."""
        wanted = next(iter(recipe.targets.values()))
        where = self._filter(members)
        named = [(name, of) for name, of in where if len(of) == 1]
        under = " under this filter" if where else ""
        if len(where) == len(named) == 1:
            under = f" of {named[0][0]} {named[0][1][0] or '(none)'}"
        period = self._calendar.period_with(wanted.span.whole)
        when = "for these days" if period is None else f"for {period.label.partition(',')[0]}"
        return f"no target for {find_metric(wanted.metric).label}{under} is set {when}"

    # -- answers ------------------------------------------------------------------------------

    def rows(self, metric: Metric, span: Span, answers: Answers) -> Iterator[Row]:
        """The rows of a derived KPI over a span, by member."""
        assert metric.derived is not None
        recipe = self._recipes[metric.id, span]
        inputs = {name: answers.get(pair, {}) for name, pair in recipe.inputs.items()}
        found = {members for rows in inputs.values() for members in rows}
        if recipe.targets:
            found.update(self._members_with_targets())
        for members in sorted(found, key=by_name):
            rows = {name: rows.get(members) for name, rows in inputs.items()}
            targets = {
                name: self._target(recipe, name, members, answers) for name in recipe.targets
            }
            if targets and not any(target is not None for target in targets.values()):
                reason = self._no_target(recipe, members)
                yield no_data(metric, span, members, reason)
                continue
            values = {
                name: _value(find_metric(pair[0]), rows[name])
                for name, pair in recipe.inputs.items()
            }
            parts = metric.derived.combine(values | targets)
            yield self._row(metric, span, members, parts, [r for r in rows.values() if r])

    def _row(
        self, metric: Metric, span: Span, members: Members, parts: Parts, made_of: list[Row]
    ) -> Row:
        inputs = self._recipes[metric.id, span].inputs.values()
        states = [row.status for row in made_of]
        if not states:  # a member with a target and nothing else
            states = [self._status(find_metric(metric_id), days) for metric_id, days in inputs]
        if span.is_cut:
            states.append(Status.PARTIAL)
        status = min(states, key=list(Status).index)
        return Row(
            metric.id,
            span,
            members,
            parts.value,
            parts.numerator,
            parts.denominator,
            status,
            reason=parts.reason,
            label=parts.label,
            note=parts.note or note_of(self._warehouse, metric),
        )


def no_data(metric: Metric, span: Span, members: Members, reason: str) -> Row:
    """The row that says that there is none."""
    return Row(metric.id, span, members, None, None, None, Status.NO_DATA, reason=reason)


def _value(metric: Metric, row: Row | None) -> float | None:
    """An input's value for a member; what adds up and did not occur is 0."""
    if row is None:
        return 0 if is_additive(metric) else None
    return row.value


def by_name(members: Members) -> list[tuple[bool, str]]:
    """The order of member combinations: by name, NULL last."""
    return [(member is None, member or "") for member in members]
