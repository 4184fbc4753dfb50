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


METRICS = (
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
