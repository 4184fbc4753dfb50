"""KPIs of marketing's part in revenue and of what a customer costs (docs/economics.md).

Sourced looks at who was first, influenced at whether, credit at how much: never to be added up.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from metrics.calendar import Calendar, Span
from metrics.catalog.parts import OPPORTUNITY_DIMENSIONS, derived, ratio, total
from metrics.catalog.velocity import year_before
from metrics.model import Direction, Measure, Parts, Team, Unit

# By source the KPI is the whole pipeline, whose parts do not add up to it.
SOURCED_DIMENSIONS = tuple(name for name in OPPORTUNITY_DIMENSIONS if name != "sourced_by")
LOOKBACK = "the lookback (365 days unless configured)"


def four_quarters(span: Span) -> Span:
    """The four quarters' time up to the end of a span."""
    return Span(year_before(span.end), span.end)


def _cost_inputs(
    span: Span, _calendar: Calendar, _as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    year = four_quarters(span)
    return {
        "cost": ("spend", year),
        "customers": ("_new_customers", year),
        "rows": ("_costs", year),
        "people": ("_costs_of_people", year),
        "tools": ("_costs_of_tools", year),
    }


def _cost_of_a_customer(values: Mapping[str, float | None]) -> Parts:
    """A cost without people and tools goes by another name; one that nobody recorded is no 0."""
    cost, customers = values["cost"], values["customers"]
    lacking = [kind for kind in ("people", "tools") if not values[kind]]
    value, reason = None, None
    if not values["rows"]:
        cost, reason = None, "no spend is recorded in these four quarters"
    elif not customers:
        reason = "no new customer in these four quarters"
    elif cost is not None:
        value = cost / customers
    if not lacking or cost is None:
        return Parts(value, cost, customers, reason)
    note = f"without {' and '.join(lacking)}"
    return Parts(value, cost, customers, reason, "Programme cost per customer", note)


METRICS = (
    total(
        "marketing_sourced_pipeline",
        "Marketing-sourced pipeline",
        Team.MARKETING,
        Measure("pipeline_sourced", "amount"),
        definition="The amount of opportunities that entered the pipeline and that marketing "
        "sourced: those recorded so (sourced_by), and of those without a recorded source the ones "
        f"whose first eligible touch in {LOOKBACK} before their creation is marketing's. Split by "
        "sourced_by on the command line it is the whole pipeline by source, marketing's row being "
        "this KPI; what has no recorded source and was not first touched by marketing is (none). "
        "Sourced is not influenced and not credited: never to be added up.",
        formula="Σ amount of pipeline sourced by marketing",
        counted_by="the opportunity's qualification, else its creation",
        tables=("opportunities",),
        dimensions=SOURCED_DIMENSIONS,
        slow=True,
    ),
    total(
        "marketing_influenced_bookings",
        "Marketing-influenced bookings",
        Team.MARKETING,
        Measure("bookings_touched", "influenced"),
        definition="The amount won of opportunities with at least one eligible marketing touch of "
        f"any of their contacts in {LOOKBACK} before closing. It overlaps what marketing sourced: "
        "never to be added up.",
        formula="Σ amount of won opportunities that marketing touched",
        counted_by="the closing date",
        tables=("opportunities", "touches"),
        dimensions=OPPORTUNITY_DIMENSIONS,
        slow=True,
        beside="marketing_influenced_share",
    ),
    ratio(
        "marketing_influenced_share",
        "Marketing-influenced share of bookings",
        Team.MARKETING,
        Measure("bookings_touched", "influenced"),
        Measure("bookings_touched", "amount"),
        definition="The share of bookings that marketing influenced: won opportunities with at "
        f"least one eligible marketing touch in {LOOKBACK} before closing, by amount.",
        formula="marketing-influenced bookings ÷ bookings",
        counted_by="the closing date",
        tables=("opportunities", "touches"),
        dimensions=OPPORTUNITY_DIMENSIONS,
        slow=True,
    ),
    derived(
        "cac",
        "CAC",
        Team.SHARED,
        _cost_inputs,
        _cost_of_a_customer,
        aside=("rows", "people", "tools"),
        unit=Unit.MONEY,
        direction=Direction.DOWN,
        definition="What a new customer cost over the trailing four quarters, up to the period's "
        "end: all spend over the accounts whose first won new deal closed in them. By channel: the "
        "channel's spend over the customers credited to its touches by the configured attribution "
        "model; customers without an eligible touch are (none)'s. Where spend holds no people or "
        "no tools it is called programme cost per customer, and says which it lacks.",
        formula="spend ÷ new customers, over four quarters",
        counted_by="the day of spend; the closing of the first won new deal",
        null_rule="Undefined (–) where there are no customers, and where no spend is recorded: not "
        "known is not free.",
        tables=("spend", "opportunities"),
        dimensions=("channel",),
        whole_company=True,
    ),
    ratio(
        "return_on_spend",
        "Return on spend",
        Team.SHARED,
        Measure("touches_credited", "amount"),
        Measure("spend", "amount"),
        unit=Unit.MULTIPLE,
        definition="What the period's touches have earned, over what the period cost: every "
        "eligible touch of either team, dated by itself, with the part that the configured "
        "attribution model gives it of each deal won later. A period is maturing until the "
        "lookback of its last touch has passed, for until then its touches can still earn.",
        formula="credit of the period's touches ÷ spend",
        counted_by="the touch; the day of spend",
        null_rule="Undefined (–) where nothing was spent. Deals without a touch are credited to no "
        "period; under the model markov there is no credit by touch and so no data.",
        tables=("spend", "touches", "opportunities"),
        dimensions=("channel",),
        maturing=Measure("touches_earning", "open"),
        slow=True,
        whole_company=True,
    ),
)
