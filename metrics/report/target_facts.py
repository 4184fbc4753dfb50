"""A target in full, for the card behind a tile: whose it is, the pace, what is still needed."""

from __future__ import annotations

from metrics.model import Unit
from metrics.report.format import Formats
from metrics.scorecard import RunRate, TargetState, Tile
from metrics.targets import PACE_NEEDS

# With more working days to go than these, what is needed is told by the week.
DAYS_TOLD_SINGLY = 70


def target_facts(tile: Tile, formats: Formats) -> list[tuple[str, str]]:
    """(name, words) for each thing to say of a tile's target; empty without one."""
    target = tile.target
    if target is None:
        return []
    unit = tile.metric.unit
    facts = [("Limit" if target.is_limit else "Target", _whose(target, unit, formats))]
    if target.is_pace and target.pace is not None:
        facts.append(("Pace", _pace(target, unit, formats)))
    if target.run_rate is not None:
        facts.append(("To go", run_rate_words(target.run_rate, unit, formats)))
    return facts


def _whose(target: TargetState, unit: Unit, formats: Formats) -> str:
    amount = formats.target(target.value, unit)
    if target.period is None:
        return amount
    if target.is_part:
        return f"{amount}, this period's part of the target of {target.period}"
    return f"{amount} for {target.period}"


def _pace(target: TargetState, unit: Unit, formats: Formats) -> str:
    due = f"{formats.target(target.pace, unit)} due by now"
    if target.is_linear:
        return f"{due}, linear: fewer than {PACE_NEEDS} earlier periods to learn from"
    return f"{due}, as in earlier periods by the same working day"


def run_rate_words(rate: RunRate, unit: Unit, formats: Formats) -> str:
    """ "€2.89M left: needs €107k a working day, so far €66k"; over a year's rest by the week."""
    if not rate.left:
        return "nothing: the target is reached"
    left = f"{formats.size(rate.left, unit)} left"
    if rate.needed_per_day is None:
        return f"{left} and no working day to go"
    by_week = rate.days_left > DAYS_TOLD_SINGLY
    days, name = (rate.days_a_week, "week") if by_week else (1, "working day")
    text = f"{left}: needs {formats.size(rate.needed_per_day * days, unit)} a {name}"
    if rate.so_far_per_day is not None:
        text += f", so far {formats.value(rate.so_far_per_day * days, unit)}"
    count = "1 working day" if rate.days_left == 1 else f"{rate.days_left} working days"
    return f"{text}; {count} to go"
