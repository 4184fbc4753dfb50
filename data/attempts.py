"""Every load and build of the warehouse that was tried, and how it ended.

A failed one leaves the warehouse as it was, so that nothing in it tells of the failure: it is
noted in the state database. Where that is silent the load goes on all the same, with a word.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.engine import URL

from data.build.report import BuildReport
from data.errors import ScorecardError
from data.failures import public
from data.load import LoadReport
from data.state import LoadAttempt, open_state
from data.state.models import utc_now

# Older ones are forgotten: of each warehouse so many are kept.
KEPT = 200
MOST_WORDS = 2_000
GOOD = ("good", "unchanged")


@dataclass(frozen=True)
class TableRows:
    """A table that was read: its rows, those used, those set aside by reason. They add up."""

    source: str
    table: str
    rows: int
    used: int
    aside: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """One attempt; moments are naive UTC. ``outcome`` is None while it runs, and for good when it
    was killed."""

    kind: str
    begun_at: datetime
    ended_at: datetime | None
    outcome: str | None
    words: str
    rows: tuple[TableRows, ...]

    @property
    def is_good(self) -> bool:
        return self.outcome in GOOD


class Trying:
    """What the block of ``trying`` tells of what it does."""

    def __init__(self) -> None:
        self.outcome = "good"
        self.rows: tuple[TableRows, ...] = ()

    def built(self, report: BuildReport) -> None:
        self.outcome = "unchanged" if report.unchanged else "good"
        self.rows = tuple(
            TableRows(source.product, table.name, table.rows, table.used, dict(table.aside))
            for source in report.sources
            for table in source.tables
        )

    def loaded(self, report: LoadReport) -> None:
        self.rows = tuple(
            TableRows(report.source, name, rows, rows) for name, rows in report.rows.items()
        )


@contextmanager
def trying(kind: str, url: URL) -> Iterator[Trying]:
    """Around a load, a build, a derivation or the demo: notes that it began and how it ended.

    Whatever the block raises passes.
    """
    number = _begun(kind, url)
    told = Trying()
    try:
        yield told
    except ScorecardError as error:
        _ended(number, "refused", str(error), told.rows)
        raise
    except KeyboardInterrupt:
        _ended(number, "broken", "Stopped by hand.", told.rows)
        raise
    except BaseException as error:
        _ended(number, "broken", f"{type(error).__name__}: {error}", told.rows)
        raise
    _ended(number, told.outcome, "", told.rows)


def _begun(kind: str, url: URL) -> int | None:
    where = public(url)
    try:
        with open_state().write() as session:
            one = LoadAttempt(warehouse=where, kind=kind)
            session.add(one)
            session.flush()
            of_this = select(LoadAttempt.id).where(LoadAttempt.warehouse == where)
            newest = of_this.order_by(LoadAttempt.id.desc()).limit(KEPT)
            session.execute(
                delete(LoadAttempt)
                .where(LoadAttempt.warehouse == where, LoadAttempt.id.not_in(newest))
                .execution_options(synchronize_session=False)
            )
            return one.id
    except ScorecardError as error:
        _say(error)
        return None


def _ended(number: int | None, outcome: str, words: str, rows: Sequence[TableRows]) -> None:
    if number is None:
        return
    ending = (
        update(LoadAttempt)
        .where(LoadAttempt.id == number)
        .values(
            ended_at=utc_now(),
            outcome=outcome,
            words=words[:MOST_WORDS],
            rows=json.dumps([asdict(row) for row in rows], ensure_ascii=False),
        )
    )
    try:
        with open_state().write() as session:
            session.execute(ending)
    except ScorecardError as error:
        _say(error)


def _say(error: ScorecardError) -> None:
    print(f"note: this attempt is not on the admin page: {error}", file=sys.stderr)


def last_attempts(url: URL, most: int = KEPT) -> list[Attempt]:
    """The attempts on a warehouse, the newest first. Raises ``StateError``."""
    asked = (
        select(LoadAttempt)
        .where(LoadAttempt.warehouse == public(url))
        .order_by(LoadAttempt.id.desc())
        .limit(most)
    )
    with open_state().read() as session:
        return [
            Attempt(
                row.kind,
                row.begun_at,
                row.ended_at,
                row.outcome,
                row.words,
                tuple(TableRows(**one) for one in json.loads(row.rows)),
            )
            for row in session.scalars(asked)
        ]
