"""A warehouse that is replaced in one step, on an engine without transactions.

The schema S that the URL names holds a view, ``scorecard_current``, which says in which schema the
warehouse is: ``S__20260301t041500_3f2a1c``, filled by one load and never changed afterwards. A load
fills a new schema and lets the view name it by one ALTER VIEW, which every catalog does at once or
not at all. Who reads the old schema goes on reading it; the version before is kept, older ones are
dropped. Without the view the warehouse is S itself, filled by models of the company's own.

``derive`` computes tables beside facts that it leaves alone: it makes a schema too, with the
derived tables and, for each table of facts, a view on where those are (``facts``).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    Text,
    cast,
    column,
    create_engine,
    literal,
    null,
    select,
    table,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import DDL
from sqlalchemy.sql.expression import Select

from data.dialects.spark.sql import SparkDialect, schema_name, shown
from data.errors import WarehouseError
from data.failures import failure
from data.tables import CONTRACT, DERIVED, loads, metadata, scorecard_meta

POINTER = "scorecard_current"
STAMP = "%Y%m%dt%H%M%S"
# What a killed load has left is dropped by a load that starts later than this.
ABANDONED_AFTER = timedelta(days=1)
NOT_THERE = re.compile(r"\[(TABLE_OR_VIEW|SCHEMA)_NOT_FOUND\]")


@dataclass(frozen=True)
class Version:
    """Where a warehouse is: its schema, that of its facts, and the same of the one before it."""

    schema: str
    facts: str
    previous: str | None = None
    previous_facts: str | None = None

    @property
    def kept(self) -> set[str | None]:
        return {self.schema, self.facts, self.previous, self.previous_facts}


def current_url(url: URL) -> URL:
    """The URL with the schema in which the warehouse is now."""
    return url.set(database=_asked(url, lambda c: _current(c, _base(url))).schema)


def location(url: URL) -> str:
    """What changes when a load or the company's models have changed the warehouse."""

    def place(connection: Connection) -> str:
        version = _current(connection, _base(url))
        if version.facts != _base(url):
            return version.schema
        # The company's own tables: they change in place, and their loads tell.
        rows = sorted(map(repr, _rows(connection, version.facts, loads)))
        told = hashlib.sha256(repr(rows).encode()).hexdigest()[:16]
        return f"{version.schema} {told}"

    return f"{url.render_as_string(hide_password=False)} {_asked(url, place)}"


@contextmanager
def replacing(url: URL) -> Iterator[Connection]:
    with _new_version(url) as connection:
        metadata.create_all(connection, checkfirst=False)
        yield connection


@contextmanager
def copying(url: URL) -> Iterator[Connection]:
    before = _asked(url, lambda c: _refuse_missing(url, c))
    outdated = [t for t in DERIVED.values() if t is not scorecard_meta]
    with _new_version(url, before, facts=before.facts) as connection:
        for fact in CONTRACT.values():
            _create_as(connection, "VIEW", fact, before.facts)
        _create_as(connection, "TABLE", scorecard_meta, before.schema)
        metadata.create_all(connection, tables=outdated, checkfirst=False)
        yield connection


@contextmanager
def rebuilding(url: URL, tables: Sequence[Table]) -> Iterator[Connection]:
    before = _asked(url, lambda c: _current(c, _base(url)))
    with _new_version(url, before) as connection:
        for kept in metadata.sorted_tables:
            if kept not in tables:
                _create_as(connection, "TABLE", kept, before.schema)
        metadata.create_all(connection, tables=list(tables), checkfirst=False)
        yield connection


@contextmanager
def _new_version(
    url: URL, before: Version | None = None, *, facts: str | None = None
) -> Iterator[Connection]:
    """A connection whose statements go to a new schema; it is the warehouse when the block ends."""
    base = _base(url)
    name = f"{base}__{datetime.now(UTC):{STAMP}}_{secrets.token_hex(3)}"
    engine = create_engine(url.set(database=base), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            before = before or _current(connection, base)
            _do(connection, "CREATE SCHEMA %(schema)s", schema=schema_name(name))
            try:
                _do(connection, "USE %(schema)s", schema=schema_name(name))
                yield connection
                after = Version(name, facts or name, before.schema, before.facts)
                _switch(connection, base, before, after)
            except BaseException:
                with suppress(SQLAlchemyError):
                    _drop(connection, name)
                raise
            _forget_older(connection, base, before, after)
    finally:
        engine.dispose()


def _switch(connection: Connection, base: str, before: Version, after: Version) -> None:
    if _current(connection, base) != before:
        raise WarehouseError(
            "Another load of this warehouse has ended meanwhile.",
            remedy="Nothing was changed. Run it again.",
        )
    names = [field.name for field in fields(Version)]
    values = [cast(literal(value, Text), Text) for value in astuple(after)]
    query = select(*(value.label(name) for name, value in zip(names, values, strict=True)))
    # Where there is no warehouse yet, of two that begin at once one fails here.
    verb = "CREATE" if before.schema == base else "ALTER"
    _define(connection, verb, "VIEW", f"{schema_name(base)}.{POINTER}", query)


def _forget_older(connection: Connection, base: str, before: Version, after: Version) -> None:
    """Drop the schemas that nobody reads; what stays over is dropped by the next load."""
    finished = {before.previous, before.previous_facts}
    pattern = re.compile(rf"{re.escape(base.rpartition('.')[2])}__(\d{{8}}t\d{{6}})_[0-9a-f]{{6}}")
    prefix = base[: base.rfind(".") + 1]
    with suppress(SQLAlchemyError):
        for found in (row[0] for row in shown(connection, "SCHEMAS")):
            match = pattern.fullmatch(found)
            if match is None or f"{prefix}{found}" in after.kept:
                continue
            began = datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
            is_old = datetime.now(UTC) - began > ABANDONED_AFTER
            if f"{prefix}{found}" in finished or is_old:
                _drop(connection, f"{prefix}{found}")


def _drop(connection: Connection, schema: str) -> None:
    _do(connection, "DROP SCHEMA IF EXISTS %(schema)s CASCADE", schema=schema_name(schema))


def _base(url: URL) -> str:
    return (url.database or "default").lower()


def _current(connection: Connection, base: str) -> Version:
    """Where the warehouse of a schema is now: in itself where no load has filled another."""
    pointer = table(POINTER, *(column(field.name, Text) for field in fields(Version)), schema=base)
    try:
        return Version(*connection.execute(select(pointer)).one())
    except DBAPIError as error:
        if not NOT_THERE.search(str(error.orig)):
            raise
        return Version(base, base)


def _refuse_missing(url: URL, connection: Connection) -> Version:
    version = _current(connection, _base(url))
    if not {row[1] for row in shown(connection, "TABLES", version.schema)} & set(CONTRACT):
        raise WarehouseError(
            f"{url.render_as_string(hide_password=True)} holds none of the warehouse's tables.",
            remedy="Build the demo with 'python -m data demo' or load files with "
            "'python -m data load DIR'.",
        )
    return version


def _create_as(connection: Connection, kind: str, wanted: Table, schema: str) -> None:
    """A table of the contract as a view on another schema's, or a copy of it.

    What that schema lacks is there and empty: columns are NULL, a table has no rows.
    """
    present = {row[1] for row in shown(connection, "TABLES", schema)}
    if wanted.name not in present:
        metadata.create_all(connection, tables=[wanted], checkfirst=False)
        return
    described = _do(connection, "DESCRIBE TABLE %(name)s", name=_in(schema, wanted))
    known = {row[0].lower() for row in described}
    there = table(wanted.name, *(column(rule.name) for rule in wanted.columns), schema=schema)
    query = select(
        *(
            there.c[rule.name] if rule.name in known else cast(null(), rule.type).label(rule.name)
            for rule in wanted.columns
        )
    )
    _define(connection, "CREATE", kind, schema_name(wanted.name), query)


def _in(schema: str, there: Table) -> str:
    return f"{schema_name(schema)}.{schema_name(there.name)}"


def _define(connection: Connection, verb: str, kind: str, name: str, query: Select) -> None:
    # Of another parameter style, so that no percent sign of a text is doubled.
    plain = SparkDialect(paramstyle="named")
    text = query.compile(dialect=plain, compile_kwargs={"literal_binds": True}).string
    _do(
        connection, "%(verb)s %(kind)s %(name)s AS %(query)s",
        verb=verb, kind=kind, name=name, query=text,
    )  # fmt: skip


def _do(connection: Connection, statement: str, **names: str) -> Any:
    return connection.execute(DDL(statement, context=names))


def _rows(connection: Connection, schema: str, there: Table) -> Iterable[Any]:
    named = table(there.name, *(column(c.name, c.type) for c in there.columns), schema=schema)
    try:
        return connection.execute(select(named)).all()
    except DBAPIError as error:
        if not NOT_THERE.search(str(error.orig)):
            raise
        return []


def _asked(url: URL, question: Any) -> Any:
    """What a connection kept for such questions answers; it names every schema."""
    try:
        with _asking(url._replace(database=None)).connect() as connection:
            return question(connection)
    except SQLAlchemyError as error:
        raise failure(url, error) from error


@cache
def _asking(url: URL) -> Engine:
    return create_engine(url, pool_size=1, max_overflow=8, pool_pre_ping=True)
