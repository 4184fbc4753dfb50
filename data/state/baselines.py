"""Locked baselines: read many at once, lock those that are missing, re-base one with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.audit import Event, command_line, person, record
from data.errors import StateError
from data.state.models import Baseline, utc_now
from data.state.store import StateStore


def _newest(session: Session, keys: Iterable[str]) -> dict[str, Baseline]:
    statement = (
        select(Baseline)
        .where(Baseline.key.in_(list(keys)))
        .order_by(Baseline.key, Baseline.revision)
    )
    return {row.key: row for row in session.scalars(statement)}


def read_baselines(store: StateStore, keys: Sequence[str]) -> dict[str, Baseline]:
    """The baselines that hold, by key; a key without one is left out. One statement."""
    with store.read() as session:
        return _newest(session, keys)


def read_revisions(store: StateStore, key: str) -> Sequence[Baseline]:
    """Every baseline that was ever locked under a key, newest first."""
    statement = select(Baseline).where(Baseline.key == key).order_by(Baseline.revision.desc())
    with store.read() as session:
        return list(session.scalars(statement))


def lock_baselines(store: StateStore, rows: Sequence[dict[str, Any]]) -> dict[str, Baseline]:
    """Lock baselines (columns of ``Baseline``) and return what holds, by key.

    Where another process was first, its baseline stands and is returned. One transaction.
    """
    with store.write() as session:
        values = [{"revision": 0, "locked_at": utc_now(), **row} for row in rows]
        session.execute(store.insert_into(Baseline).on_conflict_do_nothing(), values)
        return _newest(session, [row["key"] for row in rows])


def add_revision(
    store: StateStore, row: dict[str, Any], *, reason: str, locked_by: str | None
) -> Baseline:
    """A new baseline in place of the one that holds, which stays on record.

    Raises ``StateError`` without a reason, and when somebody else re-bases at the same moment.
    """
    if not reason.strip():
        raise StateError("A baseline is re-based with a reason.", remedy="Say what changed.")
    with store.write() as session:
        newest = session.scalar(
            select(func.max(Baseline.revision)).where(Baseline.key == row["key"])
        )
        following = Baseline(
            **row,
            revision=0 if newest is None else newest + 1,
            reason=reason.strip(),
            locked_by=locked_by,
        )
        session.add(following)
        session.flush()
        record(
            Event.BASELINE_REBASED,
            by=command_line() if locked_by is None else person(locked_by),
            about=following.metric,
            detail={
                "cadence": following.cadence,
                "since": following.first_period,
                "reason": following.reason,
            },
            session=session,
        )
        return following


def count_rebased(store: StateStore) -> int:
    """How many baselines were re-based; it only grows, so it tells whether limits moved."""
    with store.read() as session:
        return (
            session.scalar(
                select(func.count()).select_from(Baseline).where(Baseline.reason.is_not(None))
            )
            or 0
        )
