"""Targets: which one holds for a KPI, a period and a filter, and the pace of a running period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from sqlalchemy import or_, select

from data.tables import targets
from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.engine import cached_rows
from metrics.model import Kind, Metric
from metrics.query import Filters
from metrics.view import View

GRAIN_OF = {
    Cadence.WEEKLY: "week",
    Cadence.MONTHLY: "month",
    Cadence.QUARTERLY: "quarter",
    Cadence.YEARLY: "year",
}
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
        weeks = calendar.between(period.start, period.end, Cadence.WEEKLY)
        parts = [self.of(metric, week, calendar) for week in weeks]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if is_additive(metric):
            return sum(known)
        return known[0] if len(set(known)) == 1 else None


def is_additive(metric: Metric) -> bool:
    return metric.kind in (Kind.COUNT, Kind.SUM)


def _member_of(where: Filters) -> tuple[str, str] | None:
    """The one dimension and member that a filter names, when it names just one."""
    if len(where) == 1:
        name, members = where[0]
        if len(members) == 1 and members[0] is not None:
            return name, members[0]
    return None


def read_targets(warehouse: Warehouse, view: View) -> Targets:
    """The targets under the view's filter, those set by the as-of moment; the latest set holds.

    A filter that names more than one member has no target of its own.
    """
    t = targets.c
    statement = select(t.metric, t.grain, t.period_start, t.value).where(
        or_(t.set_at.is_(None), t.set_at <= view.as_of)
    )
    if not view.where:
        statement = statement.where(t.dimension.is_(None))
    else:
        named = _member_of(view.where)
        if named is None:
            return Targets({})
        statement = statement.where(t.dimension == named[0], t.member == named[1])
    rows = cached_rows(warehouse, statement.order_by(t.set_at.asc().nulls_first(), t.value))
    return Targets({(r["metric"], r["grain"], r["period_start"]): float(r["value"]) for r in rows})


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


def linear_share(calendar: Calendar, period: Period, elapsed_days: int) -> float | None:
    days = len(calendar.working_days(period.span))
    return elapsed_days / days if days else None
