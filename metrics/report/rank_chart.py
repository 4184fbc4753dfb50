"""Who ranks where: lines between the ranks under first touch, the chosen model, last touch."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.attribution.model import MODELS, Attribution
from metrics.report.chart_spec import FONT, without_data
from metrics.report.credit_charts import FIRST, LAST, Member, member_name
from metrics.report.format import UNDEFINED

MAX_RANKED = 9
# The members that climb or fall furthest are drawn strong: so many, and so many places at least.
MOVERS, FAR = 3, 3
COLUMNS = ("mark", "who", "column", "x", "y", "text", "far")


def ranked_models(model: str) -> tuple[str, ...]:
    """First touch, the chosen model, last touch; without one twice."""
    return tuple(dict.fromkeys((FIRST, model, LAST))) if model != LAST else (FIRST, LAST)


def ranks_of(answer: Attribution) -> dict[Member, int]:
    """The rank of every member that has credit; equal credit has equal rank."""
    amounts = [row.credit for row in answer.rows]
    return {
        row.member: 1 + sum(amount > row.credit for amount in amounts)
        for row in answer.rows
        if row.credit > 0
    }


def rank_data(
    answers: Mapping[str, Attribution], model: str, called: Mapping[str, str]
) -> pd.DataFrame:
    """Lines between the ranks of members, with the columns ``COLUMNS``.

    The members that rank highest under any of the models; they stand one below the other in the
    order of their ranks, so that two of the same rank do not cover each other.
    """
    models = ranked_models(model)
    ranks = {name: ranks_of(answers[name]) for name in models}
    everyone = [row.member for row in answers[model].rows]
    none = len(everyone) + 1
    best = {m: min(ranks[name].get(m, none) for name in models) for m in everyone}
    # Sorting keeps the chosen model's order among equals.
    shown = sorted(everyone, key=lambda m: best[m])[:MAX_RANKED]
    shown = [member for member in shown if best[member] < none]
    seen = {m: [ranks[name].get(m, none) for name in models] for m in shown}
    moves = {m: max(places) - min(places) for m, places in seen.items()}
    movers = sorted((m for m in shown if moves[m] >= FAR), key=lambda m: -moves[m])[:MOVERS]
    rows: list[tuple[Any, ...]] = []
    for column, name in enumerate(models):
        x = column / (len(models) - 1)
        head = {0: "head-left", len(models) - 1: "head-right"}.get(column, "head")
        rows.append((head, "", column, x, 0.0, MODELS[name].label, False))
        order = sorted(shown, key=lambda m: (ranks[name].get(m, none), everyone.index(m)))
        for place, member in enumerate(order):
            far = member in movers
            who, y = member_name(member, called), place + 1.0
            rank = ranks[name].get(member)
            number = UNDEFINED if rank is None else str(rank)
            rows.append(("line", who, column, x, y, number, far))
            if column == 0:
                rows.append(("left", who, column, x, y, f"{who}  {number}", far))
            elif column == len(models) - 1:
                rows.append(("right", who, column, x, y, f"{number}  {who}", far))
            else:
                rows.append(("middle", who, column, x, y, number, far))
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"column": "int64", "x": "float64", "y": "float64", "far": "bool"})


@lru_cache
def rank_spec(rows: int, row_height: int, text: float) -> dict[str, Any]:
    """The Vega-Lite spec, without data, of so many ranked members; shared, not to be changed."""
    room = f"(width < 460 ? {text * 7.4:.1f} : {text * 11.5:.1f})"
    x_scale = alt.Scale(
        domain=[0, 1],
        range=[alt.ExprRef(room), alt.ExprRef(f"width - {room}")],
        nice=False,
        zero=False,
    )
    height = round((rows + 1.5) * row_height)
    y_scale = alt.Scale(domain=[-1, rows + 0.5], range=[0, height], nice=False, zero=False)
    x = alt.X("x:Q", axis=None, scale=x_scale)
    y = alt.Y("y:Q", axis=None, scale=y_scale)
    strong = alt.condition("datum.far", alt.value("var(--ink)"), alt.value("var(--ink3)"))
    wide = alt.condition("datum.far", alt.value(2.6), alt.value(1.2))
    words: dict[str, Any] = {"baseline": "middle", "fontSize": text}

    def layer(mark: str, drawn: alt.Chart, **channels: Any) -> Any:
        return drawn.transform_filter(alt.datum.mark == mark).encode(x=x, y=y, **channels)

    def names(mark: str, align: Any, dx: int) -> Any:
        drawn = alt.Chart().mark_text(
            align=align, dx=dx, limit=alt.ExprRef(f"{room} - 12"), color="var(--ink)", **words
        )
        return layer(mark, drawn, text="text:N")

    def heads(mark: str, up: float) -> Any:
        drawn = alt.Chart().mark_text(
            align="center", dy=-up, color="var(--ink2)", fontWeight=600,
            **(words | {"fontSize": text * 0.94}),
        )  # fmt: skip
        return layer(mark, drawn, text="text:N")

    chart = alt.layer(
        layer(
            "line",
            alt.Chart().mark_line(),
            detail="who:N",
            order="column:Q",
            color=strong,
            strokeWidth=wide,
        ),
        layer(
            "line",
            alt.Chart().mark_point(
                filled=True, opacity=1, size=text * text * 0.5, stroke="var(--page)"
            ),
            color=strong,
        ),
        names("left", "right", -10),
        names("right", "left", 10),
        layer(
            "middle",
            alt.Chart().mark_text(
                dy=-text * 0.85, color="var(--ink)", stroke="var(--page)", strokeWidth=3, **words
            ),
            text="text:N",
        ),
        layer(
            "middle",
            alt.Chart().mark_text(dy=-text * 0.85, color="var(--ink)", **words),
            text="text:N",
        ),
        # The middle one stands higher, or on a phone the three would touch.
        heads("head", text * 1.15),
        heads("head-left", 0),
        heads("head-right", 0),
        padding={"left": 0, "right": 0, "top": 2, "bottom": 2},
        height=height,
    )
    return without_data(chart, font=FONT)


def describe_ranks(data: pd.DataFrame) -> str:
    """The ranks in words: each member's under first touch, the chosen model, last touch."""
    lines = data[data["mark"] == "line"].sort_values("column", kind="stable")
    parts = []
    for who in dict.fromkeys(lines["who"]):
        numbers = lines.loc[lines["who"] == who, "text"]
        parts.append(f"{who} {', '.join(numbers)}")
    return "Ranks: " + "; ".join(parts)
