"""Versions of KPI definitions: the newest of each, all of one, and recording what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data.state.models import DefinitionVersion, utc_now
from data.state.store import StateStore


def _newest(session: Session, company: str) -> dict[str, DefinitionVersion]:
    last = (
        select(DefinitionVersion.metric, func.max(DefinitionVersion.version).label("version"))
        .where(DefinitionVersion.company == company)
        .group_by(DefinitionVersion.metric)
        .subquery()
    )
    statement = (
        select(DefinitionVersion)
        .join(
            last,
            (DefinitionVersion.metric == last.c.metric)
            & (DefinitionVersion.version == last.c.version),
        )
        .where(DefinitionVersion.company == company)
    )
    return {row.metric: row for row in session.scalars(statement)}


def newest_definitions(store: StateStore, company: str) -> dict[str, str]:
    """The fingerprint of each KPI's newest definition on record. One statement."""
    with store.read() as session:
        return {metric: row.fingerprint for metric, row in _newest(session, company).items()}


def newest_versions(store: StateStore, company: str) -> dict[str, int]:
    """The number of each KPI's newest definition on record. One statement."""
    with store.read() as session:
        return {metric: row.version for metric, row in _newest(session, company).items()}


def read_definitions(store: StateStore, company: str, metric: str) -> Sequence[DefinitionVersion]:
    """Every version of one KPI's definition, oldest first."""
    statement = (
        select(DefinitionVersion)
        .where(DefinitionVersion.company == company, DefinitionVersion.metric == metric)
        .order_by(DefinitionVersion.version)
    )
    with store.read() as session:
        return list(session.scalars(statement))


def record_definitions(
    store: StateStore, company: str, found: Mapping[str, tuple[str, str]]
) -> None:
    """Add a version for each KPI whose newest one is another. ``found``: (fingerprint, parts as
    JSON) by metric id. One transaction; where another process was first, its version stands.
    """
    with store.write() as session:
        newest = _newest(session, company)
        now = utc_now()
        rows = [
            {
                "company": company,
                "metric": metric,
                "version": newest[metric].version + 1 if metric in newest else 0,
                "fingerprint": fingerprint,
                "parts": parts,
                "seen_at": now,
            }
            for metric, (fingerprint, parts) in found.items()
            if metric not in newest or newest[metric].fingerprint != fingerprint
        ]
        if rows:
            session.execute(store.insert_into(DefinitionVersion).on_conflict_do_nothing(), rows)
