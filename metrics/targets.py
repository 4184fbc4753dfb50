"""Targets: which one holds for a KPI, a period and a filter, and the pace of a running period.

docs/targets.md tells the same to the people who set them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlalchemy import (
    DateTime,
    Double,
    Integer,
    Select,
    cast,
    column,
    literal,
    null,
    or_,
    select,
    values,
)

from data.set_targets import SetTarget, TargetKey
from data.tables import targets
from data.warehouse import Warehouse
from metrics.agreed import known_set_targets
from metrics.cache import cached_rows
from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.model import Kind, Metric
from metrics.query import Filters
from metrics.view import View

GRAIN_OF = {
    Cadence.WEEKLY: "week",
    Cadence.MONTHLY: "month",
    Cadence.QUARTERLY: "quarter",
    Cadence.YEARLY: "year",
}
# Where a period has no target of its own, that of these, in this order, holds as pace.
LONGER = (Cadence.QUARTERLY, Cadence.YEARLY)
# A pace is learned from the last four to eight periods; with fewer it is linear (handbook §1).
PACE_PERIODS = 8
PACE_NEEDS = 4


@dataclass(frozen=True)
class Targets:
    """The targets that hold under one filter: those of the whole company, or of one member."""

    values: dict[tuple[str, str, date], float]

    def of(self, metric: Metric, period: Period, calendar: Calendar) -> float | None:
        """The target of a period; a pair of weeks has the sum of its weeks' for additive KPIs."""
        if period.cadence is not Cadence.BIWEEKLY:
            return self.values.get((metric.id, GRAIN_OF[period.cadence], period.start))
        return self.over(
            metric, calendar.between(period.start, period.end, Cadence.WEEKLY), calendar
        )

    def over(self, metric: Metric, periods: Sequence[Period], calendar: Calendar) -> float | None:
        """The target of several periods together, each of which must have its own.

        Targets of additive KPIs add up; of any other they hold when they are all the same.
        """
        parts = [self.of(metric, period, calendar) for period in periods]
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        if is_additive(metric):
            return sum(known)
        return known[0] if len(set(known)) == 1 else None


def is_additive(metric: Metric) -> bool:
    """Whether the figures of its weeks add up to the quarter's."""
    return metric.kind in (Kind.COUNT, Kind.SUM) and metric.spans_add_up


def member_of(where: Filters) -> tuple[str, str] | None:
    """The one dimension and member that a filter names, when it names just one."""
    if len(where) == 1:
        name, members = where[0]
        if len(members) == 1 and members[0] is not None:
            return name, members[0]
    return None


def _known(as_of: datetime, given: Sequence[SetTarget]) -> Any:
    """The targets set by a moment, each with its ``place``: a row that comes later holds.

    Those that were set in the app (``given``) come after all that were loaded.
    """
    t = targets.c
    loaded = select(
        *(t[name] for name in SetTarget._fields[:-1]),
        cast(t.value, Double).label("value"),
        t.set_at,
        literal(0, Integer).label("place"),
    ).where(or_(t.set_at.is_(None), t.set_at <= as_of))
    return (loaded.union_all(_as_rows(given)) if given else loaded).subquery("known")


def _as_rows(given: Sequence[SetTarget]) -> Select:
    columns = {name: t.type for name, t in targets.c.items() if name in SetTarget._fields}
    columns["value"] = Double()
    table = values(*(column(n, columns[n]) for n in SetTarget._fields), name="given").data(
        [tuple(one) for one in given]
    )
    # Cast: a column of NULLs alone has no type of its own.
    return select(
        *(cast(table.c[name], columns[name]).label(name) for name in SetTarget._fields),
        null().cast(DateTime).label("set_at"),
        literal(1, Integer).label("place"),
    )


def _in_order(known: Any) -> Select:
    k = known.c
    return select(*(k[name] for name in SetTarget._fields)).order_by(
        k.place, k.set_at.asc().nulls_first(), k.value
    )


def _targets_in(rows: Iterable[Mapping[str, Any]]) -> Targets:
    return Targets({(r["metric"], r["grain"], r["period_start"]): float(r["value"]) for r in rows})


def read_targets(warehouse: Warehouse, view: View) -> Targets:
    """The targets under the view's filter, those set by the as-of moment; the latest set holds.

    A filter that names more than one member has no target of its own.
    """
    known = _known(view.as_of, known_set_targets(warehouse, view.as_of))
    k, statement = known.c, _in_order(known)
    if not view.where:
        statement = statement.where(k.dimension.is_(None))
    else:
        named = member_of(view.where)
        if named is None:
            return Targets({})
        statement = statement.where(k.dimension == named[0], k.member == named[1])
    return _targets_in(cached_rows(warehouse, statement))


@dataclass(frozen=True)
class TargetBook:
    """The targets of some metrics by (dimension, member); those of the company by None."""

    by_member: Mapping[tuple[str, str] | None, Targets]

    def under(self, where: Filters) -> Targets:
        """The targets under a filter: none where it names more than one member."""
        named = member_of(where) if where else None
        if where and named is None:
            return Targets({})
        return self.by_member.get(named, Targets({}))

    def members(self, dimension: str) -> list[str]:
        """The members of a dimension that have targets of their own, by name."""
        return sorted(key[1] for key in self.by_member if key is not None and key[0] == dimension)


def read_target_book(
    warehouse: Warehouse,
    metrics: Collection[str],
    as_of: datetime,
    given: Sequence[SetTarget] | None = None,
) -> TargetBook:
    """All targets of some metrics that were set by a moment, in one query, cached.

    ``given`` are those set in the app, where they have been read already.
    """
    found_in = _known(as_of, known_set_targets(warehouse, as_of) if given is None else given)
    statement = _in_order(found_in).where(found_in.c.metric.in_(sorted(metrics)))
    found: dict[tuple[str, str] | None, list[Mapping[str, Any]]] = {}
    for row in cached_rows(warehouse, statement):
        key = None if row["dimension"] is None else (row["dimension"], row["member"])
        found.setdefault(key, []).append(row)
    return TargetBook({key: _targets_in(rows) for key, rows in found.items()})


def read_loaded(warehouse: Warehouse, metric: str, as_of: datetime) -> dict[TargetKey, float]:
    """The targets of a KPI that were loaded, without those set in the app. Cached."""
    known = _known(as_of, ())
    rows = cached_rows(warehouse, _in_order(known).where(known.c.metric == metric))
    names = SetTarget._fields[:-1]
    return {TargetKey(*(row[name] for name in names)): float(row["value"]) for row in rows}


# -- what a figure is held against ---------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """The working days of a period with a target from ``after`` (not among them) to ``upto``."""

    period: Period
    target: float
    after: int
    upto: int


@dataclass(frozen=True)
class Aim:
    """What the figure of a period is held against.

    ``target`` is the period's own; None where it has none and takes its part, ``whole``, of the
    targets of longer periods. ``due`` is what should be reached by now; None: all of it.
    """

    named: Period  # whose target it is; the last one, where a week lies in two quarters
    target: float | None
    whole: tuple[Stretch, ...] = ()
    due: tuple[Stretch, ...] | None = None

    def spans(self, calendar: Calendar) -> Iterator[Span]:
        """What must be asked to know the pace."""
        for stretch in {*self.whole, *(self.due or ())}:
            for days in _inner_days(calendar, stretch):
                pace = pace_spans(calendar, stretch.period, days)
                yield from (*pace.whole, *pace.part)


@dataclass(frozen=True)
class Due:
    """An aim in numbers: the target, what is due by now (None: all), whether that is a straight
    line because too few earlier periods are known."""

    target: float
    pace: float | None
    is_linear: bool


def aim_of(
    targets: Targets, calendar: Calendar, metric: Metric, period: Period, elapsed: int | None
) -> Aim | None:
    """The period's own target, else, of an additive KPI, its part of the quarter's, else year's.

    ``elapsed`` counts the working days that are over; None: the whole period is.
    """
    own = targets.of(metric, period, calendar)
    if own is not None:
        is_pace = elapsed is not None and is_additive(metric)
        due = (Stretch(period, own, 0, elapsed or 0),) if is_pace else None
        return Aim(period, own, due=due)
    if not is_additive(metric):
        return None
    for cadence in LONGER:
        longer = calendar.between(period.start, period.end, cadence)
        values = [targets.of(metric, outer, calendar) for outer in longer]
        # A quarter is no part of a quarter, and a year none of a quarter.
        if longer[0].end - longer[0].start <= period.end - period.start or None in values:
            continue
        pairs = [(o, v) for o, v in zip(longer, values, strict=True) if v is not None]
        whole = _stretches(calendar, pairs, period.span)
        now = None if elapsed is None else calendar.first_working_days(period.span, elapsed)
        return Aim(longer[-1], None, whole, _stretches(calendar, pairs, now or period.span))
    return None


def aims_over(targets: Targets, calendar: Calendar, metric: Metric, span: Span) -> tuple[Aim, ...]:
    """What the days of a span are held against, all of it: the target of the period that they are
    (or are a part of), or those of the weeks that they are made of; empty where one lacks."""
    period = calendar.period_with(span.whole)
    periods = [period] if period is not None else _weeks_of(calendar, span)
    aims = [aim_of(targets, calendar, metric, one, None) for one in periods]
    if len(aims) > 1 and not is_additive(metric):
        return ()
    return tuple(aim for aim in aims if aim is not None) if None not in aims else ()


def _weeks_of(calendar: Calendar, span: Span) -> list[Period]:
    """The weeks that a span is made of; none where it cuts one."""
    weeks = calendar.between(span.start, span.end, Cadence.WEEKLY)
    is_whole = bool(weeks) and (weeks[0].start, weeks[-1].end) == (span.start, span.end)
    return weeks if is_whole else []


def _stretches(
    calendar: Calendar, longer: Sequence[tuple[Period, float]], span: Span
) -> tuple[Stretch, ...]:
    """The part of a span that lies in each of the longer periods, in their working days."""
    found = []
    for period, target in longer:
        first, last = max(span.start, period.start), min(span.end, period.end)
        if first < last:
            after, upto = (
                len(calendar.working_days(Span(period.start, day))) for day in (first, last)
            )
            found.append(Stretch(period, target, after, upto))
    return tuple(found)


def due_of(aim: Aim, calendar: Calendar, value_of: Callable[[Span], float | None]) -> Due:
    """An aim in numbers; ``value_of`` answers the spans of ``Aim.spans``."""

    def expected(stretches: Sequence[Stretch]) -> tuple[float, bool]:
        total, is_linear = 0.0, False
        for stretch in stretches:
            shares = [
                _share_at(calendar, stretch.period, days, value_of)
                for days in (stretch.after, stretch.upto)
            ]
            total += stretch.target * (shares[1][0] - shares[0][0])
            is_linear = is_linear or any(linear for _, linear in shares)
        return total, is_linear

    if aim.due is None:
        assert aim.target is not None
        return Due(aim.target, None, False)
    pace, is_linear = expected(aim.due)
    if aim.target is not None:
        return Due(aim.target, pace, is_linear)
    part, part_is_linear = expected(aim.whole)
    return Due(part, pace, is_linear or part_is_linear)


def _inner_days(calendar: Calendar, stretch: Stretch) -> list[int]:
    """The ends of a stretch that lie inside its period: elsewhere 0 or all of it is due."""
    total = len(calendar.working_days(stretch.period.span))
    return [days for days in (stretch.after, stretch.upto) if 0 < days < total]


def _share_at(
    calendar: Calendar, period: Period, days: int, value_of: Callable[[Span], float | None]
) -> tuple[float, bool]:
    """The share of a period's target that is due after so many of its working days; whether the
    line to it is straight."""
    total = len(calendar.working_days(period.span))
    if days <= 0 or days >= total:
        return (0.0 if days <= 0 else 1.0), False
    spans = pace_spans(calendar, period, days)
    learned = learned_share(*([value_of(s) for s in part] for part in (spans.whole, spans.part)))
    return (days / total, True) if learned is None else (learned, False)


# -- pace ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PaceSpans:
    """What must be asked to know a running period's pace: earlier periods, whole and in part."""

    whole: tuple[Span, ...]
    part: tuple[Span, ...]


def pace_spans(calendar: Calendar, period: Period, elapsed_days: int) -> PaceSpans:
    """The earlier periods, one more than is learned from (see ``learned_share``)."""
    earlier = calendar.recent(calendar.previous(period), PACE_PERIODS + 1)
    return PaceSpans(
        tuple(p.span for p in earlier),
        tuple(calendar.first_working_days(p.span, elapsed_days) for p in earlier),
    )


def learned_share(whole: Sequence[float | None], part: Sequence[float | None]) -> float | None:
    """The median share of the final figure reached by the same elapsed day; None: too few periods.

    A period counts when it and the one before it have a figure: the first one with data may have
    begun before the data did.
    """
    shares = [
        (part[i] or 0.0) / total
        for i in range(1, len(whole))
        if (total := whole[i]) and whole[i - 1]
    ]
    return median(shares) if len(shares) >= PACE_NEEDS else None
