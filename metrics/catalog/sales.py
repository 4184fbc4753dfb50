"""Sales' KPIs."""

from __future__ import annotations

from typing import Any

from metrics.catalog.parts import (
    HANDOFF_DIMENSIONS,
    LEAD_DIMENSIONS,
    OPPORTUNITY_DIMENSIONS,
    count,
    duration,
    ratio,
)
from metrics.model import Direction, Measure, Metric, Team, Unit


def _stage_count(id_: str, label: str, stage: str, meaning: str) -> Metric:
    return count(
        id_,
        label,
        Team.SALES,
        Measure(f"entered_{stage}", "n"),
        definition=f"Distinct leads by their first entry into the stage {stage.upper()} "
        f"({meaning}). A lead that skipped the stage counts with its next later stage.",
        formula=f"Number of leads that became an {stage.upper()} for the first time",
        counted_by=f"the first {stage.upper()} entry",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=(stage,),
    )


def _closed(id_: str, label: str, measure: str, **fields: Any) -> Metric:
    return count(
        id_,
        label,
        Team.SALES,
        Measure("opportunities_closed", measure),
        counted_by="the closing date",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
        **fields,
    )


def _win_rate(id_: str, label: str, won: str, closed: str, what: str) -> Metric:
    return ratio(
        id_,
        label,
        Team.SALES,
        Measure("opportunities_closed", won),
        Measure("opportunities_closed", closed),
        definition=f"The share of closed new-business opportunities that were won, by {what}.",
        formula="won ÷ (won + lost)",
        counted_by="the closing date",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
        slow=True,
    )


def _cycle(id_: str, label: str, percentile: float | None, how: str) -> Metric:
    return duration(
        id_,
        label,
        Team.SALES,
        Measure("opportunities_closed", "cycle_days"),
        percentile,
        unit=Unit.DAYS,
        definition=f"{how.capitalize()} days from creation to closing of won new-business deals.",
        formula=f"{how}(closed − created)",
        counted_by="the closing date",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
        slow=True,
    )


def _response(id_: str, label: str, percentile: float, how: str) -> Metric:
    return duration(
        id_,
        label,
        Team.SALES,
        Measure("handoffs", "response_hours"),
        percentile,
        unit=Unit.HOURS,
        definition=f"{how.capitalize()} business hours from handoff to first response, over "
        "handoffs already due. Unanswered ones rank slowest.",
        formula=f"{how}(first response − handoff) in business hours",
        counted_by="the handoff",
        null_rule="Undefined (–) where the percentile falls among unanswered handoffs; shown as "
        "more than the slowest answer.",
        tables=("handoffs", "handoff_clock"),
        dimensions=HANDOFF_DIMENSIONS,
        maturing=Measure("handoffs", "pending"),
    )


METRICS = (
    _stage_count("sals", "SALs", "sal", "a rep accepted the lead"),
    _stage_count(
        "sqls", "SQLs", "sql", "a rep spoke with the buyer and confirmed the agreed criteria"
    ),
    count(
        "meetings_held",
        "Meetings held",
        Team.SALES,
        Measure("touches", "meetings_held"),
        definition="Sales meetings that took place; one that the buyer did not attend is none.",
        formula="Number of sales meetings",
        counted_by="the meeting",
        tables=("touches",),
        dimensions=LEAD_DIMENSIONS,
    ),
    count(
        "opportunities_created",
        "Opportunities created",
        Team.SALES,
        Measure("opportunities_created", "n"),
        definition="Opportunities by their creation.",
        formula="Number of opportunities",
        counted_by="the opportunity's creation",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    ),
    _closed(
        "won_deals",
        "Won deals",
        "won",
        definition="Opportunities won.",
        formula="Number of opportunities won",
    ),
    _closed(
        "lost_deals",
        "Lost deals",
        "lost",
        direction=Direction.DOWN,
        definition="Opportunities lost.",
        formula="Number of opportunities lost",
    ),
    _win_rate("win_rate", "Win rate", "won_new", "closed_new", "count"),
    _win_rate(
        "win_rate_value", "Win rate by value", "won_new_amount", "closed_new_amount", "amount"
    ),
    ratio(
        "avg_deal_size",
        "Average deal size",
        Team.SALES,
        Measure("opportunities_closed", "won_new_amount"),
        Measure("opportunities_closed", "won_new_with_amount"),
        unit=Unit.MONEY,
        definition="Won amount over won deals that have an amount; new business only.",
        formula="won amount ÷ won deals with an amount",
        counted_by="the closing date",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
        slow=True,
    ),
    _cycle("sales_cycle_days", "Sales cycle", 0.5, "median"),
    _cycle("sales_cycle_days_mean", "Sales cycle, mean", None, "mean"),
    _response("response_hours", "Response time", 0.5, "median"),
    _response(
        "response_hours_p90", "Response time, 90th percentile", 0.9, "90th percentile of the"
    ),
)
