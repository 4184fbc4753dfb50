"""The review page's text as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from metrics.model import Status, Unit
from metrics.report import wins_words
from metrics.report.format import Formats
from metrics.report.split_words import capital, causes_of, changed_words, unchanged_words
from metrics.report.view_words import span_words
from metrics.review.changes import Cause, Changed, Changes
from metrics.review.figures import Figure
from metrics.review.meetings import Meeting
from metrics.review.wins import Wins

STATES = {
    Status.FINAL: "",
    Status.PARTIAL: "partial",
    Status.MATURING: "maturing",
    Status.NO_DATA: "no data",
}


def _e(text: object) -> str:
    return html.escape(str(text))


def heading(title: str, told: str = "") -> str:
    return f'<div class="part-head"><h3>{_e(title)}</h3><p>{_e(told)}</p></div>'


def note(text: str) -> str:
    return f'<p class="chart-note">{_e(text)}</p>'


def moment_words(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    """A naive UTC moment in company time: "Mon 16 Nov 2026, 06:00"."""
    local = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    return format_datetime(local, "EEE d MMM yyyy, HH:mm", tzinfo=zone, locale=locale)


# -- joint wins -----------------------------------------------------------------------------------


def wins_html(wins: Wins, formats: Formats, zone: ZoneInfo) -> str:
    """The deals that both teams had a part in, the largest first."""
    head = heading(wins_words.TITLE, wins_words.aside(wins))
    if none := wins_words.none_words(wins):
        return f'<section class="review-part">{head}{note(none)}</section>'
    rows = "".join(
        f"<li><b>{_e(formats.value(wins_words.amount(win), Unit.MONEY))}</b>"
        f"<span>{_e(wins_words.name(win))}</span>"
        f"<span>{_e(wins_words.day(win.won_at, zone, formats.locale))}</span></li>"
        for win in wins.deals
    )
    total = wins_words.total_words(wins, formats)
    return f'<section class="review-part">{head}<ol class="wins">{rows}</ol>{note(total)}</section>'


# -- what changed since ---------------------------------------------------------------------------


def changes_html(found: Changes, formats: Formats, first: int = 0, last: int | None = None) -> str:
    """Each figure then and now and why it differs, the largest change first; those from ``first``
    to before ``last``."""
    causes = causes_of(found)
    columns = "".join(f'<th class="num">{_e(capital(cause))}</th>' for cause in causes)
    rows = "".join(_changed_row(one, causes, formats) for one in found.changed[first:last])
    return (
        '<div class="changes-frame"><table class="segments changes"><thead><tr><th>Figure</th>'
        f'<th class="num">Then</th><th class="num">Now</th><th class="num">Change</th>{columns}'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def unchanged_html(found: Changes) -> str:
    """ "31 of 36 figures unchanged"."""
    return f'<p class="changes-told" role="status">{_e(unchanged_words(found))}</p>'


def _changed_row(one: Changed, causes: Sequence[Cause], formats: Formats) -> str:
    row = changed_words(one, causes, formats)
    cells = "".join(f'<td class="num">{_e(text)}</td>' for text in row.parts)
    words = f"<small>{_e(row.notes)}</small>" if row.notes else ""
    return (
        f'<tr data-kpi="{_e(one.figure.question.metric)}"><th>{_e(row.label)}'
        f"<span>{_e(row.days)}</span>{words}</th>"
        f'<td class="num">{_e(row.then)}</td><td class="num">{_e(row.now)}</td>'
        f'<td class="num total">{_e(row.change)}</td>{cells}</tr>'
    )


# -- what was frozen ------------------------------------------------------------------------------


def figures_html(figures: Sequence[Figure], meeting: Meeting, formats: Formats) -> str:
    """The frozen figures of every item, as they were shown."""
    rows: list[str] = []
    for number, item in enumerate(meeting.agenda, 1):
        own = [figure for figure in figures if figure.item == number]
        if own:
            rows.append(f'<tr class="item"><th colspan="5">{number} {_e(item.title)}</th></tr>')
            rows += [_figure_row(figure, formats) for figure in own]
    return (
        '<div class="changes-frame"><table class="segments changes frozen"><thead><tr>'
        '<th>Figure</th><th>Days</th><th class="num">Value</th><th class="num">Target</th>'
        f"<th>State</th></tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _figure_row(figure: Figure, formats: Formats) -> str:
    value = formats.value(figure.value, figure.unit)
    if figure.value is None and figure.bound is not None:
        value = formats.bound(figure.bound, figure.unit)
    state = STATES[figure.status]
    if figure.status is Status.MATURING:
        state = f"{figure.maturing:,} maturing"
    words = " ".join(part for part in (state, figure.reason or "") if part)
    target = "" if figure.target is None else formats.target(figure.target, figure.unit)
    filters = " · ".join(
        f"{name} {', '.join('(none)' if m is None else m for m in members)}"
        for name, members in figure.question.where
    )
    qualifier = ", ".join(part for part in (figure.qualifier, filters) if part)
    return (
        f'<tr data-kpi="{_e(figure.question.metric)}"><th>{_e(figure.label)}'
        f"<span>{_e(qualifier)}</span></th>"
        f"<td>{_e(span_words(figure.question.span, formats.locale))}</td>"
        f'<td class="num">{_e(value)}</td><td class="num">{_e(target)}</td>'
        f"<td>{_e(words)}</td></tr>"
    )
