"""What the parts of a page ask from: a view on a warehouse, the moments of its days, its filters.

Base of the pages' own questions (``metrics/funnel/question.py``, ``metrics/sla/question.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import and_
from sqlalchemy.sql import ColumnElement

from data.warehouse import Warehouse
from metrics.calendar import Calendar, Period, Span
from metrics.compile import filter_conditions
from metrics.facts.base import Context, Dimensions, Fact
from metrics.view import Frame, View

TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class ViewQuestion:
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
        """The period in short; "W46 to date" while it runs."""
        short = self.view.period.short
        return f"{short} to date" if self.frame.is_running else short

    def bounds(self, days: Period | Span) -> tuple[datetime, datetime]:
        """The naive UTC moments from which (inclusive) to which (exclusive) days count: never past
        the as-of moment, which itself still counts."""
        start = self.calendar.starts_at(days.start)
        end = min(self.calendar.starts_at(days.end), self.as_of + TICK)
        return start, max(start, end)

    def within(self, moment: ColumnElement, days: Period | Span) -> ColumnElement[bool]:
        """Whether a naive UTC moment lies in these days and not after the as-of moment."""
        start, end = self.bounds(days)
        return and_(moment >= start, moment < end)

    def filtered(self, fact: Fact) -> tuple[Dimensions, list[ColumnElement[bool]]]:
        """The fact's dimensions and the view's filters on them.

        Raises ``UnsupportedDimension`` for a filter that the fact does not know. Read
        ``Dimensions.source`` after the last column has been asked for: it collects the joins.
        """
        dimensions = Dimensions(fact)
        return dimensions, filter_conditions(dimensions, self.view.where)
