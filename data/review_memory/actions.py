"""Actions: who does what by when, carried from meeting to meeting until done or dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import or_

from data.audit import Actor, Event
from data.errors import NoteError
from data.review_memory.versions import (
    Found,
    checked_words,
    read_newest,
    read_versions,
    write_first,
    write_next,
)
from data.state.memory_models import ActionVersion

MAX_OWNER = 100


class ActionStatus(StrEnum):
    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Action:
    """The newest version of an action. ``review_id`` is the review that it was agreed in; moments
    are UTC without a zone."""

    id: str
    version: int
    review_id: str | None
    words: str
    owner: str
    due_on: date
    status: ActionStatus
    reason: str | None
    begun_by: str
    begun_at: datetime
    written_by: str
    written_at: datetime

    @property
    def is_open(self) -> bool:
        return self.status is ActionStatus.OPEN

    def is_overdue(self, today: date) -> bool:
        """Whether its due day is over and it is still open."""
        return self.is_open and self.due_on < today


def write_action(
    company: str,
    words: str,
    *,
    owner: str,
    due_on: date,
    by: Actor,
    review_id: str | None = None,
) -> Action:
    """A new action. Raises ``NoteError`` without words or an owner."""
    values = _texts(words, owner) | {
        "company": company,
        "review_id": review_id,
        "due_on": due_on,
        "status": ActionStatus.OPEN.value,
    }
    row = write_first(ActionVersion, values, by=by, event=Event.ACTION_CHANGED)
    return _action(Found(row, row.written_by, row.written_at))


def change_action(seen: Action, *, words: str, owner: str, due_on: date, by: Actor) -> Action:
    """An action in other words, of another owner or due later; its state stays. Raises
    ``NoteConflict`` where somebody was first."""
    return _next(seen, _texts(words, owner) | {"due_on": due_on}, by)


def end_action(
    seen: Action, status: ActionStatus, *, by: Actor, reason: str | None = None
) -> Action:
    """An action that is done, dropped with a reason, or open again.

    Raises ``NoteError`` where one is dropped without a reason, ``NoteConflict`` where somebody
    was first.
    """
    if status is ActionStatus.DROPPED and not (reason or "").strip():
        raise NoteError("An action is dropped with a reason.", remedy="Say why it is not done.")
    kept = checked_words(reason, "The reason") if reason and reason.strip() else None
    return _next(seen, {"status": status.value, "reason": kept}, by)


def _next(seen: Action, values: dict[str, Any], by: Actor) -> Action:
    row = write_next(ActionVersion, seen, values, by=by, event=Event.ACTION_CHANGED)
    return _action(Found(row, seen.begun_by, seen.begun_at))


def _texts(words: str, owner: str) -> dict[str, Any]:
    return {
        "words": checked_words(words, "The action"),
        "owner": " ".join(checked_words(owner, "The owner", limit=MAX_OWNER).split()),
    }


def list_actions(
    company: str, *, closed_since: datetime | None = None, review_id: str | None = None
) -> list[Action]:
    """Every open action, those closed since a moment (UTC without a zone), and those agreed in a
    review; open ones first, by their due day."""
    wanted = [ActionVersion.status == ActionStatus.OPEN.value]
    if closed_since is not None:
        wanted.append(ActionVersion.written_at >= closed_since)
    if review_id is not None:
        wanted.append(ActionVersion.review_id == review_id)
    found = [
        _action(one)
        for one in read_newest(ActionVersion, ActionVersion.company == company, or_(*wanted))
    ]
    return sorted(found, key=lambda one: (not one.is_open, one.due_on))


def find_action(action_id: str) -> Action:
    """An action as it stands. Raises ``NoteError`` for an unknown id."""
    rows = read_versions(ActionVersion, action_id)
    if not rows:
        raise NoteError("There is no such action.")
    return _action(Found(rows[-1], rows[0].written_by, rows[0].written_at))


def _action(found: Found) -> Action:
    row: ActionVersion = found.row
    return Action(
        id=row.id,
        version=row.version,
        review_id=row.review_id,
        words=row.words,
        owner=row.owner,
        due_on=row.due_on,
        status=ActionStatus(row.status),
        reason=row.reason,
        begun_by=found.begun_by,
        begun_at=found.begun_at,
        written_by=row.written_by,
        written_at=row.written_at,
    )
