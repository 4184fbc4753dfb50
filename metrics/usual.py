"""What is usual for the KPIs of one board: their limits, from locked baselines, and signals.

The state database is read once and, where a baseline is to be locked, written once. When it does
not answer the limits are computed on the fly, and ``note`` says so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from data.errors import ScorecardError
from data.warehouse import Warehouse
from metrics.baselines import STATE_TROUBLE, lock_references, locked_references, scope_of
from metrics.calendar import Cadence, Period, Span
from metrics.charting import HISTORY, Basis, Reference, Rows, Series
from metrics.model import Direction, Kind, Metric
from metrics.scorecard import Bounds, Signal
from metrics.signals import BAND_RULES, BASELINE_FROM, Found, Limits, Rule, find_signals
from metrics.targets import is_additive
from metrics.view import Frame

NOT_LOCKED = "limits not locked: the state database does not answer"
_PERIODS = {
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
    """A tile's trend against its limits: a mark for each period, and the signal of the last."""

    marks: tuple[UsualMark, ...]
    signal: Signal | None


class Usual:
    """The baselines of a board's charted KPIs. ``charted``: each with how many of the newest
    periods may still be unripe (cohorts)."""

    def __init__(self, warehouse: Warehouse, frame: Frame, charted: dict[Metric, int]) -> None:
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
        self._series = Series(self.calendar, {})

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
        return self.calendar.recent(newest, HISTORY + self.charted[metric])

    def spans(self, metric: Metric, shown: Iterable[Period]) -> Iterable[Span]:
        """The spans to ask for beside those shown."""
        if metric not in self.charted:
            return
        reference = self._references.get(metric.id)
        history = [] if reference is not None else self._history(metric)
        yield from (period.span for period in history)
        basis = None if reference is None else reference.basis
        if is_additive(metric) and basis is not Basis.PER_DAY:
            for period in (*history, *shown):
                yield self.calendar.year_before(period).span

    # -- answers ----------------------------------------------------------------------------

    def settle(self, rows: Rows) -> None:
        """Take the answers; find the baselines that are not locked yet, and lock them."""
        self._series = Series(self.calendar, rows)
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
        return Judged(marks, self._signal(metric, limits, values))

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
        self, metric: Metric, limits: Limits, values: Sequence[float | None]
    ) -> Signal | None:
        """The stronger of the two rules that a tile goes by."""
        found = [one for one in find_signals(values, limits) if one.rule in BAND_RULES]
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
        if reference is None:
            return f"no limits: a baseline needs {BASELINE_FROM} complete periods that vary"
        parts = [
            f"{reference.baseline.count} {_PERIODS[self.cadence][1]}",
            f"{reference.first} to {reference.last}",
            *_BASES[reference.basis],
        ]
        if reference.locked_at is None:
            return ", ".join([*parts, "not locked"])
        day = self.calendar.local(reference.locked_at).date()
        return ", ".join([*parts, f"locked {day}"])

    def _rule_words(self, metric: Metric, found: Found) -> str:
        one, many = ("cohort", "cohorts") if metric.kind is Kind.COHORT else _PERIODS[self.cadence]
        where = "above" if found.side > 0 else "below"
        if found.rule is Rule.OUTSIDE:
            running = f", {found.length} {many} running" if found.length > 1 else ""
            return f"{where} its usual range{running}"
        return f"{found.length} {many if found.length > 1 else one} {where} the average"
