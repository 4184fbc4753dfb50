"""The picture of a lead: marketing's touches above, sales' below, the stages between them.

Touches of one day in one lane are one dot. Times are the company's wall clock, told to the chart
as UTC, so that a viewer's own time zone moves nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.calendar import Calendar
from metrics.lead import Event, LeadStory
from metrics.model import Unit
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import Formats

COLUMNS = ("mark", "x", "x2", "y", "n", "filled", "text", "tip")
# Vertical places, from the top; the names of stages stand above their marks.
MARKETING, LABELS, STAGES, HANDOFFS = 0.35, 1.05, 1.4, 1.85
FIRST_LANE, LANE, DEAL = 2.35, 0.6, 0.42
PX_A_LANE = 62
MAX_DEALS = 4
# How much of the width a character of a label takes, on a desk and on a phone.
CHARACTERS = {"label": 0.0085, "narrow": 0.027}
SPELLED_OUT = 3


def lanes_of(story: LeadStory) -> tuple[str, ...]:
    """The lanes below the stages: sales, and partner and success where they touched the lead."""
    teams = {event.lane for event in story.events if event.kind == "touch"}
    return ("sales", *(team for team in ("partner", "success") if team in teams))


def lead_chart_data(story: LeadStory, calendar: Calendar, formats: Formats) -> pd.DataFrame:
    """The rows of the picture, with the columns ``COLUMNS``; ``mark`` names the layer."""
    lanes = lanes_of(story)
    place = {"marketing": MARKETING} | {t: FIRST_LANE + n * LANE for n, t in enumerate(lanes)}
    rows = [
        *_touch_rows(story.events, place, calendar),
        *_stage_rows(story, calendar),
        *_handoff_rows(story, calendar),
        *_deal_rows(story, FIRST_LANE + len(lanes) * LANE, calendar, formats),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _x(moment: datetime, calendar: Calendar) -> float:
    wall = calendar.local(moment).replace(tzinfo=None)
    return (wall - datetime(1970, 1, 1)) / timedelta(milliseconds=1)


def _day(moment: datetime, calendar: Calendar) -> str:
    return f"{calendar.local(moment):%-d %b %Y}"


def _touch_rows(events: Sequence[Event], place: dict[str, float], calendar: Calendar):
    days: dict[tuple[date, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.kind == "touch" and event.lane in place:
            days[calendar.day_of(event.at), event.lane].append(event)
    for (_, lane), touches in days.items():
        answered = sum(1 for touch in touches if touch.responded)
        kinds = ", ".join(dict.fromkeys(touch.what for touch in touches))
        tip = f"{_day(touches[0].at, calendar)}: {len(touches)} by {lane} ({kinds})"
        tip += f", the buyer responded to {answered}" if answered else ", no response"
        x = _x(touches[0].at, calendar)
        yield "touch", x, x, place[lane], len(touches), answered > 0, "", tip


def _stage_rows(story: LeadStory, calendar: Calendar):
    entered = [event for event in reversed(story.events) if event.kind == "stage"]
    for event in entered:
        x = _x(event.at, calendar)
        tip = f"{_day(event.at, calendar)}: {event.what}"
        yield (
            "stage",
            x,
            x,
            STAGES,
            1,
            True,
            "",
            tip + (f" ({event.detail})" if event.detail else ""),
        )
    if not entered:
        return
    moments = [event.at for event in story.events]
    start, whole = min(moments), max((max(moments) - min(moments)).total_seconds(), 1.0)

    def share(event: Event) -> float:
        return (event.at - start).total_seconds() / whole

    for mark, width in CHARACTERS.items():
        groups, is_at_edge = _grouped(entered, share, width, is_short=mark == "narrow")
        for group in groups:
            # A name at the right edge is written to the left of its mark.
            leftwards = is_at_edge and group is groups[-1]
            x = _x(group[-1 if leftwards else 0].at, calendar)
            text = _names(group, is_short=mark == "narrow")
            yield f"{mark}-end" if leftwards else mark, x, x, LABELS, 1, True, text, ""


def _names(group: Sequence[Event], *, is_short: bool) -> str:
    names = [event.what for event in group]
    if is_short and len(names) > SPELLED_OUT:
        names = [names[0], "…", names[-1]]
    return " → ".join(names)


def _grouped(
    entered: Sequence[Event], share: Callable[[Event], float], width: float, *, is_short: bool
) -> tuple[list[list[Event]], bool]:
    """Stages whose names would overlap, together; and whether the last stand at the right edge.

    ``share`` says where a stage stands, 0 to 1; ``width`` is the share that a character takes.
    """

    def size(group: Sequence[Event]) -> float:
        return width * (len(_names(group, is_short=is_short)) + 2)

    groups: list[list[Event]] = []
    for event in entered:
        if groups and share(event) < share(groups[-1][0]) + size(groups[-1]):
            groups[-1].append(event)
        else:
            groups.append([event])

    def is_at_edge() -> bool:
        return share(groups[-1][0]) + size(groups[-1]) > 1.0 and share(groups[-1][-1]) > 0.5

    # Written leftwards, the last names may reach into those before them.
    while len(groups) > 1 and is_at_edge():
        before = share(groups[-2][0]) + size(groups[-2])
        if share(groups[-1][-1]) - size(groups[-1]) >= before:
            break
        groups[-2:] = [groups[-2] + groups[-1]]
    return groups, is_at_edge()


def _handoff_rows(story: LeadStory, calendar: Calendar):
    for handoff in story.handoffs:
        x = _x(handoff.handed_at, calendar)
        tip = f"{_day(handoff.handed_at, calendar)}: handed to {handoff.owner or 'nobody'}"
        late = handoff.state == "breached"
        tip += ", answered late or not at all" if late else f", {handoff.state or 'no clock'}"
        yield "handoff", x, x, HANDOFFS, 1, late, "", tip


def _deal_rows(story: LeadStory, top: float, calendar: Calendar, formats: Formats):
    for n, deal in enumerate(story.deals[:MAX_DEALS]):
        start, end = _x(deal.created_at, calendar), _x(deal.closed_at or story.as_of, calendar)
        worth = "no amount" if deal.amount is None else formats.value(deal.amount, Unit.MONEY)
        text = f"{deal.status} {worth}"
        tip = f"{deal.opportunity_id}: {deal.kind}, {text}"
        yield "deal", start, end, top + n * DEAL, 1, deal.status == "won", text, tip


def chart_height(lanes: int, deals: int) -> int:
    """The height of the picture in px."""
    return round(_bottom(lanes, deals) * PX_A_LANE) + 30


def _bottom(lanes: int, deals: int) -> float:
    return FIRST_LANE + lanes * LANE + min(deals, MAX_DEALS) * DEAL - 0.1


def _lane_names(lanes: tuple[str, ...], deals: int) -> dict[float, str]:
    """The names on the left by their place."""
    names = {MARKETING: "Marketing", STAGES: "Stages", HANDOFFS: "Handoffs"}
    names |= {FIRST_LANE + n * LANE: lane.capitalize() for n, lane in enumerate(lanes)}
    if deals:
        names[FIRST_LANE + len(lanes) * LANE] = "Deals"
    return names


@lru_cache
def lead_chart_spec(lanes: tuple[str, ...], deals: int) -> dict[str, Any]:
    """The Vega-Lite spec, without data. The caller must not change what it gets: it is shared."""
    names = _lane_names(lanes, deals)
    labels = " : ".join(f"abs(datum.value - {at}) < 0.01 ? {name!r}" for at, name in names.items())
    size = alt.ExprRef("width < 600 ? 11 : width > 1500 ? 18 : 12.5")
    look: dict[str, Any] = {
        "title": None,
        "domain": False,
        "labelColor": "var(--ink2)",
        "labelFontSize": size,
    }
    y = alt.Y(
        "y:Q",
        scale=alt.Scale(
            domain=[0, _bottom(len(lanes), deals)],
            range=[alt.ExprRef("0"), alt.ExprRef("height")],
            nice=False,
            zero=False,
        ),
        axis=alt.Axis(
            values=list(names),
            labelExpr=f"{labels} : ''",
            ticks=False,
            gridColor="var(--hairline)",
            **look,
        ),
    )
    x = alt.X(
        "x:T",
        scale=alt.Scale(type="utc", nice=False, padding=14),
        axis=alt.Axis(
            grid=False,
            tickColor="var(--hairline)",
            labelOverlap="greedy",
            tickCount=alt.ExprRef("width < 600 ? 4 : 8"),
            **look,
        ),
    )
    tip = alt.Tooltip("tip:N", title="What")
    filled = alt.condition("datum.filled", alt.value("var(--ink)"), alt.value("var(--page)"))
    late = alt.condition("datum.filled", alt.value("var(--bad)"), alt.value("var(--ink3)"))
    dot = alt.Size("n:Q", scale=alt.Scale(domain=[1, 12], range=[46, 380], clamp=True), legend=None)
    text: dict[str, Any] = {"align": "left", "dx": 5, "color": "var(--ink)", "fontWeight": 600}
    wide, narrow = (
        alt.ExprRef(f"width < 600 ? {s}") for s in ("0 : width > 1500 ? 18 : 12.5", "11 : 0")
    )

    def layer(mark: str, drawn: alt.Chart, **more: Any) -> alt.Chart:
        return drawn.transform_filter(alt.datum.mark == mark).encode(x=x, **more)

    point = alt.Chart().mark_point(filled=True, opacity=1, size=80, shape="square")
    ring: dict[str, Any] = {
        "filled": True,
        "opacity": 1,
        "stroke": "var(--ink2)",
        "strokeWidth": 1.4,
    }
    chart = alt.layer(
        layer("stage", alt.Chart().mark_rule(color="var(--track)", strokeDash=[2, 3])),
        layer("deal", alt.Chart().mark_rule(strokeWidth=5, color="var(--ink2)"), y=y, x2="x2:Q"),
        layer("deal", alt.Chart().mark_text(**text, dy=-10, fontSize=size), y=y, text="text:N"),
        layer(
            "touch",
            alt.Chart().mark_point(shape="circle", **ring),
            y=y,
            size=dot,
            fill=filled,
            tooltip=tip,
        ),
        layer("stage", point, y=y, color=alt.value("var(--ink)"), tooltip=tip),
        layer(
            "handoff",
            point.mark_point(shape="diamond", filled=True, opacity=1, size=90),
            y=y,
            color=late,
            tooltip=tip,
        ),
        *(
            layer(
                mark + end,
                alt.Chart().mark_text(**(text | aside), fontSize=shown),
                y=y,
                text="text:N",
            )
            for mark, shown in (("label", wide), ("narrow", narrow))
            for end, aside in (("", {}), ("-end", {"align": "right", "dx": -5}))
        ),
        padding={"left": 0, "right": 6, "top": 2, "bottom": 0},
    )
    return without_data(chart, font=FONT)


def describe_lead(story: LeadStory) -> str:
    """The picture in words, for whoever hears the page."""
    touches = [event for event in story.events if event.kind == "touch"]
    by = {
        lane: sum(1 for t in touches if t.lane == lane) for lane in ("marketing", *lanes_of(story))
    }
    counted = ", ".join(f"{count} by {lane}" for lane, count in by.items())
    passed = ", ".join(e.what for e in reversed(story.events) if e.kind == "stage")
    return f"Touches: {counted}. Stages: {passed or 'none'}. Deals: {len(story.deals)}."
