"""How the program opens Spark, keeps it read-only and brings rows in.

Spark has no transactions, no read-only sessions and no keys. What others leave to the engine is
done here: a load builds a schema of its own and switches to it in one step (``versions.py``); a
reading connection refuses statements that are no query; rows are held against their table's rules
before they are sent. What this cannot replace are the rights of the user in the URL
(docs/scale.md).
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs
import pyarrow.parquet
from sqlalchemy import (
    Connection,
    Engine,
    Table,
    column,
    create_engine,
    event,
    insert,
    select,
)
from sqlalchemy import table as named_table
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.sql.expression import SelectBase

from data.dialects.base import Dialect
from data.dialects.spark import versions
from data.errors import WarehouseError

ROWS_A_STATEMENT = 5_000
ROWS_A_FILE = 1_000_000
# What a text may begin with on a reading connection. WITH is not among them: to Spark it may
# introduce an INSERT as well.
QUERIES = ("SELECT", "SHOW", "DESCRIBE", "EXPLAIN")


def _create_engine(url: URL, *, read_only: bool, timeout_seconds: float) -> Engine:
    _refuse_without_driver()
    here = versions.current_url(url)
    engine = create_engine(here, pool_size=4, max_overflow=28, pool_pre_ping=True)
    if read_only:
        event.listen(engine, "before_cursor_execute", _refuse_writes)
    return engine


def _refuse_without_driver() -> None:
    try:
        from data.dialects.spark import driver as driver
    except ImportError as error:
        raise WarehouseError(
            f"A spark:// warehouse needs packages that are not installed ({error.name}).",
            remedy="Install them: pip install -r requirements-spark.txt.",
        ) from error


def _refuse_writes(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> None:
    compiled = getattr(context, "compiled", None)
    if isinstance(getattr(compiled, "statement", None), SelectBase):
        return
    words = statement.split(None, 1)
    if not words or words[0].upper() not in QUERIES:
        raise InvalidRequestError("The warehouse is opened read-only; the statement is no query.")


@contextmanager
def _guard(connection: Connection, timeout_seconds: float) -> Iterator[None]:
    raw: Any = connection.connection.driver_connection
    raw.deadline = time.monotonic() + timeout_seconds
    try:
        yield
    finally:
        raw.deadline = None


def _is_timeout(error: BaseException) -> bool:
    return type(getattr(error, "orig", error)).__name__ == "TimeLimit"


def _location(url: URL) -> str:
    _refuse_without_driver()
    return versions.location(url)


def _insert(connection: Connection, table: Table, rows: pa.Table) -> None:
    _refuse_broken_rules(table, rows)
    if not rows.num_rows:
        return
    staging = connection.engine.url.query.get("staging")
    if isinstance(staging, str):
        _insert_files(connection, table, rows, staging)
        return
    for batch in rows.to_batches(max_chunksize=ROWS_A_STATEMENT):
        connection.execute(insert(table), batch.to_pylist())


def _refuse_broken_rules(table: Table, rows: pa.Table) -> None:
    for rule in table.columns:
        present = rule.name in rows.column_names
        if not rule.nullable and (not present or rows[rule.name].null_count):
            raise _broken(f"{table.name}.{rule.name} is required, and is NULL in a row")
    keys = [key.name for key in table.primary_key]
    if len(keys) == 1 and rows.num_rows:
        counts = pc.value_counts(rows[keys[0]].combine_chunks())
        twice = counts.filter(pc.greater(counts.field("counts"), 1))
        if len(twice):
            raise _broken(
                f"{table.name}.{keys[0]} holds {twice.field('values')[0].as_py()!r} twice"
            )


def _broken(reason: str) -> IntegrityError:
    return IntegrityError(None, None, ValueError(reason))


def _insert_files(connection: Connection, table: Table, rows: pa.Table, staging: str) -> None:
    """Hand the rows over as Parquet files, in a folder that is removed afterwards."""
    try:
        system, root = pyarrow.fs.FileSystem.from_uri(staging)
        folder = f"{root.rstrip('/')}/scorecard-{uuid.uuid4().hex}"
        system.create_dir(folder)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise WarehouseError(
            f"The folder that 'staging' of WAREHOUSE_URL names cannot be used: {error}.",
            remedy="Nothing was changed. Name one that this machine and Spark can both reach.",
        ) from error
    try:
        for number, start in enumerate(range(0, rows.num_rows, ROWS_A_FILE)):
            part = _in_utc(rows.slice(start, ROWS_A_FILE))
            path = f"{folder}/{number:06}.parquet"
            pyarrow.parquet.write_table(part, path, filesystem=system)
        # To Spark it is a table whose schema is its format and whose name is its place.
        place = f"{staging.rstrip('/')}/{folder.rpartition('/')[2]}"
        files = named_table(place, *map(column, rows.column_names), schema="parquet")
        staged = files.alias("incoming_rows")
        connection.execute(insert(table).from_select(rows.column_names, select(*staged.c)))
    finally:
        with suppress(OSError):
            system.delete_dir(folder)


def _in_utc(rows: pa.Table) -> pa.Table:
    """Moments marked as UTC: without a mark Spark would read another type."""
    fields = [
        field.with_type(pa.timestamp("us", "UTC")) if pa.types.is_timestamp(field.type) else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


SPARK = Dialect(
    name="spark",
    create_engine=_create_engine,
    replacing=versions.replacing,
    copying=versions.copying,
    rebuilding=versions.rebuilding,
    insert=_insert,
    guard=_guard,
    is_timeout=_is_timeout,
    cancel=lambda raw: raw.cancel(),
    location=_location,
    empties_by_dropping=True,
    holds_rules=False,
    has_catalog=False,
)
