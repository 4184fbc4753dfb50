"""Disputes: numbers that somebody doubts, which one KPI counts and one times."""

from __future__ import annotations

from metrics.catalog.parts import LEAD_DIMENSIONS, count, duration
from metrics.model import Direction, Measure, Team, Unit

_MEMBERS = (
    "A dispute belongs to a member of a dimension when the disputed view was filtered to that "
    "member alone."
)

METRICS = (
    count(
        "open_disputes",
        "Open disputes",
        Team.SHARED,
        Measure("disputes_open", "n"),
        direction=Direction.DOWN,
        definition="Disputes on a number that are open at the period's end, or at the as-of "
        "moment where that comes first. A dispute begins and ends where the data reached when it "
        f"was raised and settled. {_MEMBERS}",
        formula="Number of disputes raised and not settled by then",
        counted_by="the dispute",
        tables=("disputes",),
        dimensions=LEAD_DIMENSIONS,
        spans_add_up=False,
    ),
    duration(
        "dispute_age_days",
        "Age of open disputes",
        Team.SHARED,
        Measure("disputes_open", "age_days"),
        0.5,
        unit=Unit.DAYS,
        definition="The median age of the disputes that are open at the period's end, or at the "
        f"as-of moment where that comes first. {_MEMBERS}",
        formula="median of days from raised to the period's end",
        counted_by="the open dispute",
        null_rule="Undefined (–) where none is open.",
        tables=("disputes",),
        dimensions=LEAD_DIMENSIONS,
    ),
    count(
        "disputes_raised",
        "Disputes raised",
        Team.SHARED,
        Measure("disputes_raised", "n"),
        direction=Direction.NEUTRAL,
        definition=f"Disputes on a number by the day on which they were raised. {_MEMBERS}",
        formula="Number of disputes raised",
        counted_by="the dispute",
        tables=("disputes",),
        dimensions=LEAD_DIMENSIONS,
    ),
)
