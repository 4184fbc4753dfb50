"""What one tile asks for: the spans of its trend, of its comparison and of its target's pace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from metrics.calendar import Cadence, Period, Span
from metrics.model import Metric
from metrics.scorecard import WorkingDays
from metrics.targets import Aim
from metrics.view import Frame

POINTS = 13  # of a trend


@dataclass(frozen=True)
class Slot:
    """One point of a trend: its period and the span that stands for it."""

    period: Period
    span: Span


@dataclass(frozen=True)
class Plan:
    """What one tile asks for: its trend (oldest first; the headline is the last slot unless the
    KPI is a cohort that looks for its newest full one) and the span it is compared with."""

    metric: Metric
    label: str
    slots: tuple[Slot, ...]
    compared: Slot | None
    qualifier: str | None = None
    seeks_full_cohort: bool = False
    is_to_date: bool = False  # its label says so; it needs no mark
    aim: Aim | None = None  # None: the target of whichever period stands as headline
    to_go: WorkingDays | None = None  # of a running period
    versus_prefix: str = ""
    # Natural limits need whole periods that do not overlap: a running one, the trailing weeks of
    # slow KPIs and what is derived from spans of its own have none.
    is_charted: bool = False
    beside: Slot | None = None  # whose figure, of this KPI or its ``beside``, stands next to it

    @property
    def periods(self) -> list[Period]:
        return [slot.period for slot in self.slots]

    def spans(self, frame: Frame) -> Iterable[Span]:
        yield from (slot.span for slot in self.slots)
        if self.compared is not None:
            yield self.compared.span
        if self.beside is not None:
            yield self.beside.span
        if self.seeks_full_cohort:
            # Which cohort is the newest full one is known only from the answers.
            candidates = (frame.compared_with(slot.period) for slot in self.slots)
            yield from (period.span for period in candidates if period is not None)
        if self.aim is not None:
            yield from self.aim.spans(frame.calendar)


def standing_frame(frame: Frame, metric: Metric) -> Frame:
    """The frame of a KPI that stands on its quarter (``by_quarter``): the quarter in which the
    view's period ends; of one that looks ahead, the quarter that runs when it is over, or now.

    A year, and a quarter that is not over or looked back upon, stand for themselves.
    """
    calendar, view = frame.calendar, frame.view
    day = view.period.end - timedelta(days=1)
    if metric.looks_ahead:
        day = min(view.period.end, max(calendar.day_of(view.as_of), view.period.start))
    is_year = view.cadence is Cadence.YEARLY and view.period.start <= day < view.period.end
    period = view.period if is_year else calendar.period_of(day, Cadence.QUARTERLY)
    return Frame(calendar, replace(view, period=period))


def quarter_plan(view: Frame, frame: Frame, metric: Metric, aim: Aim | None) -> Plan:
    """The plan of a KPI that stands on its quarter, ``frame``; one that looks ahead has no past to
    be drawn, but the next quarter beside it."""
    slot = Slot(frame.period, frame.period.span)
    name = view.period_name(frame.period)
    plan = Plan(
        metric,
        metric.label,
        (slot,),
        None,
        qualifier=name,
        is_to_date=True,
        aim=aim,
        beside=slot if metric.beside else None,
    )
    if metric.looks_ahead:
        following = frame.calendar.step(frame.period, 1)
        return replace(plan, beside=Slot(following, following.span))
    compared = frame.compared
    return replace(
        plan,
        slots=tuple(
            Slot(period, frame.equal_part(period))
            for period in frame.calendar.recent(frame.period, POINTS)
        ),
        compared=None if compared is None else Slot(compared, frame.equal_part(compared)),
        qualifier=f"{name} to date" if frame.is_running else name,
        versus_prefix=f"the same {in_days(frame.elapsed_days)} of " if frame.is_running else "",
    )


def in_days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
