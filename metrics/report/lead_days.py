"""A lead's events as days: what marketing did, what sales did, and what changed between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from metrics.calendar import Calendar
from metrics.lead import Event

CHANGED = {"owner_id": "owner", "account_id": "account"}


@dataclass
class Day:
    """One business day: lines of text by lane, newest first."""

    day: date
    marketing: list[Event] = field(default_factory=list)
    sales: list[Event] = field(default_factory=list)
    between: list[Event] = field(default_factory=list)
    changes: list[Event] = field(default_factory=list)


def days_of(events: Iterable[Event], calendar: Calendar) -> list[Day]:
    """Events, newest first, by business day; partner and success stand on sales' side."""
    days: dict[date, Day] = {}
    for event in events:
        on = calendar.day_of(event.at)
        day = days.setdefault(on, Day(on))
        if event.kind == "touch":
            (day.marketing if event.lane == "marketing" else day.sales).append(event)
        else:
            (day.changes if event.kind == "change" else day.between).append(event)
    return list(days.values())


def touch_text(event: Event) -> str:
    """A touch in words: "call, outbound, by Kim Lee (automated)"."""
    parts = [event.what]
    if event.channel and event.channel != event.what:
        parts.append(event.channel.replace("_", " "))
    if event.detail:
        parts.append(event.detail)
    if event.ref:
        parts.append(event.ref)
    if event.lane not in ("marketing", "sales"):
        parts.append(event.lane or "no team")
    if event.who:
        parts.append(f"by {event.who}")
    return ", ".join(parts) + (" (automated)" if event.automated else "")


def touches_text(touches: list[Event]) -> str:
    """A day's touches of one lane in short: "7 touches: 4 email, 3 web; 2 with a response"."""
    kinds = Counter(touch.what for touch in touches)
    answered = sum(1 for touch in touches if touch.responded)
    counted = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return f"{len(touches)} touches: {counted}" + (
        f"; {answered} with a response" if answered else "; no response"
    )


def changes_text(changes: list[Event]) -> str:
    """Fields that changed on a day, in the order in which they did."""
    return ", ".join(
        f"{CHANGED.get(change.what, change.what.replace('_', ' '))}: "
        f"{change.detail if change.detail is not None else 'none'}"
        for change in reversed(changes)
    )
