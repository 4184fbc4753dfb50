"""The credit page's charts over models: a row each, with a range bar over all of them.

Rows are placed when their data are made: ``x`` runs from 0 to 1 over the plot, ``row`` counts
from the top. A spec is built once a form and size; its colours are the style sheet's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

import altair as alt
import pandas as pd

from metrics.attribution.model import MODELS, Attribution
from metrics.attribution.teams import team_share
from metrics.model import Unit
from metrics.report.chart_spec import FONT, without_data
from metrics.report.format import UNDEFINED, Formats
from metrics.report.scales import Axis
from metrics.report.words import member_words

MAX_ROWS = 12
FIRST, LAST = "first_touch", "last_touch"
RANGE_COLUMNS = ("mark", "row", "x", "x2", "text", "who", "model", "shown")

Member = str | None


@dataclass(frozen=True)
class Line:
    """One row of range bars: a figure by model id; None where a model gives none."""

    name: str
    figures: Mapping[str, float | None]
    value: str
    note: str = ""

    def known(self) -> list[float]:
        return [figure for figure in self.figures.values() if figure is not None]


# -- what stands in a row -----------------------------------------------------------------------


def member_name(member: Member, called: Mapping[str, str]) -> str:
    """A member as people read it: its own name where it has one, else its id in words."""
    if member is not None and member in called:
        return called[member]
    return member_words(member)


def team_lines(answers: Mapping[str, Attribution], model: str) -> list[Line]:
    """Each team's share of the attributed money under every model; marketing and sales first."""
    teams = {row.member for row in answers[model].rows if row.member is not None}
    order = ["marketing", "sales", *sorted(teams - {"marketing", "sales"})]
    lines = []
    for team in order:
        shares = {name: team_share(answer, team) for name, answer in answers.items()}
        known = [share for share in shares.values() if share is not None]
        note = f"{whole_percent(min(known))}–{whole_percent(max(known))}%" if known else "no share"
        value = UNDEFINED if shares[model] is None else f"{whole_percent(shares[model])}%"
        lines.append(Line(team.capitalize(), shares, value, note))
    return lines


def whole_percent(share: float | None) -> str:
    """A share without decimals and without its sign for percent: the models differ by far more."""
    if share is None:
        return UNDEFINED
    percent = round(share * 100)
    return f"−{-percent}" if percent < 0 else str(percent)


def percent(share: float) -> str:
    """A share without decimals; "<1%" for one that is above 0 and would round to it."""
    return "<1%" if 0 < share < 0.005 else f"{whole_percent(share)}%"


def member_lines(
    answers: Mapping[str, Attribution],
    model: str,
    called: Mapping[str, str],
    formats: Formats,
    limit: int = MAX_ROWS,
) -> list[Line]:
    """Each member's credit under every model, most under the chosen one first.

    Where there are more than ``limit``, those that no model gives much to are one row at the end.
    """
    credit = credits_by_member(answers, model)
    order = list(credit)
    largest = sorted(order, key=lambda m: -max(abs(amount) for amount in credit[m].values()))
    named = set(largest[:limit] if len(order) <= limit else largest[: limit - 1])
    lines = [
        _money_line(member_name(member, called), credit[member], model, formats)
        for member in order
        if member in named
    ]
    rest = [member for member in order if member not in named]
    if rest:
        sums = {name: sum((credit[m][name] for m in rest), Decimal(0)) for name in answers}
        lines.append(_money_line(f"{len(rest)} others", sums, model, formats))
    return lines


def _money_line(name: str, money: Mapping[str, Decimal], model: str, formats: Formats) -> Line:
    figures = {key: float(amount) for key, amount in money.items()}
    return Line(name, figures, formats.value(figures[model], Unit.MONEY))


def credits_by_member(
    answers: Mapping[str, Attribution], model: str
) -> dict[Member, dict[str, Decimal]]:
    """Credit by member and model; 0 where a model gives a member nothing.

    Members are in the chosen model's order; those that another alone credits (Markov knows steps
    of journeys that were not won) follow, so that every model's column adds up.
    """
    found: dict[Member, dict[str, Decimal]] = {}
    for name in dict.fromkeys((model, *answers)):
        for row in answers[name].rows:
            found.setdefault(row.member, dict.fromkeys(answers, Decimal(0)))[name] = row.credit
    return found


# -- range bars ---------------------------------------------------------------------------------


def range_axis(lines: Sequence[Line], whole: float | None = None) -> Axis:
    """An axis from 0, or what lies below it, to ``whole`` or the furthest figure."""
    figures = [figure for line in lines for figure in line.known()]
    low, high = min([0.0, *figures]), max([whole or 0.0, *figures])
    return Axis(low, high if high > low else low + 1.0)


def range_data(
    lines: Sequence[Line], model: str, unit: Unit, formats: Formats, whole: float | None = None
) -> pd.DataFrame:
    """The rows of the chart, with the columns ``RANGE_COLUMNS``; ``mark`` names the layer."""
    axis = range_axis(lines, whole)
    rows: list[tuple[Any, ...]] = []
    for tick in axis.ticks(4):
        at = axis.share(tick)
        rows.append(("grid", len(lines), at, at, formats.target(tick, unit), "", "", ""))
    for n, line in enumerate(lines):
        known = {name: axis.share(f) for name, f in line.figures.items() if f is not None}
        place = n + 0.5

        def add(
            mark: str,
            x: float,
            x2: float,
            text: str,
            name: str,
            line: Line = line,
            at: float = place,
        ) -> None:
            shown = formats.value(line.figures[name], unit) if name else ""
            title = MODELS[name].label if name else ""
            rows.append((mark, at, x, x2, text, line.name, title, shown))

        add("name", 0.0, 0.0, line.name, "")
        add("value", 1.0, 1.0, line.value, "")
        add("note", 1.0, 1.0, line.note, "")
        if known:
            add("range", min(known.values()), max(known.values()), "", "")
        for name, x in known.items():
            add({FIRST: "first", LAST: "last"}.get(name, "other"), x, x, "", name)
        if model in known:
            add("chosen", known[model], known[model], "", model)
    frame = pd.DataFrame(rows, columns=list(RANGE_COLUMNS))
    return frame.astype(dict.fromkeys(("row", "x", "x2"), "float64"))


def left_width(lines: Sequence[Line]) -> int:
    """Of how many characters the names need room, at least 9 and at most 30."""
    return min(max([9, *(len(line.name) for line in lines)]), 30)


@lru_cache
def range_spec(rows: int, row_height: int, text: float, left: int, has_notes: bool) -> dict:
    """The Vega-Lite spec, without data, of so many rows; ``left`` is in characters. Shared, not
    to be changed."""
    room = f"min({left} * {text * 0.54:.2f} + 12, width * 0.34)"
    right = text * (9.6 if has_notes else 5.2)
    x_scale = alt.Scale(
        domain=[0, 1],
        range=[alt.ExprRef(f"{room} + {text * 0.9:.1f}"), alt.ExprRef(f"width - {right:.1f} - 8")],
        nice=False,
        zero=False,
    )
    height = rows * row_height
    y_scale = alt.Scale(domain=[0, rows], range=[0, height], nice=False, zero=False)
    x, x2 = alt.X("x:Q", axis=None, scale=x_scale), alt.X2("x2:Q")
    y = alt.Y("row:Q", axis=None, scale=y_scale)
    tips = [
        alt.Tooltip("who:N", title="Who"),
        alt.Tooltip("model:N", title="Model"),
        alt.Tooltip("shown:N", title="Credit"),
    ]

    def layer(mark: str, drawn: alt.Chart, **channels: Any) -> Any:
        return drawn.transform_filter(alt.datum.mark == mark).encode(**({"y": y} | channels))

    def point(mark: str, shape: str, size: float, **style: Any) -> Any:
        look: dict[str, Any] = {
            "filled": True,
            "opacity": 1,
            "fill": "var(--page)",
            "stroke": "var(--ink2)",
        }
        drawn = alt.Chart().mark_point(shape=shape, size=size, strokeWidth=1.6, **(look | style))
        return layer(mark, drawn, x=x, tooltip=tips)

    words: dict[str, Any] = {"baseline": "middle", "fontSize": text, "color": "var(--ink)"}
    unit = text * text * 0.62
    chart = alt.layer(
        layer(
            "grid",
            alt.Chart().mark_rule(color="var(--hairline)"),
            x=x,
            y=alt.value(0),
            y2=alt.value(height),
        ),
        layer(
            "grid",
            alt.Chart().mark_text(
                **(words | {"color": "var(--ink2)", "baseline": "top", "dy": 4,
                            "fontSize": alt.ExprRef(f"width < 460 ? 11 : {text * 0.92:.1f}")})
            ),
            x=x,
            text="text:N",
        ),
        layer(
            "range",
            alt.Chart().mark_rule(strokeWidth=text * 0.5, color="var(--track)"),
            x=x,
            x2=x2,
        ),
        point("other", "circle", unit * 0.62),
        point("first", "triangle-down", unit),
        point("last", "triangle-up", unit),
        point("chosen", "circle", unit * 1.5, fill="var(--ink)", stroke="var(--page)"),
        layer(
            "name",
            alt.Chart().mark_text(align="right", limit=alt.ExprRef(room), **words),
            x=alt.value(alt.ExprRef(room)),
            text="text:N",
        ),
        layer(
            "value",
            alt.Chart().mark_text(align="right", fontWeight=600, **words),
            x=alt.value(alt.ExprRef(f"width - {text * 4.6 if has_notes else 0:.1f}")),
            text="text:N",
        ),
        layer(
            "note",
            alt.Chart().mark_text(
                align="right", **(words | {"color": "var(--ink2)", "fontSize": text * 0.92})
            ),
            x=alt.value(alt.ExprRef("width")),
            text="text:N",
        ),
        padding={"left": 0, "right": 2, "top": 2, "bottom": 2},
        height=height + round(text * 1.7),
    )  # fmt: skip
    return without_data(chart, font=FONT)


def describe_lines(lines: Sequence[Line]) -> str:
    """The chart in words, for whoever hears the page."""
    return "; ".join(f"{line.name} {line.value} {line.note}".strip() for line in lines)
