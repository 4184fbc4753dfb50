"""Short links: an id that nobody guesses, for a view that whoever is signed in may open.

A link holds a page and its settings. It gives no right: each who opens it sees what they may see
anyway. It is opened by its id alone, and only for people who are signed in.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from data.audit import Actor, DetailValue, Event, record
from data.errors import LinkError
from data.state import ShortLink, open_state
from data.state.models import utc_now
from data.view_address import ViewAddress

# The setting of the app's address that carries an id.
LINK = "s"
# 96 random bits. At a thousand guesses a second, one of a million links falls in 10^12 years.
ID_BYTES = 12
_ID = re.compile(r"[A-Za-z0-9_-]{16}")
MAX_LIVE_LINKS = 200


@dataclass(frozen=True)
class Link:
    """A short link. Moments are UTC without a zone; ``data_version`` is that of a frozen one."""

    id: str
    owner: str
    address: ViewAddress
    is_frozen: bool
    data_version: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_live(self, now: datetime) -> bool:
        expired = self.expires_at is not None and self.expires_at <= now
        return not expired and self.revoked_at is None


def _link(row: ShortLink) -> Link:
    return Link(
        id=row.id,
        owner=row.owner,
        address=ViewAddress(row.path, row.query),
        is_frozen=row.is_frozen,
        data_version=row.data_version,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def is_link_id(text: str) -> bool:
    """Whether it has the form of an id; says nothing of whether there is such a link."""
    return _ID.fullmatch(text) is not None


def make_link(
    address: ViewAddress,
    *,
    by: Actor,
    frozen_at: str | None = None,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> Link:
    """A new link of ``by``'s.

    ``frozen_at`` is the data version that a frozen link's numbers are made from. Raises
    ``LinkError`` for an expiry that has passed, and for one link too many.
    """
    now = now or utc_now()
    if expires_at is not None and expires_at <= now:
        raise LinkError("The link would have expired already.", remedy="Choose a later day.")
    owner = _owner(by)
    row = ShortLink(
        id=secrets.token_urlsafe(ID_BYTES),
        owner=owner,
        path=address.path,
        query=address.query,
        is_frozen=frozen_at is not None,
        data_version=frozen_at,
        created_at=now,
        expires_at=expires_at,
    )
    with open_state().write() as session:
        if _count_live(session, owner, now) >= MAX_LIVE_LINKS:
            raise LinkError(
                f"You have {MAX_LIVE_LINKS} short links already.", remedy="Revoke some of them."
            )
        session.add(row)
        session.flush()
        expiry = expires_at.isoformat(timespec="seconds") if expires_at else None
        # The page alone: what a view is filtered to may name people.
        detail: dict[str, DetailValue] = {
            "page": address.path,
            "frozen": row.is_frozen,
            "expires": expiry,
        }
        record(Event.LINK_MADE, by=by, about=row.id, detail=detail, session=session)
        return _link(row)


def _owner(by: Actor) -> str:
    if by.name is None:
        raise LinkError("A link belongs to somebody: sign in first.")
    return by.name


def _live(now: datetime):
    unexpired = or_(ShortLink.expires_at.is_(None), ShortLink.expires_at > now)
    return ShortLink.revoked_at.is_(None) & unexpired


def _count_live(session: Session, owner: str, now: datetime) -> int:
    own = select(func.count()).select_from(ShortLink)
    return session.scalar(own.where(ShortLink.owner == owner, _live(now))) or 0


def open_link(link_id: str, *, now: datetime | None = None) -> Link | None:
    """The link under an id; None when there is none, it has expired or was revoked.

    Only for somebody who is signed in.
    """
    if not is_link_id(link_id):
        return None
    with open_state().read() as session:
        row = session.get(ShortLink, link_id)
        link = None if row is None else _link(row)
    return link if link is not None and link.is_live(now or utc_now()) else None


def list_links(owner: str, *, now: datetime | None = None) -> list[Link]:
    """The links of one owner that work, the newest first."""
    with open_state().read() as session:
        own = select(ShortLink).where(ShortLink.owner == owner, _live(now or utc_now()))
        rows = session.scalars(own.order_by(ShortLink.created_at.desc(), ShortLink.id))
        return [_link(row) for row in rows]


def revoke_link(
    link_id: str, *, by: Actor, is_admin: bool = False, now: datetime | None = None
) -> None:
    """Have a link work no more, from now on and for everybody.

    Its owner or an administrator may; for anybody else it raises the same ``LinkError`` as when
    there is no such link. Revoked twice it stays as the first time left it.
    """
    with open_state().write() as session:
        row = session.get(ShortLink, link_id) if is_link_id(link_id) else None
        if row is None or not (is_admin or row.owner == by.name):
            raise LinkError("There is no such link of yours.")
        if row.revoked_at is not None:
            return
        row.revoked_at = now or utc_now()
        record(
            Event.LINK_REVOKED,
            by=by,
            about=row.id,
            detail={"page": row.path, "owner": row.owner},
            session=session,
        )
