"""The sparklines of one column of tiles: one Altair chart for all of them, its spec and its data.

A chart of its own for each tile would cost fifteen views a page. So a column's sparklines share
one view: every tile is a band of equal height, values are scaled into their band when the data
are prepared, and the real figures stand in the tooltip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd
import pyarrow as pa

from metrics.model import Status
from metrics.report.chart_spec import without_data
from metrics.report.drawn import once
from metrics.report.format import Formats
from metrics.scorecard import Point, Tile

POINTS = 13
# The part of a tile's height that its sparkline takes; the style sheet's rows leave it free.
BAND_TOP, BAND_BOTTOM = 0.40, 0.88
COLUMNS = ("mark", "line", "x", "y", "y2", "kpi", "period", "shown")
# A point beyond usual by its side: better, worse, or neither.
SIGNALS = {True: "signal-good", False: "signal-bad", None: "signal"}
SIGNAL_COLOURS = {
    "signal-good": "var(--good)",
    "signal-bad": "var(--bad)",
    "signal": "var(--ink)",
}
_STATES = {
    Status.PARTIAL: " (to date)",
    Status.MATURING: " (still maturing)",
    Status.NO_DATA: "",
    Status.FINAL: "",
}


def _is_open(point: Point) -> bool:
    return point.status in (Status.PARTIAL, Status.MATURING)


def _scaler(values: Iterable[float], row: int) -> Any:
    low, high = min(values), max(values)
    spread = high - low

    def scale(value: float) -> float:
        # A flat line runs through the middle of its band.
        share = (value - low) / spread if spread else 0.5
        return row + BAND_BOTTOM - share * (BAND_BOTTOM - BAND_TOP)

    return scale


def _tile_rows(row: int, tile: Tile, formats: Formats) -> list[tuple[Any, ...]]:
    points = tile.points[-POINTS:]
    values = [p.value for p in points if p.value is not None]
    if not values:
        return []
    target = tile.target.value if tile.target is not None and not tile.target.is_pace else None
    limits = [edge for p in points if p.limits for edge in (p.limits.low, p.limits.high)]
    scale = _scaler([*values, *limits, *([] if target is None else [target])], row)
    first = POINTS - len(points)
    unit = tile.metric.unit

    rows: list[tuple[Any, ...]] = []

    def add(
        mark: str,
        line: str,
        x: int,
        y: float,
        period: str = "",
        shown: str = "",
        y2: float | None = None,
    ) -> None:
        rows.append((mark, line, x, y, y2, tile.label, period, shown))

    for x, point in enumerate(points, start=first):
        if point.limits is not None:
            add("band", str(row), x, scale(point.limits.low), y2=scale(point.limits.high))

    # A gap in the data is a gap in the line: each unbroken run is a line of its own.
    run = 0
    last: tuple[int, float] | None = None
    for x, point in enumerate(points, start=first):
        if point.value is None:
            run, last = run + 1, None
            continue
        y = scale(point.value)
        if _is_open(point):
            if last is not None:
                add("approach", f"{row}-{x}", *last)
                add("approach", f"{row}-{x}", x, y)
            run += 1
        else:
            add("line", f"{row}-{run}", x, y)
        last = (x, y)
        shown = formats.exact(point.value, unit) + _STATES[point.status]
        if point.limits is not None:
            low, high = (formats.value(v, unit) for v in (point.limits.low, point.limits.high))
            shown += f" (usual {low}–{high})"
        add("hit", str(row), x, y, point.label, shown)
        if point.is_outside and x < POINTS - 1:
            add(SIGNALS[point.is_better], str(row), x, y)
    if last is not None and last[0] == POINTS - 1 and tile.signal is not None:
        add(SIGNALS[tile.signal.is_better], str(row), *last)
    elif last is not None and last[0] == POINTS - 1:
        add("open" if _is_open(points[-1]) else "end", str(row), *last)
    if target is not None:
        add("target", f"{row}-t", 0, scale(target))
        add("target", f"{row}-t", POINTS - 1, scale(target))
    return rows


def sparkline_data(tiles: Sequence[Tile], formats: Formats) -> pd.DataFrame:
    """The rows of one column's chart, with the columns ``COLUMNS``; empty without any value.

    ``y`` counts tiles from the top; ``mark`` names the layer that draws the row.
    """
    rows = [r for n, tile in enumerate(tiles) for r in _tile_rows(n, tile, formats)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"x": "float64", "y": "float64", "y2": "float64"})


def describe(tiles: Sequence[Tile], formats: Formats) -> str:
    """The chart in words, for whoever hears the page: first and last figure of each line."""
    parts = []
    for tile in tiles:
        known = [p for p in tile.points if p.value is not None]
        if known:
            first, last = known[0], known[-1]
            unit = tile.metric.unit
            parts.append(
                f"{tile.label}: {formats.value(first.value, unit)} in {first.label}, "
                f"{formats.value(last.value, unit)} in {last.label}"
            )
    return "Trends. " + "; ".join(parts) if parts else "No trends to show."


@dataclass(frozen=True)
class Sparklines:
    """One column's chart, ready to be sent. Shared by every run that shows the same tiles."""

    rows: pa.Table  # as ``sparkline_data``
    spec: dict[str, Any]
    words: str


def draw_sparklines(tiles: Sequence[Tile], formats: Formats) -> Sparklines:
    """The chart of a column of tiles, made once for all who look at it."""
    # What is drawn of a tile. Marks of the review's memory are laid over it and are not.
    drawn = tuple((t.metric.id, t.label, t.points, t.target, t.signal) for t in tiles)

    def draw() -> Sparklines:
        rows = pa.Table.from_pandas(sparkline_data(tiles, formats), preserve_index=False)
        return Sparklines(rows, sparkline_spec(len(tiles)), describe(tiles, formats))

    return once(("sparklines", drawn, formats), draw)


@lru_cache
def sparkline_spec(tiles: int) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of a column of so many tiles.

    The view is as wide and as high as its container, which the style sheet makes as high as the
    tiles. The caller must not change what it gets: the spec is shared.
    """
    x = alt.X(
        "x:Q",
        axis=None,
        scale=alt.Scale(
            domain=[0, POINTS - 1],
            range=[alt.ExprRef("2"), alt.ExprRef("width - 9")],  # room for the end's dot
            nice=False,
            zero=False,
        ),
    )
    y = alt.Y(
        "y:Q",
        axis=None,
        scale=alt.Scale(
            domain=[0, tiles],
            range=[alt.ExprRef("0"), alt.ExprRef("height")],
            nice=False,
            zero=False,
        ),
    )

    def layer(mark: str, drawn: alt.Chart, **more: Any) -> alt.Chart:
        return drawn.transform_filter(alt.datum.mark == mark).encode(x=x, y=y, **more)

    line = alt.Detail("line:N")
    tooltip = [
        alt.Tooltip("kpi:N", title="KPI"),
        alt.Tooltip("period:N", title="Period"),
        alt.Tooltip("shown:N", title="Value"),
    ]
    width = alt.ExprRef("width < 240 ? 1.5 : 2")
    chart = alt.layer(
        layer("band", alt.Chart().mark_area(color="var(--band)"), detail=line, y2="y2:Q"),
        layer(
            "target",
            alt.Chart().mark_line(strokeDash=[3, 3], color="var(--ink3)", strokeWidth=1),
            detail=line,
        ),
        layer("line", alt.Chart().mark_line(color="var(--ink2)", strokeWidth=width), detail=line),
        layer(
            "approach",
            alt.Chart().mark_line(color="var(--ink2)", strokeWidth=width, strokeDash=[4, 3]),
            detail=line,
        ),
        layer(
            "end",
            alt.Chart().mark_point(
                shape="circle", size=46, filled=True, opacity=1, color="var(--ink)"
            ),
        ),
        layer(
            "open",
            alt.Chart().mark_point(
                shape="circle",
                size=46,
                filled=True,
                opacity=1,
                color="var(--page)",
                stroke="var(--ink)",
                strokeWidth=2,
            ),
        ),
        *(
            layer(
                name,
                alt.Chart().mark_point(
                    shape="diamond", size=60, filled=True, opacity=1, color=colour
                ),
            )
            for name, colour in SIGNAL_COLOURS.items()
        ),
        layer("hit", alt.Chart().mark_point(size=260, filled=True, opacity=0), tooltip=tooltip),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
    )
    return without_data(chart)
