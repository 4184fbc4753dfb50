"""Building blocks of derived KPIs: counted like KPIs, shown nowhere by themselves."""

from __future__ import annotations

from metrics.catalog.parts import OPPORTUNITY_DIMENSIONS, count, total
from metrics.model import Measure, Metric, Team


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
