"""Looking into the audit log: the newest first, by event, person and time, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.orm import Session

from data.audit import READ_AT_ONCE, AuditRow, as_read
from data.state import AuditEvent, User, open_state


@dataclass(frozen=True)
class AuditFilter:
    """Which rows are looked for; what is left out does not narrow.

    ``person`` is who did it or to whom it was done. ``since`` is inclusive, ``before`` exclusive;
    both are UTC without a zone.
    """

    events: tuple[str, ...] = ()
    person: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.events:
            found.append(AuditEvent.event.in_(self.events))
        if self.person is not None:
            found.append(or_(AuditEvent.actor == self.person, AuditEvent.subject == self.person))
        if self.since is not None:
            found.append(AuditEvent.at >= self.since)
        if self.before is not None:
            found.append(AuditEvent.at < self.before)
        return found


@dataclass(frozen=True)
class AuditPage:
    """Some of the rows, the newest first, and how many there are in all."""

    rows: tuple[AuditRow, ...]
    total: int


def count_events(wanted: AuditFilter) -> int:
    """How many rows fit."""
    with open_state().read() as session:
        return _count(session, wanted)


def _count(session: Session, wanted: AuditFilter) -> int:
    counted = select(func.count()).select_from(AuditEvent).where(*wanted.conditions())
    return session.scalar(counted) or 0


def find_events(wanted: AuditFilter, *, offset: int, size: int) -> AuditPage:
    """``size`` of the rows that fit, from the ``offset``-th newest on."""
    newest = _newest_first(wanted).offset(offset).limit(size)
    with open_state().read() as session:
        return AuditPage(tuple(map(as_read, session.scalars(newest))), _count(session, wanted))


def _newest_first(wanted: AuditFilter) -> Select[AuditEvent]:
    return select(AuditEvent).where(*wanted.conditions()).order_by(AuditEvent.id.desc())


def stream_events(wanted: AuditFilter) -> Iterator[AuditRow]:
    """All rows that fit, the newest first, without holding them all in memory."""
    with open_state().read() as session:
        for row in session.scalars(_newest_first(wanted).execution_options(yield_per=READ_AT_ONCE)):
            yield as_read(row)


def people_in_log() -> list[str]:
    """Everybody who has an account or did something, by name."""
    names = union(select(User.username), select(AuditEvent.actor)).subquery()
    with open_state().read() as session:
        known = session.scalars(select(names.c.username).where(names.c.username.is_not(None)))
        return sorted(known)
