"""The funnel page's charts: specs without data, and the small frames that they draw.

Two forms serve all: *rows* (bars downwards with their words left and right: stages, waterfall)
and *curves* over age. A spec is built once a form and size; its colours are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.funnel.model import MOVES, Conversion, Movement, StageCounts
from metrics.funnel.question import STAGE_LABELS
from metrics.model import Unit
from metrics.report.chart_spec import without_data
from metrics.report.format import Formats

FONT = '"Source Sans", "Source Sans Pro", sans-serif'
ROW_COLUMNS = ("row", "label", "value", "note", "kind", "x0", "x1", "link")
CURVE_COLUMNS = ("part", "cohort", "rank", "day", "share", "low", "high", "shown")
MOVE_LABELS = {
    "opening": "Opening",
    "created": "created",
    "slipped_in": "slipped in",
    "grown": "grown",
    "shrunk": "shrunk",
    "slipped_out": "slipped out",
    "lost": "lost",
    "won": "won",
}


@dataclass(frozen=True)
class Size:
    """Pixels of one way to look: at a desk, or projected."""

    row: int
    text: int
    left: int  # what the row's words take
    right: int
    curve: int


DESK = Size(row=30, text=13, left=88, right=172, curve=262)
PROJECTED = Size(row=44, text=20, left=136, right=262, curve=360)


# -- the data ---------------------------------------------------------------------------------


def _rows(rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(ROW_COLUMNS))
    return frame.astype({"x0": "float64", "x1": "float64", "link": "float64"})


def cohort_rows(counts: StageCounts, formats: Formats) -> pd.DataFrame:
    """A bar a stage, ``ROW_COLUMNS``; its pale end are the leads that may still arrive."""
    rows: list[tuple[Any, ...]] = []
    first = counts.cohort[0].reached
    for index, stage in enumerate(counts.cohort):
        # A young cohort is never shown as a low rate: while leads may still arrive there is none.
        note = ""
        if stage.maturing:
            note = f"◔ {formats.plain(stage.maturing)} may still"
        elif index and first:
            note = formats.value(stage.reached / first, Unit.SHARE)
        label, reached = STAGE_LABELS[stage.stage], stage.reached
        rows.append(
            (index, label, formats.plain(reached), note, "solid", 0.0, reached, None),
        )
        rows.append((index, "", "", "", "pale", reached, reached + stage.maturing, None))
    return _rows(rows)


def period_rows(counts: StageCounts, formats: Formats) -> pd.DataFrame:
    """A bar a stage, ``ROW_COLUMNS``: entries, with no rate between them."""
    return _rows(
        [
            (index, STAGE_LABELS[stage], formats.plain(n), "", "solid", 0.0, n, None)
            for index, (stage, n) in enumerate(zip(counts.stages, counts.period, strict=True))
        ]
    )


def movement_rows(movement: Movement, formats: Formats) -> pd.DataFrame:
    """The waterfall, ``ROW_COLUMNS``; ``link`` is where the next row begins."""
    rows: list[tuple[Any, ...]] = []
    level = 0.0
    for index, (name, sign) in enumerate(MOVES.items()):
        sums = movement.moves[name]
        change = sign * float(sums.amount)
        kind = "solid" if name == "opening" else "plus" if sign > 0 else "minus"
        shown = formats.value(float(sums.amount), Unit.MONEY)
        if name != "opening":
            shown = formats.difference(change, Unit.MONEY)
        note = formats.plain(sums.count)
        x0, x1 = min(level, level + change), max(level, level + change)
        level += change
        rows.append((index, MOVE_LABELS[name], shown, note, kind, x0, x1, level))
    closing = float(movement.closing.amount)
    shown, note = formats.value(closing, Unit.MONEY), formats.plain(movement.closing.count)
    rows.append((len(rows), "Closing", shown, note, "solid", 0.0, closing, None))
    return _rows(rows)


def curve_data(conversion: Conversion, formats: Formats) -> pd.DataFrame:
    """Lines, the first cohort's band and the names at their ends, ``CURVE_COLUMNS``.

    ``part``: "line" up to the age that a whole cohort has reached, "approach" beyond it, "band",
    "end" (the name). ``rank`` 0 is the view's cohort.
    """
    rows: list[tuple[Any, ...]] = []
    ends: list[tuple[int, str, int, float]] = []
    for rank, curve in enumerate(conversion.curves):
        for point in curve.points:
            shown = f"{formats.value(point.share, Unit.SHARE)} of {formats.plain(curve.leads)}"
            at = (curve.label, rank, point.day, point.share, point.low, point.high, shown)
            if point.day <= curve.age:
                rows.append(("line", *at))
            if point.day >= curve.age:
                rows.append(("approach", *at))
            if rank == 0:
                rows.append(("band", *at))
        if curve.points:
            ends.append((rank, curve.label, curve.points[-1].day, curve.points[-1].share))
    tallest = max((point.share for c in conversion.curves for point in c.points), default=0.0)
    for rank, label, day, share in _apart(ends, tallest * 0.09, shown_days(conversion) * 0.1):
        rows.append(("end", label, rank, day, share, share, share, ""))
    return pd.DataFrame(rows, columns=list(CURVE_COLUMNS)).astype(
        {"day": "float64", "share": "float64", "low": "float64", "high": "float64"}
    )


def _apart(
    ends: Sequence[tuple[int, str, int, float]], gap: float, near_days: float
) -> list[tuple[int, str, int, float]]:
    """The names at the ends of lines, pushed upwards until none covers another."""
    placed: list[tuple[int, str, int, float]] = []
    for rank, label, day, share in sorted(ends, key=lambda end: end[3]):
        for _, _, other_day, other in placed:
            if abs(other_day - day) < near_days and share - other < gap:
                share = other + gap
        placed.append((rank, label, day, share))
    return placed


# -- the specs --------------------------------------------------------------------------------


def _finished(chart: alt.LayerChart | alt.FacetChart) -> dict[str, Any]:
    return without_data(chart, font=FONT)


def _size(projected: bool) -> Size:
    return PROJECTED if projected else DESK


@lru_cache
def rows_spec(rows: int, projected: bool) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of so many rows. Shared: do not change it."""
    size = _size(projected)
    x_scale = alt.Scale(
        range=[alt.ExprRef(str(size.left)), alt.ExprRef(f"max(width - {size.right}, {size.left})")],
        nice=False,
        zero=True,
    )
    y_scale = alt.Scale(domain=[0, rows], range=[0, rows * size.row], nice=False, zero=True)
    x = alt.X("x0:Q", axis=None, scale=x_scale)
    base = alt.Chart()

    def y(offset: str) -> alt.Y:
        return alt.Y(f"{offset}:Q", axis=None, scale=y_scale)

    def bars(kind: str, **look: Any) -> alt.Chart:
        return (
            base.transform_filter(alt.datum.kind == kind)
            .transform_calculate(top="datum.row + 0.18", bottom="datum.row + 0.82")
            .mark_rect(**look)
            .encode(x=x, x2="x1:Q", y=y("top"), y2="bottom:Q")
        )

    def words(field: str, at: Any, **look: Any) -> alt.Chart:
        return (
            base.transform_calculate(middle="datum.row + 0.5")
            .mark_text(baseline="middle", fontSize=size.text, **look)
            .encode(x=at, y=y("middle"), text=f"{field}:N")
        )

    links = (
        base.transform_filter("isValid(datum.link)")
        .transform_calculate(top="datum.row + 0.5", bottom="datum.row + 1.5")
        .mark_rule(color="var(--ink3)", strokeWidth=1)
        .encode(x=alt.X("link:Q", axis=None, scale=x_scale), y=y("top"), y2="bottom:Q")
    )
    value_at = alt.value(alt.ExprRef(f"width - {size.right} * 0.64"))
    return _finished(
        alt.layer(
            links,
            bars("solid", color="var(--ink2)"),
            bars("pale", color="var(--track)"),
            bars("minus", color="var(--ink3)", opacity=0.55),
            bars("plus", color="var(--page)", stroke="var(--ink2)", strokeWidth=1.5),
            words("label", alt.value(0), align="left", color="var(--ink)"),
            words("value", value_at, align="right", color="var(--ink)", fontWeight=600),
            words("note", alt.value(alt.ExprRef("width")), align="right", color="var(--ink2)"),
            height=rows * size.row,
            padding={"left": 0, "right": 0, "top": 0, "bottom": 4},
        )
    )


def shown_days(conversion: Conversion) -> int:
    """How many days of age the curves need: whole months, one at least."""
    oldest = max((c.points[-1].day for c in conversion.curves if c.points), default=0)
    return min(conversion.horizon_days, max(30, -(-oldest // 30) * 30))


@lru_cache
def curve_spec(horizon_days: int, projected: bool) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of the conversion curves. Shared: do not change it."""
    size = _size(projected)
    axis: dict[str, Any] = {
        "labelFontSize": size.text,
        "labelColor": "var(--ink2)",
        "titleColor": "var(--ink2)",
        "titleFontSize": size.text,
        "titleFontWeight": 400,
        "domain": False,
        "ticks": False,
        "labelPadding": 6,
    }
    x = alt.X(
        "day:Q",
        axis=alt.Axis(grid=False, values=list(range(0, horizon_days + 1, horizon_days // 6)),
                      title="days since the first stage of the step", **axis),
        scale=alt.Scale(domain=[0, horizon_days],
                        range=[alt.ExprRef("0"), alt.ExprRef(f"width - {size.text * 5}")],
                        nice=False),
    )  # fmt: skip
    y_scale = alt.Scale(zero=True, nice=True)
    y_axis = alt.Axis(
        format=".0%", title=None, tickCount=5, grid=True, gridColor="var(--hairline)", **axis
    )
    y = alt.Y("share:Q", axis=y_axis, scale=y_scale)
    base = alt.Chart()

    def lines(part: str, first: bool, **look: Any) -> alt.Chart:
        which = "datum.rank == 0" if first else "datum.rank > 0"
        return (
            base.transform_filter(f"datum.part == '{part}' && {which}")
            .mark_line(interpolate="step-after", **look)
            .encode(x=x, y=y, detail="cohort:N")
        )

    def names(first: bool, **look: Any) -> alt.Chart:
        which = "datum.rank == 0" if first else "datum.rank > 0"
        return (
            base.transform_filter(f"datum.part == 'end' && {which}")
            .mark_text(align="left", dx=6, baseline="middle", fontSize=size.text, **look)
            .encode(x=x, y=y, text="cohort:N")
        )

    band = (
        base.transform_filter("datum.part == 'band'")
        .mark_area(interpolate="step-after", color="var(--track)", opacity=0.45)
        .encode(x=x, y=alt.Y("low:Q", axis=y_axis, scale=y_scale), y2="high:Q")
    )
    hits = (
        base.transform_filter("datum.part == 'line' || datum.part == 'approach'")
        .mark_point(size=80, opacity=0, filled=True)
        .encode(
            x=x,
            y=y,
            tooltip=[
                alt.Tooltip("cohort:N", title="Cohort"),
                alt.Tooltip("day:Q", title="Day"),
                alt.Tooltip("shown:N", title="Converted"),
            ],
        )
    )
    halo = {"stroke": "var(--page)", "strokeWidth": 4, "color": "var(--page)"}
    return _finished(
        alt.layer(
            band,
            lines("approach", False, color="var(--ink3)", strokeWidth=1.2, strokeDash=[2, 3]),
            lines("line", False, color="var(--ink3)", strokeWidth=1.6),
            lines("approach", True, color="var(--ink)", strokeWidth=2, strokeDash=[4, 3]),
            lines("line", True, color="var(--ink)", strokeWidth=3),
            names(False, **halo),
            names(True, **halo),
            names(False, color="var(--ink2)"),
            names(True, color="var(--ink)", fontWeight=600),
            hits,
            height=size.curve,
            padding={"left": 4, "right": 0, "top": 8, "bottom": 4},
        )
    )


def describe_stages(rows: pd.DataFrame, name: str) -> str:
    """A chart of stages in words; ``name`` is "cohort" or "period"."""
    told = ", ".join(
        f"{label} {value}"
        for label, value in zip(rows["label"], rows["value"], strict=True)
        if label
    )
    return f"Leads by stage, the {name}: {told}"


def describe_movement(rows: pd.DataFrame) -> str:
    """The pipeline's waterfall in words."""
    told = ", ".join(f"{a} {b}" for a, b in zip(rows["label"], rows["value"], strict=True))
    return f"Pipeline: {told}"
