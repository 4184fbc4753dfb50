"""The gap between the counts of the two sides' systems, at any stage; the KPI is that of MQLs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from data.tables import STAGE_ORDER, STAGES
from metrics.calendar import Calendar, Span
from metrics.catalog.parts import LEAD_DIMENSIONS, STAGE_NAMES, count, derived
from metrics.facts.system_records import SIDES
from metrics.model import Direction, Measure, Metric, Parts, Team, Unit


def counted_id(stage: str, side: str) -> str:
    """The block that counts the records of a stage in one side's systems."""
    return f"_{stage}_records_of_{side}"


def gap_id(stage: str) -> str:
    """The metric that is the gap at a stage."""
    return "count_gap" if stage == "mql" else f"_count_gap_{stage}"


def stage_name(stage: str, number: int = 2) -> str:
    """``MQLs``; of one ``MQL``. Leads that left the funnel are called by what they are."""
    if stage not in STAGE_ORDER:
        return f"{stage} leads" if number != 1 else f"{stage} lead"
    name = STAGE_NAMES[stage]
    name = name.lower() if stage == "lead" else name
    if number == 1:
        return name
    return "opportunities" if stage == "opportunity" else f"{name}s"


def _counted(stage: str, side: str) -> Metric:
    of = "marketing's" if side == "marketing" else "sales'"
    return count(
        counted_id(stage, side),
        f"{stage_name(stage)} in {of} systems",
        Team.SHARED,
        Measure(f"{stage}_records", side),
        definition=f"Active records of {stage_name(stage)} in {of} systems.",
        formula="Number of records",
        counted_by="the system's own date",
        tables=("system_records",),
        dimensions=LEAD_DIMENSIONS,
    )


def _inputs(
    stage: str, span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    return {side: (counted_id(stage, side), span) for side in SIDES}


def _gap_of(stage: str, values: Mapping[str, float | None]) -> Parts:
    marketing, sales = values["marketing"], values["sales"]
    if marketing is None or sales is None:
        reason = f"not both sides' systems held {stage_name(stage)} then"
        return Parts(None, marketing, sales, reason=reason)
    if not marketing and not sales:
        reason = f"neither side's systems count {stage_name(stage)} in these days"
        return Parts(None, 0, 0, reason=reason)
    return Parts(marketing - sales, marketing, sales)


def _gap(stage: str) -> Metric:
    names = stage_name(stage)
    return derived(
        gap_id(stage),
        f"Count gap, {names}",
        Team.SHARED,
        partial(_inputs, stage),
        partial(_gap_of, stage),
        unit=Unit.COUNT,
        direction=Direction.NEUTRAL,
        definition=f"How many more {names} marketing's systems count than sales' systems: their "
        "active records at the stage, by the date of each system. Below 0 sales counts more. "
        "It says how far the two reports lie apart, not how many records differ: those on "
        "either side may cancel out. The reconciliation page gives each of them its reason. A "
        "record is split and filtered by its lead, or by the lead of its e-mail address.",
        formula="records that marketing counts − records that sales counts",
        counted_by="each system's own date",
        null_rule="Undefined (–) where neither side counts a record; records from before both "
        "sides had any are left out. 0 means that both count as many.",
        tables=("system_records",),
        dimensions=LEAD_DIMENSIONS,
    )


METRICS = (_gap("mql"),)
BLOCKS = (
    *(_counted(stage, side) for stage in STAGES for side in SIDES),
    *(_gap(stage) for stage in STAGES if stage != "mql"),
)
