"""One view of the scorecard: which period, compared with what, filtered how, as of when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.query import Filters


class Compare(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    YEAR = "year"
    TARGET = "target"


@dataclass(frozen=True)
class View:
    """All that decides the numbers of a page. ``as_of`` is a naive UTC moment."""

    period: Period
    as_of: datetime
    compare: Compare = Compare.PREVIOUS
    where: Filters = ()

    @property
    def cadence(self) -> Cadence:
        return self.period.cadence


@dataclass(frozen=True)
class Frame:
    """A view on the company's calendar: what is complete, elapsed and compared."""

    calendar: Calendar
    view: View

    @property
    def period(self) -> Period:
        return self.view.period

    @property
    def is_running(self) -> bool:
        """Whether the period is not over at the as-of moment."""
        return self.calendar.starts_at(self.period.end) > self.view.as_of

    @property
    def elapsed_days(self) -> int:
        """Working days of the period that are over."""
        return self.calendar.elapsed_working_days(self.period.span, self.view.as_of)

    @property
    def compared(self) -> Period | None:
        """The period to compare with; None when compared with the target alone."""
        return self.compared_with(self.period)

    def compared_with(self, period: Period) -> Period | None:
        """What any period of the view's cadence is compared with."""
        match self.view.compare:
            case Compare.PREVIOUS:
                return self.calendar.previous(period)
            case Compare.YEAR:
                return self.calendar.year_before(period)
            case Compare.TARGET:
                return None

    def equal_part(self, period: Period) -> Span:
        """The part of another period that is as long, in working days, as the one elapsed now."""
        if not self.is_running or period == self.period:
            return period.span
        return self.calendar.first_working_days(period.span, self.elapsed_days)

    def compare_label(self) -> str:
        other = self.compared
        if other is None:
            return "vs target"
        return f"vs {self.period_name(other)}"

    def period_name(self, period: Period) -> str:
        """``W45``, or with its year where that differs from the view's: ``W46 2025``."""
        if period.cadence is Cadence.YEARLY or self._year(period) == self._year(self.period):
            return period.short
        return f"{period.short} {self._year(period)}"

    @staticmethod
    def _year(period: Period) -> str:
        return period.id[:4]
