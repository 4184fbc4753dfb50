"""Values there and back: types, NULLs, and texts that people with bad intentions would write."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    bindparam,
    cast,
    extract,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.exc import DBAPIError

from data.dialects import dialect_of
from data.dialects.functions import as_list, local_time, moment_of, row_hash, texts_in_order
from data.errors import WarehouseError
from data.failures import failure

HOSTILE = (
    "'; DROP SCHEMA x CASCADE; --",
    "\\'; DROP SCHEMA x CASCADE; --",
    "\\",
    "''",
    "%s %(a)s %% {0}",
    '/* */ -- `x` "y"',
    "\x00\x1a\x08\r\n\t",
    "ünï😀",
    "${spark.sql.session.timeZone}",
    "\\u0027 OR 1=1",
)
THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer),
    Column("text", Text),
    Column("money", Numeric(18, 2)),
    Column("moment", DateTime),
    Column("day", Date),
    Column("flag", Boolean),
    Column("number", Double),
)
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "text": "",
        "money": Decimal("-9999999999999999.99"),
        "moment": datetime(2026, 3, 8, 7, 30, 0, 1),  # in the hour that New York skips
        "day": date(2026, 3, 8),
        "flag": False,
        "number": 0.1,
    },
    dict.fromkeys(THINGS.columns.keys()),
    {
        "id": 3,
        "text": "x",
        "money": Decimal("0.10"),
        "moment": datetime(1970, 1, 1),
        "day": date(1969, 12, 31),
        "flag": True,
        "number": -1e300,
    },
]


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(more=st.lists(st.text(max_size=40), min_size=10, max_size=10))
def test_texts_come_back_as_they_are(spark: Connection, more: list[str]) -> None:
    texts = [*HOSTILE, *more]
    found = spark.execute(select(*(literal(text).label(f"t{n}") for n, text in enumerate(texts))))
    assert list(found.one()) == texts
    # As filters, and written into the statement instead of beside it.
    words = select(func.count()).where(literal("a").in_(texts), literal("b") == bindparam("x"))
    assert spark.execute(words, {"x": texts[0]}).scalar() == 0
    inline = select(*(literal(text).label(f"t{n}") for n, text in enumerate(texts)))
    said = str(inline.compile(spark, compile_kwargs={"literal_binds": True}))
    assert list(spark.exec_driver_sql(said).one()) == texts


def test_a_hostile_name_is_a_name(spark: Connection) -> None:
    for name in ("we`ird", "a'b", "select", "Ünï 😀"):
        assert spark.execute(select(literal(1).label(name))).mappings().one() == {name: 1}


@pytest.mark.parametrize("way", ["statements", "files"])
def test_rows_come_back_with_their_types(spark: Connection, way: str) -> None:
    THINGS.create(spark, checkfirst=False)
    if way == "files":
        kinds = {"id": pa.int32(), "money": pa.decimal128(18, 2), "moment": pa.timestamp("us")}
        schema = pa.schema(
            [pa.field(name, kinds.get(name) or pa.array([ROWS[0][name]]).type) for name in ROWS[0]]
        )
        rows = pa.Table.from_pylist(ROWS, schema=schema)
        dialect_of(spark.engine.url).insert(spark, THINGS, rows)
    else:
        spark.execute(insert(THINGS), ROWS)
    found = spark.execute(select(THINGS).order_by(THINGS.c.id.nulls_last())).mappings().all()
    assert [dict(row) for row in found] == [ROWS[0], ROWS[2], ROWS[1]]
    assert all(type(found[0][name]) is type(value) for name, value in ROWS[0].items())
    sums = spark.execute(
        select(
            func.sum(THINGS.c.money), cast(Decimal("2.345"), Numeric(18, 2)),
            cast(literal("2026-03-08"), Date), func.count(THINGS.c.flag),
        )
    ).one()  # fmt: skip
    assert tuple(sums) == (
        Decimal("-9999999999999999.89"), Decimal("2.35"), date(2026, 3, 8), 2
    )  # fmt: skip


def test_what_the_program_spells_for_spark_means_the_same(spark: Connection) -> None:
    at = literal(datetime(2026, 3, 8, 7, 30))
    found = spark.execute(
        select(
            local_time(at, literal("America/New_York")),
            cast(local_time(at, literal("Asia/Tokyo")), Date),
            moment_of(literal("2026-03-08T09:30:00+02:00")),
            moment_of(literal("no date")),
            func.trim(literal("\t a b\n"), literal("\t \n")),
            extract("isodow", cast(literal(date(2026, 3, 8)), Date)),
            row_hash(literal(None, Text), literal("a")) == row_hash(literal("a"), literal(None)),
        )
    ).one()
    assert tuple(found) == (
        datetime(2026, 3, 8, 3, 30), date(2026, 3, 8), datetime(2026, 3, 8, 7, 30), None,
        "a b", 7, False,
    )  # fmt: skip


def test_lists_keep_order_quotes_and_nulls(spark: Connection) -> None:
    THINGS.create(spark, checkfirst=False)
    texts = ['a"],["b', None, "a"]
    spark.execute(insert(THINGS), [{"id": 3 - n, "text": text} for n, text in enumerate(texts)])
    listed = select(as_list(texts_in_order(THINGS.c.text, THINGS.c.id)))
    assert spark.execute(listed).scalar() == [*reversed(texts)]


def test_errors_are_one_line_in_words(spark: Connection) -> None:
    with pytest.raises(DBAPIError) as caught:
        spark.execute(select(func.no_such_function(1)))
    told = str(caught.value.orig)
    assert told.startswith("[UNRESOLVED_ROUTINE]")
    assert "\n" not in told
    with pytest.raises(DBAPIError) as caught:
        spark.execute(select(THINGS))
    lacking = failure(spark.engine.url, caught.value)
    assert isinstance(lacking, WarehouseError)
    assert "lacks a table or column" in str(lacking)
    assert "data derive" in str(lacking)


def test_a_moment_with_an_offset_is_stored_in_utc(spark: Connection) -> None:
    moment = datetime(2026, 3, 8, 9, 30, tzinfo=UTC).astimezone()
    assert spark.execute(select(literal(moment))).scalar() == datetime(2026, 3, 8, 9, 30)
