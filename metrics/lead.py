"""One lead over both teams and all systems, as the world was at a moment.

Five queries, whatever the lead's size: who it is, everything that happened to it (one UNION, the
newest ``MAX_EVENTS``), its handoffs with their clock, its opportunities, its records in the
systems. A search is one query more.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from data.warehouse import Warehouse
from metrics import lead_statements as statements
from metrics.engine import cached_rows
from metrics.facts.handoffs import SECONDS_AN_HOUR
from metrics.facts.stages import stage_label
from metrics.records import plain
from metrics.row_scope import of_seen_leads

MAX_EVENTS = 2_000
MAX_FOUND = 20
A_REP = "a rep"


@dataclass(frozen=True)
class Event:
    """Something that happened: ``kind`` is stage, touch, change, handoff or deal.

    ``what`` is the stage, the touch's kind, the field that changed, the deal's stage; ``lane`` the
    team of a touch; ``detail`` the reason, asset, value; ``responded`` whether the buyer did.
    """

    at: datetime
    kind: str
    what: str
    lane: str | None = None
    detail: str | None = None
    who: str | None = None
    channel: str | None = None
    responded: bool | None = None
    automated: bool | None = None
    amount: float | None = None
    ref: str | None = None


@dataclass(frozen=True)
class Handoff:
    """A handoff with its clock in business hours; ``state`` is met, breached or pending."""

    handoff_id: str
    handed_at: datetime
    due_at: datetime | None
    answered_at: datetime | None
    hours: float | None
    target_hours: float | None
    state: str | None
    priority: str | None
    leg: str | None
    owner: str | None
    disposition: str | None
    reason: str | None


@dataclass(frozen=True)
class Deal:
    """An opportunity of the lead; ``role`` is its part in it where it is not the primary lead."""

    opportunity_id: str
    kind: str
    created_at: datetime
    closed_at: datetime | None
    status: str
    stage: str | None
    amount: float | None
    owner: str | None
    loss_reason: str | None
    role: str | None


@dataclass(frozen=True)
class LeadStory:
    """Everything that the page shows. ``person`` holds the header's fields by name."""

    lead_id: str
    as_of: datetime
    person: dict[str, Any]
    events: tuple[Event, ...] = ()
    handoffs: tuple[Handoff, ...] = ()
    deals: tuple[Deal, ...] = ()
    systems: tuple[dict[str, Any], ...] = field(default=())
    is_cut: bool = False

    @property
    def state(self) -> str:
        """Where the lead stands, in words."""
        entered = [e for e in self.events if e.kind == "stage"]
        return entered[0].what if entered else "no stage yet"


def find_lead(
    warehouse: Warehouse, lead_id: str, as_of: datetime, *, shows_people: bool = True
) -> LeadStory | None:
    """The story of a lead up to a moment (naive UTC); None where there was no such lead yet."""
    person = statements.person(lead_id, as_of, shows_people)
    rows = cached_rows(warehouse, of_seen_leads(warehouse, person))
    if not rows:
        return None
    events = cached_rows(warehouse, statements.events(lead_id, as_of).limit(MAX_EVENTS + 1))
    return LeadStory(
        lead_id=lead_id,
        as_of=as_of,
        person={name: plain(value) for name, value in rows[0].items()},
        events=tuple(_event(row) for row in events[:MAX_EVENTS]),
        handoffs=tuple(
            _handoff(row) for row in cached_rows(warehouse, statements.handed(lead_id, as_of))
        ),
        deals=tuple(_deal(row) for row in cached_rows(warehouse, statements.deals(lead_id, as_of))),
        systems=tuple(cached_rows(warehouse, statements.systems(lead_id, as_of))),
        is_cut=len(events) > MAX_EVENTS,
    )


def search_leads(
    warehouse: Warehouse, text: str, as_of: datetime, *, shows_people: bool = True
) -> list[dict[str, Any]]:
    """The first ``MAX_FOUND`` leads whose id, name, e-mail or company holds a text.

    One without the right to see people finds them by id and company alone.
    """
    text = text.strip()
    if not text:
        return []
    found = of_seen_leads(warehouse, statements.search(text, as_of, shows_people))
    return cached_rows(warehouse, found.limit(MAX_FOUND))


def without_reps(story: LeadStory) -> LeadStory:
    """The same story with no single rep named: for a page that is projected (handbook, §3)."""

    def hidden(name: str | None) -> str | None:
        return None if name is None else A_REP

    return replace(
        story,
        person=story.person | {"owner": hidden(story.person["owner"])},
        events=tuple(
            replace(
                event,
                who=hidden(event.who),
                detail=hidden(event.detail) if event.what == "owner_id" else event.detail,
            )
            for event in story.events
        ),
        handoffs=tuple(replace(h, owner=hidden(h.owner)) for h in story.handoffs),
        deals=tuple(replace(deal, owner=hidden(deal.owner)) for deal in story.deals),
    )


def _event(row: dict[str, Any]) -> Event:
    fields = {name: plain(value) for name, value in row.items() if name != "place"}
    if row["kind"] == "stage":
        fields |= {"what": _stage_name(row["what"], is_first=row["ref"] == "1"), "ref": None}
    return Event(**fields)


def _stage_name(stage: str, *, is_first: bool) -> str:
    """A later MQL is a re-MQL; a lead may be rejected and recycled as often as it takes."""
    name = stage_label(stage)
    if is_first or stage in ("rejected", "recycled"):
        return name
    return f"re-{name}" if stage == "mql" else f"{name} again"


def _handoff(row: dict[str, Any]) -> Handoff:
    seconds, target = row["seconds"], row["target_seconds"]
    fields = {n: v for n, v in row.items() if n not in ("seconds", "target_seconds")}
    return Handoff(
        **fields,
        hours=None if seconds is None else float(seconds) / SECONDS_AN_HOUR,
        target_hours=None if target is None else float(target) / SECONDS_AN_HOUR,
    )


def _deal(row: dict[str, Any]) -> Deal:
    return Deal(**{name: plain(value) for name, value in row.items()})
