"""DuckDB, the embedded engine: one process writes, or several read.

A load builds a new file and flips the symlink that the URL names (``data/dialects/versions.py``),
so the place of a warehouse is the file that the link points to.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, Engine, Table, column, create_engine, event, insert, select
from sqlalchemy import table as named_table
from sqlalchemy.engine import URL
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import QueuePool

from data.dialects.base import Dialect
from data.dialects.functions import (
    add_microseconds,
    add_seconds,
    moment_of,
    number_of,
    row_hash,
    text_number,
)
from data.dialects.versions import new_version
from data.errors import WarehouseError
from data.tables import DERIVED, metadata, scorecard_meta


def database_path(url: URL) -> Path:
    """The file that a ``duckdb:///…`` URL names."""
    if not url.database or url.database == ":memory:":
        raise WarehouseError(
            "A DuckDB warehouse needs a file: every connection to ':memory:' sees its own.",
            remedy="Use a URL such as duckdb:///warehouse.duckdb.",
        )
    return Path(url.database)


def location(url: URL) -> str:
    return os.path.realpath(database_path(url))


def missing(url: URL) -> WarehouseError:
    return WarehouseError(
        f"There is no warehouse at {database_path(url)}.",
        remedy="Build the demo with 'python -m data demo' or load files with "
        "'python -m data load DIR'.",
    )


def _create_engine(url: URL, *, read_only: bool, timeout_seconds: float) -> Engine:
    path = location(url)
    if read_only and not os.path.exists(path):
        raise missing(url)
    config: dict[str, Any] = {"autoinstall_known_extensions": "false"}
    if read_only:
        # Queries come from links and filters: the files of this machine are none of theirs.
        config["enable_external_access"] = "false"
    engine = create_engine(
        url.set(database=path),
        connect_args={"read_only": read_only, "config": config},
        hide_parameters=True,  # in errors, which are logged
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=28,
    )
    if read_only:
        event.listen(engine, "connect", _give_memory_back)
    return engine


def _give_memory_back(connection: Any, _: object) -> None:
    """DuckDB's allocator gives back what ended statements took, some 50 MB, within ten seconds;
    else it would hold it until the next one. Set before the file is open, it has no effect."""
    connection.execute("SET allocator_background_threads = true")


# An interval is multiplied by 32-bit numbers only, these functions take 64 bits.
@compiles(add_seconds, "duckdb")
def _add_seconds(element, compiler, **kw):
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({moment}) + to_seconds({seconds}))"


@compiles(add_microseconds, "duckdb")
def _add_microseconds(element, compiler, **kw):
    moment, microseconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({moment}) + to_microseconds({microseconds}))"


@compiles(moment_of, "duckdb")
def _moment_of(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    return f"timezone('UTC', TRY_CAST({text} AS TIMESTAMP WITH TIME ZONE))"


@compiles(number_of, "duckdb")
def _number_of(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    return f"TRY_CAST({text} AS DOUBLE)"


@compiles(text_number, "duckdb")
def _text_number(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    # Unlike others' its hash has a value for NULL.
    return f"CASE WHEN {text} IS NOT NULL THEN hash({text}) END"


@compiles(row_hash, "duckdb")
def _row_hash(element, compiler, **kw):
    columns = ", ".join(compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(hash({columns}) AS DECIMAL(38, 0))"


@contextmanager
def _guard(connection: Connection, timeout_seconds: float) -> Iterator[None]:
    """Interrupt the statement from a timer: DuckDB has no time limit of its own."""
    raw = connection.connection.driver_connection
    assert raw is not None
    timer = threading.Timer(timeout_seconds, raw.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_timeout(error: BaseException) -> bool:
    original = getattr(error, "orig", error)
    return isinstance(original, duckdb.InterruptException) or "INTERRUPT" in str(original)


@contextmanager
def _writing(path: Path) -> Iterator[Connection]:
    """A connection to a file that only this process knows; its rows are on disk afterwards."""
    engine = create_engine(
        URL.create("duckdb", database=str(path)),
        connect_args={"config": {"autoinstall_known_extensions": "false"}},
    )
    try:
        with engine.connect() as connection:
            # Texts without an offset are read in UTC, whatever the zone of this machine.
            connection.exec_driver_sql("SET TimeZone = 'UTC'")
            try:
                yield connection
                connection.commit()
                connection.exec_driver_sql("CHECKPOINT")
            except BaseException:
                # The file is given up: on one that a full disk has broken a rollback fails too.
                connection.invalidate()
                raise
    finally:
        engine.dispose()


@contextmanager
def _replacing(url: URL) -> Iterator[Connection]:
    with new_version(database_path(url)) as path, _writing(path) as connection:
        metadata.create_all(connection, checkfirst=False)
        yield connection


@contextmanager
def _copying(url: URL) -> Iterator[Connection]:
    outdated = [table for table in DERIVED.values() if table is not scorecard_meta]
    with _copied(url, without=outdated) as connection:
        yield connection


@contextmanager
def _rebuilding(url: URL, tables: Sequence[Table]) -> Iterator[Connection]:
    with _copied(url, without=tables) as connection:
        yield connection


@contextmanager
def _copied(url: URL, *, without: Iterable[Table]) -> Iterator[Connection]:
    """A copy of the file in which some of the tables are empty, and missing ones exist."""
    with new_version(database_path(url)) as path:
        current = location(url)
        if not os.path.exists(current):
            raise missing(url)
        shutil.copyfile(current, path)
        if os.path.exists(f"{current}.wal"):  # a file of other means may have one
            shutil.copyfile(f"{current}.wal", f"{path}.wal")
        with _writing(path) as connection:
            metadata.drop_all(connection, tables=list(without))
            metadata.create_all(connection)
            yield connection


def _insert(connection: Connection, table: Table, rows: pa.Table) -> None:
    raw: Any = connection.connection.driver_connection
    incoming = named_table("incoming_rows", *(column(name) for name in rows.column_names))
    raw.register(incoming.name, rows)
    try:
        connection.execute(insert(table).from_select(rows.column_names, select(incoming)))
    finally:
        raw.unregister(incoming.name)


DUCKDB = Dialect(
    name="duckdb",
    create_engine=_create_engine,
    replacing=_replacing,
    copying=_copying,
    rebuilding=_rebuilding,
    insert=_insert,
    guard=_guard,
    is_timeout=_is_timeout,
    cancel=lambda raw: raw.interrupt(),
    location=location,
    empties_by_dropping=True,
)
