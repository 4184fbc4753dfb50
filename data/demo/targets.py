"""``targets``: planned by quarter near what came, then spread over months and weeks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from data.demo.arrow import contract_table
from data.demo.campaigns import quarter_number, quarter_start
from data.demo.clock import Clock, Window, utc
from data.demo.company import EXECUTIVES, REGION_SHARES, REGIONS
from data.demo.draws import Draws, Floats, Times
from data.demo.roster import rep_ids
from data.demo.stories import monday

MONEY_METRICS = ("bookings", "pipeline_created", "spend")
BY_REGION = ("mqls", "bookings")
BOOKINGS_IN_QUARTER = (0.26, 0.31, 0.43)  # by month: deals close late
# Goals that do not grow with the period; the last four are limits.
LEVELS = {
    "mql_to_sql": 0.25,
    "mql_to_sal": 0.50,
    "sql_to_opportunity": 0.65,
    "win_rate": 0.24,
    "sla_response": 0.95,
    "mql_completeness": 0.85,
    "mql_delivery": 1.0,
    "cost_per_mql": 400.0,
    "response_hours": 2.0,
    "sales_cycle_days": 65.0,
    "stage_days_mql_to_sql": 9.0,
    "lead_rejection_rate": 0.25,
}
PLANNED_GROWTH = 1.045  # a quarter on the one before, where nothing is known yet
ENOUGH_DAYS = 20  # business days that tell what a quarter of counts will be
MISJUDGED = (0.92, 1.09)  # plan ÷ outcome of a quarter


def nice(value: float, digits: int = 2) -> float:
    """A round whole number: two significant digits unless told."""
    if value <= 0:
        return 0.0
    step = max(10.0 ** (np.floor(np.log10(value)) - digits + 1), 1.0)
    return float(round(round(value / step) * step))


@dataclass(frozen=True)
class Actual:
    """Events of a metric: when, and how much each counts."""

    at: Times
    amount: Floats


class _Plan:
    """Quarter plans of one metric, near its outcome; a quarter without one has its neighbours'."""

    def __init__(self, draws: Draws, clock: Clock, window: Window, metric: str,
                 actual: Actual) -> None:  # fmt: skip
        self._clock, self._is_money = clock, metric in MONEY_METRICS
        self._errors = draws.named(f"plan of {metric}").uniform(*MISJUDGED, size=64)
        number = quarter_number(clock.company_day(actual.at))
        first, last = (int(n) for n in quarter_number(window.days[[0, -1]]))
        self._outcomes: dict[int, float] = {}
        for quarter in range(first, last + 1):
            begins, ends = quarter_start(quarter), quarter_start(quarter + 1)
            whole = self.working_days(begins, ends)
            seen = self.working_days(
                max(begins, window.first_day), min(ends, window.through + timedelta(days=1))
            )
            # Deals close late in a quarter: only a whole one tells what it brings.
            if seen == whole or (seen >= ENOUGH_DAYS and not self._is_money):
                total = float(actual.amount[number == quarter].sum())
                self._outcomes[quarter] = total * whole / seen

    def working_days(self, first: date, last: date) -> int:
        """Business days from ``first`` up to, without, ``last``."""
        days = np.arange(np.datetime64(first), np.datetime64(last))
        return int(self._clock.is_working(days).sum())

    def quarter(self, number: int) -> float:
        """The quarter's target, a round number."""
        error = self._errors[number % len(self._errors)]
        if number in self._outcomes:
            return nice(self._outcomes[number] * error)
        known = sorted(self._outcomes)
        nearest = known[:1] if number < known[0] else known[-4 if self._is_money else -1 :]
        centre = sum(nearest) / len(nearest)
        level = sum(self._outcomes[q] for q in nearest) / len(nearest)
        return nice(level * PLANNED_GROWTH ** (number - centre) * error)

    def part(self, number: int, first: date, last: date) -> float:
        """A part of the quarter by its business days."""
        whole = self.working_days(quarter_start(number), quarter_start(number + 1))
        return self.quarter(number) * self.working_days(first, last) / whole


@dataclass(frozen=True)
class _Periods:
    weeks: list[date]
    months: list[date]
    quarters: list[int]
    years: list[int]


def _periods(window: Window) -> _Periods:
    """All periods that the window touches, on to the end of the running year and a quarter."""
    first = int(quarter_number(window.days[:1])[0])
    running = int(quarter_number(window.days[-1:])[0])
    last = max(running + 1, (window.through.year - 1970) * 4 + 3)
    quarters = list(range(first, last + 1))
    begins, ends = quarter_start(first), quarter_start(last + 1)
    week, weeks = monday(begins), []
    while week + timedelta(days=3) < ends:
        weeks.append(week)
        week += timedelta(days=7)
    months = [
        date(start.year, start.month + i, 1)
        for start in map(quarter_start, quarters)
        for i in range(3)
    ]
    return _Periods(weeks, months, quarters, list(range(begins.year, window.through.year + 1)))


def _planned(plan: _Plan, metric: str, periods: _Periods) -> list[tuple[str, date, float]]:
    rows = []
    for week in periods.weeks:
        number = int(quarter_number(np.array([week + timedelta(days=3)], "datetime64[D]"))[0])
        rows.append(("week", week, nice(plan.part(number, week, week + timedelta(days=7)))))
    for month in periods.months:
        number = int(quarter_number(np.array([month], "datetime64[D]"))[0])
        following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        if metric == "bookings":
            value = plan.quarter(number) * BOOKINGS_IN_QUARTER[(month.month - 1) % 3]
        else:
            value = plan.part(number, month, following)
        rows.append(("month", month, nice(value)))
    rows += [("quarter", quarter_start(q), plan.quarter(q)) for q in periods.quarters]
    for year in periods.years:
        total = sum(plan.quarter((year - 1970) * 4 + i) for i in range(4))
        rows.append(("year", date(year, 1, 1), nice(total, 3)))
    return rows


def _quotas(value: float) -> Iterator[tuple[str, float]]:
    """What each account executive is to bring of the company's quarter: a region's, evenly."""
    for share, desk in zip(REGION_SHARES, EXECUTIVES, strict=True):
        for rep in rep_ids(np.array(desk)).to_pylist():
            yield rep, nice(value * share / len(desk))


def build_targets(
    draws: Draws, clock: Clock, window: Window, actuals: Mapping[str, Actual]
) -> pa.Table:
    """The ``targets`` table: each metric at every grain, MQLs and bookings by region too, and a
    quota of bookings a quarter for each account executive."""
    periods = _periods(window)
    rows: list[tuple[str, str, date, str | None, str | None, float]] = []
    for metric, actual in actuals.items():
        for grain, start, value in _planned(
            _Plan(draws, clock, window, metric, actual), metric, periods
        ):
            rows.append((metric, grain, start, None, None, value))
            if metric in BY_REGION:
                rows += [
                    (metric, grain, start, "region", region, nice(value * share))
                    for region, share in zip(REGIONS, REGION_SHARES, strict=True)
                ]
            if metric == "bookings" and grain == "quarter":
                rows += [(metric, grain, start, "rep", rep, q) for rep, q in _quotas(value)]
    starts = {
        "week": periods.weeks,
        "month": periods.months,
        "quarter": [quarter_start(q) for q in periods.quarters],
        "year": [date(year, 1, 1) for year in periods.years],
    }
    for metric, level in LEVELS.items():
        for grain, firsts in starts.items():
            rows += [(metric, grain, first, None, None, level) for first in firsts]
    # Plans are made in December for the year to come.
    decided = [
        min(utc(date(row[2].year - 1, 12, 10), "UTC"), window.end - np.timedelta64(1, "D"))
        for row in rows
    ]
    names = ("metric", "grain", "period_start", "dimension", "member", "value")
    columns = {
        name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
    }
    return contract_table("targets", {**columns, "set_at": np.array(decided)})
