"""Reviews and their plans as the state database keeps them; who may is asked in ``metrics/review``.

Every change is one transaction with its line in the audit log: both are kept, or neither.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from data.audit import Actor, Event, record
from data.errors import ReviewError, StateConflict
from data.state import Review, ReviewFigure, ReviewPlan, ReviewSnapshot, open_state
from data.state.models import utc_now

_ID = re.compile(r"[0-9a-f]{16}")
# One review's list of items or people, as JSON: whatever is longer is no agenda.
MAX_JSON_BYTES = 64_000


def is_review_id(text: str) -> bool:
    """Whether a text has the form of a review's id; not whether there is such a review."""
    return _ID.fullmatch(text) is not None


@dataclass(frozen=True)
class StoredPlan:
    """A plan that somebody has changed. ``agenda`` holds its items as plain dicts."""

    cadence: str
    participants: tuple[str, ...]
    agenda: tuple[dict[str, Any], ...]
    revision: int
    updated_at: datetime
    updated_by: str


@dataclass(frozen=True)
class StoredReview:
    """A review as it was read. Moments are naive UTC; ``closed_at`` is None while it is open."""

    id: str
    cadence: str
    held_on: date
    as_of: datetime
    query: str
    participants: tuple[str, ...]
    agenda: tuple[dict[str, Any], ...]
    opened_at: datetime
    opened_by: str
    closed_at: datetime | None
    closed_by: str | None


# -- plans --------------------------------------------------------------------------------------


def read_plan(cadence: str) -> StoredPlan | None:
    """The plan that was made for a cadence; None while the built-in one holds."""
    with open_state().read() as session:
        row = session.get(ReviewPlan, cadence)
        if row is None:
            return None
        return StoredPlan(
            row.cadence,
            tuple(json.loads(row.participants)),
            tuple(json.loads(row.agenda)),
            row.revision,
            row.updated_at,
            row.updated_by,
        )


def write_plan(
    cadence: str,
    participants: Sequence[str],
    agenda: Sequence[dict[str, Any]],
    *,
    seen: int,
    by: Actor,
) -> int:
    """Keep a plan that was changed as revision ``seen`` (0: the built-in one); its new revision.

    Raises ``ReviewError`` when somebody has changed it since: nothing is then overwritten.
    """
    values = {
        "participants": _as_json(participants),
        "agenda": _as_json(agenda),
        "revision": seen + 1,
        "updated_at": utc_now(),
        "updated_by": by.name or "",
    }
    changed = ReviewError(
        f"Somebody has changed the {cadence} plan in the meantime; nothing was overwritten.",
        remedy="Look at it as it is now, then change it again.",
    )
    try:
        with open_state().write() as session:
            if seen == 0:
                session.execute(insert(ReviewPlan).values(cadence=cadence, **values))
            else:
                held = update(ReviewPlan).where(
                    ReviewPlan.cadence == cadence, ReviewPlan.revision == seen
                )
                if not session.connection().execute(held.values(values)).rowcount:
                    raise changed
            record(
                Event.REVIEW_PLAN_CHANGED,
                by=by,
                about=f"plan {cadence}",
                detail={"items": len(agenda), "revision": seen + 1},
                session=session,
            )
    except StateConflict as error:
        raise changed from error
    return seen + 1


# -- reviews ------------------------------------------------------------------------------------


def add_review(
    *,
    cadence: str,
    held_on: date,
    as_of: datetime,
    query: str,
    participants: Sequence[str],
    agenda: Sequence[dict[str, Any]],
    by: Actor,
) -> StoredReview:
    """Keep a new, open review under a permanent id of its own."""
    row = Review(
        id=secrets.token_hex(8),
        cadence=cadence,
        held_on=held_on,
        as_of=as_of,
        query=query,
        participants=_as_json(participants),
        agenda=_as_json(agenda),
        opened_at=utc_now(),
        opened_by=by.name or "",
        closed_at=None,
        closed_by=None,
    )
    with open_state().write() as session:
        session.add(row)
        session.flush()
        record(
            Event.REVIEW_OPENED,
            by=by,
            about=f"review {row.id}",
            detail={"cadence": cadence, "held_on": held_on.isoformat()},
            session=session,
        )
        return _review(row)


def find_review(review_id: str) -> StoredReview | None:
    with open_state().read() as session:
        row = session.get(Review, review_id)
        return None if row is None else _review(row)


def list_reviews(limit: int = 50) -> list[StoredReview]:
    """The newest first."""
    newest = select(Review).order_by(Review.held_on.desc(), Review.opened_at.desc(), Review.id)
    with open_state().read() as session:
        return [_review(row) for row in session.scalars(newest.limit(limit))]


def last_closed(before: tuple[datetime, str] | None = None) -> StoredReview | None:
    """The review that was closed last; ``before`` (a moment, a review's id): by that moment, and
    not that review."""
    statement = select(Review).where(Review.closed_at.is_not(None))
    if before is not None:
        moment, review_id = before
        statement = statement.where(Review.closed_at <= moment, Review.id != review_id)
    with open_state().read() as session:
        row = session.scalars(statement.order_by(Review.closed_at.desc(), Review.id)).first()
        return None if row is None else _review(row)


def close_review(
    review_id: str,
    snapshot: dict[str, Any],
    figures: Sequence[dict[str, Any]],
    *,
    by: Actor,
) -> StoredReview:
    """Close an open review and keep what it froze, all in one transaction.

    Raises ``ReviewError`` when it is not there, or was closed already.
    """
    store, now = open_state(), utc_now()
    with store.write() as session:
        claimed = session.connection().execute(
            update(Review)
            .where(Review.id == review_id, Review.closed_at.is_(None))
            .values(closed_at=now, closed_by=by.name)
        )
        row = session.get(Review, review_id)
        if row is None:
            raise ReviewError("There is no such review.")
        if not claimed.rowcount:
            raise ReviewError(
                f"{row.closed_by} has closed this review already; what was frozen then stays."
            )
        session.execute(insert(ReviewSnapshot), {"review_id": row.id, "taken_at": now} | snapshot)
        if figures:
            rows = [
                {"review_id": row.id, "place": place} | figure
                for place, figure in enumerate(figures)
            ]
            session.execute(insert(ReviewFigure), rows)
        record(
            Event.REVIEW_CLOSED,
            by=by,
            about=f"review {row.id}",
            detail={"figures": len(figures), "data_version": snapshot["data_version"]},
            session=session,
        )
        return _review(row)


def read_frozen(review_id: str) -> tuple[ReviewSnapshot, list[ReviewFigure]] | None:
    """What closing a review froze, its figures in order; None while it is open."""
    with open_state().read() as session:
        snapshot = session.get(ReviewSnapshot, review_id)
        return None if snapshot is None else (snapshot, _figures(session, review_id))


def read_pages(review_id: str) -> bytes | None:
    """The frozen pages of a closed review; None while it is open, and of one without them."""
    own = select(ReviewSnapshot.pages).where(ReviewSnapshot.review_id == review_id)
    with open_state().read() as session:
        return session.scalars(own).first()


def _figures(session: Session, review_id: str) -> list[ReviewFigure]:
    own = select(ReviewFigure).where(ReviewFigure.review_id == review_id)
    return list(session.scalars(own.order_by(ReviewFigure.place)))


def _review(row: Review) -> StoredReview:
    return StoredReview(
        id=row.id,
        cadence=row.cadence,
        held_on=row.held_on,
        as_of=row.as_of,
        query=row.query,
        participants=tuple(json.loads(row.participants)),
        agenda=tuple(json.loads(row.agenda)),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
    )


def _as_json(parts: Sequence[Any]) -> str:
    text = json.dumps(list(parts), ensure_ascii=False)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_JSON_BYTES:
        raise ReviewError(f"A plan has at most {MAX_JSON_BYTES:,} bytes, this one {size:,}.")
    return text.encode("utf-8", "replace").decode()
