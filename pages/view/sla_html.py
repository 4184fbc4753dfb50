"""The SLA page's words and tables as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from functools import partial

from metrics.report import words
from metrics.report.format import Formats
from metrics.report.sla_words import (
    STANDING,
    STATE_WORDS,
    difference_words,
    effort_words,
    interval_words,
    kept_segments,
    reason_words,
    row_name,
    segment_words,
    share_words,
)
from metrics.report.words import Judgement, Words, member_words
from metrics.scorecard import Tile
from metrics.sla.model import (
    Answerer,
    Answerers,
    Cost,
    CostRow,
    Effort,
    Rate,
    ReasonRow,
    Rejections,
    SlaPage,
    States,
)
from pages.view.html_table import html_table

MARKS = {"partial": "◐", "maturing": "◔", "small": "○"}
SHADES = (1.0, 0.7, 0.45, 0.25)  # of the segments' stretches, the largest first


def e(text: object) -> str:
    return html.escape(str(text))


def _judged(part: Words) -> str:
    tag = "" if part.judgement is Judgement.NONE else f" {part.judgement}"
    return f'<span class="word{tag}">{e(part.text)}</span>'


def heading(title: str, aside: str = "") -> str:
    """A part's title with what it counts beside it."""
    return f'<div class="sla-head"><h2>{e(title)}</h2><span>{e(aside)}</span></div>'


def sentence(text: str) -> str:
    return f'<p class="sla-words">{e(text)}</p>'


def percent(value: float) -> str:
    """A share as a length of CSS."""
    return f"{round(100 * min(max(value, 0.0), 1.0), 2)}%"


# -- the two sides ----------------------------------------------------------------------------


def figures_html(tiles: Sequence[Tile], formats: Formats) -> str:
    """A side's figures next to each other: label, value, target, change."""
    return f'<div class="sla-figures">{"".join(_figure(tile, formats) for tile in tiles)}</div>'


def _figure(tile: Tile, formats: Formats) -> str:
    goal, state = words.target_words(tile, formats)
    aim = f"{_judged(state)} · {e(goal)}" if state.text else e(goal)
    # That a period runs stands in the heading, once for all of its figures.
    marks = [mark for mark in tile.marks if mark.kind != "partial"]
    notes = [f"{MARKS.get(mark.kind, '○')} {mark.text}" for mark in marks]
    notes = [tile.qualifier, *notes] if tile.qualifier else notes
    return (
        f'<section class="sla-figure" data-kpi="{e(tile.metric.id)}"><h3>{e(tile.label)}</h3>'
        f"<p><b>{e(words.headline(tile, formats))}</b>"
        f"<span>{e(' · '.join(notes))}</span></p><p>{aim}</p>"
        f"<p>{_judged(words.change_words(tile, formats))}</p></section>"
    )


def states_html(states: States, short: str, formats: Formats) -> str:
    """One bar that is all handoffs of the period, and the sum in words."""
    total = states.handoffs
    counts = {name: getattr(states, name) for name in STATE_WORDS}
    bar = "".join(
        f'<i class="state-{name}" style="width:{percent(n / total)}"></i>'
        for name, n in counts.items()
        if n
    )
    told = " + ".join(
        f'<span class="state-item"><i class="state-key state-{name}"></i>'
        f"<b>{e(formats.plain(n))}</b> {e(STATE_WORDS[name])}</span>"
        for name, n in counts.items()
    )
    if not total:
        return sentence(f"No lead was handed over in {short}.")
    return (
        f'<div class="states" aria-hidden="true">{bar}</div><p class="sla-sum" data-part="states">'
        f"<b>{e(formats.plain(total))}</b> handed over in {e(short)} = {told}</p>"
    )


def segments_html(page: SlaPage, formats: Formats) -> str:
    """What each segment was given: as wide as its part, of its target, complete to which share."""
    rows = page.segments
    if rows is None:
        return sentence(page.reasons["segments"])
    total = sum(row.delivered for row in rows)
    if not total:
        return sentence(f"No complete MQL was handed over in {page.period_short}.")
    kept = kept_segments(rows)
    bar = "".join(
        f'<i class="segment" style="width:{percent(row.delivered / total)};opacity:{shade}"></i>'
        for row, shade in zip(kept, SHADES, strict=False)
    )
    told = " + ".join(
        f'<span class="state-item"><i class="state-key segment" style="opacity:{shade}"></i>'
        f"<b>{e(formats.plain(row.delivered))}</b>{e(segment_words(row, formats))}</span>"
        for row, shade in zip(kept, SHADES, strict=False)
    )
    return (
        f'<div class="states" aria-hidden="true">{bar}</div>'
        f'<p class="sla-sum" data-part="segments"><b>{e(formats.plain(total))}</b> delivered in '
        f"{e(page.period_short)} = {told}</p>"
    )


# -- tables -----------------------------------------------------------------------------------


table = partial(html_table, style="sla")


def _interval(rate: Rate, low: float, high: float, overall: float | None, tag: str = "") -> str:
    """A share as a dot on its interval, on a scale from ``low`` to ``high``; a line is all's."""
    if rate.share is None or rate.interval is None:
        return ""

    def at(value: float) -> str:
        return percent((value - low) / (high - low))

    first, last = rate.interval
    line = "" if overall is None else f'<i class="all" style="left:{at(overall)}"></i>'
    return (
        f'<div class="interval {tag}" aria-hidden="true">{line}'
        f'<i class="range" style="left:{at(first)};right:calc(100% - {at(last)})"></i>'
        f'<i class="dot" style="left:{at(rate.share)}"></i></div>'
    )


def answerers_html(found: Answerers, formats: Formats, *, names: bool) -> str:
    """Teams, and under each its reps where names may stand; by name, never by figure."""
    shown = [*found.teams, *found.reps] if names else [*found.teams]
    low = _scale_from(shown)
    has_pending = any(row.pending for row in shown)
    head = [
        "Team and rep" if names else "Team",
        "In time",
        f"95% interval, from {low * 100:.0f}% to 100%",
        "Due",
    ]
    head += ["Pending"] if has_pending else []
    rows = []
    for team in found.teams:
        reps = [rep for rep in found.reps if rep.team == team.name] if names else []
        for row in (team, *reps):
            cells = _answerer(row, found, low, formats, is_team=row is team)
            cells += [e(formats.plain(row.pending))] if has_pending else []
            rows.append(cells)
    return table(head, rows, "answerers")


def _scale_from(rows: Sequence[Answerer]) -> float:
    """Where the scale begins: every dot is on it, the long intervals of a few cases may not be."""
    lows = [row.met.interval[0] for row in rows if row.met.interval and not row.met.is_small]
    shares = [row.met.share for row in rows if row.met.share is not None]
    return int(min([0.9, *lows, *shares]) * 10) / 10


def _answerer(
    row: Answerer, found: Answerers, low: float, formats: Formats, *, is_team: bool
) -> list[str]:
    name = e("(nobody assigned)" if row.name is None else row.name)
    rate = row.met
    size = f"○ {formats.plain(rate.total)}" if rate.is_small else formats.plain(rate.total)
    tag = {-1: "bad", 1: "good", 0: ""}[row.standing]
    share = e(share_words(rate, formats))
    mark = f' <span class="{tag}">{e(STANDING[row.standing])}</span>' if row.standing else ""
    return [
        (f"<b>{name}</b>" if is_team else f'<span class="rep">{name}</span>') + mark,
        f'<span title="{e(interval_words(rate))}">'
        + (f"<b>{share}</b></span>" if is_team else f"{share}</span>"),
        _interval(rate, low, 1.0, found.overall.share, f"{tag} {'small' if rate.is_small else ''}"),
        e(size),
    ]


# -- rejections -------------------------------------------------------------------------------


def rejections_html(
    rows: Sequence[ReasonRow], found: Rejections, by: str, formats: Formats, reasons: int
) -> str:
    """Members down, reasons across; a bar in a cell is its part of the member's rejections."""
    shown = list(range(min(reasons, len(found.reasons))))
    has_rest = found.has_others or len(found.reasons) > len(shown)
    head = [by, "Given back", *(reason_words(found.reasons[n]) for n in shown)]
    head += ["others"] if has_rest else []
    highest = max((row.rejected.share or 0.0 for row in rows), default=0.0)

    def line(row: ReasonRow, name: str) -> list[str]:
        counts = [row.counts[n] for n in shown]
        counts += [row.rejected.count - sum(counts)] if has_rest else []
        share = row.rejected.share or 0.0
        small = "○ " if row.rejected.is_small else ""
        return [
            name,
            f"<b>{e(share_words(row.rejected, formats))}</b> "
            f'<span class="of">{small}{e(formats.plain(row.rejected.count))} of '
            f"{e(formats.plain(row.rejected.total))}</span>"
            f'<i class="part-bar" style="width:{percent(share / highest if highest else 0)}"></i>',
            *(_part(n, row.rejected.count, formats) for n in counts),
        ]

    body = [line(row, _named(row_name(row))) for row in rows]
    body.append(line(found.total, "<b>All</b>"))
    return table(head, body, f"rejected-{by.lower()}")


def _part(count: int, whole: int, formats: Formats) -> str:
    if not count:
        return ""
    bar = f'<i class="part-bar" style="width:{percent(count / whole)}"></i>'
    return f"{e(formats.plain(count))}{bar}"


def _named(name: str) -> str:
    return f'<span title="{e(name)}">{e(name)}</span>'


# -- what goes with lateness ------------------------------------------------------------------


def cost_html(found: Cost, formats: Formats) -> str:
    """Two rates and their difference for all and by priority."""
    rows = [("All", found.total), *((member_words(row.priority), row) for row in found.rows)]
    rates = [rate for _, row in rows for rate in (row.in_time, row.late)]
    high = max((rate.interval[1] for rate in rates if rate.interval), default=1.0)

    def line(name: str, row: CostRow) -> list[str]:
        strong = ("<b>", "</b>") if name == "All" else ("", "")
        return [
            e(name).join(strong),
            *(
                f"{e(share_words(rate, formats)).join(strong)} "
                f'<span class="of">{"○ " if rate.is_small else ""}'
                f"{e(formats.plain(rate.count))} of {e(formats.plain(rate.total))}</span>"
                f"{_interval(rate, 0.0, high, None)}"
                for rate in (row.in_time, row.late)
            ),
            e(difference_words(row, formats)),
        ]

    head = ["", "Answered in time", "Late or not at all", "Difference (95%)"]
    return table(head, [line(name, row) for name, row in rows], "cost")


def effort_html(found: Sequence[Effort], label: str, formats: Formats) -> str:
    """The shares of effort that went astray, each with what stands behind it."""
    rows = []
    for one in found:
        rows.append(
            [
                e(one.metric.label),
                f"<b>{e(formats.value(one.row.value, one.metric.unit))}</b>",
                f'<span class="of">{e(effort_words(one, formats))}</span>',
            ]
        )
    return table(["Effort astray", "", f"in the {label}"], rows, "effort")
