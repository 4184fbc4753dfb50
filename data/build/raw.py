"""Raw tables as an ELT tool has landed them: found by name, read with the types we need.

Tools differ in names: Fivetran's ``contact.property_email`` is Airbyte's
``contacts.properties_email`` and dlt's ``contacts.email``. Names are compared without case and
underscores; what is spelt otherwise stands in ``also`` of a table or column. What a tool lands in
another shape, a list in a column or a nested table, is not read but told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    Double,
    FromClause,
    Select,
    Subquery,
    TableClause,
    Text,
    case,
    cast,
    column,
    func,
    literal,
    null,
    select,
    table,
)
from sqlalchemy.types import TypeEngine

from data.dialects.functions import add_microseconds, moment_of, number_of, row_hash
from data.errors import LoadError, nearest

TRUE, FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")
NUMBERS = (
    "int", "bigint", "hugeint", "smallint", "tinyint", "uinteger", "ubigint", "double", "real",
    "float", "decimal", "numeric",
)  # fmt: skip
# Which tool has landed a schema, told by a column that it adds to every table.
TOOLS = {"_fivetran_synced": "Fivetran", "_airbyte_raw_id": "Airbyte", "_dlt_id": "dlt"}
EPOCH = datetime(1970, 1, 1)
LATEST_MS = 4_102_444_800_000  # 2100: a number beyond it counts no milliseconds since 1970
SYNCED = ("_fivetran_synced", "_airbyte_extracted_at", "_airbyte_emitted_at", "_dlt_load_id")


class As(StrEnum):
    """The type as which a column is read."""

    TEXT = "text"
    MOMENT = "moment"
    DAY = "day"
    FLAG = "yes or no"
    NUMBER = "number"


SQL_TYPES: Mapping[As, TypeEngine[Any]] = {
    As.TEXT: Text(),
    As.MOMENT: DateTime(),
    As.DAY: Date(),
    As.FLAG: Boolean(),
    As.NUMBER: Double(),
}


@dataclass(frozen=True)
class Col:
    """A column: its name with Fivetran, how it is read, other names, and whether rows need it.

    ``configured`` is the setting that names the column, where one does: then it must be there.
    ``in_ms``: a moment that tools also land as the number of milliseconds since 1970.
    """

    name: str
    read_as: As = As.TEXT
    also: tuple[str, ...] = ()
    required: bool = False
    configured: str = ""
    in_ms: bool = False


@dataclass(frozen=True)
class RawTable:
    """A raw table: its columns, what makes a row unique (nothing: rows may repeat), in words what
    it gives, and whether the build needs it. ``keeps_versions``: older versions of a row, which
    Fivetran's history mode keeps, are what the table is for. ``inside``: (table, column) in which
    other tools land the same as a list, or as a nested table."""

    name: str
    columns: tuple[Col, ...]
    gives: str
    key: tuple[str, ...] = ("id",)
    also: tuple[str, ...] = ()
    needed: bool = False
    keeps_versions: bool = False
    inside: tuple[tuple[str, str], ...] = ()

    def with_columns(self, more: Iterable[Col]) -> RawTable:
        known = {col.name for col in self.columns}
        return replace(self, columns=(*self.columns, *(c for c in more if c.name not in known)))


@dataclass(frozen=True)
class Found:
    """A raw table that is there: ``rows`` has every declared column, typed, and ``problem``:
    why a row cannot be used, in words, or NULL."""

    spec: RawTable
    source: FromClause
    rows: FromClause
    absent: tuple[str, ...]
    texts: Mapping[str, ColumnElement[bool]]

    @property
    def c(self) -> Any:
        return self.rows.c

    def unreadable(self) -> Select | None:
        """Per column read from text: values that are not of its type. None without such."""
        if not self.texts:
            return None
        counts = [func.count(case((bad, 1))).label(name) for name, bad in self.texts.items()]
        return select(*counts).select_from(self.source)


@dataclass(frozen=True)
class RawSchema:
    """A system's schema: the tables found, by their name with Fivetran. ``shapes``: where a table
    that is missing lies in another shape, which is not read."""

    product: str
    schema: str
    tool: str
    found: Mapping[str, Found]
    missing: tuple[RawTable, ...]
    not_read: tuple[str, ...] = ()
    shapes: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Found | None:
        return self.found.get(name)

    def __getitem__(self, name: str) -> Found:
        return self.found[name]


def read_schema(
    connection: Connection, product: str, schema: str, specs: Sequence[RawTable]
) -> RawSchema:
    """Find a system's tables in a schema.

    Raises ``LoadError`` naming the remedy when the schema or a needed table is not there, when a
    needed or configured column is missing, or when a column's type cannot be read as we need it.
    """
    catalog = _catalog(connection, schema)
    names = {_plain(name): name for name in catalog}
    found: dict[str, Found] = {}
    missing: list[RawTable] = []
    landed: dict[str, str] = {}
    for spec in specs:
        name = next((names[_plain(n)] for n in (spec.name, *spec.also) if _plain(n) in names), None)
        if name is not None:
            landed[spec.name] = name
            found[spec.name] = _found(product, schema, name, catalog[name], spec)
        elif spec.needed:
            near = nearest(spec.name, catalog)
            raise LoadError(
                f"{product}: the schema {schema!r} has no table {spec.name!r}, which gives "
                f"{spec.gives}.",
                remedy=(f"Nearest: {near!r}. " if near else "")
                + "Sync it, or name the right schema.",
            )
        else:
            missing.append(spec)
    columns = {col for name in landed.values() for col in catalog[name]}
    tool = next((tool for mark, tool in TOOLS.items() if mark in columns), "an unknown tool")
    not_read = tuple(sorted(set(catalog) - set(landed.values())))
    places = {spec.name: _inside(spec, landed, catalog) for spec in missing}
    shapes = {name: place for name, place in places.items() if place is not None}
    return RawSchema(product, schema, tool, found, tuple(missing), not_read, shapes)


def _plain(name: str) -> str:
    """A name without case, underscores and the hyphens that HubSpot's own names have."""
    return re.sub(r"[\W_]", "", name.lower())


def _inside(
    spec: RawTable, landed: Mapping[str, str], catalog: Mapping[str, Mapping[str, str]]
) -> str | None:
    """Where the rows of a missing table lie in another shape: ``deals.contacts`` is a list,
    ``deals__contacts`` a nested table."""
    for owner, wanted in spec.inside:
        if (name := landed.get(owner)) is None:
            continue
        nested = {_plain(table_name): table_name for table_name in catalog}
        if (nested_name := nested.get(_plain(name + wanted))) is not None:
            return nested_name
        listed = next((c for c in catalog[name] if _plain(c) == _plain(wanted)), None)
        if listed is not None:
            return f"{name}.{listed}"
    return None


def tables_here(connection: Connection) -> set[str]:
    """The names of the tables in the schema that statements without a schema go to."""
    found = _information_columns().c
    statement = select(found.table_name).where(
        found.table_schema == func.current_schema(), found.table_catalog == func.current_database()
    )
    return set(connection.execute(statement).scalars())


def _information_columns() -> TableClause:
    names = ("table_catalog", "table_schema", "table_name", "column_name", "data_type")
    return table("columns", *(column(name, Text) for name in names), schema="information_schema")


def _catalog(connection: Connection, schema: str) -> dict[str, dict[str, str]]:
    """What the database says of a schema: table → column → type, in its own spelling."""
    c = _information_columns().c
    here = func.current_database()
    catalog: dict[str, dict[str, str]] = {}
    statement = select(c.table_name, c.column_name, c.data_type).where(
        c.table_schema == schema, c.table_catalog == here
    )
    for name, column_name, kind in connection.execute(statement):
        catalog.setdefault(name, {})[column_name] = kind
    if not catalog:
        schemas = connection.execute(
            select(c.table_schema).where(c.table_catalog == here)
        ).scalars()
        near = nearest(schema, sorted(set(schemas) - {"information_schema", "pg_catalog"}))
        raise LoadError(
            f"The warehouse has no schema {schema!r} with tables that this user may read.",
            remedy=(f"Nearest: {near!r}. " if near else "")
            + "Check --source and the grants of the user in WAREHOUSE_URL.",
        )
    return catalog


def _found(product: str, schema: str, name: str, types: Mapping[str, str], spec: RawTable) -> Found:
    where = f"{product}: the table {schema}.{name}"
    plain = {_plain(column_name): column_name for column_name in types}
    raw = table(name, *(column(n) for n in types), schema=schema)
    typed: dict[str, ColumnElement[Any]] = {}
    texts: dict[str, ColumnElement[bool]] = {}
    absent: list[str] = []
    for col in spec.columns:
        actual = _actual(col, types, plain)
        if actual is None:
            if col.required or col.configured:
                raise LoadError(*_no_column(where, col, types))
            absent.append(col.name)
            typed[col.name] = cast(null(), SQL_TYPES[col.read_as])
            continue
        value, is_parsed = _typed(where, raw.c[actual], types[actual], col)
        typed[col.name] = value
        if is_parsed and col.read_as is not As.TEXT:
            texts[col.name] = _text(raw.c[actual]).is_not(None) & value.is_(None)
    synced = next((raw.c[plain[_plain(n)]] for n in SYNCED if _plain(n) in plain), None)
    is_old = None
    if (active := "_fivetran_active") in types and not spec.keeps_versions:
        is_old = _typed(where, raw.c[active], types[active], Col(active, As.FLAG))[0].is_(False)
    rows = _with_problem(raw, typed, spec, synced, is_old)
    return Found(spec, raw, rows, tuple(absent), texts)


def _actual(col: Col, types: Mapping[str, str], plain: Mapping[str, str]) -> str | None:
    """The column's name as it stands in the table, the exact spelling before any other."""
    names = (col.name, *col.also)
    exact = next((name for name in names if name in types), None)
    return exact or next((plain[_plain(name)] for name in names if _plain(name) in plain), None)


def _no_column(where: str, col: Col, types: Mapping[str, str]) -> tuple[str]:
    near = nearest(col.name, types)
    says = f" that {col.configured} names" if col.configured else ""
    hint = f" Nearest: {near!r}." if near else ""
    return (f"{where} has no column {col.name!r}{says}.{hint} Was it renamed, or not synced?",)


def _text(raw: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.nullif(func.trim(cast(raw, Text)), "")


def _typed(
    where: str, raw: ColumnElement[Any], kind: str, col: Col
) -> tuple[ColumnElement[Any], bool]:
    """The column as it is read, and whether it is parsed, so that a value may be unreadable."""
    family = kind.lower().split("(")[0]
    is_text = family in ("varchar", "text", "character varying", "char", "character", "string")
    is_moment, is_day = family.startswith("timestamp"), family == "date"
    is_number = family.startswith(NUMBERS)
    text = _text(raw)
    if col.read_as is As.TEXT:
        return text, is_text
    if col.read_as in (As.MOMENT, As.DAY):
        moment: ColumnElement[Any]
        if col.in_ms and (is_number or is_text):
            return cast(_of_ms(raw, text, is_text=is_text), SQL_TYPES[col.read_as]), True
        if is_moment:
            zoned = "with time zone" in family
            moment = func.timezone("UTC", raw, type_=DateTime) if zoned else raw
        elif is_day or is_text:
            moment = moment_of(text) if is_text else raw
        else:
            raise LoadError(*_wrong_type(where, col, kind))
        return cast(moment, SQL_TYPES[col.read_as]), is_text
    if col.read_as is As.FLAG and (family.startswith("bool") or is_text or is_number):
        lower = func.lower(text)
        return case((lower.in_(TRUE), True), (lower.in_(FALSE), False), else_=null()), is_text
    if col.read_as is As.NUMBER and (is_number or is_text):
        return (number_of(text) if is_text else cast(raw, Double)), is_text
    raise LoadError(*_wrong_type(where, col, kind))


def _of_ms(
    raw: ColumnElement[Any], text: ColumnElement[Any], *, is_text: bool
) -> ColumnElement[Any]:
    """The moment of milliseconds since 1970: a number, or a text that may be a date as well."""
    number = number_of(text) if is_text else cast(raw, Double)
    ms = case((number.between(0, LATEST_MS), cast(number, BigInteger)))
    moment = add_microseconds(literal(EPOCH), ms * 1000)
    return case((number.is_(None), moment_of(text)), else_=moment) if is_text else moment


def _wrong_type(where: str, col: Col, kind: str) -> tuple[str]:
    return (
        f"{where} has {col.name} of the type {kind}; a {col.read_as} is expected. "
        "Has the column been renamed, or landed with another type?",
    )


def _with_problem(
    raw: FromClause,
    typed: Mapping[str, ColumnElement[Any]],
    spec: RawTable,
    synced: ColumnElement[Any] | None,
    is_old: ColumnElement[bool] | None,
) -> Subquery:
    whens: list[tuple[ColumnElement[bool], Any]] = []
    for name in spec.key:
        whens.append((typed[name].is_(None), f"no {name}"))
    if is_old is not None:
        whens.append((is_old, "an older version of the row"))
    for col in spec.columns:
        if col.required and col.name not in spec.key:
            whens.append((typed[col.name].is_(None), f"{col.name} is empty or no {col.read_as}"))
    alone = case(*whens, else_=null()) if whens else cast(null(), Text)
    columns = [value.label(name) for name, value in typed.items()]
    inner = select(*columns, cast(alone, Text).label("problem_alone"))
    if not spec.key:
        first = inner.select_from(raw).subquery()
        return select(
            *(first.c[name] for name in typed), first.c.problem_alone.label("problem")
        ).subquery(f"raw_{spec.name}")
    newest = [] if synced is None else [cast(synced, Text).desc().nulls_last()]
    nth = func.row_number().over(
        partition_by=[typed[name] for name in spec.key],
        order_by=[case((alone.is_(None), 0), else_=1), *newest, row_hash(*typed.values())],
    )
    first = inner.add_columns(nth.label("nth")).select_from(raw).subquery()
    again = f"a second row of the same {', '.join(spec.key)}"
    problem = case(
        (first.c.problem_alone.is_not(None), first.c.problem_alone),
        (first.c.nth > 1, literal(again, Text)),
        else_=null(),
    )
    return select(
        *(first.c[name] for name in typed), cast(problem, Text).label("problem")
    ).subquery(f"raw_{spec.name}")
