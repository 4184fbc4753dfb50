"""Comments on a KPI in a period: what happened, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data.audit import Actor
from data.errors import NoteError
from data.review_memory.filters import as_text, from_text
from data.review_memory.versions import (
    Found,
    checked_words,
    read_newest,
    read_versions,
    write_first,
    write_next,
)
from data.row_scope import Filters
from data.state.memory_models import CommentVersion


@dataclass(frozen=True)
class About:
    """What a comment is on: a KPI of a company in a period (its id), under filters."""

    company: str
    metric: str
    period: str
    where: Filters = ()


@dataclass(frozen=True)
class Comment:
    """The newest version of a comment. Moments are UTC without a zone; one of the two texts may
    be empty."""

    id: str
    version: int
    metric: str
    period: str
    where: Filters
    happened: str
    doing: str
    review_id: str | None
    begun_by: str
    begun_at: datetime
    written_by: str
    written_at: datetime


def write_comment(
    about: About, *, happened: str, doing: str, by: Actor, review_id: str | None = None
) -> Comment:
    """A new comment beside those that are there. Raises ``NoteError`` without any words."""
    values = _texts(happened, doing) | {
        "company": about.company,
        "metric": about.metric,
        "period": about.period,
        "filters": as_text(about.where),
        "review_id": review_id,
    }
    row = write_first(CommentVersion, values, by=by, event=None)
    return _comment(Found(row, row.written_by, row.written_at))


def change_comment(seen: Comment, *, happened: str, doing: str, by: Actor) -> Comment:
    """The next version of a comment that was read as ``seen``. Raises ``NoteConflict`` where
    somebody has written one already, ``NoteError`` without any words."""
    row = write_next(CommentVersion, seen, _texts(happened, doing), by=by, event=None)
    return _comment(Found(row, seen.begun_by, seen.begun_at))


def _texts(happened: str, doing: str) -> dict[str, Any]:
    if not happened.strip() and not doing.strip():
        raise NoteError(
            "The comment is empty.", remedy="Write what happened, or what is done about it."
        )
    return {
        "happened": checked_words(happened, "What happened") if happened.strip() else "",
        "doing": checked_words(doing, "What is done") if doing.strip() else "",
    }


def comments_of_period(
    company: str, period: str, where: Filters, metric: str | None = None
) -> list[Comment]:
    """The comments on a period under these very filters, oldest first; on one KPI or on all."""
    conditions = [
        CommentVersion.company == company,
        CommentVersion.period == period,
        CommentVersion.filters == as_text(where),
    ]
    if metric is not None:
        conditions.append(CommentVersion.metric == metric)
    return [_comment(found) for found in read_newest(CommentVersion, *conditions)]


def comment_versions(comment_id: str) -> list[Comment]:
    """Every version of a comment, oldest first."""
    rows = read_versions(CommentVersion, comment_id)
    return [_comment(Found(row, rows[0].written_by, rows[0].written_at)) for row in rows]


def _comment(found: Found) -> Comment:
    row: CommentVersion = found.row
    return Comment(
        id=row.id,
        version=row.version,
        metric=row.metric,
        period=row.period,
        where=from_text(row.filters),
        happened=row.happened,
        doing=row.doing,
        review_id=row.review_id,
        begun_by=found.begun_by,
        begun_at=found.begun_at,
        written_by=row.written_by,
        written_at=row.written_at,
    )
