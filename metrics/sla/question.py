"""What every part of the page asks from: the period, the window before its end, the filters."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.sql import ColumnElement

from metrics.calendar import Span
from metrics.facts.base import Dimensions, Fact
from metrics.view_question import ViewQuestion

# A week holds too few handoffs to tell hours, reps or reasons apart.
WINDOW_WEEKS = 13
# Leads must have had their whole window to convert, so that many of the newest drop out.
COST_WEEKS = 26


class Question(ViewQuestion):
    """A view of the agreement."""

    def last_weeks(self, weeks: int) -> Span:
        """The period, or so many weeks up to its end, whichever is longer."""
        period = self.view.period
        return Span(min(period.start, period.end - timedelta(weeks=weeks)), period.end)

    def label(self, weeks: int) -> str:
        """What ``last_weeks`` covers: "13 weeks to W46", or the period itself."""
        if self.last_weeks(weeks).start == self.view.period.start:
            return self.period_short
        return f"{weeks} weeks to {self.view.period.short}"

    def filtered(self, fact: Fact) -> tuple[Dimensions, list[ColumnElement[bool]]]:
        """The fact's dimensions and all conditions: its own and the view's filters.

        Raises ``UnsupportedDimension`` for a filter that the fact does not know.
        """
        dimensions, filters = super().filtered(fact)
        return dimensions, [*fact.conditions, *filters]
