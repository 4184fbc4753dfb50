"""What moved a KPI, as a waterfall that runs downwards: its rows and its Vega-Lite spec.

A rate's own change is solid, a shift of the mix hollow; colour says whether it is for the better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.drivers import ADDITIVE, Drivers
from metrics.model import Direction, Metric
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import Formats
from metrics.report.words import member_words

COLUMNS = ("mark", "row", "bottom", "x", "x2", "name", "text")
SHOWN_PARTS = 5
MAX_NAME = 26


@dataclass(frozen=True)
class Step:
    """One reason: a member's rate or mix."""

    name: str
    amount: float
    is_mix: bool = False


def steps_of(drivers: Drivers) -> list[Step]:
    """The largest reasons, then all others in one, so that they add up to the change."""
    split = drivers.metric.kind not in ADDITIVE
    steps = []
    for part in drivers.parts:
        name = _short(" · ".join(member_words(member) for member in part.members))
        if split:
            steps += [Step(f"{name}: rate", part.rate), Step(f"{name}: mix", part.mix, True)]
        else:
            steps.append(Step(name, part.rate))
    steps = sorted((s for s in steps if s.amount), key=lambda step: -abs(step.amount))
    rest = steps[SHOWN_PARTS:]
    if len(rest) > 1:
        others = "All other: rate and mix" if split else "All others"
        total = sum(step.amount for step in rest)
        steps = [*steps[:SHOWN_PARTS], Step(others, total, is_mix=split)]
    return steps


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"


def _judged(metric: Metric, amount: float) -> str:
    if metric.direction is Direction.NEUTRAL or not amount:
        return "none"
    return "good" if (amount > 0) == (metric.direction is Direction.UP) else "bad"


def starts_at(drivers: Drivers, steps: list[Step]) -> float:
    """Where the bars start: 0, or nearer where the change would be too small to see."""
    assert drivers.before is not None
    heights = [drivers.before]
    for step in steps:
        heights.append(heights[-1] + step.amount)
    low, high = min(heights), max(heights)
    if low < 0 or (high - low) >= 0.25 * high:
        return min(0.0, low)
    return max(0.0, low - (high - low) * 0.6)


def waterfall_data(drivers: Drivers, formats: Formats, before: str, after: str) -> pd.DataFrame:
    """The rows of the chart, with the columns ``COLUMNS``; ``row`` counts from the top.

    ``x`` runs from 0 (where the bars start) to 1 (the furthest that one reaches).
    """
    assert drivers.before is not None
    assert drivers.after is not None
    steps = steps_of(drivers)
    unit = drivers.metric.unit
    base = starts_at(drivers, steps)
    level = drivers.before
    bars = [("whole", base, level, before, formats.value(level, unit))]
    for step in steps:
        mark = f"{'mix' if step.is_mix else 'rate'}-{_judged(drivers.metric, step.amount)}"
        text = formats.difference(step.amount, unit)
        bars.append((mark, level, level + step.amount, step.name, text))
        level += step.amount
    bars.append(("whole", base, drivers.after, after, formats.value(drivers.after, unit)))
    reach = max(max(x, x2) for _, x, x2, _, _ in bars) - base or 1.0
    rows: list[tuple[Any, ...]] = []
    for n, (mark, start, end, name, text) in enumerate(bars):
        x, x2 = sorted(((start - base) / reach, (end - base) / reach))
        rows.append((mark, n + 0.2, n + 0.8, x, x2, name, text))
        rows.append(("name", n + 0.5, n + 0.5, 0.0, 0.0, name, text))
        rows.append(("value", n + 0.5, n + 0.5, x2, x2, name, text))
        if n < len(bars) - 1:
            at = (end - base) / reach
            rows.append(("tie", n + 0.8, n + 1.2, at, at, name, text))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("row", "bottom", "x", "x2"), "float64"))


def describe(drivers: Drivers, formats: Formats) -> str:
    """The chart in words."""
    unit = drivers.metric.unit
    told = ", ".join(f"{s.name} {formats.difference(s.amount, unit)}" for s in steps_of(drivers))
    return (
        f"From {formats.value(drivers.before, unit)} to {formats.value(drivers.after, unit)}: "
        f"{told or 'no change'}."
    )


@lru_cache
def waterfall_spec(bars: int, row_height: int, text: float) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of so many bars; shared, not to be changed."""
    left = f"(width < 420 ? {text * 10.5} : {text * 13.5})"
    x_scale = alt.Scale(
        domain=[0, 1],
        range=[alt.ExprRef(left), alt.ExprRef(f"width - {text * 5.6}")],
        nice=False,
        zero=False,
    )
    y_scale = alt.Scale(domain=[0, bars], range=[0, bars * row_height], nice=False, zero=False)
    x, x2 = alt.X("x:Q", axis=None, scale=x_scale), alt.X2("x2:Q")
    y, y2 = alt.Y("row:Q", axis=None, scale=y_scale), alt.Y2("bottom:Q")

    def layer(mark: str, drawn: alt.Chart, **channels: Any) -> Any:
        return drawn.transform_filter(alt.datum.mark == mark).encode(**({"y": y} | channels))

    def bar(mark: str, **style: Any) -> Any:
        tooltip = [alt.Tooltip("name:N", title="What"), alt.Tooltip("text:N", title="Change")]
        drawn = alt.Chart().mark_rect(**style)
        return layer(mark, drawn, x=x, x2=x2, y2=y2, tooltip=tooltip)

    hues = {"good": "var(--good)", "bad": "var(--bad)", "none": "var(--ink2)"}
    hollow: dict[str, Any] = {"strokeWidth": 1.5, "fill": "var(--page)"}
    words: dict[str, Any] = {"baseline": "middle", "fontSize": text, "color": "var(--ink)"}
    chart = alt.layer(
        layer("tie", alt.Chart().mark_rule(color="var(--ink3)"), x=x, y2=y2),
        bar("whole", color="var(--ink3)"),
        *(bar(f"rate-{name}", color=hue) for name, hue in hues.items()),
        *(bar(f"mix-{name}", stroke=hue, **hollow) for name, hue in hues.items()),
        layer("value", alt.Chart().mark_text(align="left", dx=6, **words), x=x, text="text:N"),
        layer(
            "name",
            alt.Chart().mark_text(align="right", dx=-8, limit=alt.ExprRef(f"{left} - 8"), **words),
            x=x,
            text="name:N",
        ),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=bars * row_height,
    )
    return without_data(chart, font=FONT)
