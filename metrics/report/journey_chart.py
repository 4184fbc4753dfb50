"""The picture of one deal's journey: a lane a team, a dot a touch, its area the touch's weight.

``x`` runs from 0 (the journey's beginning) to 1 (the deal), ``y`` counts lanes from the top.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.attribution.deals import Story
from metrics.attribution.model import Basis
from metrics.attribution.paths import JourneyTouch
from metrics.report.chart_spec import FONT, without_data
from metrics.report.credit_charts import percent, whole_percent
from metrics.report.words import member_words

COLUMNS = ("mark", "x", "y", "share", "text", "tip")
DAY = 86_400.0
STEPS = (1, 2, 7, 14, 30, 60, 90, 180, 360)
MAX_TICKS = 6
# A touch is named where it has at least this weight and no heavier one stands this near.
NAMED_FROM = 0.05
NEAR = {"": 0.15, "-narrow": 0.3}


def lanes_of(story: Story) -> tuple[str, ...]:
    """Marketing and sales; a third lane where other teams took part."""
    teams = {touch.team for touch in story.journey.touches}
    others = teams - {"marketing", "sales"}
    return ("marketing", "sales", "others") if others else ("marketing", "sales")


def lane_of(touch: JourneyTouch) -> str:
    return touch.team if touch.team in ("marketing", "sales") else "others"


def days_before(story: Story, moment: datetime) -> float:
    return (story.journey.anchor - moment).total_seconds() / DAY


def _reach(story: Story) -> float:
    """How many days before the deal the picture begins: at the first touch, one day at least."""
    return max([1.0, *(days_before(story, touch.occurred_at) for touch in story.journey.touches)])


def milestones(story: Story, basis: str) -> list[tuple[str, datetime]]:
    """The milestones before the deal that have a name and a moment, in order."""
    found: list[tuple[str, datetime]] = []
    if story.journey.lead_at is not None:
        found.append(("lead", story.journey.lead_at))
    if basis == Basis.WON:
        found.append(("opportunity", story.journey.created_at))
    return sorted(found, key=lambda one: one[1])


def end_label(basis: str) -> str:
    return "won" if basis == Basis.WON else "opportunity"


def journey_data(story: Story, basis: str) -> pd.DataFrame:
    """The rows of the picture, with the columns ``COLUMNS``; ``mark`` names the layer."""
    reach, lanes = _reach(story), lanes_of(story)

    def x(moment: datetime) -> float:
        return 1.0 - days_before(story, moment) / reach

    rows: list[tuple[Any, ...]] = []
    for n, lane in enumerate(lanes):
        share = sum(
            touch.shares[story.model] for touch in story.journey.touches if lane_of(touch) == lane
        )
        rows.append(("lane", 0.0, n, 0.0, lane.capitalize(), ""))
        rows.append(("lane-share", 0.0, n, 0.0, f"{whole_percent(share)}%", ""))
    rows.extend(_milestone_rows([(text, x(moment)) for text, moment in milestones(story, basis)]))
    rows.append(("end", 1.0, 0.0, 0.0, end_label(basis), ""))
    rows.extend(_ticks(reach))
    for touch in sorted(story.journey.touches, key=lambda t: -t.shares[story.model]):
        share = touch.shares[story.model]
        what = member_words(touch.channel)
        tip = f"{what}, {percent(share)}, {days_before(story, touch.occurred_at):.0f} d before"
        mark = "dot" if share > 0 else "ring"
        rows.append((mark, x(touch.occurred_at), lanes.index(lane_of(touch)), share, "", tip))
    for suffix, near in NEAR.items():
        for touch in _named(story, near):
            at, place = x(touch.occurred_at), lanes.index(lane_of(touch))
            share = touch.shares[story.model]
            rows.append((f"weight{suffix}", at, place, share, f"{whole_percent(share)}%", ""))
            edge = "-end" if at > 1 - near / 3 else ""
            name = member_words(touch.channel)
            rows.append((f"what{suffix}{edge}", at, place, share, name, ""))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("x", "y", "share"), "float64"))


def _milestone_rows(placed: Sequence[tuple[str, float]]) -> list[tuple[Any, ...]]:
    """The milestones within the picture; names that would cover each other stand as one."""
    rows: list[tuple[Any, ...]] = []
    for text, at in placed:
        if not 0.0 <= at <= 1.0:
            continue
        edge = "-end" if at > 0.84 else "-start" if at < 0.1 else ""
        if rows and at - rows[-1][1] < 0.26:
            *_, before, _tip = rows[-1]
            rows[-1] = (*rows[-1][:4], "", "")
            text = f"{before} · {text}"
        rows.append((f"milestone{edge}", at, 0.0, 0.0, text, ""))
    return rows


def _ticks(reach: float) -> list[tuple[Any, ...]]:
    step = next((step for step in STEPS if reach / step <= MAX_TICKS), STEPS[-1])
    days = range(step, int(reach) + 1, step)
    # A tick close to the end would stand on its name.
    return [
        ("tick", 1.0 - day / reach, 0.0, 0.0, f"{day} d", "") for day in days if day / reach >= 0.1
    ]


def _named(story: Story, near: float) -> list[JourneyTouch]:
    """The touches whose weight and channel are written out, heaviest first."""
    reach = _reach(story)
    named: list[JourneyTouch] = []
    for touch in sorted(story.journey.touches, key=lambda t: -t.shares[story.model]):
        if touch.shares[story.model] < NAMED_FROM:
            break
        is_free = all(
            abs(days_before(story, touch.occurred_at) - days_before(story, other.occurred_at))
            >= near * reach
            for other in named
            if lane_of(other) == lane_of(touch)
        )
        if is_free:
            named.append(touch)
    return named


Look = dict[str, Any]


class _Layers:
    """The layers of the picture; ``lane`` is a lane's height and ``text`` the type's, in px."""

    def __init__(self, lanes: int, lane: float, text: float) -> None:
        self.text, self.lane, self.height = text, lane, lanes * lane
        # The names of the lanes, and the half of the largest dot.
        left, right = text * 5 + lane * 0.38, text * 2.2
        self.x = alt.X(
            "x:Q",
            axis=None,
            scale=alt.Scale(
                domain=[0, 1],
                range=[alt.ExprRef(f"{left:.1f}"), alt.ExprRef(f"width - {right:.1f}")],
                nice=False,
                zero=False,
            ),
        )
        places = alt.Scale(
            domain=[-0.5, lanes - 0.5], range=[text * 1.3, self.height], nice=False, zero=False
        )
        self.y = alt.Y("y:Q", axis=None, scale=places)
        self.ink: Look = {"fontSize": text, "color": "var(--ink)", "baseline": "middle"}
        self.pale: Look = self.ink | {"color": "var(--ink2)"}

    def layer(self, mark: str, drawn: alt.Chart, **channels: Any) -> Any:
        placed = {"x": self.x, "y": self.y} | channels
        return drawn.transform_filter(alt.datum.mark == mark).encode(**placed)

    def words(self, mark: str, look: Look, **channels: Any) -> Any:
        return self.layer(mark, alt.Chart().mark_text(**look), text="text:N", **channels)

    def upright(self, mark: str) -> Any:
        """A milestone's line through all lanes."""
        drawn = alt.Chart().mark_rule(color="var(--ink3)", strokeDash=[2, 3], opacity=0.6)
        return self.layer(mark, drawn, y=alt.value(self.text * 1.4), y2=alt.value(self.height))

    def lanes(self) -> list[Any]:
        line = alt.Chart().mark_rule(color="var(--hairline)")
        name = self.ink | {"align": "left", "dy": -self.text * 0.55, "fontWeight": 600}
        share = self.pale | {"align": "left", "dy": self.text * 0.65}
        return [
            self.layer("lane", line, x2=alt.value(alt.ExprRef("width"))),
            self.words("lane", name, x=alt.value(0)),
            self.words("lane-share", share, x=alt.value(0)),
        ]

    def milestones(self) -> list[Any]:
        top = self.pale | {"baseline": "top"}
        aligned = {"": "center", "-start": "left", "-end": "right"}
        below = alt.value(self.height + 4)
        return [
            *(self.upright(f"milestone{edge}") for edge in aligned),
            self.upright("end"),
            *(
                self.words(f"milestone{edge}", top | {"align": align}, y=alt.value(0))
                for edge, align in aligned.items()
            ),
            *(self.words(mark, top, y=below) for mark in ("tick", "end")),
        ]

    def dots(self) -> list[Any]:
        # A dot's area is its weight; all the credit on one touch fills a good part of a lane.
        area = alt.Scale(domain=[0, 1], range=[0, self.lane**2 * 0.42], zero=True)
        size = alt.Size("share:Q", scale=area, legend=None)
        tip = alt.Tooltip("tip:N", title="Touch")
        look: Look = {"filled": True, "opacity": 1}
        ring = look | {"size": self.text * 2.4, "fill": "var(--page)", "stroke": "var(--ink3)"}
        dot = look | {"color": "var(--ink)", "stroke": "var(--page)", "strokeWidth": 1}
        return [
            self.layer("ring", alt.Chart().mark_point(strokeWidth=1.4, **ring), tooltip=tip),
            self.layer("dot", alt.Chart().mark_point(**dot), size=size, tooltip=tip),
        ]

    def named(self) -> list[Any]:
        """The weight above and the channel below the heaviest touches, with a halo; on a phone
        fewer of them than on a desk."""
        off = f"(sqrt(datum.share) * {self.lane * 0.366:.2f} + {self.text * 0.75:.1f})"
        halo: Look = {"stroke": "var(--page)", "strokeWidth": 4}
        sizes = {"": f"width < 520 ? 0 : {self.text}", "-narrow": "width < 520 ? 12 : 0"}
        parts: list[tuple[str, str, Look]] = [
            ("weight", f"-{off}", {"fontWeight": 600}),
            ("what", off, {}),
            ("what-end", off, {"align": "right"}),
        ]
        found = []
        for around in (halo, {}):
            for suffix, size in sizes.items():
                for mark, dy, look in parts:
                    name, _, edge = mark.partition("-")
                    at = {"dy": alt.ExprRef(dy), "fontSize": alt.ExprRef(size)}
                    full = f"{name}{suffix}{'-' + edge if edge else ''}"
                    found.append(self.words(full, self.ink | around | look | at))
        return found


@lru_cache
def journey_spec(lanes: int, lane_height: int, text: float) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of so many lanes; shared, not to be changed."""
    layers = _Layers(lanes, lane_height, text)
    chart = alt.layer(
        *layers.lanes(),
        *layers.milestones(),
        *layers.dots(),
        *layers.named(),
        padding={"left": 0, "right": 2, "top": 0, "bottom": 0},
        height=layers.height + round(text * 1.7),
    )
    return without_data(chart, font=FONT)


def describe_journey(story: Story, touches: Sequence[str]) -> str:
    """The picture in words: ``touches`` are the touches as sentences."""
    return f"{len(story.journey.touches)} touches: " + "; ".join(touches)
