"""The SLA page's charts over the window: response ÷ target by priority, lateness by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd
from babel.dates import get_day_names

from metrics.model import Unit
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import Formats
from metrics.report.words import NO_MEMBER
from metrics.sla.model import OVER_SLOT, SLOTS_A_TARGET, HeatCell, HeatMap, Responses

STRIP_COLUMNS = ("mark", "x", "x2", "y", "y2", "text", "aside", "shown", "n")
HEAT_COLUMNS = ("mark", "column", "row", "opacity", "text", "shown", "late", "n")
# The bars' places: 24 slots, one for all beyond, a gap, one for the unanswered.
UNANSWERED_AT = OVER_SLOT + 4
WIDTH = UNANSWERED_AT + 1
# A cell's opacity of "bad": ink on it keeps its contrast.
FAINTEST, DEEPEST = 0.03, 0.55


@dataclass(frozen=True)
class StripSize:
    """In px: of a priority's words, of its bars, of the axis below, of text."""

    head: int
    bars: int
    axis: int
    text: float

    def height(self, rows: int) -> int:
        return rows * (self.head + self.bars) + self.axis


@dataclass(frozen=True)
class HeatSize:
    """In px: of the chart, of the weekdays' names, of text."""

    height: int
    left: int
    text: float


STRIP_DESK, STRIP_ROOM = StripSize(24, 46, 22, 13.0), StripSize(34, 70, 30, 18.0)
HEAT_DESK, HEAT_ROOM = HeatSize(232, 36, 12.5), HeatSize(342, 52, 18.0)


# -- response ÷ target --------------------------------------------------------------------------


def priority_name(found: Responses, formats: Formats) -> str:
    """``P1 · 1 h``; of the rarer ones together how many they are."""
    if found.target_hours is None:
        return f"{found.priorities} others"
    name = NO_MEMBER if found.priority is None else found.priority
    return f"{name} · {formats.target(found.target_hours, Unit.HOURS)}"


def in_time_words(found: Responses, formats: Formats) -> str:
    """``88.4% in time of 285``; without any due handoff so much in words."""
    states = found.window
    if states.adherence is None:
        return f"none due yet, {formats.plain(states.pending)} pending"
    share = formats.value(states.adherence, Unit.SHARE)
    return f"{share} in time of {formats.plain(states.due)}"


def strip_data(responses: Sequence[Responses], formats: Formats) -> pd.DataFrame:
    """Bars by priority, ``STRIP_COLUMNS``; a row is one high: its words above, its bars below."""
    rows: list[tuple[Any, ...]] = []
    for row, found in enumerate(responses):
        name = priority_name(found, formats)
        rows.append(
            ("label", 0.0, None, float(row), None, name, in_time_words(found, formats), "", 0)
        )
        bars = list(enumerate(found.slots))
        bars.append((UNANSWERED_AT, found.window.unanswered))
        tallest = max((n for _, n in bars), default=0)
        for slot, n in bars:
            if n:
                mark = _slot_mark(slot)
                shown = f"{name}: {_slot_words(slot)}"
                rows.append((mark, slot + 0.08, slot + 0.92, row, n / tallest, "", "", shown, n))
        rows.append(("target", SLOTS_A_TARGET, None, row, None, "", "", "", 0))
        rows.append(("base", 0.0, WIDTH, row, None, "", "", "", 0))
    ticks: tuple[tuple[float, str], ...] = (
        (0.0, "0×"),
        (SLOTS_A_TARGET / 2, "½×"),
        (SLOTS_A_TARGET, "target"),
        (2 * SLOTS_A_TARGET, "2×"),
        (OVER_SLOT + 0.5, "3×+"),
        (WIDTH, "none"),
    )
    for at, text in ticks:
        mark = "axis-first" if at == 0 else "axis-last" if at == WIDTH else "axis"
        rows.append((mark, at, None, len(responses), None, text, "", "", 0))
    frame = pd.DataFrame(rows, columns=list(STRIP_COLUMNS))
    return frame.astype(dict.fromkeys(("x", "x2", "y", "y2"), "float64"))


def _slot_mark(slot: int) -> str:
    if slot == UNANSWERED_AT:
        return "none"
    return "met" if slot < SLOTS_A_TARGET else "late"


def _slot_words(slot: int) -> str:
    if slot == UNANSWERED_AT:
        return "past due, not answered"
    if slot == OVER_SLOT:
        return "more than 3× the target"
    return f"{slot / SLOTS_A_TARGET:.3g}–{(slot + 1) / SLOTS_A_TARGET:.3g}× the target"


def strip_words(responses: Sequence[Responses], formats: Formats) -> str:
    """The chart in words."""
    parts = [
        f"{priority_name(r, formats)}: {in_time_words(r, formats)}, "
        f"{formats.plain(r.window.unanswered)} not answered"
        for r in responses
    ]
    return "; ".join(parts)


@lru_cache
def strip_spec(rows: int, size: StripSize) -> dict[str, Any]:
    """The spec for so many priorities, without data; shared, so the caller must not change it."""
    step = size.head + size.bars
    height = size.height(rows)
    x_scale = alt.Scale(domain=[0, WIDTH], range=[0, alt.ExprRef("width")], nice=False, zero=False)
    y_scale = alt.Scale(domain=[0, height], range=[0, height], nice=False, zero=False)
    x = alt.X("x:Q", axis=None, scale=x_scale)
    y = alt.Y("top:Q", axis=None, scale=y_scale)
    floor = f"datum.y * {step} + {step - 1}"

    def layer(mark: str, drawn: alt.Chart, top: str, **more: Any) -> Any:
        made = drawn.transform_filter(alt.datum.mark == mark).transform_calculate(
            top=top, floor=floor
        )
        return made.encode(**({"x": x, "y": y} | more))

    def bar(mark: str, **style: Any) -> Any:
        top = f"datum.y * {step} + {step - 1} - datum.y2 * {size.bars - 6}"
        return layer(
            mark,
            alt.Chart().mark_rect(**style),
            top,
            x2="x2:Q",
            y2="floor:Q",
            tooltip=[alt.Tooltip("shown:N", title=" "), alt.Tooltip("n:Q", title="Handoffs")],
        )

    def words(mark: str, top: str, field: str = "text", **style: Any) -> Any:
        given: dict[str, Any] = {"color": "var(--ink2)", "fontSize": size.text} | style
        at = {"x": alt.value("width")} if field == "aside" else {}
        return layer(mark, alt.Chart().mark_text(**given), top, text=alt.Text(f"{field}:N"), **at)

    middle, axis = f"datum.y * {step} + {size.head / 2}", str(height - 4)
    below: dict[str, Any] = {"baseline": "bottom"}
    chart = alt.layer(
        layer("base", alt.Chart().mark_rule(color="var(--track)"), floor, x2="x2:Q"),
        bar("met", color="var(--ink3)"),
        bar("late", color="var(--bad)"),
        bar("none", fillOpacity=0.12, fill="var(--bad)", stroke="var(--bad)", strokeWidth=1.5),
        layer(
            "target",
            alt.Chart().mark_rule(color="var(--ink)", strokeWidth=2),
            f"datum.y * {step} + {size.head - 2}",
            y2="floor:Q",
        ),
        words("label", middle, align="left", baseline="middle", fontWeight=600, color="var(--ink)"),
        words("label", middle, "aside", align="right", baseline="middle"),
        words("axis", axis, align="center", **below),
        words("axis-first", axis, align="left", **below),
        words("axis-last", axis, align="right", **below),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=height,
    )
    return without_data(chart, font=FONT)


# -- lateness by hour of the week ---------------------------------------------------------------


def heat_data(heat: HeatMap, formats: Formats) -> pd.DataFrame:
    """Cells and the names of rows and columns, ``HEAT_COLUMNS``; the depth is the late share."""
    days = get_day_names("abbreviated", locale=formats.locale)
    weekdays = sorted({cell.weekday for cell in heat.cells})
    hours = sorted({cell.hour for cell in heat.cells})
    columns = range(hours[0], hours[-1] + heat.width, heat.width) if hours else range(0)
    deepest = max((c.late.share or 0.0 for c in heat.cells if not c.is_small), default=0.0)
    rows: list[tuple[Any, ...]] = []
    for cell in heat.cells:
        at = (cell.hour - columns[0]) / heat.width
        rows.append(
            ("cell", at, weekdays.index(cell.weekday), *_drawn(cell, deepest, heat, formats))
        )
    for index, weekday in enumerate(weekdays):
        rows.append(("day", 0.0, index, 0.0, days[weekday - 1], "", "", 0))
    for index, hour in enumerate(columns):
        every = max(1, round(len(columns) / 8))
        if index % every == 0:
            rows.append(("hour", index, len(weekdays), 0.0, str(hour), "", "", 0))
    frame = pd.DataFrame(rows, columns=list(HEAT_COLUMNS))
    return frame.astype(dict.fromkeys(("column", "row", "opacity"), "float64"))


def _drawn(cell: HeatCell, deepest: float, heat: HeatMap, formats: Formats) -> tuple[Any, ...]:
    share = cell.late.share or 0.0
    shown = f"{_day(cell, formats)} {hours_words(cell, heat)}"
    late = f"{formats.value(share, Unit.SHARE)} ({cell.late.count} of {cell.late.total})"
    if cell.is_small:
        return FAINTEST, "·", shown, f"{late}, too few to tell", cell.late.total
    depth = share / deepest if deepest else 0.0
    opacity = FAINTEST + depth * (DEEPEST - FAINTEST)
    return opacity, f"{share * 100:.0f}", shown, late, cell.late.total


def _day(cell: HeatCell, formats: Formats) -> str:
    return get_day_names("wide", locale=formats.locale)[cell.weekday - 1]


def hours_words(cell: HeatCell, heat: HeatMap) -> str:
    """``16–18 h``: the hours that a cell covers."""
    return f"{cell.hour}–{cell.hour + heat.width} h"


def worst_words(heat: HeatMap, formats: Formats) -> str:
    """The worst cell in a sentence, or that no hour stands out."""
    overall = heat.overall.share
    if overall is None:
        return "No handoff was due."
    usual = formats.value(overall, Unit.SHARE)
    if heat.worst is None:
        return f"No hour stands out: chance explains every cell's distance from {usual} late."
    worst = heat.worst
    share = formats.value(worst.late.share, Unit.SHARE)
    return (
        f"Worst: {_day(worst, formats)} {hours_words(worst, heat)}, {share} late "
        f"({worst.late.count} of {worst.late.total}); all hours {usual}."
    )


@lru_cache
def heat_spec(columns: int, rows: int, size: HeatSize) -> dict[str, Any]:
    """The spec of a grid, without data; shared, so the caller must not change it."""
    axis = size.text * 1.7
    cell_height = (size.height - axis) / max(rows, 1)
    x_scale = alt.Scale(
        domain=[0, columns], range=[size.left, alt.ExprRef("width")], nice=False, zero=False
    )
    y_scale = alt.Scale(domain=[0, rows], range=[0, size.height - axis], nice=False, zero=False)
    gap = f"2 * {columns} / (width - {size.left})"
    # Where a cell is narrow its figure would not fit.
    font = alt.ExprRef(
        f"(width - {size.left}) / {columns} < {size.text * 1.5} ? 0 : min({size.text}, 18)"
    )

    def layer(mark: str, drawn: alt.Chart, at_x: str, at_y: str, **more: Any) -> Any:
        made = drawn.transform_filter(alt.datum.mark == mark).transform_calculate(
            left="datum.column",
            right=f"datum.column + 1 - {gap}",
            middle=f"datum.column + 0.5 - {gap} / 2",
            top="datum.row",
            bottom=f"datum.row + 1 - {2 / cell_height}",
            centre=f"datum.row + 0.5 - {1 / cell_height}",
        )
        placed = {
            "x": alt.X(f"{at_x}:Q", axis=None, scale=x_scale),
            "y": alt.Y(f"{at_y}:Q", axis=None, scale=y_scale),
        }
        return made.encode(**(placed | more))

    tooltip = [
        alt.Tooltip("shown:N", title="Handed over"),
        alt.Tooltip("late:N", title="Late"),
    ]
    quiet: dict[str, Any] = {"color": "var(--ink2)", "fontSize": size.text}
    chart = alt.layer(
        layer(
            "cell",
            alt.Chart().mark_rect(fill="var(--bad)"),
            "left",
            "top",
            x2="right:Q",
            y2="bottom:Q",
            fillOpacity=alt.FillOpacity("opacity:Q", scale=None),
            tooltip=tooltip,
        ),
        layer(
            "cell",
            alt.Chart().mark_text(color="var(--ink)", fontSize=font, baseline="middle"),
            "middle",
            "centre",
            text=alt.Text("text:N"),
            tooltip=tooltip,
        ),
        layer(
            "day",
            alt.Chart().mark_text(**quiet, align="left", baseline="middle"),
            "left",
            "centre",
            x=alt.value(0),
            text=alt.Text("text:N"),
        ),
        layer(
            "hour",
            alt.Chart().mark_text(**quiet, align="left", baseline="bottom"),
            "left",
            "top",
            y=alt.value(size.height - 2),
            text=alt.Text("text:N"),
        ),
        padding={"left": 0, "right": 0, "top": 0, "bottom": 0},
        height=size.height,
    )
    return without_data(chart, font=FONT)
