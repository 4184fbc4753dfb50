"""What comments, decisions and actions share: versions under one id, written once each.

A change names the version that it was made from. Its row is that number plus one, and the primary
key takes only one such row: whoever comes second is refused and shown what the first one wrote.
"""

from __future__ import annotations

import secrets
import unicodedata
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from data.audit import Actor, DetailValue, Event, record
from data.errors import NoteError, StateConflict
from data.state import open_state
from data.state.memory_models import ActionVersion, CommentVersion, DecisionVersion
from data.state.models import utc_now

MAX_WORDS = 2_000
Row = TypeVar("Row", CommentVersion, DecisionVersion, ActionVersion)


class Seen(Protocol):
    """A note as its reader saw it."""

    @property
    def id(self) -> str: ...
    @property
    def version(self) -> int: ...


class NoteConflict(NoteError):
    """Somebody wrote another version first. Nothing was overwritten; ``theirs`` is what they
    wrote, in words."""

    def __init__(self, who: str, theirs: str) -> None:
        super().__init__(
            f"{who} has changed it in the meantime, to “{theirs}”. Nothing was overwritten, and "
            "what you typed is still here.",
            remedy="Read theirs, then send yours again, or leave it.",
        )
        self.theirs = theirs


class Found(NamedTuple):
    """The newest version of a note, and who wrote the first one when (UTC without a zone)."""

    row: Any
    begun_by: str
    begun_at: datetime


def new_id() -> str:
    """Sixteen hex digits that no other note has."""
    return secrets.token_hex(8)


def checked_words(text: str, what: str, *, limit: int = MAX_WORDS) -> str:
    """Text as it is kept: visible characters and line breaks. Raises ``NoteError``."""
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not kept:
        raise NoteError(f"{what} is empty.", remedy="Write some words.")
    if len(kept) > limit:
        raise NoteError(f"{what} has {len(kept):,} characters, {limit:,} are the most.")
    if any(not (c.isprintable() or c == "\n") for c in kept):
        raise NoteError(f"{what} holds a character that cannot be seen.", remedy="Take it out.")
    return kept


def author(by: Actor) -> str:
    """The user name of whoever writes; raises ``NoteError`` for nobody."""
    if by.name is None:
        raise NoteError("Words belong to somebody: sign in first.")
    return by.name


def write_first(model: type[Row], values: dict[str, Any], *, by: Actor, event: Event | None) -> Row:
    """A new note of columns of ``model``, with its line in the audit log; one transaction."""
    row = model(id=new_id(), version=0, written_by=author(by), written_at=utc_now(), **values)
    with open_state().write() as session:
        _add(session, row, by, event)
    return row


def write_next(
    model: type[Row], seen: Seen, values: dict[str, Any], *, by: Actor, event: Event | None
) -> Row:
    """The next version of a note that was read as ``seen``; what ``values`` leave out stays.

    Raises ``NoteConflict`` when there is a newer one, ``NoteError`` when there is no such note.
    """
    store = open_state()
    try:
        with store.write() as session:
            base = session.get(model, (seen.id, seen.version))
            if base is None:
                raise NoteError("There is no such note.")
            kept = {
                column.key: getattr(base, column.key)
                for column in model.__table__.columns
                if column.key not in ("version", "written_by", "written_at")
            }
            row = model(
                **(kept | values),
                version=seen.version + 1,
                written_by=author(by),
                written_at=utc_now(),
            )
            _add(session, row, by, event)
        return row
    except StateConflict as error:
        with store.read() as session:
            newest = session.scalars(
                select(model).where(model.id == seen.id).order_by(model.version.desc()).limit(1)
            ).one()
        raise NoteConflict(newest.written_by, words_of(newest)) from error


def words_of(row: CommentVersion | DecisionVersion | ActionVersion) -> str:
    """What a version says, in one line."""
    if isinstance(row, CommentVersion):
        return " – ".join(part for part in (row.happened, row.doing) if part)
    if isinstance(row, ActionVersion):
        return f"{row.words} ({row.owner}, due {row.due_on.isoformat()}, {row.status})"
    return f"{row.words} (withdrawn)" if row.is_withdrawn else row.words


def _add(
    session: Session,
    row: CommentVersion | DecisionVersion | ActionVersion,
    by: Actor,
    event: Event | None,
) -> None:
    session.add(row)
    session.flush()
    if event is None:
        return
    detail: dict[str, DetailValue] = {"version": row.version, "review": row.review_id}
    if isinstance(row, ActionVersion):
        detail["status"] = row.status
    elif isinstance(row, DecisionVersion):
        detail["withdrawn"] = row.is_withdrawn
    # By its number: what it says is free text, and that is no part of the log.
    kind = row.__tablename__.removesuffix("_versions")
    record(event, by=by, about=f"{kind} {row.id}", detail=detail, session=session)


def read_newest(model: type[Row], *conditions: ColumnElement[bool]) -> list[Found]:
    """The newest version of every note that meets the conditions, the first begun first."""
    last = select(model.id, func.max(model.version).label("version")).group_by(model.id).subquery()
    first = aliased(model)
    statement = (
        select(model, first.written_by, first.written_at)
        .join(last, and_(model.id == last.c.id, model.version == last.c.version))
        .join(first, and_(first.id == model.id, first.version == 0))
        .where(*conditions)
        .order_by(first.written_at, model.id)
    )
    with open_state().read() as session:
        return [Found(*found) for found in session.execute(statement).all()]


def read_versions(model: type[Row], note_id: str) -> list[Row]:
    """Every version of a note, oldest first."""
    with open_state().read() as session:
        return list(
            session.scalars(select(model).where(model.id == note_id).order_by(model.version))
        )
