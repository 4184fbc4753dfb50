"""Decisions of a review: written down, corrected in a next version, withdrawn with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.audit import Actor, Event
from data.review_memory.versions import (
    Found,
    checked_words,
    read_newest,
    write_first,
    write_next,
)
from data.state.memory_models import DecisionVersion


@dataclass(frozen=True)
class Decision:
    """The newest version of a decision. Moments are UTC without a zone."""

    id: str
    version: int
    review_id: str | None
    words: str
    is_withdrawn: bool
    reason: str | None
    begun_by: str
    begun_at: datetime
    written_by: str
    written_at: datetime


def write_decision(
    company: str, words: str, *, by: Actor, review_id: str | None = None
) -> Decision:
    """A new decision. Raises ``NoteError`` without any words."""
    values = {
        "company": company,
        "review_id": review_id,
        "words": checked_words(words, "The decision"),
        "is_withdrawn": False,
    }
    row = write_first(DecisionVersion, values, by=by, event=Event.DECISION_CHANGED)
    return _decision(Found(row, row.written_by, row.written_at))


def change_decision(seen: Decision, words: str, *, by: Actor) -> Decision:
    """A decision in other words. Raises ``NoteConflict`` where somebody was first."""
    values = {"words": checked_words(words, "The decision")}
    return _next(seen, values, by)


def withdraw_decision(seen: Decision, *, reason: str, by: Actor) -> Decision:
    """A decision that no longer holds; it stays on record. Raises ``NoteError`` without a reason,
    ``NoteConflict`` where somebody was first."""
    values = {"is_withdrawn": True, "reason": checked_words(reason, "The reason")}
    return _next(seen, values, by)


def _next(seen: Decision, values: dict[str, Any], by: Actor) -> Decision:
    row = write_next(DecisionVersion, seen, values, by=by, event=Event.DECISION_CHANGED)
    return _decision(Found(row, seen.begun_by, seen.begun_at))


def list_decisions(company: str, review_id: str | None) -> list[Decision]:
    """The decisions of a review, or those made outside one; the first made first."""
    of_review = (
        DecisionVersion.review_id.is_(None)
        if review_id is None
        else DecisionVersion.review_id == review_id
    )
    found = read_newest(DecisionVersion, DecisionVersion.company == company, of_review)
    return [_decision(one) for one in found]


def _decision(found: Found) -> Decision:
    row: DecisionVersion = found.row
    return Decision(
        id=row.id,
        version=row.version,
        review_id=row.review_id,
        words=row.words,
        is_withdrawn=row.is_withdrawn,
        reason=row.reason,
        begun_by=found.begun_by,
        begun_at=found.begun_at,
        written_by=row.written_by,
        written_at=row.written_at,
    )
