"""The parts of the lead page as HTML; everything that comes from the data is escaped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from html import escape

from babel.dates import format_date

from metrics.lead import Deal, Event, Handoff, LeadStory
from metrics.lead_differences import Difference
from metrics.model import Unit
from metrics.report.format import UNDEFINED, Formats
from metrics.report.lead_days import Day, changes_text, touch_text, touches_text

Moment = Callable[[datetime], str]
MANY = 4
SHOWN = 6
STATES = {
    "met": "✓ in time",
    "breached": "✕ late or unanswered",
    "pending": "not yet due",
    None: "no clock",
}


def header_html(story: LeadStory, moment: Moment) -> str:
    """Who it is, where it stands, and whether the record is still its own."""
    person = story.person
    name = person["full_name"] or story.lead_id
    facts = [
        ("Company", person["company"] or person["account_id"]),
        ("Owner", person["owner"]),
        ("Segment", person["segment"]),
        ("Region", person["region"]),
        ("Source", person["channel"]),
        ("Persona", person["persona"]),
        ("Score", person["score"]),
        ("Created", moment(person["created_at"])),
    ]
    listed = "".join(
        f"<div><dt>{label}</dt><dd>{escape(str(value)) if value else '(none)'}</dd></div>"
        for label, value in facts
    )
    mail = f" · {escape(person['email'])}" if person["email"] else ""
    return (
        f'<div class="lead-head"><h2>{escape(name)}</h2>'
        f'<p><b class="lead-state">{escape(story.state)}</b> · {escape(story.lead_id)}{mail}</p>'
        f"<dl>{listed}</dl></div>"
    )


def handoffs_html(handoffs: Sequence[Handoff], moment: Moment, formats: Formats) -> str:
    rows = []
    for h in handoffs:
        hours = UNDEFINED if h.hours is None else formats.value(h.hours, Unit.HOURS)
        target = "" if h.target_hours is None else formats.target(h.target_hours, Unit.HOURS)
        judged = {"met": "good", "breached": "bad"}.get(h.state or "", "")
        due = f"due {moment(h.due_at)}" if h.due_at else ""
        answered = f"answered {moment(h.answered_at)}" if h.answered_at else "unanswered"
        given = ", ".join(part for part in (h.disposition, h.reason) if part)
        rows.append(
            f"<li><p><b>{moment(h.handed_at)}</b> to {escape(h.owner or 'nobody')}"
            f"{_after(' · ', (h.leg or '').replace('_', ' '))}{_after(' · ', h.priority)}</p>"
            f'<p><span class="{judged}">{STATES[h.state]}</span>'
            f"{_after(': ', f'{hours} of {target}' if target else '')}</p>"
            f"<p>{_after('', due)}{_after(' · ', answered)}{_after(' · ', given)}</p></li>"
        )
    return _section("Handoffs", rows, "Never handed over.")


def deals_html(deals: Sequence[Deal], moment: Moment, formats: Formats) -> str:
    rows = []
    for deal in deals:
        amount = UNDEFINED if deal.amount is None else formats.exact(deal.amount, Unit.MONEY)
        closed = f"closed {moment(deal.closed_at)}" if deal.closed_at else "open"
        role = f"as {deal.role.replace('_', ' ')}" if deal.role else ""
        rows.append(
            f"<li><p><b>{amount}</b> {escape(deal.kind)} · {escape(deal.status)}"
            f"{_after(' · ', deal.stage)}{_after(' · ', role)}</p>"
            f"<p>{escape(deal.opportunity_id)}{_after(' · ', deal.owner)} · created "
            f"{moment(deal.created_at)} · {closed}{_after(' · ', deal.loss_reason)}</p></li>"
        )
    return _section("Opportunities", rows, "No opportunity.")


def differences_html(found: Sequence[Difference]) -> str:
    """What the systems show differently of this lead; nothing where they agree."""
    if not found:
        return ""
    told = "".join(
        f"<li><b>{escape(one.what)}</b>: "
        + "; ".join(f"{escape(system)} {escape(value)}" for system, value in one.said)
        + "</li>"
        for one in found
    )
    return (
        '<section class="facts differs" aria-label="Differences">'
        f"<h3>The systems differ</h3><ul>{told}</ul></section>"
    )


def systems_html(records: Sequence[dict], moment: Moment) -> str:
    rows = []
    for record in records:
        notes = [record["status"], record["sync_status"], record["sync_error"]]
        if record["merged_into"]:
            notes.append(f"merged into {record['merged_into']}")
        if record["created_by_team"]:
            notes.append(f"created by {record['created_by_team']}")
        told = " · ".join(escape(note) for note in notes if note)
        rows.append(
            f"<li><p><b>{escape(record['system'].capitalize())}</b>"
            f"{_after(' · ', record['product'])} · {escape(record['record_id'])} · "
            f"{escape(record['stage'])}</p><p>{moment(record['counted_at'])} · {told}</p></li>"
        )
    return _section("In the systems", rows, "In no system's records.")


def days_html(days: Sequence[Day], clock: Moment, locale: str) -> str:
    """The list: a row a day, marketing left, sales right; many touches fold into one line."""
    rows = "".join(_day_html(day, clock, locale) for day in days)
    return (
        '<div class="days"><div class="day day-head"><span>Day</span><span>Marketing</span>'
        f"<span>Sales</span></div>{rows}</div>"
    )


def _day_html(day: Day, clock: Moment, locale: str) -> str:
    between = "".join(_between_html(event, clock) for event in day.between)
    changes = f'<p class="changes">{escape(changes_text(day.changes))}</p>' if day.changes else ""
    lanes = ""
    if day.marketing or day.sales:
        lanes = (
            f"<div>{_touches_html(day.marketing, clock)}</div>"
            f"<div>{_touches_html(day.sales, clock)}</div>"
        )
    return (
        f'<div class="day"><span class="day-name">{_day_name(day.day, locale)}</span>{lanes}'
        f'<div class="between">{between}{changes}</div></div>'
    )


def _day_name(day: date, locale: str) -> str:
    return escape(format_date(day, "EEE d MMM yyyy", locale=locale))


def _between_html(event: Event, clock: Moment) -> str:
    kind = "■" if event.kind == "stage" else f"Deal {escape(event.ref or '')}:"
    by = _after(" · ", event.who) + _after(" · ", event.channel) + _after(" · ", event.detail)
    return f"<p>{clock(event.at)} {kind} <b>{escape(event.what)}</b>{by}</p>"


def _touches_html(touches: list[Event], clock: Moment) -> str:
    lines = "".join(
        f"<p>{clock(touch.at)} {'●' if touch.responded else '○'} {escape(touch_text(touch))}"
        f"{' · <b>buyer responded</b>' if touch.responded else ''}</p>"
        for touch in touches
    )
    if len(touches) <= MANY:
        return lines
    return f"<details><summary>{escape(touches_text(touches))}</summary>{lines}</details>"


def _after(sign: str, text: str | None) -> str:
    """Text from the data behind a separator; nothing where there is none."""
    return f"{sign}{escape(text)}" if text else ""


def _section(title: str, rows: Sequence[str], empty: str) -> str:
    body = f"<ul>{''.join(rows[:SHOWN])}</ul>" if rows else f"<p>{empty}</p>"
    if rest := rows[SHOWN:]:
        body += f"<details><summary>{len(rest)} more</summary><ul>{''.join(rest)}</ul></details>"
    return f'<section class="facts"><h3>{title}</h3>{body}</section>'
