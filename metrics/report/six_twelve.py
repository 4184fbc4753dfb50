"""Six weeks and twelve months in one chart: its rows and its Vega-Lite spec.

One axis of 19 slots: 6 weeks, a gap that holds the names of the lines, 12 months. A rate has one
scale for all; a count of weeks and one of months differ in size, so each part has its own, weeks
to the left and months to the right. All positions are made when the rows are (0 at the bottom, 1
at the top), so that one cached spec serves every KPI.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.kpi import Kpi, TrendPoint
from metrics.model import Kind, Status
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import Formats
from metrics.report.labels import Label, place_labels, spread
from metrics.report.line_chart import Size, chart_rows, layers_on
from metrics.report.scales import Axis, axis_of

SLOTS, GAP, FIRST_MONTH = 19, 6, 7
OPEN = (Status.PARTIAL, Status.MATURING)
STATES = {Status.PARTIAL: "partial", Status.MATURING: "maturing"}


DESK, ROOM = Size(240, 12.5, 12, 30), Size(278, 18.0, 12, 30)


def is_split(kpi: Kpi) -> bool:
    """Whether weeks and months have a scale each: what adds up is larger over a month."""
    return kpi.metric.kind in (Kind.COUNT, Kind.SUM)


class _Rows:
    """Collects the rows of one chart."""

    def __init__(self, kpi: Kpi, formats: Formats, size: Size) -> None:
        self.kpi = kpi
        self.formats = formats
        self.size = size
        self.unit = kpi.metric.unit
        self.rows: list[tuple[Any, ...]] = []

    def add(
        self, mark: str, x: float, y: float, text: str = "", *, line: str = "", **more: Any
    ) -> None:
        self.rows.append(
            (
                mark,
                line,
                x,
                more.get("x2"),
                y,
                more.get("y2"),
                text,
                more.get("short", text),
                more.get("period", ""),
                more.get("shown", ""),
            )
        )

    def block(self, points: Sequence[TrendPoint], first: int, axis: Axis) -> None:
        """The lines, dots and labels of the weeks or of the months."""
        self._this_year(points, first, axis)
        for n, point in enumerate(points):
            x = first + n
            self.add("slot", x, 0, point.label, short=_short(point.label))
            if point.last_year is not None:
                self.add("last", x, axis.share(point.last_year), line=f"l{first}")
            if point.target is not None:
                self.add("target", x, axis.share(point.target), line=f"t{first}")
            self._hit(point, x, axis)
            if point.limits is not None:
                low, high = (axis.share(v) for v in (point.limits.low, point.limits.high))
                self.add("band", x - 0.5, max(0.0, low), x2=x + 0.5, y2=min(1.0, high))
        self._labels(points, first, axis)

    def _this_year(self, points: Sequence[TrendPoint], first: int, axis: Axis) -> None:
        # A gap in the data is a gap in the line: each unbroken run is a line of its own.
        run = 0
        last: tuple[float, float] | None = None
        for x, point in enumerate(points, start=first):
            if point.value is None:
                run, last = run + 1, None
                if point.status in OPEN:
                    self.add("hole", x, 0.04, "◔")
                continue
            here = (float(x), axis.share(point.value))
            if point.status in OPEN:
                if last is not None:
                    self.add("approach", *last, line=f"a{x}")
                    self.add("approach", *here, line=f"a{x}")
                run += 1
                self.add("open", *here)
            else:
                self.add("line", *here, line=f"{first}-{run}")
                self.add(_dot(point), *here)
            last = here

    def _hit(self, point: TrendPoint, x: int, axis: Axis) -> None:
        state = f" ({STATES[point.status]})" if point.status in OPEN else ""
        value = "–" if point.value is None else self.formats.exact(point.value, self.unit)
        shown = value + state
        if point.last_year is not None:
            shown += f"; a year before {self.formats.exact(point.last_year, self.unit)}"
        if point.target is not None:
            shown += f"; target {self.formats.target(point.target, self.unit)}"
        y = 0.04 if point.value is None else axis.share(point.value)
        self.add("hit", x, y, period=point.label, shown=shown)

    def _labels(self, points: Sequence[TrendPoint], first: int, axis: Axis) -> None:
        height, font = self.size.plot, self.size.text

        def pixels(values: list[float | None]) -> list[float | None]:
            return [None if v is None else axis.share(v) * height for v in values]

        texts = []
        for point in points:
            text = "" if point.value is None else self.formats.value(point.value, self.unit)
            texts.append(text)
        lines = [
            pixels([p.value for p in points]),
            pixels([p.last_year for p in points]),
            pixels([p.target for p in points]),
        ]
        for label in place_labels(texts, lines, font, height):
            self._label(label, points[label.slot], first, len(points))

    def _label(self, label: Label, point: TrendPoint, first: int, count: int) -> None:
        is_last = label.slot == count - 1
        kind = "strong" if is_last and first == 0 else "kept" if is_last else "label"
        self.add(kind, first + label.slot, label.y / self.size.plot, label.text)

    def grid(self, axis: Axis, left: float, right: float, *, at_right: bool = False) -> None:
        for tick in axis.ticks():
            y = axis.share(tick)
            text = self.formats.target(tick, self.unit)
            self.add("grid", left, y, x2=right)
            self.add("tick-right" if at_right else "tick", left, y, text)

    def names(self, axis: Axis) -> None:
        """What each line is, in the gap, at the height where the weeks end."""
        last = self.kpi.weeks[-1]
        year, before = self.kpi.years
        limit = "limit" if self.kpi.metric.direction == "down" else "target"
        named = [(year, last.value), (before, last.last_year), (limit, last.target)]
        known = [(text, axis.share(value)) for text, value in named if value is not None]
        gap = self.size.text * 1.35 / self.size.plot
        for (text, _), y in zip(known, spread([y for _, y in known], gap), strict=True):
            self.add("name", GAP, y, text)


def _dot(point: TrendPoint) -> str:
    """A point beyond the natural limits is a mark of its own, judged by its side."""
    if not point.is_outside:
        return "dot"
    judged = {True: "good", False: "bad", None: "none"}[point.is_better]
    return f"signal-{judged}"


def _short(label: str) -> str:
    """The label of a slot where a phone is narrow: "41", "O"."""
    return label.removeprefix("W") if label[1:].isdigit() else label[:1]


def _axis(points: Sequence[TrendPoint]) -> Axis:
    figures = [v for p in points for v in (p.value, p.last_year, p.target)]
    limits = [v for p in points if p.limits for v in (p.limits.low, p.limits.high)]
    return axis_of(v for v in (*figures, *limits) if v is not None)


def six_twelve_data(kpi: Kpi, formats: Formats, size: Size) -> pd.DataFrame:
    """The rows of the chart, with the columns ``COLUMNS``; ``mark`` names the layer."""
    rows = _Rows(kpi, formats, size)
    weeks = months = _axis((*kpi.weeks, *kpi.months))
    if is_split(kpi):
        weeks, months = _axis(kpi.weeks), _axis(kpi.months)
        rows.grid(weeks, -0.5, GAP - 0.5)
        rows.grid(months, GAP + 0.5, SLOTS - 0.5, at_right=True)
    else:
        rows.grid(weeks, -0.5, SLOTS - 0.5)
    rows.block(kpi.weeks, 0, weeks)
    rows.block(kpi.months, FIRST_MONTH, months)
    rows.names(weeks)
    return chart_rows(rows.rows)


def describe(kpi: Kpi, formats: Formats) -> str:
    """The chart in words, for whoever hears the page."""

    def told(points: Sequence[TrendPoint]) -> str:
        unit = kpi.metric.unit
        return ", ".join(
            f"{p.label} {'none' if p.value is None else formats.value(p.value, unit)}"
            for p in points
        )

    return f"{kpi.metric.label}. Weeks: {told(kpi.weeks)}. Months: {told(kpi.months)}."


@lru_cache
def six_twelve_spec(size: Size, split: bool) -> dict[str, Any]:
    """The Vega-Lite spec, without data; shared, so the caller must not change it."""
    left = f"(width < 600 ? 44 : {size.text * 4.4})"
    right = f"width - {left}" if split else "width - 4"
    layer = layers_on(size, SLOTS, left, right)
    line = alt.Detail("line:N")

    font = alt.ExprRef(f"width < 600 ? 11 : {size.text}")
    wide_only = alt.ExprRef(f"width < 600 ? 0 : {size.text}")

    def text(mark: str, halo: bool = True, fontSize: Any = font, **style: Any) -> list[Any]:  # noqa: N803
        """Text, on a halo of the page's colour so that no line crosses it."""
        more = style.pop("encode", {})
        shown = {"text": alt.Text("text:N")} | more
        plain: dict[str, Any] = {
            "color": "var(--ink)",
            "fontSize": fontSize,
            "baseline": "middle",
        } | style
        edge: dict[str, Any] = {"stroke": "var(--page)", "strokeWidth": 4, "strokeJoin": "round"}
        layers = [layer(mark, alt.Chart().mark_text(**plain, **edge), **shown)] if halo else []
        return [*layers, layer(mark, alt.Chart().mark_text(**plain), **shown)]

    slot_text = alt.Text("label:N")
    quiet: dict[str, Any] = {"color": "var(--ink2)"}
    dot: dict[str, Any] = {"shape": "circle", "filled": True, "opacity": 1}
    hues = {"good": "var(--good)", "bad": "var(--bad)", "none": "var(--ink)"}
    chart = alt.layer(
        layer("band", alt.Chart().mark_rect(color="var(--band)"), x2="x2:Q", y2="y2:Q"),
        layer("grid", alt.Chart().mark_rule(color="var(--hairline)"), x2="x2:Q"),
        *text("tick", False, align="left", encode={"x": alt.value(0)}, **quiet),
        *text("tick-right", False, align="right", encode={"x": alt.value("width")}, **quiet),
        layer(
            "last",
            alt.Chart().mark_line(color="var(--ink3)", strokeWidth=1.5, strokeDash=[2, 2]),
            detail=line,
        ),
        layer(
            "target",
            alt.Chart().mark_line(color="var(--ink2)", strokeWidth=1.2, strokeDash=[6, 4]),
            detail=line,
        ),
        layer("line", alt.Chart().mark_line(color="var(--ink)", strokeWidth=2), detail=line),
        layer(
            "approach",
            alt.Chart().mark_line(color="var(--ink)", strokeWidth=2, strokeDash=[2, 3]),
            detail=line,
        ),
        layer("dot", alt.Chart().mark_point(size=46, color="var(--ink)", **dot)),
        layer(
            "open",
            alt.Chart().mark_point(
                size=60, color="var(--page)", stroke="var(--ink)", strokeWidth=2, **dot
            ),
        ),
        *(
            layer(
                f"signal-{name}",
                alt.Chart().mark_point(
                    shape="diamond", size=110, filled=True, opacity=1, color=hue
                ),
            )
            for name, hue in hues.items()
        ),
        *text("label", fontSize=wide_only),
        *text("kept"),
        *text("strong", fontWeight=600),
        *text("hole", False, **quiet),
        *text("name", fontSize=wide_only, **quiet),
        layer(
            "slot",
            alt.Chart()
            .transform_calculate(label="width < 600 ? datum.short : datum.text")
            .mark_text(color="var(--ink2)", fontSize=font, baseline="bottom"),
            y=alt.value(size.height - 3),
            text=slot_text,
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
