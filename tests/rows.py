"""Rows into tables, as quickly as an engine of the matrix can take the few that a test has."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Table,
    TextClause,
    cast,
    create_engine,
    delete,
    insert,
    inspect,
    literal_column,
    null,
    select,
    text,
    values,
)
from sqlalchemy.schema import DDL, CreateTable
from sqlalchemy.sql.dml import UpdateBase

from data.dialects import dialect_of
from data.dialects.spark.sql import SparkDialect
from data.tables import CONTRACT, metadata

# The second way that a figure is worked out is SQL by hand, as DuckDB and PostgreSQL read it.
TRANSLATED = ("spark",)
SECONDS = re.compile(r"EXTRACT\(EPOCH FROM \(([\w.]+) - ([\w.]+)\)\)", re.IGNORECASE)
DAYS = re.compile(r"(CAST\(:\w+ AS DATE\)) - (CAST\(:\w+ AS DATE\))")

Rows = Sequence[Mapping[str, Any]]


def create(connection: Connection) -> None:
    """All tables of the program, empty."""
    if not _is_spark(connection):
        metadata.create_all(connection)
        return
    for table in CONTRACT.values():
        _show(connection, table, ())
    others = [table for table in metadata.sorted_tables if table.name not in CONTRACT]
    # To look first whether each is there would take longer than to create it.
    for table in others:
        connection.execute(CreateTable(table, if_not_exists=True))


def drop(connection: Connection) -> None:
    """None of the program's tables, whether or not they were there."""
    if not _is_spark(connection):
        metadata.drop_all(connection)
        return
    views = set(inspect(connection).get_view_names())
    for name in inspect(connection).get_table_names():
        gone = {"kind": "VIEW" if name in views else "TABLE", "name": name}
        connection.execute(DDL("DROP %(kind)s %(name)s", context=gone))


def put(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows into a table that is empty; columns that a row does not name are NULL."""
    columns = table.columns.keys()
    full = [{column: row.get(column) for column in columns} for row in rows]
    if _is_spark(connection) and table.name in CONTRACT:
        _show(connection, table, full)
    elif full:
        connection.execute(insert(table), full)


def plain_sql(connection: Connection, sql: str) -> TextClause:
    """SQL by hand as the engine reads it: for Spark translated by sqlglot, which knows nothing of
    how the program writes its own."""
    name = dialect_of(connection.engine.url).name
    if name in TRANSLATED:
        import sqlglot

        (sql,) = sqlglot.transpile(sql, read="postgres", write=name)
        # Which sqlglot leaves as they are: a difference is an interval, and Spark takes its parts.
        sql = SECONDS.sub(r"((unix_micros(\1) - unix_micros(\2)) / 1000000)", sql)
        sql = DAYS.sub(r"DATEDIFF(\1, \2)", sql)
        # Exact, as it was asked for; of PERCENTILE_CONT sqlglot makes an approximation.
        sql = sql.replace("PERCENTILE_APPROX(", "PERCENTILE(")
    return text(sql)


def add(connection: Connection, table: Table, rows: Rows) -> None:
    """The same for a table that may hold rows already, which stay."""
    if not _is_spark(connection) or table.name not in CONTRACT:
        put(connection, table, rows)
    elif table.name in inspect(connection).get_view_names():
        put(connection, table, [*connection.execute(select(table)).mappings(), *rows])
    else:
        columns = {key for row in rows for key in row}
        connection.execute(insert(table), [{key: row.get(key) for key in columns} for row in rows])


def replace(connection: Connection, tables: Mapping[str, Rows]) -> None:
    """These rows in the place of all that the contract's tables hold."""
    for name, table in CONTRACT.items():
        if not _is_spark(connection):
            connection.execute(delete(table))
        put(connection, table, tables.get(name, ()))


def change(connection: Connection, *statements: UpdateBase) -> None:
    """UPDATE and DELETE, as somebody else's programs would run them.

    Spark's tables of files take neither: there a copy of the table is changed and put in its
    place.
    """
    for statement in statements:
        if not _is_spark(connection):
            connection.execute(statement)
            continue
        assert isinstance(statement.table, Table)
        table = statement.table
        with create_engine("sqlite://").begin() as copy:
            table.create(copy)
            if rows := [dict(row) for row in connection.execute(select(table)).mappings()]:
                copy.execute(insert(table), rows)
            copy.execute(statement)
            changed = [dict(row) for row in copy.execute(select(table)).mappings()]
        if table.name not in CONTRACT:
            connection.execute(delete(table))
        put(connection, table, changed)


def holds_rules(connection: Connection) -> bool:
    """Whether the engine itself refuses rows that break a key, or lack a required value."""
    return dialect_of(connection.engine.url).holds_rules


def _is_spark(connection: Connection) -> bool:
    return dialect_of(connection.engine.url).name == "spark"


def _show(connection: Connection, table: Table, rows: Rows) -> None:
    """Spark writes files, a second a table: a view on the rows is there at once, and reads alike.

    Real tables are what tests/spark and the tests of loading are about.
    """
    typed = [Column(c.name, c.type) for c in table.columns]
    query = select(*(cast(null(), c.type).label(c.name) for c in table.columns)).where(
        literal_column("1 = 0")
    )
    if rows:
        given = values(*typed, name="given").data([tuple(row.values()) for row in rows])
        query = select(*(cast(given.c[c.name], c.type).label(c.name) for c in table.columns))
    plain = SparkDialect(paramstyle="named")  # no percent sign of a text is doubled
    written = query.compile(dialect=plain, compile_kwargs={"literal_binds": True}).string
    view = {"name": table.name, "query": written}
    connection.execute(DDL("CREATE OR REPLACE VIEW %(name)s AS %(query)s", context=view))
