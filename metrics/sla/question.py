"""What every part of the page asks from: the period, the window before its end, the filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import and_
from sqlalchemy.sql import ColumnElement

from data.warehouse import Warehouse
from metrics.calendar import Calendar, Span
from metrics.compile import filter_conditions
from metrics.facts.base import Context, Dimensions, Fact
from metrics.view import Frame, View

TICK = timedelta(microseconds=1)
# A week holds too few handoffs to tell hours, reps or reasons apart.
WINDOW_WEEKS = 13
# Leads must have had their whole window to convert, so that many of the newest drop out.
COST_WEEKS = 26


@dataclass(frozen=True)
class Question:
    """One view on one warehouse."""

    warehouse: Warehouse
    view: View

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.warehouse.config)

    @cached_property
    def frame(self) -> Frame:
        return Frame(self.calendar, self.view)

    @property
    def as_of(self) -> datetime:
        return self.view.as_of

    @property
    def context(self) -> Context:
        return Context(self.warehouse.config, self.as_of)

    @property
    def period_short(self) -> str:
        short = self.view.period.short
        return f"{short} to date" if self.frame.is_running else short

    def last_weeks(self, weeks: int) -> Span:
        """The period, or so many weeks up to its end, whichever is longer."""
        period = self.view.period
        return Span(min(period.start, period.end - timedelta(weeks=weeks)), period.end)

    def label(self, weeks: int) -> str:
        """What ``last_weeks`` covers: "13 weeks to W46", or the period itself."""
        if self.last_weeks(weeks).start == self.view.period.start:
            return self.period_short
        return f"{weeks} weeks to {self.view.period.short}"

    def within(self, moment: ColumnElement, span: Span) -> ColumnElement[bool]:
        """Whether a naive UTC moment lies in a span and not after the as-of moment."""
        start = self.calendar.starts_at(span.start)
        end = min(self.calendar.starts_at(span.end), self.as_of + TICK)
        return and_(moment >= start, moment < max(start, end))

    def filtered(self, fact: Fact) -> tuple[Dimensions, list[ColumnElement[bool]]]:
        """The fact's dimensions and all conditions: its own and the view's filters.

        Raises ``UnsupportedDimension`` for a filter that the fact does not know. Read
        ``Dimensions.source`` after the last column has been asked for: it collects the joins.
        """
        dimensions = Dimensions(fact)
        return dimensions, [*fact.conditions, *filter_conditions(dimensions, self.view.where)]
