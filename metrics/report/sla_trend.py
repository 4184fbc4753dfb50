"""Up to 13 periods of one KPI as a line with its natural limits, target and signals.

The points are a tile's own, so that page and scorecard show the same limits. Positions are made
with the rows (0 at the bottom, 1 at the top): one cached spec serves every KPI.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any

import altair as alt
import pandas as pd

from metrics.model import Status
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import Formats
from metrics.report.labels import spread
from metrics.report.line_chart import COLUMNS, Size, chart_rows, layers_on
from metrics.report.scales import Axis, axis_of
from metrics.scorecard import Point, Tile

POINTS = 13
OPEN = {Status.PARTIAL: " (to date)", Status.MATURING: " (some not yet due)"}


DESK, ROOM = Size(132, 12.5, 10, 28), Size(190, 18.0, 10, 28)


class _Rows:
    """Collects the rows of one chart."""

    def __init__(self, tile: Tile, formats: Formats, size: Size) -> None:
        self.tile, self.formats, self.size = tile, formats, size
        self.unit = tile.metric.unit
        self.points = tile.points[-POINTS:]
        self.first = POINTS - len(self.points)
        # A running period's target is not reached yet; its pace is no line either.
        known = tile.target is not None and not tile.target.is_pace
        self.target = tile.target.value if known and tile.target else None
        self.axis = self._axis()
        self.rows: list[tuple[Any, ...]] = []

    def _axis(self) -> Axis:
        values = [p.value for p in self.points if p.value is not None]
        limits = [v for p in self.points if p.limits for v in (p.limits.low, p.limits.high)]
        target = [] if self.target is None else [self.target]
        return axis_of([*values, *limits, *target], headroom=0.12)

    def add(self, mark: str, x: float, y: float, text: str = "", **more: Any) -> None:
        row = {"mark": mark, "line": "", "x": x, "y": y, "text": text, "short": text} | more
        self.rows.append(tuple(row.get(name) for name in COLUMNS))

    def all(self) -> list[tuple[Any, ...]]:
        for tick in self.axis.ticks(3):
            y = self.axis.share(tick)
            self.add("grid", -0.5, y, x2=POINTS - 0.5)
            self.add("tick", -0.5, y, self.formats.target(tick, self.unit))
        for n, point in enumerate(self.points, start=self.first):
            self._slot(n, point)
        self._bands()
        self._line()
        if self.target is not None:
            y = self.axis.share(self.target)
            for x in (-0.5, POINTS - 0.5):
                self.add("target", x, y, line="target")
        self._labels()
        return self.rows

    def _slot(self, x: int, point: Point) -> None:
        every = (POINTS - 1 - x) % 3 == 0
        self.add("slot", x, 0, point.label, short=point.label if every else "")
        shown = "–" if point.value is None else self.formats.exact(point.value, self.unit)
        if point.limits is not None:
            usual = (
                self.formats.value(v, self.unit) for v in (point.limits.low, point.limits.high)
            )
            shown += f" (usual {'–'.join(usual)})"
        y = 0.04 if point.value is None else self.axis.share(point.value)
        self.add("hit", x, y, period=point.label, shown=shown + OPEN.get(point.status, ""))

    def _bands(self) -> None:
        """One stretch of band for all neighbours with the same limits: no seam between them."""
        x = float(self.first) - 0.5
        for limits, points in groupby(self.points, key=lambda point: point.limits):
            end = x + len(list(points))
            if limits is not None:
                low, high = self.axis.share(limits.low), self.axis.share(limits.high)
                self.add("band", x, max(0.0, low), x2=end, y2=min(1.0, high))
            x = end

    def _line(self) -> None:
        """A gap in the data is a gap in the line; what is not final is hollow and dashed."""
        run, last = 0, None
        for x, point in enumerate(self.points, start=self.first):
            if point.value is None:
                run, last = run + 1, None
                continue
            here = (float(x), self.axis.share(point.value))
            if point.status in OPEN:
                if last is not None:
                    for at in (last, here):
                        self.add("approach", *at, line=f"a{x}")
                run += 1
                self.add("open", *here)
            else:
                self.add("line", *here, line=str(run))
                self._dot(x, point, here)
            last = here

    def _dot(self, x: int, point: Point, here: tuple[float, float]) -> None:
        is_last = x == POINTS - 1
        better = point.is_better
        if is_last and self.tile.signal is not None:
            better = self.tile.signal.is_better
        elif not point.is_outside:
            if is_last:
                self.add("dot", *here)
            return
        self.add({True: "signal-good", False: "signal-bad", None: "signal"}[better], *here)

    def _labels(self) -> None:
        """The newest figure and the target, each at its height and neither on the other."""
        named: list[tuple[str, str, float]] = []
        last = self.points[-1] if self.points else None
        if last is not None and last.value is not None:
            text = self.formats.value(last.value, self.unit)
            named.append(("value", text, self.axis.share(last.value)))
        if self.target is not None:
            word = "limit" if self.tile.metric.direction == "down" else "target"
            text = f"{word} {self.formats.target(self.target, self.unit)}"
            named.append(("aim", text, self.axis.share(self.target)))
        gap = self.size.text * 1.4 / self.size.plot
        for (mark, text, _), y in zip(named, spread([y for *_, y in named], gap), strict=True):
            self.add(mark, POINTS - 0.5, y, text)


def trend_data(tile: Tile, formats: Formats, size: Size) -> pd.DataFrame:
    """The rows of the chart, with the columns ``COLUMNS``; empty without any value."""
    found = (
        _Rows(tile, formats, size).all() if any(p.value is not None for p in tile.points) else []
    )
    return chart_rows(found)


def describe(tile: Tile, formats: Formats) -> str:
    """The chart in words, for whoever hears the page."""
    unit = tile.metric.unit
    told = ", ".join(
        f"{p.label} {'none' if p.value is None else formats.value(p.value, unit)}"
        + (" (beyond usual)" if p.is_outside else "")
        for p in tile.points[-POINTS:]
    )
    return f"{tile.label}: {told}."


@lru_cache
def trend_spec(size: Size) -> dict[str, Any]:
    """The Vega-Lite spec, without data; shared, so the caller must not change it."""
    left = f"(width < 500 ? 40 : {size.text * 3.4})"
    right = f"width - (width < 500 ? 72 : {size.text * 6.4})"
    layer = layers_on(size, POINTS, left, right)
    line = alt.Detail("line:N")
    font = alt.ExprRef(f"width < 500 ? 11.5 : {size.text}")

    def text(mark: str, color: str, weight: Any = 400, **more: Any) -> Any:
        drawn = alt.Chart().mark_text(
            color=f"var(--{color})", fontSize=font, fontWeight=weight, baseline="middle", **more
        )
        return layer(mark, drawn, text=alt.Text("text:N"))

    def drawn_line(mark: str, color: str, width: float, dash: list[int] | None = None) -> Any:
        style: dict[str, Any] = {"strokeDash": dash} if dash else {}
        drawn = alt.Chart().mark_line(color=f"var(--{color})", strokeWidth=width, **style)
        return layer(mark, drawn, detail=line)

    solid: dict[str, Any] = {"filled": True, "opacity": 1}
    signals = {"signal-good": "good", "signal-bad": "bad", "signal": "ink"}
    is_phone = "width < 500"
    chart = alt.layer(
        layer("band", alt.Chart().mark_rect(color="var(--band)"), x2="x2:Q", y2="y2:Q"),
        layer("grid", alt.Chart().mark_rule(color="var(--hairline)"), x2="x2:Q"),
        layer(
            "tick",
            alt.Chart().mark_text(
                color="var(--ink2)", fontSize=font, align="left", baseline="middle"
            ),
            x=alt.value(0),
            text=alt.Text("text:N"),
        ),
        drawn_line("target", "ink2", 1.2, [6, 4]),
        drawn_line("line", "ink", 2),
        drawn_line("approach", "ink", 2, [2, 3]),
        layer("dot", alt.Chart().mark_point(shape="circle", size=70, color="var(--ink)", **solid)),
        layer(
            "open",
            alt.Chart().mark_point(
                shape="circle",
                size=70,
                color="var(--page)",
                stroke="var(--ink)",
                strokeWidth=2,
                **solid,
            ),
        ),
        *(
            layer(
                mark,
                alt.Chart().mark_point(shape="diamond", size=120, color=f"var(--{hue})", **solid),
            )
            for mark, hue in signals.items()
        ),
        text("value", "ink", 600, align="left", dx=8),
        text("aim", "ink2", align="left", dx=8),
        layer(
            "slot",
            alt.Chart()
            .transform_calculate(label=f"{is_phone} ? datum.short : datum.text")
            .mark_text(color="var(--ink2)", fontSize=font, baseline="bottom"),
            y=alt.value(size.height - 4),
            text=alt.Text("label:N"),
        ),
        layer(
            "hit",
            alt.Chart().mark_point(size=500, filled=True, opacity=0),
            tooltip=[
                alt.Tooltip("period:N", title="Period"),
                alt.Tooltip("shown:N", title="Value"),
            ],
        ),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=size.height,
    )
    return without_data(chart, font=FONT)
