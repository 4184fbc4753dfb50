"""Disputes of a number: raised with what was shown and the records behind it, settled once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.audit import Actor, DetailValue, Event, record
from data.errors import NoteError, StateConflict
from data.review_memory.filters import as_text, from_text
from data.review_memory.versions import author, checked_words, new_id
from data.row_scope import Filters
from data.state import StateStore, open_state
from data.state.memory_models import DisputeRecord, RaisedDispute, SettledDispute
from data.state.models import utc_now

MAX_RECORDS = 200


class RecordId(NamedTuple):
    """One record behind a number: the noun of its list ("handoffs") and its id there."""

    noun: str
    record_id: str


@dataclass(frozen=True)
class Shown:
    """What is disputed: a KPI's figure as somebody saw it.

    ``period`` is the id of the view's, ``where`` its filters, ``as_of`` and ``data_through`` (how
    far the data reach at all) UTC without a zone. ``value`` is None where it was undefined,
    ``words`` what was shown.
    """

    company: str
    metric: str
    period: str
    where: Filters
    as_of: datetime
    data_through: datetime
    value: float | None
    words: str
    data_version: str
    definition_version: int


@dataclass(frozen=True)
class Settlement:
    reason: str
    settled_by: str
    settled_at: datetime
    settled_as_of: datetime


@dataclass(frozen=True)
class Dispute:
    """A dispute on record; ``settled`` is None while it is open."""

    id: str
    shown: Shown
    reason: str
    record_id: str | None
    record_total: int
    review_id: str | None
    raised_by: str
    raised_at: datetime
    settled: Settlement | None

    @property
    def is_open(self) -> bool:
        return self.settled is None


class DisputeEvent(NamedTuple):
    """One dispute on the event clock (UTC without a zone); ``where`` filters the disputed view."""

    id: str
    metric: str
    period: str
    raised_at: datetime
    settled_at: datetime | None
    where: Filters


def keep_dispute(
    shown: Shown,
    *,
    reason: str,
    by: Actor,
    records: Sequence[RecordId] = (),
    record_total: int = 0,
    record_id: str | None = None,
    review_id: str | None = None,
) -> Dispute:
    """Raise a dispute, with up to ``MAX_RECORDS`` of the number's records attached.

    Raises ``NoteError`` without a reason.
    """
    row = RaisedDispute(
        id=new_id(),
        company=shown.company,
        metric=shown.metric,
        period=shown.period,
        filters=as_text(shown.where),
        as_of=shown.as_of,
        shown_value=shown.value,
        shown_words=shown.words,
        data_version=shown.data_version,
        definition_version=shown.definition_version,
        reason=checked_words(reason, "The reason"),
        record_id=record_id,
        record_total=record_total,
        review_id=review_id,
        raised_by=author(by),
        raised_at=utc_now(),
        raised_as_of=shown.data_through,
    )
    with open_state().write() as session:
        session.add(row)
        session.flush()
        session.add_all(
            DisputeRecord(dispute_id=row.id, place=place, noun=one.noun, record_id=one.record_id)
            for place, one in enumerate(records[:MAX_RECORDS])
        )
        _log(session, Event.DISPUTE_RAISED, row.id, by, metric=row.metric, period=row.period)
    return _dispute(row, None)


def settle_dispute(dispute_id: str, *, reason: str, data_through: datetime, by: Actor) -> Dispute:
    """Settle a dispute with a reason; ``data_through`` is how far the data reach by now.

    Raises ``NoteError`` without a reason, for an unknown id and where it is settled already.
    """
    row = SettledDispute(
        dispute_id=dispute_id,
        reason=checked_words(reason, "The reason"),
        settled_by=author(by),
        settled_at=utc_now(),
        settled_as_of=data_through,
    )
    store = open_state()
    try:
        with store.write() as session:
            raised = session.get(RaisedDispute, dispute_id)
            if raised is None:
                raise NoteError("There is no such dispute.")
            # The data of an older version do not reach as far: it never ended before it began.
            row.settled_as_of = max(data_through, raised.raised_as_of)
            session.add(row)
            session.flush()
            _log(session, Event.DISPUTE_SETTLED, dispute_id, by, metric=raised.metric)
            return _dispute(raised, row)
    except StateConflict as error:
        with store.read() as session:
            first = session.get_one(SettledDispute, dispute_id)
        raise NoteError(
            f"{first.settled_by} has settled it in the meantime: “{first.reason}”. "
            "What you typed is still here."
        ) from error


def _log(session: Session, event: Event, dispute_id: str, by: Actor, **detail: DetailValue) -> None:
    record(event, by=by, about=f"dispute {dispute_id}", detail=detail, session=session)


def read_disputes(
    company: str, *, open_only: bool = False, metric: str | None = None
) -> list[Dispute]:
    """The disputes of a company, oldest first."""
    statement = (
        select(RaisedDispute, SettledDispute)
        .outerjoin(SettledDispute, SettledDispute.dispute_id == RaisedDispute.id)
        .where(RaisedDispute.company == company)
        .order_by(RaisedDispute.raised_at, RaisedDispute.id)
    )
    if open_only:
        statement = statement.where(SettledDispute.dispute_id.is_(None))
    if metric is not None:
        statement = statement.where(RaisedDispute.metric == metric)
    with open_state().read() as session:
        return [_dispute(raised, settled) for raised, settled in session.execute(statement).all()]


def count_changes(store: StateStore) -> int:
    """How many disputes were raised and settled; it only grows, so it tells whether any was. One
    statement."""
    counts = [
        select(func.count()).select_from(model).scalar_subquery()
        for model in (RaisedDispute, SettledDispute)
    ]
    with store.read() as session:
        return sum(session.execute(select(*counts)).one())


def find_dispute(dispute_id: str) -> Dispute:
    """A dispute by its id. Raises ``NoteError`` for an unknown one."""
    with open_state().read() as session:
        raised = session.get(RaisedDispute, dispute_id)
        if raised is None:
            raise NoteError("There is no such dispute.")
        return _dispute(raised, session.get(SettledDispute, dispute_id))


def dispute_records(dispute_id: str) -> list[RecordId]:
    """The records attached to a dispute, in their order."""
    statement = (
        select(DisputeRecord)
        .where(DisputeRecord.dispute_id == dispute_id)
        .order_by(DisputeRecord.place)
    )
    with open_state().read() as session:
        rows: Iterable[Any] = session.scalars(statement)
        return [RecordId(row.noun, row.record_id) for row in rows]


def _dispute(row: RaisedDispute, settled: SettledDispute | None) -> Dispute:
    shown = Shown(
        company=row.company,
        metric=row.metric,
        period=row.period,
        where=from_text(row.filters),
        as_of=row.as_of,
        data_through=row.raised_as_of,
        value=row.shown_value,
        words=row.shown_words,
        data_version=row.data_version,
        definition_version=row.definition_version,
    )
    end = None
    if settled is not None:
        end = Settlement(
            settled.reason, settled.settled_by, settled.settled_at, settled.settled_as_of
        )
    return Dispute(
        id=row.id,
        shown=shown,
        reason=row.reason,
        record_id=row.record_id,
        record_total=row.record_total,
        review_id=row.review_id,
        raised_by=row.raised_by,
        raised_at=row.raised_at,
        settled=end,
    )
