"""Saved views: a page and its settings under a name, one's own or shared with everybody.

Whoever is signed in may open a shared view; its owner or an administrator may change or delete it.
A private one exists for its owner alone. Nobody overwrites what they have not seen: a change names
the revision that it was made on, and is refused when there is a newer one.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from data.audit import Actor, DetailValue, Event, record
from data.errors import LinkError, StateConflict
from data.state import SavedView, StartView, open_state
from data.state.models import utc_now
from data.view_address import ViewAddress

MAX_NAME = 80
MAX_VIEWS = 100
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True)
class View:
    """A saved view as it was read. Moments are UTC without a zone."""

    id: int
    owner: str
    name: str
    address: ViewAddress
    is_shared: bool
    revision: int
    updated_at: datetime
    updated_by: str


def _view(row: SavedView) -> View:
    return View(
        id=row.id,
        owner=row.owner,
        name=row.name,
        address=ViewAddress(row.path, row.query),
        is_shared=row.is_shared,
        revision=row.revision,
        updated_at=row.updated_at,
        updated_by=row.updated_by,
    )


def checked_name(name: str) -> str:
    """The name as it is kept: one line of visible text. Raises ``LinkError``."""
    text = " ".join(unicodedata.normalize("NFC", name).split())
    if not text:
        raise LinkError("A saved view needs a name.")
    if len(text) > MAX_NAME:
        raise LinkError(f"The name has {len(text)} characters, {MAX_NAME} are the most.")
    if not text.isprintable():
        raise LinkError("The name holds a character that cannot be seen.", remedy="Take it out.")
    return text


def _name_key(name: str) -> str:
    """Names that look alike have one key: case and compatibility forms do not tell them apart."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _visible(username: str) -> ColumnElement[bool]:
    return or_(SavedView.owner == username, SavedView.is_shared)


def list_views(username: str) -> list[View]:
    """The views that somebody may open: their own, then the shared ones of others, by name."""
    own_first = SavedView.owner != username
    visible = select(SavedView).where(_visible(username))
    with open_state().read() as session:
        rows = session.scalars(visible.order_by(own_first, SavedView.name_key, SavedView.id))
        return [_view(row) for row in rows]


def save_view(name: str, address: ViewAddress, *, shared: bool, by: Actor) -> View:
    """Keep a view under a new name.

    Raises ``LinkError`` for a name that its owner uses already, and for one view too many.
    """
    name, owner, now = checked_name(name), _owner(by), utc_now()
    row = SavedView(
        owner=owner,
        name=name,
        name_key=_name_key(name),
        path=address.path,
        query=address.query,
        is_shared=shared,
        revision=1,
        created_at=now,
        updated_at=now,
        updated_by=owner,
    )
    try:
        with open_state().write() as session:
            if _count(session, owner) >= MAX_VIEWS:
                raise LinkError(
                    f"You have {MAX_VIEWS} saved views already.", remedy="Delete some of them."
                )
            session.add(row)
            session.flush()
            if shared:
                _log(session, Event.VIEW_SHARED, row, by)
            return _view(row)
    except StateConflict as error:
        raise _taken(name) from error


def change_view(
    seen: View,
    *,
    by: Actor,
    is_admin: bool = False,
    name: str | None = None,
    address: ViewAddress | None = None,
    shared: bool | None = None,
) -> View:
    """Change a view that was read as ``seen``; what is None stays.

    Raises ``LinkError`` when it has been changed or deleted since, when the name is taken, and
    for somebody who may not, in the words of a view that is not there.
    """
    try:
        with open_state().write() as session:
            row = _held(session, seen, by, is_admin)
            was_shared = row.is_shared
            if name is not None:
                row.name = checked_name(name)
                row.name_key = _name_key(row.name)
            if address is not None:
                row.path, row.query = address.path, address.query
            if shared is not None:
                row.is_shared = shared
            row.updated_at, row.updated_by = utc_now(), _owner(by)
            session.flush()
            _log_change(session, row, was_shared, by)
            return _view(row)
    except StateConflict as error:
        raise _taken(name or seen.name) from error


def delete_view(seen: View, *, by: Actor, is_admin: bool = False) -> None:
    """Delete a view that was read as ``seen``; whoever began with it begins with the scorecard.

    Raises ``LinkError`` as ``change_view`` does.
    """
    with open_state().write() as session:
        row = _held(session, seen, by, is_admin)
        session.delete(row)
        if row.is_shared:
            _log(session, Event.VIEW_DELETED, row, by)


def _held(session: Session, seen: View, by: Actor, is_admin: bool) -> SavedView:
    """The row, held against everybody else until the transaction ends, its revision raised."""
    may = SavedView.owner == by.name
    if is_admin:
        may = may | SavedView.is_shared
    claimed = session.connection().execute(
        update(SavedView)
        .where(SavedView.id == seen.id, SavedView.revision == seen.revision, may)
        .values(revision=SavedView.revision + 1)
    )
    row = session.get(SavedView, seen.id)
    if row is None or not (row.owner == by.name or (is_admin and row.is_shared)):
        raise LinkError("There is no such view of yours.", remedy="It may have been deleted.")
    if not claimed.rowcount:
        raise LinkError(
            f"{row.updated_by} has changed “{row.name}” in the meantime; nothing was overwritten.",
            remedy="Look at it as it is now, then change it again.",
        )
    return row


def _owner(by: Actor) -> str:
    if by.name is None:
        raise LinkError("A view belongs to somebody: sign in first.")
    return by.name


def _count(session: Session, owner: str) -> int:
    own = select(func.count()).select_from(SavedView).where(SavedView.owner == owner)
    return session.scalar(own) or 0


def _taken(name: str) -> LinkError:
    return LinkError(
        f"There is a view “{name}” of the same owner already.",
        remedy="Choose another name, or change the one that is there.",
    )


def _log_change(session: Session, row: SavedView, was_shared: bool, by: Actor) -> None:
    if row.is_shared and not was_shared:
        _log(session, Event.VIEW_SHARED, row, by)
    elif was_shared and not row.is_shared:
        _log(session, Event.VIEW_UNSHARED, row, by)
    elif row.is_shared:
        _log(session, Event.VIEW_CHANGED, row, by)


def _log(session: Session, event: Event, row: SavedView, by: Actor) -> None:
    # By its number: a name is free text.
    detail: dict[str, DetailValue] = {
        "owner": row.owner,
        "page": row.path,
        "revision": row.revision,
    }
    record(event, by=by, about=f"view {row.id}", detail=detail, session=session)


# -- the start page -----------------------------------------------------------------------------


def start_view(username: str) -> View | None:
    """The view that somebody's visits begin with; None for the scorecard.

    One that was deleted, or is no longer shared with them, is none.
    """
    with open_state().read() as session:
        row = session.scalar(
            select(SavedView)
            .join(StartView, StartView.view_id == SavedView.id)
            .where(StartView.username == username, _visible(username))
        )
        return None if row is None else _view(row)


def set_start_view(username: str, view_id: int | None) -> None:
    """Have somebody's visits begin with a view that they may open; None: with the scorecard.

    Of two settings at once the later one holds. Raises ``LinkError`` for a view that is not there.
    """
    if view_id is None:
        with open_state().write() as session:
            session.execute(delete(StartView).where(StartView.username == username))
        return
    store = open_state()
    gone = LinkError("There is no such view.", remedy="It may have been deleted.")
    insert = _INSERTS[store.engine.dialect.name](StartView)
    begin = insert.values(username=username, view_id=view_id).on_conflict_do_update(
        index_elements=[StartView.username], set_={"view_id": view_id}
    )
    try:
        with store.write() as session:
            there = select(SavedView.id).where(SavedView.id == view_id, _visible(username))
            if session.scalar(there) is None:
                raise gone
            session.execute(begin)
    except StateConflict as error:
        # Somebody has deleted it since the look at it.
        raise gone from error
