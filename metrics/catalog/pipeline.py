"""KPIs of what is still to come: coverage, quota and what slipped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from metrics.calendar import Calendar, Span
from metrics.catalog.parts import OPPORTUNITY_DIMENSIONS, UNKNOWN_AMOUNTS, count, derived, total
from metrics.model import Direction, Measure, Parts, TargetOf, Team, Unit

# A target of new business alone goes before that of all bookings.
NEW_BUSINESS = ("kind", "new")
NEW_BUSINESS_DIMENSIONS = (
    "region",
    *(name for name in OPPORTUNITY_DIMENSIONS if name not in ("region", "kind")),
)
REP_DIMENSIONS = ("rep", "manager", "team")


# -- coverage -----------------------------------------------------------------------------------


def _coverage_inputs(
    span: Span, calendar: Calendar, as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    whole = span.whole
    booked = {"booked": ("bookings", whole), "booked_new": ("_new_bookings", whole)}
    first = max(whole.start, calendar.day_of(as_of))
    if first >= whole.end:
        return booked  # nothing can close in it any more
    return {"open": ("_open_new", Span(first, whole.end)), **booked}


def _coverage_targets(span: Span, _calendar: Calendar, _as_of: datetime) -> Mapping[str, TargetOf]:
    return {
        "target": TargetOf("bookings", span),
        "target_new": TargetOf("bookings", span, NEW_BUSINESS),
    }


def _coverage(values: Mapping[str, float | None]) -> Parts:
    target, booked = values["target_new"], values["booked_new"]
    if target is None:
        target, booked = values["target"], values["booked"]
    if target is None or booked is None:
        return Parts(None, None, None, "no won deal of the period has an amount")
    left = max(target - booked, 0)
    if "open" not in values:
        return Parts(None, None, left, "the period is over: nothing can close in it any more")
    pipeline = values["open"]
    if pipeline is None:
        return Parts(None, None, left, "no open opportunity has an amount")
    if not left:
        return Parts(None, pipeline, left, "the target is met: nothing is left to cover")
    return Parts(pipeline / left, pipeline, left)


# -- quota --------------------------------------------------------------------------------------


def _quota_inputs(
    span: Span, _calendar: Calendar, _as_of: datetime
) -> Mapping[str, tuple[str, Span]]:
    return {"booked": ("bookings", Span(span.start, span.end))}


def _quota(span: Span, _calendar: Calendar, _as_of: datetime) -> Mapping[str, TargetOf]:
    return {"quota": TargetOf("bookings", span)}


def _attained(values: Mapping[str, float | None]) -> Parts:
    """Of one rep: what was booked over the quota; deals without an amount are left out."""
    booked, quota = values["booked"] or 0, values["quota"]
    return Parts(booked / quota if quota else None, booked, quota)


def _has_attained(values: Mapping[str, float | None]) -> Parts:
    booked, quota = values["booked"] or 0, values["quota"]
    made = int(quota is not None and booked >= quota)
    return Parts(made, made, 1)


METRICS = (
    derived(
        "pipeline_coverage",
        "Pipeline coverage",
        Team.SALES,
        _coverage_inputs,
        _coverage,
        _coverage_targets,
        unit=Unit.MULTIPLE,
        definition="How often the open pipeline covers what is left of the bookings target: new "
        "business expected to close from the as-of moment to the period's end, with amount and "
        "date as they were known then. What is left is the target of new business less new "
        "bookings, where such a target is set (kind = new); else the target of all bookings less "
        "all bookings. It stands on the quarter still running, the next one beside it.",
        formula="open pipeline expected to close by the period's end ÷ "
        "(bookings target − bookings so far)",
        counted_by="the expected close",
        null_rule="Undefined (–) where the target is met, where the period is over, and without a "
        "target. Open deals without an expected close or an amount are left out.",
        tables=("opportunities", "targets"),
        dimensions=NEW_BUSINESS_DIMENSIONS,
        by_quarter=True,
        looks_ahead=True,
    ),
    derived(
        "quota_attainment",
        "Quota attainment",
        Team.SALES,
        _quota_inputs,
        _attained,
        _quota,
        over="rep",
        unit=Unit.SHARE,
        definition="Bookings of the reps that have a quota over all of their quotas (bookings "
        "targets by rep); a deal counts for its owner. By quarter, however short the period "
        "reviewed; of a running one the bookings so far over the whole quota.",
        formula="Σ bookings of reps with a quota ÷ Σ their quotas",
        counted_by="the closing date",
        null_rule="Reps without a quota are left out; undefined (–) where nobody has one.",
        tables=("opportunities", "targets"),
        dimensions=REP_DIMENSIONS,
        by_quarter=True,
        beside="reps_at_quota",
    ),
    derived(
        "reps_at_quota",
        "Reps at quota",
        Team.SALES,
        _quota_inputs,
        _has_attained,
        _quota,
        over="rep",
        unit=Unit.SHARE,
        definition="The share of the reps with a quota whose bookings have reached it (100 % or "
        "more).",
        formula="reps with bookings ≥ quota ÷ reps with a quota",
        counted_by="the closing date",
        null_rule="Reps without a quota are left out; undefined (–) where nobody has one.",
        tables=("opportunities", "targets"),
        dimensions=REP_DIMENSIONS,
        by_quarter=True,
    ),
    count(
        "slipped_deals",
        "Slipped deals",
        Team.SALES,
        Measure("pipeline_slipped", "n"),
        direction=Direction.DOWN,
        definition="Opportunities whose expected close moved from within the period to after its "
        "end, by the as-of moment. One that came back into the period, or was won or lost before "
        "its end, has not slipped.",
        formula="Number of opportunities moved out of the period",
        counted_by="the expected close that was left",
        tables=("opportunities", "opportunity_stages"),
        dimensions=OPPORTUNITY_DIMENSIONS,
        spans_add_up=False,
        beside="slipped_amount",
    ),
    total(
        "slipped_amount",
        "Slipped amount",
        Team.SALES,
        Measure("pipeline_slipped", "amount"),
        direction=Direction.DOWN,
        definition="The amount of the slipped deals, as it was known at the as-of moment.",
        formula="Σ amount of opportunities moved out of the period",
        counted_by="the expected close that was left",
        null_rule=UNKNOWN_AMOUNTS,
        tables=("opportunities", "opportunity_stages"),
        dimensions=OPPORTUNITY_DIMENSIONS,
        spans_add_up=False,
    ),
)
