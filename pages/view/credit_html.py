"""The credit page's words and tables as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from metrics.attribution.board import ChannelReturns, CreditBoard
from metrics.attribution.deals import Story
from metrics.attribution.economics import Economics
from metrics.attribution.model import MODELS, Basis
from metrics.attribution.paths import Path
from metrics.attribution.payback import MONTHS, PaybackRow
from metrics.report import credit_words as words
from metrics.report.credit_charts import credits_by_member, member_name, percent, whole_percent
from metrics.report.credit_words import Standing
from metrics.report.format import UNDEFINED, Formats
from metrics.report.journey_chart import days_before, milestones
from pages.view.html_table import html_table

# A path longer than this is told by its ends.

Moment = Callable[[datetime], str]


def _e(text: object) -> str:
    return html.escape(str(text))


def heading(title: str, aside: str = "", key: str = "") -> str:
    """A part's title with what it counts beside it; ``key`` explains its signs."""
    right = f'<span class="credit-key">{_e(key)}</span>' if key else ""
    return f'<div class="credit-head"><h2>{_e(title)}</h2><span>{_e(aside)}</span>{right}</div>'


def sentence(text: str) -> str:
    return f'<p class="credit-words">{_e(text)}</p>'


def note(text: str) -> str:
    return f'<p class="credit-note">{_e(text)}</p>' if text else ""


_table = partial(html_table, style="credit")


# -- who gets the credit ------------------------------------------------------------------------


def facts_html(board: CreditBoard, formats: Formats) -> str:
    """The plain facts as one bar that is the whole, each part with its words below.

    Where an amount is below 0 there is no whole to be a part of: the words stand alone.
    """
    parts = words.facts_parts(board)
    assert board.facts is not None
    total = float(board.facts.total.amount)
    is_whole = total > 0 and all(part.amount >= 0 for _, part in parts)
    bar, key = "", ""
    for name, part in parts:
        share = float(part.amount) / total if is_whole else 0.0
        if is_whole and share:
            bar += f'<i class="fact-{name}" style="width:{100 * share:.2f}%"></i>'
        part_of = f" · {whole_percent(share)}%" if is_whole else ""
        key += (
            f'<li data-fact="{name}"><i class="fact-{name}"></i>{_e(words.SHORT_LABELS[name])} '
            f"<b>{_e(words.money(part.amount, formats))}</b>{part_of}</li>"
        )
    return f'<div class="facts-bar" aria-hidden="true">{bar}</div><ul class="facts-key">{key}</ul>'


def split_html(board: CreditBoard) -> str:
    """The sentence of the page: marketing's share, and how sure."""
    assert board.split is not None
    first, rest = words.split_words(board.split)
    return f'<p class="credit-split"><b>{_e(first)}</b> {_e(rest)}</p>'


# -- all members, all models --------------------------------------------------------------------


def table_html(board: CreditBoard, formats: Formats) -> str:
    """Every member under every model, the chosen one first; its foot is the line that adds up."""
    models = [board.query.model, *(name for name in board.answers if name != board.query.model)]
    credit = credits_by_member(board.answers, board.query.model)

    def cells(name: str, amounts: Mapping[str, object]) -> list[str]:
        return [_e(name), *(_e(words.money(amounts[m], formats)) for m in models)]  # type: ignore[arg-type]

    members = list(credit)
    rows = [cells(member_name(m, board.called), credit[m]) for m in members[: words.MAX_TABLE]]
    feet = [
        cells(label, {name: getattr(answer, kind) for name, answer in board.answers.items()})
        for label, kind in (("Unattributed", "unattributed"), ("Total", "total"))
    ]
    foot = "".join(
        f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{c}</td>" for c in row[1:]) + "</tr>"
        for row in feet
    )
    left = len(members) - words.MAX_TABLE
    more = note(f"{left} more are in the file.") if left > 0 else ""
    head = [str(board.query.by).capitalize(), *(MODELS[name].label for name in models)]
    return _table(head, rows, "models", foot=f"<tfoot>{foot}</tfoot>") + more


# -- paths --------------------------------------------------------------------------------------


def paths_html(paths: Sequence[Path], called: Mapping[str, str], formats: Formats) -> str:
    return _table(
        ["Path", "Deals", "Amount"],
        (
            [
                _steps(path.steps, called),
                formats.plain(path.opportunities),
                _e(words.money(path.amount, formats)),
            ]
            for path in paths
        ),
        "paths",
    )


def _steps(steps: Sequence[str | None], called: Mapping[str, str]) -> str:
    named = [
        f"<i>{_e(text)}</i>" if is_count else _e(text)
        for text, is_count in words.path_steps(steps, called)
    ]
    return " → ".join(named)


# -- one journey --------------------------------------------------------------------------------


def journey_html(
    story: Story,
    board: CreditBoard,
    day: Moment,
    lead_address: Callable[[str], str],
    shows_reps: bool,
) -> str:
    """The touches as a list in words, with the milestones among them."""
    lines: list[tuple[datetime, str]] = []
    for name, moment in milestones(story, board.query.basis):
        when = day(moment)
        lines.append(
            (moment, f'<li class="stone"><span>{_e(when)}</span><b>{_e(name)} created</b></li>')
        )
    for touch in story.journey.touches:
        share = touch.shares[story.model]
        who = story.leads.get(touch.lead_id, touch.lead_id)
        rep = story.reps.get(touch.rep, touch.rep) if touch.rep and shows_reps else None
        by = f" · by {_e(rep)}" if rep else ""
        before = f"{days_before(story, touch.occurred_at):.0f} d before"
        lines.append(
            (
                touch.occurred_at,
                f'<li data-touch="{_e(touch.touch_id)}"><span>{_e(day(touch.occurred_at))}</span>'
                f"<span><b>{_e(percent(share))}</b> {_e(touch.team)}: "
                f"{_e(words.touch_words(touch, story))}{by} · "
                f'<a href="{_e(lead_address(touch.lead_id))}" target="_self">{_e(who)}</a> · '
                f"{before}</span></li>",
            )
        )
    end = "won" if board.query.basis == Basis.WON else "opportunity created"
    ended = f'<li class="stone"><span>{_e(day(story.journey.anchor))}</span><b>{end}</b></li>'
    # A milestone at the moment of a touch stands before it.
    lines.sort(key=lambda line: line[0])
    items = "".join(text for _, text in lines)
    return f'<ul class="journey" data-part="journey">{items}{ended}</ul>'


# -- sourced, influenced, credited --------------------------------------------------------------


def standing_html(board: CreditBoard, formats: Formats) -> str:
    """The three side by side, each with its own name; nothing here is a sum of two of them."""
    cells = [_cell(one) for one in words.standing(board, formats)]
    return f'<div class="standing">{"".join(cells)}</div>'


def _cell(one: Standing) -> str:
    shown = f" · {_e(one.aside)}" if one.aside else ""
    return (
        f'<div data-standing="{_e(one.id)}"><h3>{_e(one.title)}</h3><p class="standing-value">'
        f"{_e(one.value)}</p><p>{_e(one.rule)}{shown}</p></div>"
    )


# -- channel economics --------------------------------------------------------------------------


def economics_html(returns: ChannelReturns, formats: Formats) -> str:
    """What each channel cost and earned; a return that can still grow is marked."""
    found = returns.economics
    return _table(
        words.economics_heads(found),
        (_economics(row, formats) for row in words.economics_rows(found)),
        "economics",
    )


def _economics(row: tuple[str, Economics], formats: Formats) -> list[str]:
    name, found = row
    cells = [_e(cell.text) for cell in words.economics_cells(found, formats)]
    if found.is_maturing and found.return_on_spend is not None:
        cells[2] += ' <span title="can still grow">◔</span>'
    return [_e(name), *cells]


def payback_html(returns: ChannelReturns) -> str:
    """The parts of each channel's credit, in percent, by months since the journey's first touch;
    the darker, the more."""
    found = returns.payback
    rows = [(member_name(name, {}), found.rows[name]) for name in returns.channels
            if name in found.rows]  # fmt: skip
    if found.total is not None:
        rows.append(("All", found.total))
    months = [str(n) for n in range(MONTHS - 1)] + [f"{MONTHS - 1}+"]
    return _table(
        ["Month", *months, "Half by"],
        ([_e(name), *_heat(row)] for name, row in rows),
        "payback",
    )


def _heat(row: PaybackRow) -> list[str]:
    """A cell a month; no shares where the credit is not above 0."""
    if row.shares is None:
        return [UNDEFINED] * (MONTHS + 1)
    top = max(row.shares)
    cells = [
        f'<i class="heat" style="--heat:{45 * max(share, 0) / top:.0f}%">'
        f"{whole_percent(share) if round(share * 100) else ''}</i>"
        for share in row.shares
    ]
    half = UNDEFINED if row.median_months is None else f"{row.median_months:.1f}"
    return [*cells, half]
