"""Small warehouses for tests: every table of the contract, filled with the rows given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table
from sqlalchemy.engine import make_url

from data.dialects import dialect_of
from data.tables import CONTRACT, DERIVED, SCHEMA_VERSION, metadata
from tests.rows import add, create, holds_rules

Rows = dict[str, list[dict[str, Any]]]


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """A writable connection that commits at the end and leaves nothing open."""
    parsed = make_url(url)
    engine = dialect_of(parsed).create_engine(parsed, read_only=False, timeout_seconds=60)
    try:
        with engine.connect() as connection:
            yield connection
            connection.commit()
    finally:
        engine.dispose()


def fill(connection: Connection, rows: Rows) -> None:
    """Insert rows; columns that a row does not name are NULL."""
    for name, table_rows in rows.items():
        table = metadata.tables[name]
        if table_rows:
            add(connection, table, table_rows)


@contextmanager
def filled(url: str, rows: Rows) -> Iterator[Connection]:
    """A new warehouse with these rows, still writable inside the block."""
    with writing(url) as connection:
        create(connection)
        fill(connection, {"scorecard_meta": [{"key": "schema_version", "value": SCHEMA_VERSION}]})
        fill(connection, rows)
        yield connection


def create_without_rules(connection: Connection) -> None:
    """The contract's tables as other means may make them: no keys, every column may be NULL."""
    if not holds_rules(connection):  # as they are anyway
        create(connection)
        fill(connection, {"scorecard_meta": [{"key": "schema_version", "value": SCHEMA_VERSION}]})
        return
    loose = MetaData()
    for table in CONTRACT.values():
        Table(table.name, loose, *(Column(column.name, column.type) for column in table.columns))
    loose.create_all(connection)
    metadata.create_all(connection, tables=list(DERIVED.values()))
    fill(connection, {"scorecard_meta": [{"key": "schema_version", "value": SCHEMA_VERSION}]})
