"""Raw tables for tests, as an ELT tool would land them: rows in, a schema of typed tables out."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    MetaData,
    Table,
    Text,
    create_engine,
    insert,
)
from sqlalchemy.schema import CreateSchema, CreateTable, DropTable

from data.arrow import arrow_type
from data.dialects.duckdb import DUCKDB

Rows = Sequence[Mapping[str, Any]]
# In this order: a bool is an int to Python, a datetime a date.
TYPES = ((bool, Boolean), (int, BigInteger), (float, Double), (datetime, DateTime), (date, Date))


def land(url: str, schema: str, tables: Mapping[str, Rows]) -> None:
    """Create, or replace, these tables in a schema."""
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(CreateSchema(schema, if_not_exists=True))
            for name, rows in tables.items():
                _land(connection, schema, name, rows)
    finally:
        engine.dispose()


def _land(connection: Connection, schema: str, name: str, rows: Rows) -> None:
    names = list(dict.fromkeys(key for row in rows for key in row))
    found = [
        Column(key, _type([row[key] for row in rows if row.get(key) is not None])) for key in names
    ]
    table = Table(name, MetaData(), *found, schema=schema)
    connection.execute(DropTable(table, if_exists=True))
    connection.execute(CreateTable(table))
    if rows and connection.dialect.name == "duckdb":
        # Row by row, DuckDB takes seconds where this takes none.
        columns = {c.name: pa.array([row.get(c.name) for row in rows], _arrow(c)) for c in found}
        DUCKDB.insert(connection, table, pa.table(columns))
    elif rows:
        connection.execute(insert(table), [{key: row.get(key) for key in names} for row in rows])


def _arrow(column: Column[Any]) -> pa.DataType:
    if isinstance(column.type, DateTime) and column.type.timezone:
        return pa.timestamp("us", "UTC")
    return arrow_type(column.type)


def _type(values: Sequence[Any]) -> Any:
    if values and all(isinstance(value, datetime) and value.tzinfo for value in values):
        return DateTime(timezone=True)
    for python, kind in TYPES:
        if values and all(isinstance(value, python) for value in values):
            return kind
    return Text


def drop(url: str, schema: str, name: str) -> None:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(DropTable(Table(name, MetaData(), schema=schema)))
    finally:
        engine.dispose()


def seed_tables(folder: Path, prefix: str) -> dict[str, Rows]:
    """Fivetran's test seeds: ``<prefix><table>_data.csv``, columns typed by their values."""
    return {
        path.stem.removeprefix(prefix).removesuffix("_data"): _seed(path)
        for path in sorted(folder.glob("*.csv"))
    }


def _seed(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for name in list(rows[0]) if rows else []:
        read = _reader([row[name] for row in rows if row[name]])
        for row in rows:
            row[name] = read(row[name]) if row[name] else None
    return rows


def _reader(values: Sequence[str]) -> Any:
    if values and all(value.lower() in ("true", "false") for value in values):
        return lambda text: text.lower() == "true"
    for read in (int, float, _moment):
        try:
            for value in values:
                read(value)
        except ValueError:
            continue
        return read
    return str


def _moment(text: str) -> datetime:
    day, _, clock = text.partition(" ")
    if not clock:
        raise ValueError(text)
    return datetime.fromisoformat(f"{day} {clock.zfill(8) if '.' not in clock else clock}")
