"""PostgreSQL through psycopg 3.

A load empties and fills the tables in one transaction. Readers go on with the old rows until it
commits and never wait: under PostgreSQL's row versions each statement sees all of one load or all
of the other. The tables themselves stay, and with them the grants, views, indexes and further
columns that the company has put on them; dropping and renaming tables would lose those.
The old rows' space is vacuumed afterwards, for the next load to use.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv
from psycopg import sql
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Table,
    create_engine,
    delete,
    func,
    inspect,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from data.dialects.base import Dialect
from data.errors import WarehouseError
from data.tables import CONTRACT, DERIVED, metadata, scorecard_meta

QUERY_CANCELED = "57014"
LOCK_NOT_AVAILABLE = "55P03"
# One number for "a load is running", the same in every process ("SCORECRD" as bytes).
LOAD_LOCK = 0x53434F52_45435244
LOCK_WAIT_SECONDS = 60
COPY_ROWS = 65_536
# Of a server that is gone without a word: seconds for a connection, milliseconds for an answer on
# the line, seconds of silence after which the line itself is asked.
PATIENCE = {
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


def _create_engine(url: URL, *, read_only: bool, timeout_seconds: float) -> Engine:
    options = "-c timezone=UTC"
    if read_only:
        options += " -c default_transaction_read_only=on"
        options += f" -c statement_timeout={int(timeout_seconds * 1000)}"
    return create_engine(
        url,
        connect_args={"options": options, **PATIENCE},
        hide_parameters=True,  # in errors, which are logged
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=28,
    )


def _is_timeout(error: BaseException) -> bool:
    return getattr(getattr(error, "orig", error), "sqlstate", None) == QUERY_CANCELED


@contextmanager
def _replacing(url: URL) -> Iterator[Connection]:
    with _emptied(url, metadata.sorted_tables) as connection:
        yield connection


@contextmanager
def _copying(url: URL) -> Iterator[Connection]:
    _refuse_missing(url)
    outdated = [table for table in DERIVED.values() if table is not scorecard_meta]
    with _emptied(url, outdated) as connection:
        yield connection


def _refuse_missing(url: URL) -> None:
    engine = _create_engine(url, read_only=True, timeout_seconds=LOCK_WAIT_SECONDS)
    try:
        with engine.connect() as connection:
            present = set(inspect(connection).get_table_names())
            present |= set(inspect(connection).get_view_names())
    finally:
        engine.dispose()
    if not present & set(CONTRACT):
        raise WarehouseError(
            f"{url.render_as_string(hide_password=True)} holds none of the warehouse's tables.",
            remedy="Build the demo with 'python -m data demo' or load files with "
            "'python -m data load DIR'.",
        )


@contextmanager
def _emptied(url: URL, tables: Sequence[Table]) -> Iterator[Connection]:
    """One transaction in which the given tables exist and are empty; commits at the end."""
    engine = _create_engine(url, read_only=False, timeout_seconds=0)
    try:
        with engine.begin() as connection:
            _set_limits(connection)
            _wait_for_other_loads(connection)
            _add_what_is_missing(connection)
            for table in tables:
                connection.execute(delete(table))
            yield connection
        _vacuum(engine, tables)
    finally:
        engine.dispose()


def _set_limits(connection: Connection) -> None:
    """A load may take its time, but not wait without end for a lock, whatever the role's own."""
    connection.execute(select(func.set_config("statement_timeout", "0", True)))
    connection.execute(select(func.set_config("lock_timeout", f"{LOCK_WAIT_SECONDS}s", True)))


def _wait_for_other_loads(connection: Connection) -> None:
    try:
        connection.execute(select(func.pg_advisory_xact_lock(LOAD_LOCK)))
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise WarehouseError(
            "Another load of this warehouse is running.",
            remedy="Nothing was changed. Try again when it has ended.",
        ) from error


def _add_what_is_missing(connection: Connection) -> None:
    """Create missing tables, and columns that a table of an earlier version lacks."""
    present = inspect(connection)
    for table in metadata.sorted_tables:
        if not present.has_table(table.name):
            continue
        known = {column["name"] for column in present.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                _add_column(connection, table, column)
    metadata.create_all(connection)


def _add_column(connection: Connection, table: Table, column: Column[Any]) -> None:
    statement = sql.SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
        sql.Identifier(table.name),
        sql.Identifier(column.name),
        sql.SQL(column.type.compile(connection.dialect)),
    )
    with _driver_cursor(connection) as cursor:
        cursor.execute(statement)


def _vacuum(engine: Engine, tables: Iterable[Table]) -> None:
    """Free the old rows' space and refresh the statistics. The load stands without it."""
    try:
        with (
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            _driver_cursor(connection) as cursor,
        ):
            for table in tables:
                cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table.name)))
    except SQLAlchemyError:
        return


def _insert(connection: Connection, table: Table, rows: pa.Table) -> None:
    """COPY in CSV: Arrow quotes every text and leaves NULL bare, which is how COPY tells them."""
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        _named(table), sql.SQL(", ").join(map(sql.Identifier, rows.column_names))
    )
    options = pyarrow.csv.WriteOptions(include_header=False)
    with _driver_cursor(connection) as cursor, cursor.copy(copy) as target:
        for batch in rows.to_batches(max_chunksize=COPY_ROWS):
            buffer = io.BytesIO()
            pyarrow.csv.write_csv(batch, buffer, options)
            target.write(buffer.getvalue())
    # What is computed from these rows in the same transaction is planned with their sizes.
    _analyze(connection, table)


def _named(table: Table) -> sql.Identifier:
    return sql.Identifier(*(part for part in (table.schema, table.name) if part))


def _analyze(connection: Connection, table: Table) -> None:
    with _driver_cursor(connection) as cursor:
        cursor.execute(sql.SQL("ANALYZE {}").format(_named(table)))


@contextmanager
def _driver_cursor(connection: Connection) -> Iterator[Any]:
    """The driver's own cursor; its errors as SQLAlchemy's, which callers know."""
    raw: Any = connection.connection.driver_connection
    try:
        with raw.cursor() as cursor:
            yield cursor
    except psycopg.IntegrityError as error:
        raise IntegrityError(None, None, error) from error
    except psycopg.Error as error:
        raise DBAPIError(None, None, error) from error


POSTGRESQL = Dialect(
    name="postgresql",
    create_engine=_create_engine,
    replacing=_replacing,
    copying=_copying,
    rebuilding=_emptied,
    insert=_insert,
    analyze=_analyze,
    is_timeout=_is_timeout,
    cancel=lambda raw: raw.cancel_safe(timeout=PATIENCE["connect_timeout"]),
    swaps_in_place=True,
)
