"""The warehouse as the program reads it: read-only, with a time limit, with its freshness.

``WAREHOUSE_URL`` names it; unset, it is the embedded DuckDB file in ``.scorecard/``.
"""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Executable, func, literal, select, union_all
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from data.config import PROJECT_DIR, Config, load_config
from data.content import read_back
from data.dialects import dialect_of, parse_url
from data.errors import WarehouseError, WarehouseTimeout
from data.failures import failure, public
from data.freshness import Load, Source, newest_first, sources_of, version_of
from data.last_rows import LAST_ROWS
from data.reading import LOADS, note_reads, note_statement
from data.row_scope import EVERYTHING, RowScope
from data.running import watched
from data.statements import observed
from data.tables import CONTRACT, DERIVED, EVENT_COLUMNS, SCHEMA_VERSION, loads, scorecard_meta

LOCAL_DIR = Path(os.environ.get("SCORECARD_HOME", PROJECT_DIR / ".scorecard"))
STATEMENT_SECONDS = 30.0
# The tables whose sources decide the default as-of moment (contract §1).
AS_OF_TABLES = ("lead_stages", "handoffs", "touches", "opportunities")
STALE_AFTER = timedelta(hours=24)


def warehouse_url() -> URL:
    text = os.environ.get("WAREHOUSE_URL")
    if text:
        return parse_url(text, name="WAREHOUSE_URL")
    return parse_url(f"duckdb:///{LOCAL_DIR / 'warehouse.duckdb'}", name="WAREHOUSE_URL")


class Warehouse:
    """Read access to one version of the warehouse.

    Cheap to make; the engine behind it is shared by all that read the same version
    (``open_warehouse``). Every method raises ``WarehouseError`` with a remedy when the warehouse
    is missing, locked, of another version or not answering.
    """

    def __init__(self, url: URL, *, timeout_seconds: float = STATEMENT_SECONDS) -> None:
        self.url = url
        self.dialect = dialect_of(url)
        self.timeout_seconds = timeout_seconds
        self.location = self.dialect.location(url)
        self.scope = EVERYTHING
        self._guard: Callable[[Executable], Executable] | None = None
        self._silence: WarehouseError | None = None

    def guarded(self, scope: RowScope, guard: Callable[[Executable], Executable]) -> Warehouse:
        """This warehouse as someone may read it: every statement goes through ``guard`` first.

        What the warehouse says of itself (its loads, freshness, whether tables are empty) stays
        the company's. Cached answers are kept by scope (``version_key``).
        """
        # Shared by both, so read before there are two.
        _ = self.engine, self.meta, self._loads, self.row_counts
        other = copy.copy(self)
        other.scope, other._guard = scope, guard
        return other

    def admitted(self, statement: Executable) -> Executable:
        """A statement as it is run: with nothing in it that may not be seen."""
        return statement if self._guard is None else self._guard(statement)

    @cached_property
    def whole(self) -> Warehouse:
        """This warehouse without a scope, for facts of the company that are no rows."""
        if self._guard is None:
            return self
        other = copy.copy(self)
        other.scope, other._guard = EVERYTHING, None
        return other

    def configured(self, config: Config) -> Warehouse:
        """This warehouse as another configuration would read it: for what if questions."""
        _ = self.engine, self.meta, self._loads, self.row_counts
        other = copy.copy(self)
        other.__dict__.pop("whole", None)
        other.__dict__["config"] = config
        return other

    @cached_property
    def engine(self) -> Engine:
        return self.dialect.create_engine(
            self.url, read_only=True, timeout_seconds=self.timeout_seconds
        )

    def close(self) -> None:
        """Give the connections back; a later read would open new ones."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    def rows(self, statement: Executable) -> list[dict[str, Any]]:
        """Run a statement; rows as dicts, in the engine's own Python types."""
        admitted = self.admitted(statement)
        note_statement(admitted)
        return self._read(admitted)

    def silent(self, error: WarehouseError) -> Warehouse:
        """This warehouse as it was last known, asked no more: statements that have been answered
        over this version of the data have the rows that they had, all others raise ``error``."""
        other = copy.copy(self)
        other.__dict__.pop("whole", None)
        other._silence = error
        return other

    @property
    def is_silent(self) -> bool:
        return self._silence is not None

    def _read(self, statement: Executable) -> list[dict[str, Any]]:
        if self._silence is not None:
            if not self._is_known:
                raise self._silence
            found = LAST_ROWS.find(self.version_key, self.engine, statement)
            if found is None:
                raise self._silence
            return found
        try:
            with (
                observed(self.engine, statement),
                self.engine.connect() as connection,
                self.dialect.guard(connection, self.timeout_seconds),
                watched(self._canceller(connection)),
            ):
                result = connection.execute(statement)
                rows = [dict(row) for row in result.mappings()]
        except SQLAlchemyError as error:
            raise self._failure(error) from error
        if self._is_known:
            LAST_ROWS.keep(self.version_key, result, rows)
        return rows

    @property
    def _is_known(self) -> bool:
        """Whether the version of the data has been read, which this may be the reading of."""
        return {"meta", "_loads"} <= self.__dict__.keys()

    def _canceller(self, connection: Connection) -> Callable[[], None]:
        raw = connection.connection.driver_connection
        return lambda: self.dialect.cancel(raw)

    def stream(self, statement: Executable, size: int = 5_000) -> Iterator[list[dict[str, Any]]]:
        """The rows of a statement in parts of ``size``, so that many never stand in memory at once.

        The time limit holds for the whole of it.
        """
        admitted = self.admitted(statement)
        note_statement(admitted)
        if self._silence is not None:
            raise self._silence
        try:
            with (
                observed(self.engine, admitted),
                self.engine.connect().execution_options(
                    stream_results=True, max_row_buffer=size
                ) as connection,
                self.dialect.guard(connection, self.timeout_seconds),
            ):
                for part in connection.execute(admitted).mappings().partitions(size):
                    yield [dict(row) for row in part]
        except SQLAlchemyError as error:
            raise self._failure(error) from error

    def _failure(self, error: SQLAlchemyError) -> WarehouseError:
        if isinstance(error, DBAPIError) and self.dialect.is_timeout(error):
            return WarehouseTimeout(
                f"The warehouse did not answer within {self.timeout_seconds:g} s.",
                remedy="Narrow the period or the filters, or ask again later.",
            )
        return failure(self.url, error)

    def refreshed(self) -> Warehouse:
        """This warehouse, or, when its data or what is derived from them have changed, a new one
        on the same engine."""
        other = Warehouse(self.url, timeout_seconds=self.timeout_seconds)
        other.__dict__["engine"] = self.engine
        same = other.data_version == self.data_version and other.meta == self.meta
        return self if same else other

    @cached_property
    def meta(self) -> dict[str, str]:
        """What the warehouse says of itself; refuses a version this program does not know."""
        meta = {row["key"]: row["value"] for row in self._read(select(scorecard_meta))}
        version = meta.get("schema_version")
        if version is None:
            raise WarehouseError(
                f"The warehouse {public(self.url)} does not say its version.",
                remedy="Run 'python -m data derive' on tables filled by other means; else load "
                "it again.",
            )
        if version != SCHEMA_VERSION:
            raise WarehouseError(
                f"The warehouse {public(self.url)} has version {version!r}, this program reads "
                f"{SCHEMA_VERSION!r}.",
                remedy="Load it again with this version of the program.",
            )
        return meta

    @property
    def is_demo(self) -> bool:
        return self.meta.get("company") == "demo"

    @cached_property
    def config(self) -> Config:
        return load_config(demo=self.is_demo)

    @cached_property
    def _loads(self) -> list[dict[str, Any]]:
        return self._read(
            select(loads).order_by(loads.c.load_id, loads.c.source, loads.c.table_name)
        )

    @property
    def data_version(self) -> str:
        """Twelve hex digits that change when, and only when, a load has changed the data."""
        note_reads([LOADS])
        return self._data_version

    @cached_property
    def _data_version(self) -> str:
        return version_of(self._loads)

    @cached_property
    def _contents(self) -> Mapping[str, str]:
        """What each table holds, where that was written down of these very data."""
        return read_back(self.meta.get("contents")) if self.is_derived_from_its_data else {}

    @property
    def is_derived_from_its_data(self) -> bool:
        """Whether the derived tables were made of the data that are there now."""
        return self.meta.get("derived_data_version") == self._data_version

    def table_version(self, name: str) -> Hashable:
        """What an answer made of a table depends on: what it holds and how far its sources reach.

        A load that brings the same rows again leaves it as it was. Where it is not known what a
        table holds (others have filled it, and nothing was derived since) every load changes it.
        """
        if name not in self._contents:
            return self._data_version, self.meta.get("derived_at")
        reached = tuple(source.data_through for source in self._sources if name in source.tables)
        config = self.meta.get("derived_config_hash") if name in DERIVED else None
        return self._contents[name], reached, config

    @property
    def version_key(self) -> tuple[str, str, str | None, RowScope]:
        """What every answer of this warehouse depends on: its place, data, derived tables, and
        whose eyes read it."""
        return self.location, self._data_version, self.meta.get("derived_at"), self.scope

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source, oldest data first."""
        note_reads([LOADS])
        return self._sources

    @cached_property
    def _sources(self) -> tuple[Source, ...]:
        return sources_of(self._loads)

    @property
    def newest_loads(self) -> tuple[Load, ...]:
        """What has filled the tables, the newest first."""
        return newest_first(self._loads)

    def data_through(self, tables: Sequence[str]) -> datetime | None:
        """How far the data of some tables reach: the earliest of their sources' newest moments."""
        note_reads(tables)
        reached = [
            source.data_through
            for source in self._sources
            if source.data_through is not None and set(source.tables) & set(tables)
        ]
        return min(reached, default=None)

    @property
    def default_as_of(self) -> datetime:
        """The moment as of which numbers are computed unless another is asked for (UTC)."""
        note_reads(AS_OF_TABLES)
        return self._default_as_of

    @cached_property
    def _default_as_of(self) -> datetime:
        reached = self.data_through(AS_OF_TABLES)
        return reached or self._newest_event() or datetime.now(UTC).replace(tzinfo=None)

    @property
    def stale_sources(self) -> tuple[Source, ...]:
        """Sources more than 24 h behind the newest."""
        reached = [s for s in self.sources if s.data_through is not None]
        newest = max((s.data_through for s in reached if s.data_through), default=None)
        if newest is None:
            return ()
        return tuple(s for s in reached if s.data_through and newest - s.data_through > STALE_AFTER)

    def _newest_event(self) -> datetime | None:
        """For a warehouse without rows in ``loads``: the newest event of the four tables."""
        columns = [CONTRACT[t].c[c] for t in AS_OF_TABLES for c in EVENT_COLUMNS[t]]
        newest = union_all(*(select(func.max(column).label("moment")) for column in columns))
        rows = self._read(newest)
        return max((row["moment"] for row in rows if row["moment"] is not None), default=None)

    @cached_property
    def row_counts(self) -> dict[str, int]:
        """Rows of every contract table, in one query."""
        counts = union_all(
            *(
                select(literal(name).label("name"), func.count().label("rows")).select_from(table)
                for name, table in CONTRACT.items()
            )
        )
        return {row["name"]: int(row["rows"]) for row in self._read(counts)}

    def empty_tables(self, tables: Sequence[str]) -> tuple[str, ...]:
        note_reads(tables)
        return tuple(t for t in tables if self.row_counts.get(t, 0) == 0)


_open: dict[str, Warehouse] = {}
_lock = threading.Lock()


def open_warehouse() -> Warehouse:
    """The current warehouse; a load that has put another in its place is seen here.

    One ``Warehouse`` is kept for a location. Where an engine swaps tables in place (PostgreSQL)
    the location stays, so the ``loads`` table is read anew on each call.
    """
    url = warehouse_url()
    key = dialect_of(url).location(url)
    with _lock:
        known = _open.get(key)
    if known is None:
        current = Warehouse(url)
        # Not kept before it has answered: the last one that did is worth more.
        try:
            _ = current.meta, current.data_version
        except WarehouseError:
            current.close()
            raise
    elif known.dialect.swaps_in_place:
        current = known.refreshed()
    else:
        current = known
    with _lock:
        replaced = [other for place, other in _open.items() if place != key]
        _open.clear()
        _open[key] = current
    for other in replaced:
        other.close()  # statements still running on it end as they would have
    return current


def last_warehouse() -> Warehouse | None:
    """The warehouse that was opened last, unasked whether it still answers: for the last known
    numbers while it does not."""
    with _lock:
        return next(iter(_open.values()), None)
