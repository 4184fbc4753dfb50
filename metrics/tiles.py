"""From a view to tiles: what each KPI asks for, and what its answers say.

Every tile plans the spans that it needs; the board asks for all of them at once and hands the
answers back. Trend, comparison, pace and early read are thus one question to the engine each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import ceil

from data.warehouse import Warehouse
from metrics.calendar import Cadence, Period, Span
from metrics.catalog import by_day, find_metric
from metrics.charting import TRAILING, TRAILING_WEEKS, Charted, how_charted
from metrics.compare import change_between, marks_of, run_rate, target_state, why_undefined
from metrics.engine import run_query
from metrics.model import Kind, Metric, Status
from metrics.plan import POINTS, Plan, Slot, in_days, quarter_plan, standing_frame
from metrics.query import MetricQuery, Row
from metrics.scorecard import (
    Beside,
    Change,
    EarlyRead,
    Mark,
    Point,
    Selection,
    TargetState,
    Tile,
    WorkingDays,
)
from metrics.targets import Aim, Targets, aim_of, due_of, is_additive, read_targets
from metrics.usual import NO_MARK, TOO_LONG, Usual, UsualMark
from metrics.view import Frame

EARLY_DAYS = 7
# The shortest a period of a cadence can be, in days.
SHORTEST_DAYS = {
    Cadence.WEEKLY: 7,
    Cadence.BIWEEKLY: 14,
    Cadence.MONTHLY: 28,
    Cadence.QUARTERLY: 90,
    Cadence.YEARLY: 365,
}


class Board:
    """All tiles of one view."""

    def __init__(self, warehouse: Warehouse, frame: Frame, selection: Selection) -> None:
        self.warehouse = warehouse
        self.frame = frame
        self.selection = selection
        self.calendar = frame.calendar
        self._targets: Targets = read_targets(warehouse, frame.view)
        self._goal_plans = [self._plan_goal(metric) for metric in selection.goals]
        self._tile_plans = {
            team: [self._plan_tile(metric) for metric in metrics]
            for team, metrics in selection.columns.items()
        }
        plans = [*self._goal_plans, *(p for plans in self._tile_plans.values() for p in plans)]
        self._usual = Usual(warehouse, frame, self._charted(plans))
        self._rows = self._ask(plans)
        self._usual.settle(self._rows)

    def goals(self) -> tuple[Tile, ...]:
        return tuple(self._tile(plan) for plan in self._goal_plans)

    def columns(self) -> dict[str, tuple[Tile, ...]]:
        return {
            team.value: tuple(self._tile(plan) for plan in plans)
            for team, plans in self._tile_plans.items()
        }

    @property
    def limits_note(self) -> str | None:
        return self._usual.note

    # -- plans ------------------------------------------------------------------------------

    @staticmethod
    def _charted(plans: list[Plan]) -> dict[Metric, Charted]:
        """The KPIs with natural limits, each with how it is charted."""
        return {plan.metric: plan.charted for plan in plans if plan.charted is not None}

    def _label(self, metric: Metric) -> str:
        if metric.kind is not Kind.COHORT:
            return metric.label
        return f"{metric.label}, {self._window(metric)} d"

    def _window(self, metric: Metric) -> int:
        return self.warehouse.config.window_days(metric.id)

    def _plan_tile(self, metric: Metric) -> Plan:
        cadence = self.frame.period.cadence
        if metric.kind is Kind.COHORT and SHORTEST_DAYS[cadence] < self._window(metric):
            return self._plan_cohort(metric)
        if metric.by_quarter:
            standing = standing_frame(self.frame, metric)
            aim = self._aim(metric, standing.period, None)
            return quarter_plan(self.frame, standing, metric, aim)
        if metric.slow and cadence is Cadence.WEEKLY:
            return self._plan_trailing(metric)
        return self._plan_period(metric)

    def _plan_period(self, metric: Metric) -> Plan:
        frame = self.frame
        periods = self.calendar.recent(frame.period, POINTS)
        compared = frame.compared
        running = frame.is_running
        charted = how_charted(metric, frame.period, self.calendar)
        return Plan(
            metric,
            self._label(metric),
            tuple(Slot(period, frame.equal_part(period)) for period in periods),
            None if compared is None else Slot(compared, frame.equal_part(compared)),
            aim=self._aim(metric, frame.period, frame.elapsed_days if running else None),
            beside=Slot(frame.period, frame.period.span) if metric.beside else None,
            to_go=self._to_go(frame.period, frame.elapsed_days) if running else None,
            versus_prefix=f"the same {in_days(frame.elapsed_days)} of " if running else "",
            charted=None if running else charted,
            no_limits=TOO_LONG if charted is None else "",
        )

    def _unripe(self, metric: Metric) -> int:
        """How many of the newest periods a cohort's window may still be open in."""
        return ceil(self._window(metric) / SHORTEST_DAYS[self.frame.period.cadence]) + 1

    def _plan_cohort(self, metric: Metric) -> Plan:
        """Enough periods back to find the newest cohort whose window has passed for everybody."""
        periods = self.calendar.recent(self.frame.period, POINTS + self._unripe(metric) + 1)
        slots = tuple(Slot(period, period.span) for period in periods)
        charted = Charted(unripe=self._unripe(metric))
        return Plan(
            metric, self._label(metric), slots, None, seeks_full_cohort=True, charted=charted
        )

    def _plan_trailing(self, metric: Metric) -> Plan:
        """A slow KPI at the weekly cadence: the 13 weeks up to the end of each week."""
        last = self.frame.period
        if self.frame.is_running:
            last = self.calendar.previous(last)
        slots = tuple(self._trailing(week) for week in self.calendar.recent(last, POINTS))
        compared = self.frame.compared
        if compared is not None and self.frame.is_running:
            compared = self.calendar.previous(compared)
        return Plan(
            metric,
            self._label(metric),
            slots,
            None if compared is None else self._trailing(compared),
            qualifier=f"{TRAILING_WEEKS} weeks",
            aim=self._trailing_aim(metric, last),
            charted=TRAILING,
        )

    @staticmethod
    def _trailing(week: Period) -> Slot:
        return Slot(week, TRAILING.span(week))

    def _plan_goal(self, metric: Metric) -> Plan:
        """Amounts stand quarter to date, whatever shorter period is reviewed; the rest as tiles."""
        if metric.kind is not Kind.SUM or self.frame.period.cadence in (
            Cadence.QUARTERLY,
            Cadence.YEARLY,
        ):
            return self._plan_tile(metric)
        calendar, period = self.calendar, self.frame.period
        quarter = calendar.period_of(period.end - timedelta(days=1), Cadence.QUARTERLY)
        to_date = quarter.within(quarter.start, period.end)
        over = not to_date.is_cut and calendar.starts_at(quarter.end) <= self.frame.view.as_of
        last_moment = min(self.frame.view.as_of, calendar.starts_at(to_date.end))
        elapsed = calendar.elapsed_working_days(quarter.span, last_moment)
        return Plan(
            metric,
            f"{metric.label}, {quarter.short}" + ("" if over else " to date"),
            (Slot(quarter, to_date),),
            None,
            is_to_date=not over,
            aim=self._aim(metric, quarter, None if over else elapsed),
            to_go=None if over else self._to_go(quarter, elapsed),
        )

    def _aim(self, metric: Metric, period: Period, elapsed: int | None) -> Aim | None:
        return aim_of(self._targets, self.calendar, metric, period, elapsed)

    def _trailing_aim(self, metric: Metric, last: Period) -> Aim | None:
        """An amount over many weeks is held against all their targets, a rate against the last."""
        if not is_additive(metric):
            return self._aim(metric, last, None)
        weeks = self.calendar.recent(last, TRAILING_WEEKS)
        target = self._targets.over(metric, weeks, self.calendar)
        return None if target is None else Aim(last, target)

    def _to_go(self, period: Period, elapsed: int) -> WorkingDays:
        total = len(self.calendar.working_days(period.span))
        a_week = len(self.calendar.config.business_hours.days)
        return WorkingDays(elapsed, total - elapsed, a_week)

    # -- questions --------------------------------------------------------------------------

    def _ask(self, plans: list[Plan]) -> dict[tuple[str, Span], Row]:
        """One question for all; those that stand on quarters ask for theirs alone."""
        sides = ([p for p in plans if p.metric.by_quarter is side] for side in (False, True))
        apart, by_quarter = (self._ask_for(side) if side else {} for side in sides)
        return apart | by_quarter

    def _ask_for(self, plans: list[Plan]) -> dict[tuple[str, Span], Row]:
        wanted: dict[str, set[Span]] = {}
        for plan in plans:
            spans = wanted.setdefault(plan.metric.id, set())
            spans.update(plan.spans(self.frame))
            if plan.charted is not None:
                spans.update(self._usual.spans(plan.metric, plan.periods))
            if plan.beside is not None and plan.metric.beside is not None:
                wanted.setdefault(plan.metric.beside, set()).add(plan.beside.span)
            if (early := self._early_id(plan)) is not None:
                wanted.setdefault(early, set()).update(slot.span for slot in plan.slots)
        return self._run(wanted)

    def _early_id(self, plan: Plan) -> str | None:
        """Conversion by day 7, of the cohorts whose full window is still open."""
        if not plan.seeks_full_cohort or self._window(plan.metric) <= EARLY_DAYS:
            return None
        return by_day(plan.metric, EARLY_DAYS)

    def _run(self, wanted: Mapping[str, set[Span]]) -> dict[tuple[str, Span], Row]:
        """The answers of each KPI over its own spans."""
        view = self.frame.view
        apart = tuple((metric_id, tuple(sorted(spans))) for metric_id, spans in wanted.items())
        query = MetricQuery(
            metrics=tuple(wanted),
            spans=tuple(sorted(set().union(*wanted.values()))),
            as_of=view.as_of,
            where=view.where,
            apart=apart,
        )
        return {(row.metric, row.span): row for row in run_query(self.warehouse, query)}

    # -- answers ----------------------------------------------------------------------------

    def _tile(self, plan: Plan) -> Tile:
        rows = [self._rows[plan.metric.id, slot.span] for slot in plan.slots]
        newest = rows[-1]
        if newest.status is Status.NO_DATA:
            return self._empty_tile(plan, newest)
        last = _newest_full(rows) if plan.seeks_full_cohort else len(rows) - 1
        if last is None:
            return self._unripe_tile(plan, rows)
        slot, row = plan.slots[last], rows[last]
        change = self._change(plan, slot, row)
        shown = range(last + 1)[-POINTS:] if len(plan.slots) > 1 else ()
        judged = None
        if plan.charted is not None:
            judged = self._usual.judge(plan.metric, plan.periods[: last + 1])
        return Tile(
            metric=plan.metric,
            label=row.label or plan.label,
            value=row.value,
            status=row.status,
            reason=None if row.value is not None or row.bound is not None else why_undefined(row),
            qualifier=self._qualifier(plan, slot, row),
            change=change,
            target=self._target(plan, slot, row),
            marks=() if plan.is_to_date else self._marks(plan, row, newest),
            points=_points(
                [(plan.slots[i], rows[i], judged.marks[i] if judged else NO_MARK) for i in shown]
            ),
            numerator=row.numerator,
            denominator=row.denominator,
            bound=row.bound,
            early=self._early_read(plan) if slot.period != self.frame.period else None,
            beside=self._beside(plan),
            limits=judged.marks[last].limits if judged else None,
            signal=judged.signal if judged else None,
            hint=judged.hint if judged else None,
            baseline=plan.no_limits if plan.charted is None else self._usual.words(plan.metric),
            span=slot.span,
            compared=self._compared_span(plan, slot),
            note=row.note,
        )

    def _beside(self, plan: Plan) -> Beside | None:
        if plan.beside is None:
            return None
        metric = plan.metric if plan.metric.looks_ahead else find_metric(plan.metric.beside or "")
        row = self._rows[metric.id, plan.beside.span]
        period = self.frame.period_name(plan.beside.period) if plan.metric.looks_ahead else None
        return None if row.value is None else Beside(metric, row.value, period, row.span)

    def _compared_span(self, plan: Plan, slot: Slot) -> Span | None:
        if not plan.seeks_full_cohort:
            return None if plan.compared is None else plan.compared.span
        before = self.frame.compared_with(slot.period)
        return None if before is None else before.span

    def _empty_tile(self, plan: Plan, row: Row) -> Tile:
        about = (plan.metric, plan.label, None, row.status, row.reason)
        return Tile(*about, None, None, None, (), (), None, None)

    def _unripe_tile(self, plan: Plan, rows: list[Row]) -> Tile:
        """A cohort KPI of which no cohort is full yet: no headline, the early read alone."""
        tile = self._empty_tile(plan, rows[-1])
        return Tile(
            **{
                **tile.__dict__,
                "reason": "no cohort has passed its window yet",
                "marks": marks_of(plan.metric, rows[-1], rows[-1], None),
                "early": self._early_read(plan),
            }
        )

    def _qualifier(self, plan: Plan, slot: Slot, row: Row) -> str | None:
        if row.note is not None:
            return row.note
        if plan.seeks_full_cohort and slot.period != self.frame.period:
            return f"cohort {self.frame.period_name(slot.period)}"
        return plan.qualifier

    def _change(self, plan: Plan, slot: Slot, row: Row) -> Change | None:
        if plan.seeks_full_cohort:
            return self._cohort_change(plan, slot, row)
        if plan.compared is None:
            return None
        other = self._rows[plan.metric.id, plan.compared.span]
        versus = plan.versus_prefix + self.frame.period_name(plan.compared.period)
        return change_between(plan.metric, row, other, versus)

    def _cohort_change(self, plan: Plan, slot: Slot, row: Row) -> Change | None:
        """The headline cohort against the one before, or against last year's."""
        before = self.frame.compared_with(slot.period)
        if before is None:
            return None
        other = self._rows[plan.metric.id, before.span]
        return change_between(plan.metric, row, other, self.frame.period_name(before))

    def _early_read(self, plan: Plan) -> EarlyRead | None:
        early = self._early_id(plan)
        rows = [self._rows.get((early, slot.span)) for slot in plan.slots] if early else []
        full = [i for i, row in enumerate(rows) if row is not None and row.status is Status.FINAL]
        if not full or (row := rows[full[-1]]) is None or row.value is None:
            return None
        last = full[-1]
        before = rows[last - 1] if last else None
        change = None
        if before is not None:
            versus = self.frame.period_name(plan.slots[last - 1].period)
            change = change_between(plan.metric, row, before, versus)
        label = self.frame.period_name(plan.slots[last].period)
        return EarlyRead(EARLY_DAYS, label, row.value, change, row.span)

    def _target(self, plan: Plan, slot: Slot, row: Row) -> TargetState | None:
        aim = plan.aim
        if plan.seeks_full_cohort:
            aim = self._aim(plan.metric, slot.period, None)
        if aim is None:
            return None
        due = due_of(aim, self.calendar, lambda span: self._rows[plan.metric.id, span].value)
        state = target_state(plan.metric, row, due.target, due.pace, due.is_linear)
        rate = None
        if plan.to_go is not None:
            rate = run_rate(plan.metric, row, due.target, plan.to_go)
        return replace(
            state,
            period=self.frame.period_name(aim.named),
            is_part=aim.target is None,
            run_rate=rate,
        )

    def _marks(self, plan: Plan, row: Row, newest: Row) -> tuple[Mark, ...]:
        return marks_of(plan.metric, row, newest, self._elapsed(plan))

    def _elapsed(self, plan: Plan) -> str | None:
        """``3 of 5 days``, for a KPI that shows the running period."""
        if plan.seeks_full_cohort or plan.qualifier or not self.frame.is_running:
            return None
        total = len(self.calendar.working_days(self.frame.period.span))
        return f"{self.frame.elapsed_days} of {total} days"


def _newest_full(rows: list[Row]) -> int | None:
    """The newest cohort with leads and nobody maturing."""
    full = [i for i, row in enumerate(rows) if row.status is Status.FINAL and row.denominator]
    return full[-1] if full else None


def _points(shown: list[tuple[Slot, Row, UsualMark]]) -> tuple[Point, ...]:
    """The trend, without the periods before the first with anything to count."""
    points = [
        Point(slot.period.short, slot.period.start, row.value, row.status, *mark)
        for slot, row, mark in shown
    ]
    counted = [
        bool(row.denominator if row.denominator is not None else row.value) for _, row, _ in shown
    ]
    first = counted.index(True) if True in counted else 0
    return tuple(points[first:])
