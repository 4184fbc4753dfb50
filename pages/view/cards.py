"""The scorecard's text as HTML: goal strip and tiles. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from metrics.model import Kind
from metrics.report import words
from metrics.report.format import Formats
from metrics.report.stories import usual_range
from metrics.report.target_facts import target_facts
from metrics.report.words import Judgement, Words
from metrics.scorecard import Mark, TargetState, Tile

# From a KPI's id to the address of its handbook entry.
Link = Callable[[str], str]

# More goals than these stand closer together.
MANY_GOALS = 5
_MARKS = {
    "partial": "◐",
    "maturing": "◔",
    "small": "○",
    "unsigned": "§",
    "redefined": "§",
    "off_rule": "§",
    "disputed": "⚑",
    "comment": "✎",
}


def _e(text: object) -> str:
    return html.escape(str(text))


def _judged(part: Words) -> str:
    tag = "" if part.judgement is Judgement.NONE else f" {part.judgement}"
    return f'<span class="word{tag}">{_e(part.text)}</span>'


def _mark(mark: Mark) -> str:
    text = f'<span class="unseen">{_e(mark.text)}</span>' if mark.is_sign else _e(mark.text)
    return (
        f'<span class="mark{" sign" if mark.is_sign else ""}" data-mark="{_e(mark.kind)}">'
        f'<span aria-hidden="true">{_MARKS.get(mark.kind, "○")}</span> {text}</span>'
    )


def _signs_and_words(marks: Sequence[Mark]) -> tuple[str, list[str]]:
    """The marks without words, and those with them, one by one."""
    signs = "".join(_mark(mark) for mark in marks if mark.is_sign)
    return signs, [_mark(mark) for mark in marks if not mark.is_sign]


# -- goals ------------------------------------------------------------------------------------


def _percent(part: float, whole: float) -> float:
    return round(min(max(part / whole, 0.0), 1.0) * 100, 2) if whole > 0 else 0.0


def bar_stretches(value: float, target: TargetState) -> dict[str, float]:
    """The goal bar in percent of its width: ``tick``, ``fill`` and the judged stretch.

    Only the stretch between value and tick has colour: ``short`` (hatched) or ``ahead`` (solid),
    from ``from`` on. A running amount fills up to its whole target; any other bar leaves a fifth
    of its width beyond the target.
    """
    aim = words.aim(target)
    full = max(target.value, value) if target.is_pace else max(target.value * 1.25, value)
    tick, reached = _percent(aim, full), _percent(value, full)
    is_ahead = reached >= tick
    if target.is_limit:
        # Under a limit nothing is missing; over it the excess is what falls short.
        short, ahead = (reached - tick if is_ahead else 0.0), 0.0
    else:
        short, ahead = (0.0, reached - tick) if is_ahead else (tick - reached, 0.0)
    return {
        "tick": tick,
        "fill": min(tick, reached),
        "from": min(tick, reached),
        "short": round(short, 2),
        "ahead": round(ahead, 2),
    }


def _bar(tile: Tile) -> str:
    if tile.value is None or tile.target is None:
        return '<div class="bar bar-none"></div>'
    at = bar_stretches(tile.value, tile.target)
    stretch = ""
    for name in ("short", "ahead"):
        if at[name] > 0:
            stretch = f'<i class="{name}" style="left:{at["from"]}%;width:{at[name]}%"></i>'
    return (
        f'<div class="bar" aria-hidden="true"><i class="fill" style="width:{at["fill"]}%"></i>'
        f'{stretch}<i class="tick" style="left:{at["tick"]}%"></i></div>'
    )


def _goal(tile: Tile, formats: Formats, link: Link | None) -> str:
    label = f"{tile.label}, {tile.qualifier}" if tile.qualifier else tile.label
    signs, marks = _signs_and_words([mark for mark in tile.marks if mark.kind != "partial"])
    return (
        f'<section class="goal" data-kpi="{_e(tile.metric.id)}">'
        f"{_about(tile, formats, label, link)}"
        f'<p class="goal-figure"><b>{_e(words.headline(tile, formats))}</b> {signs}'
        f"<span>{_e(words.goal_of(tile, formats))}</span></p>"
        f'{_bar(tile)}<p class="goal-line">{_judged(words.goal_line(tile, formats))}'
        f"{''.join(marks)}</p>"
        "</section>"
    )


def goals_html(tiles: Sequence[Tile], formats: Formats, link: Link | None = None) -> str:
    """The strip of joint goals."""
    goals = "".join(_goal(tile, formats, link) for tile in tiles)
    many = " goals-many" if len(tiles) > MANY_GOALS else ""
    return f'<div class="goals{many}" style="--goals:{max(len(tiles), 1)}">{goals}</div>'


# -- tiles ------------------------------------------------------------------------------------


def _about(tile: Tile, formats: Formats, label: str, link: Link | None) -> str:
    """The label, which opens the KPI's definition and target; ``link`` leads to the handbook."""
    metric = tile.metric
    facts = [
        ("Formula", metric.formula),
        ("Counted by", metric.counted_by),
        ("Missing values", metric.null_rule),
        ("Owner", metric.owner),
        ("State", words.status_words(tile)),
    ]
    if tile.numerator is not None and tile.denominator is not None:
        facts.append(("This period", _fraction(tile, formats)))
    if tile.limits is not None:
        facts.append(("Usual", f"{usual_range(tile, formats)} ({tile.baseline})"))
    elif tile.baseline:
        facts.append(("Usual", tile.baseline))
    if tile.signal is not None:
        facts.append(("Signal", tile.signal.words))
    if tile.reason:
        facts.append(("Why", tile.reason))
    if tile.note:
        facts.append(("Rests on", f"{tile.note}."))
    facts += [("Agreement", mark.detail) for mark in tile.marks if mark.detail]
    facts += target_facts(tile, formats)
    rows = "".join(f"<dt>{_e(name)}</dt><dd>{_e(text)}</dd>" for name, text in facts if text)
    more = ""
    if link is not None:
        more = f'<p class="card-more"><a href="{_e(link(metric.id))}">In the handbook</a></p>'
    return (
        f'<details class="about"><summary><h3>{_e(label)}</h3></summary>'
        f'<div class="card"><p><b>{_e(metric.label)}</b> <code>{_e(metric.id)}</code></p>'
        f"<p>{_e(metric.definition)}</p><dl>{rows}</dl>{more}</div></details>"
    )


def _fraction(tile: Tile, formats: Formats) -> str:
    """Numerator ÷ denominator of a ratio; a cohort's are counts of leads."""
    parts = (tile.numerator, tile.denominator)
    text = " ÷ ".join("–" if part is None else formats.plain(part) for part in parts)
    return f"{text} leads" if tile.metric.kind is Kind.COHORT else text


def _tile(tile: Tile, formats: Formats, link: Link | None) -> str:
    goal, state = words.target_words(tile, formats)
    joined = f"{_e(goal)} · {_judged(state)}" if state.text else _e(goal)
    qualifier = f'<span class="qualifier">{_e(tile.qualifier)}</span>' if tile.qualifier else ""
    more = "" if tile.beside is None else words.beside_words(tile.beside, formats)
    if more and not qualifier:
        qualifier = f'<span class="qualifier">{_e(more)}</span>'
    # Beside a long label there is room for one mark; a second one stands under the qualifier.
    signs, marks = _signs_and_words(tile.marks)
    early = ""
    if tile.early is not None:
        line = words.early_line(tile.early, tile.metric.unit, formats)
        early = f'<p class="tile-early">{_e(line)}</p>'
    elif more and tile.qualifier:
        early = f'<p class="tile-early">{_e(more)}</p>'
    return (
        f'<article class="tile" data-kpi="{_e(tile.metric.id)}" data-status="{_e(tile.status)}">'
        f'<div class="tile-head">{_about(tile, formats, tile.label, link)}{signs}'
        f"{''.join(marks[:1])}"
        f'<span class="tile-target">{joined}</span></div>'
        f'<p class="tile-value"><b>{_e(words.headline(tile, formats))}</b> '
        f'<span class="beside">{qualifier}{"".join(marks[1:])}</span></p>'
        f'<p class="tile-change">{_judged(words.change_words(tile, formats))}</p>'
        f"{early}</article>"
    )


def column_html(
    title: str, tiles: Sequence[Tile], formats: Formats, link: Link | None = None
) -> str:
    """One team's heading and tiles; their sparklines are laid beside them by the style sheet."""
    return (
        f'<div class="team"><h2>{_e(title)}</h2></div>'
        f'<div class="tiles">{"".join(_tile(tile, formats, link) for tile in tiles)}</div>'
    )
