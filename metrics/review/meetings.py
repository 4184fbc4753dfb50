"""Plans and reviews in somebody's name: who may change them, and what is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from data import reviews
from data.audit import person
from data.errors import ReviewError
from data.reviews import StoredReview, is_review_id
from data.users import Account
from data.view_address import MAX_QUERY_BYTES
from metrics.calendar import Cadence
from metrics.model import Team
from metrics.review.agenda import (
    AgendaItem,
    Places,
    built_in_agenda,
    checked_agenda,
    checked_people,
    from_rows,
    to_rows,
)
from metrics.roles import active_account, check_may_edit, may_edit

EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Plan:
    """What every review of a cadence begins with. ``revision`` 0 is the built-in one."""

    cadence: Cadence
    participants: tuple[str, ...]
    agenda: tuple[AgendaItem, ...]
    revision: int = 0
    changed_by: str | None = None

    @property
    def minutes(self) -> int:
        return sum(item.minutes for item in self.agenda)


@dataclass(frozen=True)
class Meeting:
    """A review: when, of which moment, what is looked at, and whether it is over.

    ``query`` is the view that it begins with, without the moment; moments are naive UTC.
    """

    id: str
    cadence: Cadence
    held_on: date
    as_of: datetime
    query: str
    participants: tuple[str, ...]
    agenda: tuple[AgendaItem, ...]
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None

    @property
    def name(self) -> str:
        """ "Weekly review, 22 Nov 2026"."""
        return f"{self.cadence.capitalize()} review, {self.held_on:%-d %b %Y}"


def may_lead(role: str) -> bool:
    """Whether a role may plan, open and close reviews: editors of either team and admins."""
    return may_edit(role, Team.SHARED)


def leader(username: str, what: str) -> Account:
    """The account that does something to a review. Raises ``RoleError`` where it may not."""
    account = active_account(username)
    check_may_edit(account.role, Team.SHARED, what)
    return account


# -- plans ----------------------------------------------------------------------------------------


def read_plan(cadence: Cadence, places: Places) -> Plan:
    """The plan that holds for a cadence; items whose page is no more are left out."""
    stored = reviews.read_plan(cadence.value)
    if stored is None:
        return Plan(cadence, (), built_in_agenda(cadence, places))
    return Plan(
        cadence,
        stored.participants,
        tuple(item for item in from_rows(stored.agenda) if places.has(item)),
        stored.revision,
        stored.updated_by,
    )


def save_plan(
    username: str,
    seen: Plan,
    participants: Sequence[str],
    agenda: Sequence[AgendaItem],
    places: Places,
) -> Plan:
    """Change a plan that was read as ``seen``; reviews that were opened before keep theirs.

    Raises ``RoleError``, and ``ReviewError`` for an agenda that is not sound or a plan that
    somebody else has changed in the meantime.
    """
    account = leader(username, "Changing a plan")
    people, items = checked_people(participants), checked_agenda(agenda, places)
    revision = reviews.write_plan(
        seen.cadence.value,
        people,
        to_rows(items),
        seen=seen.revision,
        by=person(account.username),
    )
    return replace(
        seen,
        participants=people,
        agenda=items,
        revision=revision,
        changed_by=account.username,
    )


# -- reviews --------------------------------------------------------------------------------------


def open_review(
    username: str, plan: Plan, *, held_on: date, as_of: datetime, query: str
) -> Meeting:
    """Begin a review of a plan's agenda. Raises ``RoleError`` and ``ReviewError``."""
    account = leader(username, "Opening a review")
    if not plan.agenda:
        raise ReviewError("A review needs an agenda, and this plan has no item.")
    if held_on < EARLIEST:
        raise ReviewError(f"{held_on.isoformat()} is not the day of a review.")
    if len(query.encode("utf-8", "surrogatepass")) > MAX_QUERY_BYTES:
        raise ReviewError("The view is too long to be kept.", remedy="Filter by fewer members.")
    stored = reviews.add_review(
        cadence=plan.cadence.value,
        held_on=held_on,
        as_of=as_of,
        query=query,
        participants=plan.participants,
        agenda=to_rows(plan.agenda),
        by=person(account.username),
    )
    return _meeting(stored)


def find_review(review_id: str) -> Meeting | None:
    """The review of an id; None for text that is none, and for an id without a review."""
    stored = reviews.find_review(review_id) if is_review_id(review_id) else None
    return None if stored is None else _meeting(stored)


def list_reviews() -> tuple[Meeting, ...]:
    """The newest first."""
    return tuple(_meeting(stored) for stored in reviews.list_reviews())


def last_closed(before: Meeting | None = None) -> Meeting | None:
    """The review that was closed last; ``before`` a review: the last one before it opened."""
    moment = None if before is None else (before.opened_at, before.id)
    stored = reviews.last_closed(moment)
    return None if stored is None else _meeting(stored)


def _meeting(stored: StoredReview) -> Meeting:
    return Meeting(
        id=stored.id,
        cadence=Cadence(stored.cadence),
        held_on=stored.held_on,
        as_of=stored.as_of,
        query=stored.query,
        participants=stored.participants,
        agenda=from_rows(stored.agenda),
        opened_by=stored.opened_by,
        opened_at=stored.opened_at,
        closed_at=stored.closed_at,
        closed_by=stored.closed_by,
    )
