"""Short forms for the kinds of KPI, so that a catalog entry holds only what is its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from data.config import CONVERSION_DAYS
from data.dimensions import LEAD_DIMENSIONS as LEAD_DIMENSIONS
from metrics.calendar import Calendar, Span
from metrics.model import Derived, Direction, Kind, Measure, Metric, Parts, TargetOf, Team, Unit

HANDOFF_DIMENSIONS = (*LEAD_DIMENSIONS, "priority")
OPPORTUNITY_DIMENSIONS = (*LEAD_DIMENSIONS, "sourced_by", "kind", "pipeline")

STAGE_NAMES = {
    "lead": "Lead",
    "mql": "MQL",
    "sal": "SAL",
    "sql": "SQL",
    "opportunity": "opportunity",
    "customer": "customer",
}
OWNERS = {
    Team.MARKETING: "Marketing operations",
    Team.SHARED: "Revenue operations",
    Team.SALES: "Sales operations",
}
UNDEFINED_AT_ZERO = "Undefined (–) where the denominator is 0."
UNKNOWN_AMOUNTS = (
    "Records without an amount are left out; where no record has one the sum is undefined (–)."
)


def metric(id_: str, label: str, team: Team, kind: Kind, **fields: Any) -> Metric:
    fields.setdefault("owner", OWNERS[team])
    fields.setdefault("direction", Direction.UP)
    return Metric(id=id_, label=label, team=team, kind=kind, **fields)


def count(id_: str, label: str, team: Team, measure: Measure, **fields: Any) -> Metric:
    fields.setdefault("null_rule", "None counts as 0.")
    return metric(id_, label, team, Kind.COUNT, unit=Unit.COUNT, numerator=measure, **fields)


def total(id_: str, label: str, team: Team, measure: Measure, **fields: Any) -> Metric:
    fields.setdefault("null_rule", UNKNOWN_AMOUNTS)
    return metric(id_, label, team, Kind.SUM, unit=Unit.MONEY, numerator=measure, **fields)


def ratio(
    id_: str, label: str, team: Team, numerator: Measure, denominator: Measure, **fields: Any
) -> Metric:
    fields.setdefault("unit", Unit.SHARE)
    fields.setdefault("null_rule", UNDEFINED_AT_ZERO)
    return metric(
        id_, label, team, Kind.RATIO, numerator=numerator, denominator=denominator, **fields
    )


def cohort(id_: str, label: str, team: Team, stages: tuple[str, str], **fields: Any) -> Metric:
    start, end = (STAGE_NAMES[stage] for stage in stages)
    return metric(
        id_,
        label,
        team,
        Kind.COHORT,
        unit=Unit.SHARE,
        stages=stages,
        needs_stages=stages,
        definition=f"Of the distinct leads that first reached {start} in the period, the share "
        f"whose first {end} at or after that came within the window "
        f"({CONVERSION_DAYS[id_]} days by default).",
        formula=f"leads that reached {end} within the window ÷ leads that reached {start}",
        counted_by=f"the first {start} entry (a cohort)",
        null_rule="While leads are still maturing, the share is over the matured ones only; "
        "undefined (–) where there are none.",
        tables=("lead_stages",),
        dimensions=LEAD_DIMENSIONS,
        **fields,
    )


def derived(
    id_: str,
    label: str,
    team: Team,
    inputs: Callable[[Span, Calendar, datetime], Mapping[str, tuple[str, Span]]],
    combine: Callable[[Mapping[str, float | None]], Parts],
    targets: Callable[[Span, Calendar, datetime], Mapping[str, TargetOf]] | None = None,
    over: str | None = None,
    aside: tuple[str, ...] = (),
    **fields: Any,
) -> Metric:
    fields.setdefault("null_rule", UNDEFINED_AT_ZERO)
    made = Derived(inputs, combine, targets, over, aside)
    return metric(id_, label, team, Kind.DERIVED, derived=made, **fields)


def duration(
    id_: str, label: str, team: Team, values: Measure, percentile: float | None, **fields: Any
) -> Metric:
    fields.setdefault("direction", Direction.DOWN)
    fields.setdefault("null_rule", "Undefined (–) where no span is complete.")
    return metric(
        id_, label, team, Kind.DURATION, numerator=values, percentile=percentile, **fields
    )
