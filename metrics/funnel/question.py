"""What every part of the funnel asks from: bounds of the period, used stages, windows, filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import and_
from sqlalchemy.sql import ColumnElement

from data.tables import STAGE_ORDER
from data.warehouse import Warehouse
from metrics.calendar import Calendar, Period
from metrics.compile import filter_conditions
from metrics.engine import used_stages
from metrics.facts.base import Context, Dimensions, Fact
from metrics.view import View

TICK = timedelta(microseconds=1)

STAGE_LABELS = {
    "lead": "Lead",
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "recycled": "Recycled",
}


@dataclass(frozen=True)
class Question:
    """One view on one warehouse."""

    warehouse: Warehouse
    view: View

    @cached_property
    def calendar(self) -> Calendar:
        return Calendar(self.warehouse.config)

    @property
    def as_of(self) -> datetime:
        return self.view.as_of

    @property
    def context(self) -> Context:
        return Context(self.warehouse.config, self.as_of)

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages that the company uses, in order."""
        used = used_stages(self.warehouse)
        return tuple(stage for stage in STAGE_ORDER if stage in used)

    def bounds(self, period: Period) -> tuple[datetime, datetime]:
        """The naive UTC moments from which (inclusive) to which (exclusive) a period counts:
        never past the as-of moment, which itself still counts."""
        start = self.calendar.starts_at(period.start)
        end = min(self.calendar.starts_at(period.end), self.as_of + TICK)
        return start, max(start, end)

    def within_period(self, moment: ColumnElement) -> ColumnElement[bool]:
        start, end = self.bounds(self.view.period)
        return and_(moment >= start, moment < end)

    def window_days(self, start: str, stage: str) -> int:
        """Days in which a lead should come from one stage to another: a configured conversion,
        else the configured steps between, one after the other."""
        config = self.warehouse.config
        if stage == "customer":
            return config.window_days("lead_to_customer" if start == "lead" else "mql_to_customer")
        if start == "lead":
            to_mql = config.window_days("lead_to_mql")
            return to_mql if stage == "mql" else to_mql + self.window_days("mql", stage)
        if stage == "opportunity":
            to_opportunity = config.window_days("sql_to_opportunity")
            if start == "sql":
                return to_opportunity
            return config.window_days("mql_to_sql") + to_opportunity
        return config.window_days("mql_to_sal" if stage == "sal" else "mql_to_sql")

    def filtered(self, fact: Fact) -> tuple[Dimensions, list[ColumnElement[bool]]]:
        """The fact's dimensions and the view's filters on them.

        Raises ``UnsupportedDimension`` for a filter that the fact does not know. Read
        ``Dimensions.source`` after the last column has been asked for: it collects the joins.
        """
        dimensions = Dimensions(fact)
        return dimensions, filter_conditions(dimensions, self.view.where)
