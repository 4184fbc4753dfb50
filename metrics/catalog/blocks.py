"""Building blocks of derived KPIs and of pages: counted like KPIs, no KPIs by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from metrics.calendar import Calendar, Span
from metrics.catalog.parts import (
    HANDOFF_DIMENSIONS,
    LEAD_DIMENSIONS,
    OPPORTUNITY_DIMENSIONS,
    count,
    derived,
    total,
)
from metrics.catalog.velocity import BEGINNING
from metrics.model import Direction, Measure, Metric, Parts, Team, Unit


def _new_business(id_: str, measure: Measure, what: str) -> Metric:
    return count(
        id_,
        what.capitalize(),
        Team.SALES,
        measure,
        definition=f"New-business {what}.",
        formula=f"Number of new-business {what}",
        counted_by="the event",
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    )


def _new_money(id_: str, label: str, measure: Measure, counted_by: str) -> Metric:
    return total(
        id_,
        label,
        Team.SALES,
        measure,
        definition=f"{label}: its amount.",
        formula="Σ amount",
        counted_by=counted_by,
        tables=("opportunities",),
        dimensions=OPPORTUNITY_DIMENSIONS,
    )


def _backlog_inputs(
    span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    return {"overdue": ("overdue_handoffs", Span(BEGINNING, span.end))}


def _backlog(values: Mapping[str, float | None]) -> Parts:
    return Parts(values["overdue"], values["overdue"], None)


def _waiting(id_: str, measure: str, what: str) -> Metric:
    return count(
        id_,
        what,
        Team.SALES,
        Measure("handoffs_waiting", measure),
        direction=Direction.NEUTRAL,
        definition=f"{what}: unanswered, and not yet due.",
        formula="Number of handoffs",
        counted_by="the handoff",
        tables=("handoffs", "handoff_clock"),
        dimensions=HANDOFF_DIMENSIONS,
    )


def _of_cost(id_: str, column: str, what: str) -> Metric:
    return count(
        id_,
        what,
        Team.SHARED,
        Measure("spend", column),
        definition=f"{what}.",
        formula="Number of rows of spend",
        counted_by="the day it was spent on",
        tables=("spend",),
        dimensions=("channel", "campaign"),
    )


METRICS = (
    count(
        "_mqls_delivered",
        "MQLs delivered",
        Team.MARKETING,
        Measure("mql_passes", "delivered"),
        definition="MQLs, re-MQLs included, that were complete at entry and handed to sales.",
        formula="Number of MQLs delivered",
        counted_by="the MQL entry",
        tables=("lead_stages", "leads", "handoffs"),
        dimensions=LEAD_DIMENSIONS,
        needs_stages=("mql",),
        by_account=False,
    ),
    derived(
        "_overdue_backlog",
        "Overdue backlog",
        Team.SALES,
        _backlog_inputs,
        _backlog,
        unit=Unit.COUNT,
        direction=Direction.DOWN,
        definition="All handoffs up to the end of the period that are overdue at the as-of moment.",
        formula="Number of handoffs past due without a response",
        counted_by="the handoff",
        null_rule="None counts as 0.",
        tables=("handoffs", "handoff_clock"),
        dimensions=HANDOFF_DIMENSIONS,
    ),
    _waiting("_handoffs_waiting", "n", "Handoffs that wait"),
    _waiting("_handoffs_due_soon", "due_soon", "Handoffs due soon"),
    count(
        "_leads_contacted_by_both",
        "Leads contacted by both",
        Team.SHARED,
        Measure("outreach", "by_both"),
        direction=Direction.DOWN,
        definition="Leads that marketing and sales both contacted at nearly the same time.",
        formula="Number of leads",
        counted_by="the contact",
        tables=("touches",),
        dimensions=LEAD_DIMENSIONS,
        spans_add_up=False,
    ),
    _of_cost("_costs", "n", "Rows of spend"),
    _of_cost("_costs_of_people", "people", "Rows of spend on people"),
    _of_cost("_costs_of_tools", "tools", "Rows of spend on tools"),
    count(
        "_new_customers",
        "New customers",
        Team.SHARED,
        Measure("customers", "n"),
        definition="Accounts by their first won new deal; by channel the parts of them that the "
        "configured model credits to its touches.",
        formula="Number of accounts",
        counted_by="the closing of the first won new deal",
        tables=("opportunities",),
        dimensions=("channel",),
        whole_company=True,
    ),
    _new_business("_new_created", Measure("opportunities_created", "new"), "opportunities created"),
    _new_business("_new_closed", Measure("opportunities_closed", "closed_new"), "deals closed"),
    _new_money(
        "_new_bookings",
        "New-business bookings",
        Measure("opportunities_closed", "won_new_amount"),
        "the closing date",
    ),
    _new_money(
        "_open_new",
        "Open new business",
        Measure("pipeline_expected", "amount"),
        "the expected close",
    ),
)
