"""What one tile asks for: the spans of its trend, of its comparison and of its target's pace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from metrics.calendar import Period, Span
from metrics.charting import Charted
from metrics.model import Metric
from metrics.scorecard import WorkingDays
from metrics.targets import Aim
from metrics.view import Frame


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
    charted: Charted | None = None  # None: no natural limits, as of a running period
    no_limits: str = ""  # why a KPI that is not charted never is

    @property
    def periods(self) -> list[Period]:
        return [slot.period for slot in self.slots]

    def spans(self, frame: Frame) -> Iterable[Span]:
        yield from (slot.span for slot in self.slots)
        if self.compared is not None:
            yield self.compared.span
        if self.seeks_full_cohort:
            # Which cohort is the newest full one is known only from the answers.
            candidates = (frame.compared_with(slot.period) for slot in self.slots)
            yield from (period.span for period in candidates if period is not None)
        if self.aim is not None:
            yield from self.aim.spans(frame.calendar)
