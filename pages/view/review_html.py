"""The review page's text as HTML. Everything from data is escaped here."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime

from metrics.calendar import Span
from metrics.model import Status, Unit
from metrics.report.format import UNDEFINED, Formats
from metrics.report.split_words import shown_split
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


def span_words(span: Span, locale: str) -> str:
    """The days of a figure, the last one included: "9 Nov – 15 Nov 2026"."""
    last = span.end.fromordinal(span.end.toordinal() - 1)
    first = format_date(span.start, "d MMM" if span.start.year == last.year else "d MMM yyyy",
                        locale=locale)  # fmt: skip
    end = format_date(last, "d MMM yyyy", locale=locale)
    return end if span.start == last else f"{first} – {end}"


# -- joint wins -----------------------------------------------------------------------------------


def wins_html(wins: Wins, formats: Formats, zone: ZoneInfo) -> str:
    """The deals that both teams had a part in, the largest first."""
    head = heading("Joint wins", f"deals won in {wins.period_label} that both teams touched")
    if wins.reason:
        return f'<section class="review-part">{head}{note(wins.reason)}</section>'
    if not wins.count:
        none = "No deal was won." if not wins.won else (
            f"Of {wins.won} won, none had touches of both teams."
        )  # fmt: skip
        return f'<section class="review-part">{head}{note(none)}</section>'
    rows = "".join(
        f"<li><b>{_e(formats.value(_amount(win.amount), Unit.MONEY))}</b>"
        f"<span>{_e(win.account or f'deal {win.opportunity_id}')}</span>"
        f"<span>{_e(_day(win.won_at, zone, formats.locale))}</span></li>"
        for win in wins.deals
    )
    more = wins.count - len(wins.deals)
    rest = f" · {more} more" if more > 0 else ""
    total = (
        f"{wins.count} of {wins.won} won, {formats.value(float(wins.amount), Unit.MONEY)} of "
        f"{formats.value(float(wins.won_amount), Unit.MONEY)}{rest}"
    )
    return f'<section class="review-part">{head}<ol class="wins">{rows}</ol>{note(total)}</section>'


def _amount(amount: object) -> float | None:
    return None if amount is None else float(str(amount))


def _day(moment: datetime, zone: ZoneInfo, locale: str) -> str:
    local = moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone)
    return format_date(local.date(), "d MMM", locale=locale)


# -- what changed since ---------------------------------------------------------------------------

SPLIT_RULE = (
    "Each difference is split in one order: what today's data and program make of the same "
    "question, then today's moment, then today's definition. The parts add up to the change."
)


def changes_html(found: Changes, formats: Formats, first: int = 0, last: int | None = None) -> str:
    """Each figure then and now and why it differs, the largest change first; those from ``first``
    to before ``last``."""
    causes = (found.first, Cause.AS_OF, Cause.DEFINITION)
    columns = "".join(f'<th class="num">{_e(_capital(cause))}</th>' for cause in causes)
    rows = "".join(_changed_row(one, causes, formats) for one in found.changed[first:last])
    return (
        '<div class="changes-frame"><table class="segments changes"><thead><tr><th>Figure</th>'
        f'<th class="num">Then</th><th class="num">Now</th><th class="num">Change</th>{columns}'
        f"</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def unchanged_html(found: Changes) -> str:
    """ "31 of 36 figures unchanged"."""
    text = f"{found.unchanged} of {found.figures} figures unchanged"
    return f'<p class="changes-told" role="status">{_e(text)}</p>'


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _changed_row(one: Changed, causes: Sequence[Cause], formats: Formats) -> str:
    split = shown_split(one, formats)
    by_cause = {part.cause: part for part in split.parts}
    merged = next((part for part in split.parts if part.cause not in causes), None)
    texts = [by_cause[cause].text if cause in by_cause else UNDEFINED for cause in causes]
    notes = list(dict.fromkeys(part.reason for part in split.parts if part.reason))
    if merged is not None:
        # What could not be told apart stands once, and the note says what it is of.
        texts[0], texts[2] = f"{merged.text} †", "in †"
        notes.append(f"† {merged.cause}, together")
    if one.note:
        notes.append(one.note)
    cells = "".join(f'<td class="num">{_e(text)}</td>' for text in texts)
    words = f"<small>{_e(' '.join(_sentence(text) for text in notes))}</small>" if notes else ""
    figure = one.figure
    days = f"{figure.qualifier}, " if figure.qualifier else ""
    days += span_words(figure.question.span, formats.locale)
    return (
        f'<tr data-kpi="{_e(figure.question.metric)}"><th>{_e(figure.label)}'
        f"<span>{_e(days)}</span>{words}</th>"
        f'<td class="num">{_e(split.then)}</td><td class="num">{_e(split.now)}</td>'
        f'<td class="num total">{_e(split.change)}</td>{cells}</tr>'
    )


def _sentence(text: str) -> str:
    return _capital(text) + ("" if text.endswith((".", "!", "?")) else ".")


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
