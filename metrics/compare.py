"""What two answers say of each other: changes, target states and the marks of a value."""

from __future__ import annotations

from math import sqrt

from metrics.model import Direction, Kind, Metric, Status, Unit
from metrics.query import Row
from metrics.scorecard import Change, Mark, RunRate, TargetState, WorkingDays

SMALL = 30
Z_95 = 1.959963984540054


def wilson_interval(successes: float, trials: float) -> tuple[float, float]:
    """The Wilson 95 % interval of a share; ``trials`` > 0. Returns (low, high) within 0–1."""
    share = successes / trials
    z2 = Z_95 * Z_95
    centre = share + z2 / (2 * trials)
    spread = Z_95 * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low, high = ((centre + sign * spread) / (1 + z2 / trials) for sign in (-1, 1))
    # The share lies within by definition; rounding must not put it a hair outside.
    return max(0.0, min(low, share)), min(1.0, max(high, share))


def change_between(metric: Metric, now: Row, before: Row, versus: str) -> Change | None:
    """The change from one answer to another; None when there is no value now."""
    if now.value is None:
        return None
    if before.value is None:
        # "new" is said of what was not there, not of what cannot be told.
        return None if before.reason is not None else Change(None, None, versus, None)
    absolute = now.value - before.value
    percent = None
    if metric.unit in (Unit.COUNT, Unit.MONEY) and before.value:
        percent = absolute / abs(before.value)
    if metric.kind in (Kind.COUNT, Kind.SUM) and not before.value and now.value:
        return Change(None, None, versus, _is_better(metric, absolute))
    return Change(absolute, percent, versus, _is_better(metric, absolute))


def _is_better(metric: Metric, change: float) -> bool | None:
    if not change or metric.direction is Direction.NEUTRAL:
        return None
    return (change > 0) == (metric.direction is Direction.UP)


def target_state(
    metric: Metric, row: Row, target: float, pace: float | None, is_linear: bool
) -> TargetState:
    """How a value stands to its target, or, in a running period, to the pace towards it."""
    expected = target if pace is None else pace
    gap = None if row.value is None else row.value - expected
    is_limit = metric.direction is Direction.DOWN
    is_met = None
    if gap is not None and metric.direction is not Direction.NEUTRAL:
        is_met = gap <= 0 if is_limit else gap >= 0
    return TargetState(
        value=target,
        gap=gap,
        is_met=is_met,
        is_limit=is_limit,
        is_pace=pace is not None,
        pace=pace,
        is_linear=is_linear,
    )


def run_rate(metric: Metric, row: Row, target: float, days: WorkingDays) -> RunRate | None:
    """What is left to a running period's target, and what each working day to come must bring.

    None for what does not add up over days (rates, durations), for limits and for figures with no
    better side: nothing is needed there.
    """
    is_additive = metric.kind in (Kind.COUNT, Kind.SUM)
    if not is_additive or metric.direction is not Direction.UP or row.value is None:
        return None
    left = max(target - row.value, 0.0)
    needed = left / days.left if days.left else (None if left else 0.0)
    so_far = row.value / days.over if days.over else None
    return RunRate(left, days.left, needed, so_far, days.a_week)


def marks_of(metric: Metric, row: Row, newest: Row, elapsed: str | None) -> tuple[Mark, ...]:
    """The marks of a headline: ``row`` is its answer, ``newest`` that of the view's own period."""
    marks = []
    if elapsed is not None:
        marks.append(Mark("partial", elapsed))
    elif row.status is Status.PARTIAL:
        marks.append(Mark("partial", "not complete"))
    if newest.maturing:
        is_due_later = metric.maturing is not None and metric.maturing.fact == "handoffs"
        word = "pending" if is_due_later else "maturing"
        marks.append(Mark("maturing", f"{newest.maturing:,} {word}"))
    if metric.unit is Unit.SHARE and row.denominator and row.denominator < SMALL:
        marks.append(Mark("small", _small_text(metric, row)))
    return tuple(marks)


def why_undefined(row: Row) -> str:
    """In words why an answer has no value."""
    if row.reason is not None:
        return row.reason
    if row.numerator is None and row.denominator is None:
        return "no record has an amount"
    return "nothing to divide by in this period"


def _small_text(metric: Metric, row: Row) -> str:
    n = f"n {row.denominator:g}"
    if row.numerator is None or row.denominator is None or row.numerator > row.denominator:
        return n
    low, high = wilson_interval(row.numerator, row.denominator)
    return f"{n}: {low * 100:.0f}–{high * 100:.0f}%"
