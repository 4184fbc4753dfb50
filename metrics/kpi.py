"""One KPI as data: its headline, 6 weeks and 12 months, to-date figures, segments and drivers.

Six queries at most, all cached: the headline and its early read, one for every other span of the
page, one by the chosen dimension, one by all dimensions for the causes, one for the targets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from data.warehouse import Warehouse
from metrics.baselines import stamp_of_state
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.catalog import find_metric
from metrics.charting import TRAILING_WEEKS
from metrics.compare import change_between, target_state
from metrics.drivers import ADDITIVE, UNSPLIT, Drivers, drivers_of, top_causes
from metrics.engine import Answer, run_query, sql_of
from metrics.headline import headline
from metrics.model import Metric, Status
from metrics.plan import standing_frame
from metrics.query import MetricQuery, Row
from metrics.scorecard import Bounds, Change, Tile
from metrics.split import Sums, add_up
from metrics.targets import Targets, read_targets
from metrics.view import Compare, Frame, View

WEEKS, MONTHS = 6, 12
# A table of more members shows so many, and the rest in one row.
SHOWN_MEMBERS = 10
# The figures to date of a view: those of the periods longer than its own.
LONGER = {
    Cadence.WEEKLY: (Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY),
    Cadence.BIWEEKLY: (Cadence.MONTHLY, Cadence.QUARTERLY, Cadence.YEARLY),
    Cadence.MONTHLY: (Cadence.QUARTERLY, Cadence.YEARLY),
    Cadence.QUARTERLY: (Cadence.YEARLY,),
    Cadence.YEARLY: (),
}
TO_DATE = {
    Cadence.MONTHLY: "Month to date",
    Cadence.QUARTERLY: "Quarter to date",
    Cadence.YEARLY: "Year to date",
}


@dataclass(frozen=True)
class TrendPoint:
    """One week or month, with the same one a year before and its target."""

    label: str  # "W41", "Oct"
    value: float | None
    status: Status
    last_year: float | None
    target: float | None
    maturing: int = 0
    limits: Bounds | None = None  # what is usual; of the view's own cadence alone
    is_outside: bool = False
    is_better: bool | None = None  # of a point outside
    span: Span | None = None  # the days that the value is of


@dataclass(frozen=True)
class Compared:
    """The headline against another period: "W45", "W46 2025"."""

    label: str
    value: float | None
    change: Change | None


@dataclass(frozen=True)
class Segment:
    """One member's figure and change. ``members`` counts those in a row of all the rest."""

    member: str | None
    value: float | None
    numerator: float | None
    denominator: float | None
    before: float | None
    members: int = 1

    @property
    def change(self) -> float | None:
        return None if self.value is None or self.before is None else self.value - self.before


@dataclass(frozen=True)
class Segments:
    """A KPI by the members of one dimension, the largest first; ``reason``: why there are none."""

    by: str
    rows: tuple[Segment, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class Kpi:
    """All of one KPI's page. ``to_date`` are tiles, so that their targets read alike."""

    metric: Metric
    tile: Tile
    period: Period  # that the headline is of
    years: tuple[str, str]  # this one and the one before
    weeks: tuple[TrendPoint, ...]
    months: tuple[TrendPoint, ...]
    compared: tuple[Compared, ...]
    to_date: tuple[Tile, ...]
    segments: Segments
    drivers: Drivers
    versus: str | None  # what segments and drivers are compared with
    causes: tuple[str, ...]
    statements: tuple[str, ...]


def build_kpi(
    warehouse: Warehouse,
    view: View,
    metric_id: str,
    by: str | None = None,
    members: int = SHOWN_MEMBERS,
) -> Kpi:
    """The page of a KPI, split by ``by`` (its first dimension when None) into so many members.

    Raises ``QueryError`` for an unknown KPI, ``WarehouseError`` when the warehouse is silent.
    """
    metric = find_metric(metric_id)
    fingerprint = warehouse.config.fingerprint
    key = ("kpi", fingerprint, view, metric_id, by, members, stamp_of_state())
    return RESULTS.answer(
        warehouse, key, lambda: _Builder(warehouse, view, metric, members).build(by)
    )


class _Builder:
    def __init__(self, warehouse: Warehouse, view: View, metric: Metric, members: int) -> None:
        self.warehouse = warehouse
        self.shown_members = members
        self.view = view
        self.metric = metric
        self.calendar = Calendar(warehouse.config)
        self.frame = Frame(self.calendar, view)
        self.targets: Targets = read_targets(warehouse, view)
        self.tile = headline(warehouse, view, metric)
        self.is_trailing = self._is_trailing()
        # Where the headline stands: on the view's period, or on its quarter.
        self.home = standing_frame(self.frame, metric) if metric.by_quarter else self.frame
        self.period = self._headline_period()
        self.rows = self._ask()

    def build(self, by: str | None) -> Kpi:
        by = by if by in self.metric.dimensions else self.metric.dimensions[0]
        before, now = self._split_spans()
        year = self.frame.period.id[:4]
        compare = self.frame.compared or self.calendar.previous(self.frame.period)
        if self.period != self.frame.period:
            compare = self._other_period(self.view.compare)
        return Kpi(
            metric=self.metric,
            tile=self.tile,
            period=self.period,
            years=(year, str(int(year) - 1)),
            weeks=tuple(self._point(week) for week in self._weeks()),
            months=tuple(self._point(month) for month in self._months()),
            compared=tuple(self._compared(c) for c in (Compare.PREVIOUS, Compare.YEAR)),
            to_date=tuple(self._to_date(c) for c in LONGER[self.view.cadence]),
            segments=self._segments(by, before, now),
            drivers=drivers_of(
                self.warehouse,
                self.metric.id,
                before,
                now,
                (by,),
                self.view.as_of,
                self.view.where,
            ),
            versus=self.frame.period_name(compare),
            causes=tuple(
                top_causes(self.warehouse, self.view, self.metric.id, spans=(before, now))
            ),
            statements=self._statements(now),
        )

    # -- which periods ----------------------------------------------------------------------

    def _is_trailing(self) -> bool:
        """Whether the headline is of the weeks up to a week's end, not of the week alone."""
        span = self.tile.span
        days = TRAILING_WEEKS * 7
        is_weekly = self.view.cadence is Cadence.WEEKLY
        is_long = span is not None and (span.end - span.start).days == days
        return is_weekly and is_long and not self.metric.by_quarter

    def _headline_period(self) -> Period:
        """The view's period; of a young cohort KPI the newest cohort that is full."""
        if self.tile.span is None or self.metric.by_quarter:
            return self.home.period
        last_day = self.tile.span.end - timedelta(days=1)
        if self.frame.is_running and self.tile.span == self.frame.period.span:
            return self.frame.period
        return self.calendar.period_of(last_day, self.view.cadence)

    def _until(self) -> date:
        """The day up to which the page looks: the end of the view's period, or of today."""
        if not self.frame.is_running:
            return self.frame.period.end
        return self.calendar.day_of(self.view.as_of) + timedelta(days=1)

    def _weeks(self) -> list[Period]:
        if self.view.cadence is Cadence.WEEKLY:
            last = self.frame.period if self.metric.by_quarter else self.period
            return self.calendar.recent(last, WEEKS)
        last = self.calendar.period_of(self._until() - timedelta(days=1), Cadence.WEEKLY)
        if not self.frame.is_running and last.end > self._until():
            last = self.calendar.previous(last)
        return self.calendar.recent(last, WEEKS)

    def _months(self) -> list[Period]:
        last = self.calendar.period_of(self._until() - timedelta(days=1), Cadence.MONTHLY)
        return self.calendar.recent(last, MONTHS)

    def _other_period(self, compare: Compare) -> Period:
        if compare is Compare.YEAR:
            return self.calendar.year_before(self.period)
        return self.calendar.previous(self.period)

    def _span(self, period: Period) -> Span:
        """The span that stands for a week or month of the trend."""
        if self.is_trailing and period.cadence is Cadence.WEEKLY:
            return Span(period.end - timedelta(weeks=TRAILING_WEEKS), period.end)
        if period.start < self._until() < period.end and period != self.frame.period:
            return period.within(period.start, self._until())
        return period.span

    def _alike(self, period: Period) -> Span:
        """The span of another period that the headline is compared with."""
        if self.is_trailing:
            return self._span(period)
        return self.home.equal_part(period) if self.period == self.home.period else period.span

    def _longer(self, cadence: Cadence) -> tuple[Period, Span]:
        period = self.calendar.period_of(self._until() - timedelta(days=1), cadence)
        return period, period.within(period.start, self._until())

    def _split_spans(self) -> tuple[Span, Span]:
        """Before and now of segments and drivers; against the target, the period before."""
        now = self.tile.span or self._span(self.period)
        before = self.tile.compared or self._alike(self._other_period(Compare.PREVIOUS))
        return before, now

    # -- one question -----------------------------------------------------------------------

    def _query(self, spans: Sequence[Span], by: tuple[str, ...] = ()) -> MetricQuery:
        view = self.view
        return MetricQuery((self.metric.id,), tuple(spans), view.as_of, by=by, where=view.where)

    def _ask(self) -> dict[Span, Row]:
        periods = [*self._weeks(), *self._months()]
        spans = {self._span(period) for period in periods}
        spans |= {self._span(self.calendar.year_before(period)) for period in periods}
        spans |= {self._alike(self._other_period(c)) for c in (Compare.PREVIOUS, Compare.YEAR)}
        spans |= {self._longer(cadence)[1] for cadence in LONGER[self.view.cadence]}
        spans.add(self.tile.span or self._span(self.period))
        rows = run_query(self.warehouse, self._query(sorted(spans)))
        return {row.span: row for row in rows}

    # -- answers ----------------------------------------------------------------------------

    def _point(self, period: Period) -> TrendPoint:
        row = self.rows[self._span(period)]
        before = self.rows[self._span(self.calendar.year_before(period))]
        charted = None
        if period.cadence is self.view.cadence:
            charted = next((p for p in self.tile.points if p.start == period.start), None)
        return TrendPoint(
            limits=None if charted is None else charted.limits,
            is_outside=charted is not None and charted.is_outside,
            is_better=None if charted is None else charted.is_better,
            label=period.short,
            value=row.value,
            status=row.status,
            last_year=before.value if before.denominator or before.value else None,
            target=self.targets.of(self.metric, period, self.calendar),
            maturing=row.maturing,
            span=row.span,
        )

    def _compared(self, compare: Compare) -> Compared:
        other = self._other_period(compare)
        now = self.rows[self.tile.span or self._span(self.period)]
        before = self.rows[self._alike(other)]
        name = self.frame.period_name(other)
        return Compared(name, before.value, change_between(self.metric, now, before, name))

    def _to_date(self, cadence: Cadence) -> Tile:
        """A longer period up to the end of the view's; a count's target is not judged before it
        is over (the scorecard's goals show the pace)."""
        period, span = self._longer(cadence)
        row = self.rows[span]
        is_over = not span.is_cut and row.status is not Status.PARTIAL
        target = self.targets.of(self.metric, period, self.calendar)
        state = None
        if target is not None:
            state = target_state(self.metric, row, target, None, False)
            if self.metric.kind in ADDITIVE and not is_over:
                state = replace(state, is_met=None)
        return replace(
            self.tile,
            label=period.label.split(",")[0] if is_over else TO_DATE[cadence],
            value=row.value,
            status=row.status,
            bound=row.bound,
            target=state,
            numerator=row.numerator,
            denominator=row.denominator,
            change=None,
            early=None,
            span=span,
            qualifier=f"{row.maturing:,} maturing" if row.maturing else None,
        )

    def _segments(self, by: str, before: Span, now: Span) -> Segments:
        rows = run_query(self.warehouse, self._query((before, now), (by,)))
        if rows and all(row.status is Status.NO_DATA for row in rows):
            return Segments(by, reason=rows[-1].reason)
        then = {row.members: row for row in rows if row.span == before}
        newest = [row for row in rows if row.span == now and _counts(row)]
        newest.sort(key=_size, reverse=True)
        cut = self.shown_members if len(newest) > self.shown_members + 1 else len(newest)
        shown = [
            Segment(
                row.members[0],
                row.value,
                row.numerator,
                row.denominator,
                then[row.members].value if row.members in then else None,
            )
            for row in newest[:cut]
        ]
        rest = newest[cut:]
        if rest and self.metric.kind not in UNSPLIT:
            shown.append(self._rest(rest, [then[r.members] for r in rest if r.members in then]))
        return Segments(by, tuple(shown))

    def _rest(self, now: Sequence[Row], before: Sequence[Row]) -> Segment:
        """All other members in one row: a ratio of sums, never a mean of ratios."""
        sums, then = (
            add_up(
                Sums(
                    r.numerator or 0.0,
                    None if self.metric.kind in ADDITIVE else float(r.denominator or 0),
                )
                for r in rows
            )
            for rows in (now, before)
        )
        return Segment(
            None, sums.value, sums.numerator, sums.denominator, then.value, members=len(now)
        )

    def _statements(self, span: Span) -> tuple[str, ...]:
        answer = Answer(self.warehouse, self._query((span,)))
        return tuple(sql_of(self.warehouse, found) for found in answer.statements)


def _counts(row: Row) -> bool:
    return bool(row.numerator or row.denominator)


def _size(row: Row) -> float:
    return row.denominator if row.denominator is not None else row.numerator or 0.0
