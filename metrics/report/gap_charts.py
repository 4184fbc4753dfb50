"""The reconciliation page's charts: from marketing's count down to sales', and the gap over time.

What both sides count is solid, what marketing alone counts pale, what sales alone counts hollow;
colour is for what has no reason yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.model import Unit
from metrics.reconcile.ledger import Balance
from metrics.reconcile.reasons import BY_ID, NOT_FOUND
from metrics.reconcile.trend import GapPoint
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import UNDEFINED, Formats
from metrics.report.line_chart import Size, chart_rows, layers_on

COLUMNS = ("mark", "row", "bottom", "x", "x2", "name", "text", "meaning")
COUNTED, OPEN = "counted", "open"
MEANING_SHARE = 0.6  # of the width, what is left of the reasons' meaning
TREND_DESK = Size(height=190, text=12.5, top=24, bottom=30)
TREND_ROOM = Size(height=230, text=18.0, top=34, bottom=40)
MEANINGS = {
    "marketing": "counted in marketing's systems",
    "both": "the same record on both sides",
    "sales": "counted in sales' systems",
}


def starts_at(balance: Balance) -> int:
    """Where the bars start: 0, or nearer where the reasons would be too small to see."""
    high = max(balance.marketing, balance.sales)
    away = high - balance.matched
    if away >= 0.25 * high or not away:
        return 0
    return max(0, round(balance.matched - 0.6 * away))


def waterfall_rows(balance: Balance, formats: Formats) -> pd.DataFrame:
    """The rows of the chart, with the columns ``COLUMNS``; ``row`` counts from the top, ``x`` runs
    from 0 (where the bars start) to 1 (the furthest that one reaches)."""
    base, level = starts_at(balance), balance.marketing
    bars = [(COUNTED, base, level, "Marketing counts", str(level), MEANINGS["marketing"])]
    for part in balance.of("marketing"):
        mark = OPEN if part.reason == NOT_FOUND else "marketing"
        text = formats.difference(-part.count, Unit.COUNT)
        reason = BY_ID[part.reason]
        bars.append((mark, level - part.count, level, reason.label, text, reason.meaning))
        level -= part.count
    bars.append((COUNTED, base, level, "Both count", str(level), MEANINGS["both"]))
    for part in balance.of("sales"):
        mark = OPEN if part.reason == NOT_FOUND else "sales"
        text = formats.difference(part.count, Unit.COUNT)
        reason = BY_ID[part.reason]
        bars.append((mark, level, level + part.count, reason.label, text, reason.meaning))
        level += part.count
    bars.append((COUNTED, base, level, "Sales counts", str(level), MEANINGS["sales"]))
    return _drawn(bars, base)


def _drawn(bars: Sequence[tuple[str, int, int, str, str, str]], base: int) -> pd.DataFrame:
    reach = max(high for _, _, high, *_ in bars) - base or 1
    rows: list[tuple[Any, ...]] = []
    for n, (mark, low, high, name, text, meaning) in enumerate(bars):
        x, x2 = (low - base) / reach, (high - base) / reach
        shown = f"{int(text):,}" if mark == COUNTED else text
        words = (name, shown, meaning)
        rows.append((mark, n + 0.16, n + 0.84, x, x2, *words))
        rows.append(
            ("name-whole" if mark == COUNTED else "name", n + 0.5, n + 0.5, 0.0, 0.0, *words)
        )
        rows.append(("value", n + 0.5, n + 0.5, x2, x2, *words))
        rows.append(("meaning", n + 0.5, n + 0.5, 1.0, 1.0, *words))
        if n < len(bars) - 1:
            # Marketing's bars shrink from the right, sales' grow to it.
            _, next_low, next_high, *_ = bars[n + 1]
            at = x2 if high in (next_high, next_low) else x
            rows.append(("tie", n + 0.84, n + 1.16, at, at, *words))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("row", "bottom", "x", "x2"), "float64"))


def describe(balance: Balance) -> str:
    """The waterfall in words."""

    def told(side: str) -> str:
        found = [f"{BY_ID[p.reason].label} {p.count}" for p in balance.of(side)]
        return ", ".join(found) or "nothing"

    return (
        f"Marketing counts {balance.marketing}; only marketing: {told('marketing')}; both count "
        f"{balance.matched}; only sales: {told('sales')}; sales counts {balance.sales}."
    )


@lru_cache
def waterfall_spec(bars: int, row_height: int, text: float, meanings: bool) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of so many bars; shared, not to be changed. ``meanings``:
    each reason is explained right of its bar."""
    left = f"(width < 420 ? {text * 9.6:.1f} : {text * 11:.1f})"
    right = f"width * {MEANING_SHARE}" if meanings else f"width - {text * 4.2:.1f}"
    x_scale = alt.Scale(
        domain=[0, 1], range=[alt.ExprRef(left), alt.ExprRef(right)], nice=False, zero=False
    )
    y_scale = alt.Scale(domain=[0, bars], range=[0, bars * row_height], nice=False, zero=False)
    x, x2 = alt.X("x:Q", axis=None, scale=x_scale), alt.X2("x2:Q")
    y, y2 = alt.Y("row:Q", axis=None, scale=y_scale), alt.Y2("bottom:Q")
    tooltip = [
        alt.Tooltip("name:N", title="What"),
        alt.Tooltip("text:N", title="Records"),
        alt.Tooltip("meaning:N", title="Meaning"),
    ]

    def layer(mark: str, drawn: alt.Chart, **channels: Any) -> Any:
        return drawn.transform_filter(alt.datum.mark == mark).encode(**({"y": y} | channels))

    def bar(mark: str, **style: Any) -> Any:
        return layer(mark, alt.Chart().mark_rect(**style), x=x, x2=x2, y2=y2, tooltip=tooltip)

    words: dict[str, Any] = {"baseline": "middle", "fontSize": text, "color": "var(--ink)"}

    def name(mark: str, weight: Any) -> Any:
        drawn = alt.Chart().mark_text(
            align="right", dx=-8, fontWeight=weight, limit=alt.ExprRef(f"{left} - 8"), **words
        )
        return layer(mark, drawn, x=x, text="name:N")

    layers = [
        layer("tie", alt.Chart().mark_rule(color="var(--ink3)"), x=x, y2=y2),
        bar(COUNTED, color="var(--ink2)"),
        bar("marketing", color="var(--track)", stroke="var(--ink3)", strokeWidth=0.75),
        bar("sales", fill="var(--page)", stroke="var(--ink2)", strokeWidth=1.5),
        bar(OPEN, color="var(--bad)"),
        layer("value", alt.Chart().mark_text(align="left", dx=6, **words), x=x, text="text:N"),
        name("name", 400),
        name("name-whole", 600),
    ]
    if meanings:
        drawn = alt.Chart().mark_text(
            align="left",
            dx=text * 3.4,
            limit=alt.ExprRef(f"width * {1 - MEANING_SHARE} - {text * 3.4:.1f}"),
            **(words | {"color": "var(--ink2)"}),
        )
        layers.append(layer("meaning", drawn, x=x, text="meaning:N"))
    chart = alt.layer(
        *layers,
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=bars * row_height,
    )
    return without_data(chart, font=FONT)


# -- the gap over time --------------------------------------------------------------------------


def trend_rows(points: Sequence[GapPoint], size: Size, formats: Formats) -> pd.DataFrame:
    """A bar a period; a running one is hollow, an undefined one is a dash."""
    known = [point.gap for point in points if point.gap is not None]
    low, high = min([0, *known]), max([0, *known])
    reach = high - low or 1
    zero = -low / reach
    rows: list[tuple[Any, ...]] = []
    for n, point in enumerate(points):
        gap = point.gap
        y = zero if gap is None else (gap - low) / reach
        text = UNDEFINED if gap is None else formats.difference(gap, Unit.COUNT)
        text = "0" if gap == 0 else text
        counts = " − ".join(
            UNDEFINED if n is None else formats.plain(n) for n in (point.marketing, point.sales)
        )
        shown = (text, point.short, point.label, counts)
        rows.append(("open" if point.is_open else "bar", "", n - 0.32, n + 0.32, zero, y, *shown))
        below = gap is not None and gap < 0
        rows.append(("below" if below else "above", "", n, n, y, y, *shown))
        rows.append(
            ("tick" if n % 2 == (len(points) - 1) % 2 else "tick-wide", "", n, n, 0, 0, *shown)
        )
    rows.append(("zero", "", -0.5, len(points) - 0.5, zero, zero, "", "", "", ""))
    return chart_rows(rows)


@lru_cache
def trend_spec(size: Size, slots: int) -> dict[str, Any]:
    """The Vega-Lite spec, without data; shared, not to be changed."""
    layer = layers_on(size, slots, "0", "width")
    x2, y2 = alt.X2("x2:Q"), alt.Y2("y2:Q")
    words: dict[str, Any] = {"fontSize": size.text, "color": "var(--ink)"}
    tooltip = [
        alt.Tooltip("period:N", title="Period"),
        alt.Tooltip("text:N", title="Gap"),
        alt.Tooltip("shown:N", title="Marketing − sales"),
    ]

    def tick(mark: str, shown: Any) -> Any:
        drawn = alt.Chart().mark_text(
            baseline="bottom", fontSize=shown, color="var(--ink2)", dy=size.bottom - 4
        )
        return layer(mark, drawn, text="short:N")

    hollow = alt.Chart().mark_rect(fill="var(--page)", stroke="var(--ink3)", strokeWidth=1.5)
    chart = alt.layer(
        layer("bar", alt.Chart().mark_rect(color="var(--ink3)"), x2=x2, y2=y2, tooltip=tooltip),
        layer("open", hollow, x2=x2, y2=y2, tooltip=tooltip),
        layer("zero", alt.Chart().mark_rule(color="var(--ink2)"), x2=x2),
        layer("above", alt.Chart().mark_text(baseline="bottom", dy=-4, **words), text="text:N"),
        layer("below", alt.Chart().mark_text(baseline="top", dy=4, **words), text="text:N"),
        tick("tick", size.text),
        tick("tick-wide", alt.ExprRef(f"width < {slots * size.text * 3.4:.0f} ? 0 : {size.text}")),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=size.height,
    )
    return without_data(chart, font=FONT)


def describe_trend(points: Sequence[GapPoint]) -> str:
    """The trend in words."""
    told = (f"{p.short} {UNDEFINED if p.gap is None else p.gap}" for p in points)
    return f"Marketing's count less sales': {', '.join(told)}"
