"""What marketing and sales agree on, as versions: proposed, signed for each team, taken back.

Every change is one transaction with its line in the audit log: both are kept, or neither. Who may
is asked in ``metrics/agreements``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.audit import Actor, DetailValue, Event, record
from data.errors import AgreementError, StateConflict
from data.state import (
    AgreementSignature,
    AgreementVersion,
    AgreementWithdrawal,
    StateStore,
    TargetVersion,
    open_state,
)
from data.state.models import utc_now

MAX_REASON = 1_000


class Topic(StrEnum):
    """What is agreed on; each has versions of its own."""

    MQL = "mql"
    SLA = "sla"
    WINDOWS = "windows"


class Side(StrEnum):
    """The two that sign."""

    MARKETING = "marketing"
    SALES = "sales"


class AgreementConflict(AgreementError):
    """Somebody was first; nothing was overwritten."""


class Signature(NamedTuple):
    """One signature; ``number`` 0 is the first for its side, later ones signed it again."""

    side: Side
    number: int
    by: str
    at: datetime


class SignedRule(NamedTuple):
    """An MQL rule that both sides signed, on the event clock: for entries from ``from_at`` (None:
    all earlier ones too) until before ``until`` (None: it still holds). Naive UTC."""

    from_at: datetime | None
    until: datetime | None
    score_at_least: float | None
    required_facts: tuple[str, ...]
    never_from: tuple[str, ...]
    without_score: tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """One version of a topic; moments are UTC without a zone.

    ``holds_from`` is None for the first, which holds as far back as there are data;
    ``proposed_by`` is None where the program found it in the configuration.
    """

    topic: Topic
    number: int
    content: Mapping[str, Any] = field(hash=False)
    fingerprint: str
    holds_from: date | None
    reason: str | None
    proposed_by: str | None
    proposed_at: datetime
    signatures: tuple[Signature, ...] = ()
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None

    def of(self, side: Side) -> tuple[Signature, ...]:
        """A side's signatures, the first one first."""
        return tuple(one for one in self.signatures if one.side is side)

    @property
    def is_withdrawn(self) -> bool:
        return self.withdrawn_by is not None

    @property
    def is_signed(self) -> bool:
        """Whether both sides have signed it, and nobody had taken it back before."""
        return not self.is_withdrawn and all(self.of(side) for side in Side)


def fingerprint_of(content: Mapping[str, Any]) -> str:
    """A hash of what a version says; the order of its parts makes no difference."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


# -- reading --------------------------------------------------------------------------------------


def read_agreements(company: str) -> dict[Topic, tuple[Version, ...]]:
    """Every version of every topic, the oldest first; nothing of a topic not seen yet."""
    with open_state().read() as session:
        versions = session.scalars(
            select(AgreementVersion)
            .where(AgreementVersion.company == company)
            .order_by(AgreementVersion.topic, AgreementVersion.version)
        ).all()
        signed: dict[tuple[str, int], list[Signature]] = {}
        for s in session.scalars(
            select(AgreementSignature)
            .where(AgreementSignature.company == company)
            .order_by(AgreementSignature.signed_at, AgreementSignature.number)
        ):
            one = Signature(Side(s.team), s.number, s.signed_by, s.signed_at)
            signed.setdefault((s.topic, s.version), []).append(one)
        withdrawn = {
            (w.topic, w.version): w
            for w in session.scalars(
                select(AgreementWithdrawal).where(AgreementWithdrawal.company == company)
            )
        }
    found: dict[Topic, tuple[Version, ...]] = {}
    for row in versions:
        key = (row.topic, row.version)
        back = withdrawn.get(key)
        version = Version(
            topic=Topic(row.topic),
            number=row.version,
            content=json.loads(row.content),
            fingerprint=row.fingerprint,
            holds_from=row.holds_from,
            reason=row.reason,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            signatures=tuple(signed.get(key, ())),
            withdrawn_by=None if back is None else back.withdrawn_by,
            withdrawn_at=None if back is None else back.withdrawn_at,
        )
        found[version.topic] = (*found.get(version.topic, ()), version)
    return found


def count_agreed(store: StateStore) -> int:
    """How many versions, signatures, withdrawals and targets there are; it only grows, so it tells
    whether any was added. One statement."""
    counts = [
        select(func.count()).select_from(model).scalar_subquery()
        for model in (AgreementVersion, AgreementSignature, AgreementWithdrawal, TargetVersion)
    ]
    with store.read() as session:
        return sum(session.execute(select(*counts)).one())


# -- writing --------------------------------------------------------------------------------------


def add_version(
    company: str,
    topic: Topic,
    content: Mapping[str, Any],
    *,
    seen: int,
    holds_from: date | None,
    reason: str | None = None,
    by: Actor | None = None,
) -> None:
    """The version after number ``seen`` (-1: there is none yet); ``by`` None: the configuration's.

    Raises ``AgreementConflict`` where there is a newer one already.
    """
    row = AgreementVersion(
        company=company,
        topic=topic.value,
        version=seen + 1,
        content=json.dumps(content, sort_keys=True, ensure_ascii=False),
        fingerprint=fingerprint_of(content),
        holds_from=holds_from,
        reason=reason,
        proposed_by=None if by is None else by.name,
        proposed_at=utc_now(),
    )
    try:
        with open_state().write() as session:
            session.add(row)
            session.flush()
            if by is not None:
                # By its number: what it says and why is no part of the log.
                detail: dict[str, DetailValue] = {
                    "version": row.version,
                    "holds_from": str(holds_from),
                }
                record(
                    Event.AGREEMENT_PROPOSED,
                    by=by,
                    about=topic.value,
                    detail=detail,
                    session=session,
                )
    except StateConflict as error:
        raise AgreementConflict(
            "Somebody has proposed another version in the meantime. Nothing was overwritten, and "
            "what you typed is still here.",
            remedy="Read theirs, then send yours again, or leave it.",
        ) from error


def sign(company: str, topic: Topic, number: int, side: Side, *, seen: int, by: Actor) -> None:
    """Sign a version for a side that has signed it ``seen`` times so far.

    Raises ``AgreementConflict`` where somebody has signed or withdrawn it in the meantime,
    ``AgreementError`` where there is no such version.
    """
    conflict = AgreementConflict(
        f"Somebody has signed it for {side.value} in the meantime.", remedy="Look at it as it is."
    )
    row = AgreementSignature(
        company=company,
        topic=topic.value,
        version=number,
        team=side.value,
        number=seen,
        signed_by=by.name or "",
        signed_at=utc_now(),
    )
    try:
        with open_state().write() as session:
            _check_open(session, company, topic, number)
            if seen != _signed_times(session, company, topic, number, side):
                raise conflict
            session.add(row)
            session.flush()
            detail = {"version": number, "team": side.value, "again": seen > 0}
            record(Event.AGREEMENT_SIGNED, by=by, about=topic.value, detail=detail, session=session)
    except StateConflict as error:
        raise conflict from error


def withdraw(company: str, topic: Topic, number: int, *, by: Actor) -> None:
    """Take a proposal back. Raises ``AgreementError`` where both sides have signed it, where it
    was found in the configuration, or is not there, ``AgreementConflict`` where somebody was
    first."""
    with open_state().write() as session:
        version = _check_open(session, company, topic, number)
        if version.proposed_by is None:
            raise AgreementError(
                "What the configuration says is not taken back here.",
                remedy="Change scorecard.toml instead.",
            )
        if all(_signed_times(session, company, topic, number, side) for side in Side):
            raise AgreementError(
                "Both teams have signed it.", remedy="Propose another version instead."
            )
        session.add(
            AgreementWithdrawal(
                company=company,
                topic=topic.value,
                version=number,
                withdrawn_by=by.name or "",
                withdrawn_at=utc_now(),
            )
        )
        session.flush()
        detail = {"version": number}
        record(Event.AGREEMENT_WITHDRAWN, by=by, about=topic.value, detail=detail, session=session)


def _check_open(session: Session, company: str, topic: Topic, number: int) -> AgreementVersion:
    """The version, locked until the transaction ends: nobody signs what is being withdrawn."""
    key = (company, topic.value, number)
    version = session.get(AgreementVersion, key, with_for_update=True)
    if version is None:
        raise AgreementError("There is no such version.")
    if session.get(AgreementWithdrawal, key) is not None:
        raise AgreementConflict("Somebody has taken it back in the meantime.")
    return version


def _signed_times(session: Session, company: str, topic: Topic, number: int, side: Side) -> int:
    s = AgreementSignature
    return (
        session.scalar(
            select(func.count())
            .select_from(s)
            .where(
                s.company == company,
                s.topic == topic.value,
                s.version == number,
                s.team == side.value,
            )
        )
        or 0
    )
