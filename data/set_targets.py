"""Targets that are set in the app, over those of the warehouse: every version with who, when, why.

A change names the version that it was made from. Of two made from the same one the primary key
takes the first; the second is refused and told what was set.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select

from data.audit import Actor, DetailValue, Event, record, without_people
from data.errors import AgreementError, StateConflict
from data.state import TargetVersion, open_state
from data.state.models import utc_now


@dataclass(frozen=True)
class TargetKey:
    """What a target is of: a KPI in a period, of the whole company or of one member."""

    metric: str
    grain: str
    period_start: date
    dimension: str | None = None
    member: str | None = None

    def id(self, company: str) -> str:
        """A hash: one row a company, target and version."""
        parts = [company, self.metric, self.grain, self.period_start.isoformat()]
        text = json.dumps([*parts, self.dimension, self.member])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class SetTarget(NamedTuple):
    """A target that holds as of a moment, as questions carry it."""

    metric: str
    grain: str
    period_start: date
    dimension: str | None
    member: str | None
    value: float


@dataclass(frozen=True)
class SetVersion:
    """One version of a target that was set. ``value`` None: the warehouse's holds again; ``number``
    0 is the first. Moments are UTC without a zone."""

    key: TargetKey
    number: int
    value: float | None
    reason: str
    set_by: str
    set_at: datetime
    set_as_of: datetime


class TargetConflict(AgreementError):
    """Somebody has set the target first; nothing was overwritten. ``theirs`` is what they set."""

    def __init__(self, theirs: SetVersion) -> None:
        to = "the loaded one again" if theirs.value is None else f"{theirs.value:g}"
        super().__init__(
            f"{theirs.set_by} has set this target to {to} in the meantime. Nothing was "
            "overwritten, and what you typed is still here.",
            remedy="Look at theirs, then send yours again, or leave it.",
        )
        self.theirs = theirs


def read_set_targets(company: str, metric: str | None = None) -> list[SetVersion]:
    """Every version of every target that was set, of one KPI or of all, in the order of their
    setting."""
    statement = (
        select(TargetVersion)
        .where(TargetVersion.company == company)
        .order_by(TargetVersion.set_at, TargetVersion.id, TargetVersion.version)
    )
    if metric is not None:
        statement = statement.where(TargetVersion.metric == metric)
    with open_state().read() as session:
        return [_version(row) for row in session.scalars(statement)]


def holding(versions: Sequence[SetVersion], as_of: datetime) -> tuple[SetTarget, ...]:
    """The targets that hold as of a moment, sorted: of each its newest version by then, without
    those that gave way to the warehouse's."""
    newest: dict[TargetKey, SetVersion] = {}
    for one in versions:
        known = newest.get(one.key)
        if one.set_as_of <= as_of and (known is None or known.number < one.number):
            newest[one.key] = one
    found = [
        SetTarget(k.metric, k.grain, k.period_start, k.dimension, k.member, one.value)
        for k, one in newest.items()
        if one.value is not None
    ]
    return tuple(sorted(found, key=lambda t: (*t[:3], t.dimension or "", t.member or "")))


def write_target(
    company: str,
    key: TargetKey,
    value: float | None,
    *,
    seen: int,
    reason: str,
    data_through: datetime,
    by: Actor,
) -> SetVersion:
    """Set a target whose newest version was read as number ``seen`` (-1: none was set yet).

    ``data_through`` is how far the data reach. Raises ``TargetConflict`` where somebody was first.
    """
    row = TargetVersion(
        id=key.id(company),
        version=seen + 1,
        company=company,
        metric=key.metric,
        grain=key.grain,
        period_start=key.period_start,
        dimension=key.dimension,
        member=key.member,
        value=value,
        reason=reason,
        set_by=by.name or "",
        set_at=utc_now(),
        set_as_of=data_through,
    )
    store = open_state()
    try:
        with store.write() as session:
            before = session.get(TargetVersion, (row.id, seen)) if seen >= 0 else None
            if seen >= 0 and before is None:
                raise AgreementError("There is no such target.")
            session.add(row)
            session.flush()
            detail: dict[str, DetailValue] = {
                "grain": key.grain,
                "period": key.period_start.isoformat(),
                "value": value,
                "before": None if before is None else before.value,
                "version": row.version,
            }
            if key.dimension is not None:
                detail["of"] = without_people([(key.dimension, (key.member,))])
            record(Event.TARGET_CHANGED, by=by, about=key.metric, detail=detail, session=session)
        return _version(row)
    except StateConflict as error:
        with store.read() as session:
            newest = session.scalars(
                select(TargetVersion)
                .where(TargetVersion.id == row.id)
                .order_by(TargetVersion.version.desc())
                .limit(1)
            ).one()
        raise TargetConflict(_version(newest)) from error


def _version(row: TargetVersion) -> SetVersion:
    key = TargetKey(row.metric, row.grain, row.period_start, row.dimension, row.member)
    return SetVersion(
        key, row.version, row.value, row.reason, row.set_by, row.set_at, row.set_as_of
    )
