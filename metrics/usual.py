"""What is usual for the KPIs of one board: their limits, from locked baselines, and signals.

The state database is read once and, where a baseline is to be locked, written once. When it does
not answer the limits are computed on the fly, and ``note`` says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from data.errors import ScorecardError
from data.warehouse import Warehouse
from metrics.baselines import STATE_TROUBLE, lock_references, locked_references, scope_of
from metrics.calendar import Cadence, Period, Span
from metrics.charting import Basis, Charted, Reference, Rows, Series
from metrics.model import Direction, Kind, Metric
from metrics.scorecard import Bounds, Signal
from metrics.signals import (
    BAND_RULES,
    BASELINE_FROM,
    NEAR_OF,
    OVERLAP_RULES,
    Found,
    Limits,
    Rule,
    fewest_figures,
    find_signals,
)
from metrics.targets import is_additive
from metrics.view import Frame

NOT_LOCKED = "limits not locked: the state database does not answer"
TOO_LONG = (
    "no limits: each figure looks so far back that windows that share no day would take years"
)
PERIOD_NAMES = {
    Cadence.WEEKLY: ("week", "weeks"),
    Cadence.BIWEEKLY: ("pair of weeks", "pairs of weeks"),
    Cadence.MONTHLY: ("month", "months"),
    Cadence.QUARTERLY: ("quarter", "quarters"),
    Cadence.YEARLY: ("year", "years"),
}
_BASES = {
    Basis.VALUE: (),
    Basis.PER_DAY: ("per working day",),
    Basis.LAST_YEAR: ("against the same period a year earlier",),
}
log = logging.getLogger(__name__)


class UsualMark(NamedTuple):
    """One period against its limits: the last three fields of a ``Point``."""

    limits: Bounds | None
    is_outside: bool
    is_better: bool | None


NO_MARK = UsualMark(None, False, None)


@dataclass(frozen=True)
class Judged:
    """A tile's trend against its limits: a mark for each period, the signal of the last, and
    where it has none the third rule as a hint."""

    marks: tuple[UsualMark, ...]
    signal: Signal | None
    hint: Signal | None = None


class Usual:
    """The baselines of a board's charted KPIs, each with how it is charted."""

    def __init__(
        self, warehouse: Warehouse, frame: Frame, charted: Mapping[Metric, Charted]
    ) -> None:
        self.warehouse = warehouse
        self.frame = frame
        self.calendar = frame.calendar
        self.cadence = frame.period.cadence
        self.charted = charted
        self.note: str | None = None
        self._scopes = {
            metric.id: scope_of(warehouse, metric, self.cadence, frame.view.where)
            for metric in charted
        }
        self._references = self._read()
        self._series = self._series_of({})

    def _series_of(self, rows: Rows) -> Series:
        how = {metric.id: charted for metric, charted in self.charted.items()}
        return Series(self.calendar, rows, how)

    def _read(self) -> dict[str, Reference]:
        if not self._scopes:
            return {}
        try:
            return locked_references(self._scopes)
        except STATE_TROUBLE as error:
            self._say_not_locked(error)
            return {}

    def _say_not_locked(self, error: ScorecardError) -> None:
        log.warning("limits are not locked: %s", error)
        self.note = NOT_LOCKED

    # -- what must be asked -----------------------------------------------------------------

    def _history(self, metric: Metric) -> list[Period]:
        """The periods that a first baseline is taken from: up to the last complete one of the
        data, whichever period is looked at, so that it does not depend on who looks first."""
        newest = self.calendar.default_period(self.cadence, self.frame.view.as_of)
        return self.calendar.recent(newest, self.charted[metric].history)

    def spans(self, metric: Metric, shown: Iterable[Period]) -> Iterable[Span]:
        """The spans to ask for beside those shown."""
        if metric not in self.charted:
            return
        reference = self._references.get(metric.id)
        history = [] if reference is not None else self._history(metric)
        span = self.charted[metric].span
        yield from (span(period) for period in history)
        basis = None if reference is None else reference.basis
        if is_additive(metric) and basis is not Basis.PER_DAY:
            for period in (*history, *shown):
                yield span(self.calendar.year_before(period))

    # -- answers ----------------------------------------------------------------------------

    def settle(self, rows: Rows) -> None:
        """Take the answers; find the baselines that are not locked yet, and lock them."""
        self._series = self._series_of(rows)
        missing = {
            metric.id: reference
            for metric in self.charted
            if metric.id not in self._references
            and (reference := self._series.first_reference(metric, self._history(metric)))
        }
        # A look back at an earlier moment decides nothing for those who come later.
        is_now = self.frame.view.as_of == self.warehouse.default_as_of
        if missing and is_now and self.note is None:
            try:
                missing = lock_references(self._scopes, missing)
            except STATE_TROUBLE as error:
                self._say_not_locked(error)
        self._references |= missing

    def reference(self, metric: Metric) -> Reference | None:
        return self._references.get(metric.id) if metric in self.charted else None

    def judge(self, metric: Metric, periods: Sequence[Period]) -> Judged | None:
        """The periods against the limits; None for a KPI that has none."""
        reference = self.reference(metric)
        if reference is None:
            return None
        limits, basis = reference.limits(metric), reference.basis
        values = [self._series.charted(metric, period, basis) for period in periods]
        scales = [self._series.scale(metric, period, basis) for period in periods]
        marks = tuple(
            self._mark(metric, limits, value, scale)
            for value, scale in zip(values, scales, strict=True)
        )
        if self.charted[metric].overlaps:
            return Judged(marks, self._signal(metric, limits, values, OVERLAP_RULES))
        signal = self._signal(metric, limits, values, BAND_RULES)
        hint = None if signal else self._signal(metric, limits, values, (Rule.NEAR,))
        return Judged(marks, signal, hint)

    def _mark(
        self, metric: Metric, limits: Limits, value: float | None, scale: float | None
    ) -> UsualMark:
        if scale is None:
            return NO_MARK
        bounds = Bounds(limits.low * scale, limits.mean * scale, limits.high * scale)
        if value is None or limits.low <= value <= limits.high:
            return UsualMark(bounds, False, None)
        return UsualMark(bounds, True, self._is_better(metric, 1 if value > limits.high else -1))

    def _signal(
        self,
        metric: Metric,
        limits: Limits,
        values: Sequence[float | None],
        rules: Sequence[Rule],
    ) -> Signal | None:
        """The strongest of some rules that the last value fulfils."""
        found = [one for one in find_signals(values, limits) if one.rule in rules]
        if not found or (value := values[-1]) is None:
            return None
        return Signal(
            rule=found[0].rule,
            words=self._rule_words(metric, found[0]),
            is_better=self._is_better(metric, found[0].side),
            side=found[0].side,
            size=abs(value - limits.mean) / limits.half,
        )

    @staticmethod
    def _is_better(metric: Metric, side: int) -> bool | None:
        if metric.direction is Direction.NEUTRAL:
            return None
        return (side > 0) == (metric.direction is Direction.UP)

    def words(self, metric: Metric) -> str:
        """What a KPI's limits are made of: "26 weeks, 2026-W08 to 2026-W33, locked 21 Nov"."""
        reference = self.reference(metric)
        how, many = self.charted[metric], PERIOD_NAMES[self.cadence][1]
        if reference is None:
            return _no_limits(how, many)
        parts = [
            f"{reference.baseline.count} {many}",
            f"{reference.first} to {reference.last}",
            *_BASES[reference.basis],
        ]
        if how.overlaps:
            parts.append(f"compared with those {how.lag} {many} on, which share no day")
        if reference.locked_at is None:
            return ", ".join([*parts, "not locked"])
        day = self.calendar.local(reference.locked_at).date()
        return ", ".join([*parts, f"locked {day}"])

    def _rule_words(self, metric: Metric, found: Found) -> str:
        is_cohort = metric.kind is Kind.COHORT
        one, many = ("cohort", "cohorts") if is_cohort else PERIOD_NAMES[self.cadence]
        where = "above" if found.side > 0 else "below"
        if self.charted[metric].overlaps:
            return f"{where} its usual range"
        if found.rule is Rule.OUTSIDE:
            running = f", {found.length} {many} running" if found.length > 1 else ""
            return f"{where} its usual range{running}"
        if found.rule is Rule.NEAR:
            return (
                f"{found.length} of {NEAR_OF} {many} {where} the average, nearer to the limit than "
                "to it"
            )
        return f"{found.length} {many if found.length > 1 else one} {where} the average"


def _no_limits(how: Charted, many: str) -> str:
    if not how.overlaps:
        return f"no limits: a baseline needs {BASELINE_FROM} complete periods that vary"
    count = fewest_figures(how.lag)
    return f"no limits: a baseline of figures that overlap needs {count} {many} that vary"
