"""Answers as charted series: in which scale a KPI is charted, and the baseline of its chart.

Counts and amounts are charted per working day of the period, so that a week with a holiday is no
fall; where that series trends or swings with the season, as the ratio to the same period a year
earlier. Everything else is charted as it is. docs/signals.md tells the rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from metrics.calendar import Calendar, Period, Span
from metrics.model import Metric, Status, Unit
from metrics.query import Row
from metrics.signals import (
    BASELINE_FROM,
    BASELINE_TO,
    Baseline,
    Limits,
    baseline_of,
    is_drifting,
)
from metrics.targets import is_additive

SHOWN = 13  # the points of a sparkline; a baseline is taken before them
# One more than is needed: the data may have begun within the first.
HISTORY = SHOWN + BASELINE_TO + 1

Rows = Mapping[tuple[str, Span], Row]


class Basis(StrEnum):
    """What a chart's values are."""

    VALUE = "value"
    PER_DAY = "per_day"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Reference:
    """What a KPI is held against. ``first`` and ``last`` are the ids of the baseline's periods;
    ``locked_at`` (naive UTC) is None while it is not locked."""

    basis: Basis
    baseline: Baseline
    first: str
    last: str
    locked_at: datetime | None = None

    def limits(self, metric: Metric) -> Limits:
        is_share = metric.unit is Unit.SHARE and self.basis is Basis.VALUE
        return self.baseline.limits(is_share=is_share)


class Series:
    """The charted values of KPIs, over the answers of one question."""

    def __init__(self, calendar: Calendar, rows: Rows) -> None:
        self.calendar = calendar
        self.rows = rows
        self._days: dict[Span, int] = {}

    def working_days(self, period: Period) -> int:
        span = period.span
        if span not in self._days:
            self._days[span] = len(self.calendar.working_days(span))
        return self._days[span]

    def figure(self, metric: Metric, period: Period) -> float | None:
        """The figure of a period when it is final; a partial or maturing one counts for nothing."""
        row = self.rows.get((metric.id, period.span))
        return row.value if row is not None and row.status is Status.FINAL else None

    def _per_day(self, metric: Metric, period: Period) -> float | None:
        figure, days = self.figure(metric, period), self.working_days(period)
        return None if figure is None or not days else figure / days

    def scale(self, metric: Metric, period: Period, basis: Basis) -> float | None:
        """What a charted value is multiplied with to be the KPI's figure of that period."""
        if basis is Basis.VALUE:
            return 1.0
        days = float(self.working_days(period))
        if basis is Basis.LAST_YEAR:
            before = self._per_day(metric, self.calendar.year_before(period))
            days *= before or 0.0
        return days or None

    def charted(self, metric: Metric, period: Period, basis: Basis) -> float | None:
        figure, scale = self.figure(metric, period), self.scale(metric, period, basis)
        return None if figure is None or scale is None else figure / scale

    # -- the baseline -----------------------------------------------------------------------

    def since_the_data_began(self, metric: Metric, periods: Sequence[Period]) -> list[Period]:
        """The final periods after the first with anything to count: that one may be cut."""
        kept = list(periods)
        while kept and not self._counted(metric, kept[0]):
            kept.pop(0)
        kept = kept[1:]
        while kept and self.figure(metric, kept[-1]) is None:
            kept.pop()
        return kept

    def _counted(self, metric: Metric, period: Period) -> bool:
        row = self.rows.get((metric.id, period.span))
        if row is None:
            return False
        return bool(row.value if row.denominator is None else row.denominator)

    def reference(self, metric: Metric, periods: Sequence[Period]) -> Reference | None:
        """The baseline of some periods in the basis that suits them; None: too few figures."""
        if not is_additive(metric):
            return self._in_basis(metric, periods, Basis.VALUE)
        plain = self._in_basis(metric, periods, Basis.PER_DAY)
        if plain is not None and is_drifting(self._values(metric, periods, Basis.PER_DAY)):
            yearly = self._values(metric, periods, Basis.LAST_YEAR)
            if None not in yearly and not is_drifting(yearly):
                return self._in_basis(metric, periods, Basis.LAST_YEAR)
        return plain

    def _values(
        self, metric: Metric, periods: Iterable[Period], basis: Basis
    ) -> list[float | None]:
        return [self.charted(metric, period, basis) for period in periods]

    def _in_basis(
        self, metric: Metric, periods: Sequence[Period], basis: Basis
    ) -> Reference | None:
        baseline = baseline_of(self._values(metric, periods, basis))
        if baseline is None:
            return None
        return Reference(basis, baseline, periods[0].id, periods[-1].id)

    def first_reference(self, metric: Metric, history: Sequence[Period]) -> Reference | None:
        """The baseline to lock: the up to 26 periods before the 13 newest, so that what is on
        screen is judged by what was before it; with too little before, the first 12 there are."""
        complete = self.since_the_data_began(metric, history)
        before: Sequence[Period] = complete[:-SHOWN][-BASELINE_TO:]
        if self._count(metric, before) < BASELINE_FROM:
            before = self._first_figures(metric, complete)
        return self.reference(metric, before)

    def _count(self, metric: Metric, periods: Iterable[Period]) -> int:
        return sum(self.figure(metric, period) is not None for period in periods)

    def _first_figures(self, metric: Metric, periods: Sequence[Period]) -> Sequence[Period]:
        """The periods up to the one that brings the twelfth figure."""
        found = 0
        for index, period in enumerate(periods):
            found += self.figure(metric, period) is not None
            if found == BASELINE_FROM:
                return periods[: index + 1]
        return ()
