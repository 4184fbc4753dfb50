"""What every part of the funnel asks from: bounds of the period, used stages, windows, filters."""

from __future__ import annotations

from functools import cached_property

from sqlalchemy.sql import ColumnElement

from data.tables import STAGE_ORDER
from metrics.engine import used_stages
from metrics.view_question import ViewQuestion

STAGE_LABELS = {
    "lead": "Lead",
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "opportunity": "Opportunity",
    "customer": "Customer",
    "recycled": "Recycled",
}


class Question(ViewQuestion):
    """A view of the funnel."""

    @cached_property
    def stages(self) -> tuple[str, ...]:
        """The stages that the company uses, in order."""
        used = used_stages(self.warehouse)
        return tuple(stage for stage in STAGE_ORDER if stage in used)

    def within_period(self, moment: ColumnElement) -> ColumnElement[bool]:
        return self.within(moment, self.view.period)

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
