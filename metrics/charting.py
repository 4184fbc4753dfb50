"""Answers as charted series: in which scale a KPI is charted, and the baseline of its chart.

Counts and amounts are charted per working day of the period, so that a week with a holiday is no
fall; where that series trends or swings with the season, as the ratio to the same period a year
earlier. Everything else is charted as it is. Figures over windows longer than a period overlap:
their moving ranges are taken between windows that share no day. docs/signals.md tells the rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.model import Kind, Metric, Status, Unit
from metrics.query import Row
from metrics.signals import (
    BASELINE_TO,
    Baseline,
    Limits,
    baseline_of,
    fewest_figures,
    is_drifting,
    longest_baseline,
)
from metrics.targets import is_additive

SHOWN = 13  # the points of a sparkline; a baseline is taken before them
# Longer windows would need more than 26 ranges, and so years of data.
LONGEST_LAG = BASELINE_TO // 2

Rows = Mapping[tuple[str, Span], Row]


class Basis(StrEnum):
    """What a chart's values are."""

    VALUE = "value"
    PER_DAY = "per_day"
    LAST_YEAR = "last_year"


@dataclass(frozen=True)
class Charted:
    """How a KPI is charted. ``days``: each figure stands for so many days up to its period's end
    (None: for the period itself). ``lag``: how many periods on a figure stands on other days
    alone, 1 where none overlap. ``unripe``: how many of the newest cohorts may still be maturing.
    """

    days: int | None = None
    lag: int = 1
    unripe: int = 0

    @property
    def overlaps(self) -> bool:
        return self.lag > 1

    @property
    def history(self) -> int:
        """How many periods a first baseline is looked for in: the data may have begun within the
        first ``lag`` of them, whose figures are then cut."""
        return SHOWN + longest_baseline(self.lag) + self.lag + self.unripe

    def span(self, period: Period) -> Span:
        """The days that a period's figure stands for."""
        if self.days is None:
            return period.span
        return Span(period.end - timedelta(days=self.days), period.end)


WHOLE = Charted()
TRAILING_WEEKS = 13
TRAILING = Charted(days=7 * TRAILING_WEEKS, lag=TRAILING_WEEKS)


def lag_of(metric: Metric, period: Period, calendar: Calendar) -> int | None:
    """After how many periods a derived KPI's figure stands on other days alone; None when that is
    later than a baseline can reach. 1 for every other kind: it stands for the period itself."""
    if metric.derived is None:
        return 1
    inputs = metric.derived.inputs

    def days(of: Period) -> list[Span]:
        return [span for _, span in inputs(of.span, calendar, calendar.starts_at(of.end)).values()]

    last = max(span.end for span in days(period))
    for lag in range(1, LONGEST_LAG + 1):
        if min(span.start for span in days(calendar.step(period, lag))) >= last:
            return lag
    return None


def how_charted(metric: Metric, period: Period, calendar: Calendar) -> Charted | None:
    """How a KPI is charted at a period's cadence, or None where it cannot be."""
    if metric.kind is Kind.COHORT:
        return WHOLE
    if metric.slow and period.cadence is Cadence.WEEKLY:
        return TRAILING
    lag = lag_of(metric, period, calendar)
    return None if lag is None else Charted(lag=lag)


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
    """The charted values of KPIs, over the answers of one question. ``charted`` says how, by
    metric id; a KPI that it does not name stands for whole periods."""

    def __init__(
        self, calendar: Calendar, rows: Rows, charted: Mapping[str, Charted] | None = None
    ) -> None:
        self.calendar = calendar
        self.rows = rows
        self._charted = charted or {}
        self._days: dict[Span, int] = {}

    def how(self, metric: Metric) -> Charted:
        return self._charted.get(metric.id, WHOLE)

    def _row(self, metric: Metric, period: Period) -> Row | None:
        return self.rows.get((metric.id, self.how(metric).span(period)))

    def working_days(self, metric: Metric, period: Period) -> int:
        span = self.how(metric).span(period)
        if span not in self._days:
            self._days[span] = len(self.calendar.working_days(span))
        return self._days[span]

    def figure(self, metric: Metric, period: Period) -> float | None:
        """The figure of a period when it is final; a partial or maturing one counts for nothing."""
        row = self._row(metric, period)
        return row.value if row is not None and row.status is Status.FINAL else None

    def _per_day(self, metric: Metric, period: Period) -> float | None:
        figure, days = self.figure(metric, period), self.working_days(metric, period)
        return None if figure is None or not days else figure / days

    def scale(self, metric: Metric, period: Period, basis: Basis) -> float | None:
        """What a charted value is multiplied with to be the KPI's figure of that period."""
        if basis is Basis.VALUE:
            return 1.0
        days = float(self.working_days(metric, period))
        if basis is Basis.LAST_YEAR:
            before = self._per_day(metric, self.calendar.year_before(period))
            days *= before or 0.0
        return days or None

    def charted(self, metric: Metric, period: Period, basis: Basis) -> float | None:
        figure, scale = self.figure(metric, period), self.scale(metric, period, basis)
        return None if figure is None or scale is None else figure / scale

    # -- the baseline -----------------------------------------------------------------------

    def since_the_data_began(self, metric: Metric, periods: Sequence[Period]) -> list[Period]:
        """The final periods after the first with anything to count: that one may be cut, and with
        it all whose windows reach back into it."""
        kept = list(periods)
        while kept and not self._counted(metric, kept[0]):
            kept.pop(0)
        kept = kept[self.how(metric).lag :]
        while kept and self.figure(metric, kept[-1]) is None:
            kept.pop()
        return kept

    def _counted(self, metric: Metric, period: Period) -> bool:
        row = self._row(metric, period)
        if row is None:
            return False
        return bool(row.value if row.denominator is None else row.denominator)

    def reference(self, metric: Metric, periods: Sequence[Period]) -> Reference | None:
        """The baseline of some periods in the basis that suits them; None: too few figures."""
        if not is_additive(metric):
            return self._in_basis(metric, periods, Basis.VALUE)
        plain = self._in_basis(metric, periods, Basis.PER_DAY)
        if self.how(metric).overlaps:
            return plain  # neighbours are alike by what they share; that is no drift
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
        baseline = baseline_of(self._values(metric, periods, basis), self.how(metric).lag)
        if baseline is None:
            return None
        return Reference(basis, baseline, periods[0].id, periods[-1].id)

    def first_reference(self, metric: Metric, history: Sequence[Period]) -> Reference | None:
        """The baseline to lock: the up to 26 periods before the 13 newest, so that what is on
        screen is judged by what was before it; with too little before, the first 12 there are.
        Windows that overlap: as many as make so many ranges."""
        how = self.how(metric)
        complete = self.since_the_data_began(metric, history)
        before: Sequence[Period] = complete[:-SHOWN][-longest_baseline(how.lag) :]
        enough = fewest_figures(how.lag)
        if self._count(metric, before) < enough:
            before = self._first_figures(metric, complete, enough)
        return self.reference(metric, before)

    def _count(self, metric: Metric, periods: Iterable[Period]) -> int:
        return sum(self.figure(metric, period) is not None for period in periods)

    def _first_figures(
        self, metric: Metric, periods: Sequence[Period], count: int
    ) -> Sequence[Period]:
        """The periods up to the one that brings the last of so many figures."""
        found = 0
        for index, period in enumerate(periods):
            found += self.figure(metric, period) is not None
            if found == count:
                return periods[: index + 1]
        return ()
