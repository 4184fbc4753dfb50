"""What Spark is sent, read as text: no Spark and no driver is needed. tests/spark runs it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Double,
    Float,
    Integer,
    Numeric,
    String,
    Text,
    Time,
    cast,
    column,
    delete,
    extract,
    func,
    insert,
    select,
    table,
)
from sqlalchemy.exc import CompileError
from sqlalchemy.schema import CreateTable

from data.dialects.functions import (
    add_seconds,
    as_list,
    local_time,
    microseconds_between,
    row_hash,
    seconds_between,
    texts_in_order,
)
from data.dialects.spark.literals import literal, with_parameters
from data.dialects.spark.sql import SparkDialect, schema_name
from data.tables import leads, opportunities, scorecard_meta

SPARK = SparkDialect()
T = table("t", column("a"), column("b"))


def sql(statement: Any, **options: Any) -> str:
    compiled = statement.compile(dialect=SPARK, compile_kwargs=options)
    return re.sub(r"\s+", " ", str(compiled)).strip()


def read_back(written: str) -> str:
    """A text literal as Spark's lexer reads it: a backslash makes the next character plain."""
    assert written[0] == written[-1] == "'"
    named = {"n": "\n", "r": "\r"}
    found, rest = [], iter(written[1:-1])
    for character in rest:
        assert character != "'", "the literal ends before its end"
        if character == "\\":
            character = next(rest)
            character = named.get(character, character)
        found.append(character)
    return "".join(found)


@given(st.text(alphabet=st.one_of(st.sampled_from("'\\\"`%n\n\r\0;-/*"), st.characters())))
def test_a_text_stays_one_literal_whatever_is_in_it(text: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in text):
        with pytest.raises(ValueError, match="half"):
            literal(text)
        return
    written = literal(text)
    assert read_back(written) == text
    assert "\n" not in written
    # Neither its own percent signs nor its braces are taken for places of parameters.
    assert with_parameters("SELECT %(a)s, '%%'", {"a": text}) == "SELECT , '%'".replace(
        "SELECT ", "SELECT " + written
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "NULL"),
        (True, "true"),
        (7, "7"),
        (-(2**63), "-9223372036854775808"),
        (0.1, "0.1D"),
        (1e-7, "1e-07D"),
        (float("inf"), "DOUBLE('inf')"),
        (Decimal("-12.30"), "-12.30BD"),
        (Decimal("1E+3"), "1000BD"),
        (date(987, 3, 1), "DATE '0987-03-01'"),
        (datetime(2026, 3, 1, 4, 5, 6, 7), "TIMESTAMP '2026-03-01 04:05:06.000007'"),
        (datetime(2026, 3, 1, tzinfo=UTC), "TIMESTAMP '2026-03-01 00:00:00'"),
        (
            datetime(2026, 3, 1, tzinfo=timezone(timedelta(hours=2))),
            "TIMESTAMP '2026-02-28 22:00:00'",
        ),
        (b"\x00'", "X'0027'"),
    ],
)
def test_values_keep_their_type(value: Any, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize("value", [timedelta(1), [1], object(), Decimal("NaN"), Decimal(10) ** 38])
def test_what_has_no_literal_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Spark"):
        literal(value)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (Numeric(18, 2), "DECIMAL(18, 2)"),
        (Numeric(38, 0), "DECIMAL(38, 0)"),
        (Numeric(), "DECIMAL(38, 10)"),
        (Date(), "DATE"),
        (DateTime(), "TIMESTAMP"),
        (Text(), "STRING"),
        (String(20), "STRING"),
        (Double(), "DOUBLE"),
        (Float(), "DOUBLE"),
        (Integer(), "INT"),
        (Boolean(), "BOOLEAN"),
    ],
)
def test_casts_keep_scale_and_kind(kind: Any, written: str) -> None:
    cast_to = sql(select(cast(T.c.a, kind).label("a")))
    assert cast_to == "SELECT CAST(t.a AS {}) AS a FROM t".format(written)  # noqa: UP032


def test_there_is_no_time_of_day() -> None:
    with pytest.raises(CompileError, match="time of day"):
        sql(select(cast(T.c.a, Time)))


def test_an_insert_names_its_columns() -> None:
    assert sql(insert(T).values(b=1)) == "INSERT INTO t (b) VALUES (%(b)s)"
    copied = insert(T).from_select(["b"], select(T.c.a))
    assert sql(copied) == "INSERT INTO t (b) SELECT t.a FROM t"


def test_a_table_is_emptied_whole_and_made_without_promises() -> None:
    assert sql(delete(scorecard_meta)) == "TRUNCATE TABLE scorecard_meta"
    where = scorecard_meta.c.key == "a"
    assert sql(delete(scorecard_meta).where(where)).startswith("DELETE FROM scorecard_meta WHERE")
    made = sql(CreateTable(opportunities))
    assert "amount DECIMAL(18, 2)" in made
    assert "expected_close_on DATE" in made
    assert "NOT NULL" not in made
    assert "KEY" not in made


def test_names_are_quoted_with_backticks() -> None:
    assert schema_name("main.we`ird") == "`main`.`we``ird`"
    assert sql(select(column("Mixed Case"), column("window"))) == "SELECT `Mixed Case`, `window`"


def test_a_statement_to_read_has_its_values_in_place_as_spark_reads_them() -> None:
    where = leads.c.channel == "it's 100 \\%"
    text = sql(select(leads.c.lead_id).where(where), literal_binds=True)
    assert text.endswith(r"WHERE leads.channel = 'it\'s 100 \\%%'")
    plain = SparkDialect(paramstyle="named")
    compiled = select(leads.c.lead_id).where(where)
    said = str(compiled.compile(dialect=plain, compile_kwargs={"literal_binds": True}))
    assert said.endswith(r"WHERE leads.channel = 'it\'s 100 \\%'")


def test_what_spark_spells_otherwise() -> None:
    a, b = T.c.a, T.c.b
    for construct, written in (
        (local_time(a, "Asia/Tokyo"), "convert_timezone('UTC', %(local_time_1)s, t.a)"),
        (seconds_between(a, b), "FLOOR((unix_micros(t.b) - unix_micros(t.a)) / 1000000)"),
        (microseconds_between(a, b), "(unix_micros(t.b) - unix_micros(t.a))"),
        (add_seconds(a, b), "unix_micros(t.a) + CAST(t.b AS BIGINT) * 1000000"),
        (row_hash(a, b), "xxhash64(t.a, t.b, isnull(t.a), isnull(t.b))"),
        (as_list(texts_in_order(a, b)), "collect_list(struct(t.b, isnull(t.a) AS is_null"),
    ):
        assert written in sql(select(construct.label("x")))


def test_trimming_takes_its_two_arguments_in_the_right_order() -> None:
    blanks = func.trim(T.c.a, " ")
    assert sql(select(blanks.label("x"))) == "SELECT TRIM(BOTH %(trim_1)s FROM t.a) AS x FROM t"
    assert sql(select(func.trim(T.c.a).label("x"))) == "SELECT TRIM(t.a) AS x FROM t"
    weekday = extract("isodow", cast(T.c.a, Date))
    assert "EXTRACT(DAYOFWEEK_ISO FROM CAST(t.a AS DATE))" in sql(select(weekday))


def test_whole_numbers_divide_to_fractions_and_back() -> None:
    whole = cast(T.c.a, Integer)
    assert (
        sql(select((whole / 2).label("x"))) == "SELECT CAST(t.a AS INT) / %(param_1)s AS x FROM t"
    )
    floor = "SELECT FLOOR(CAST(t.a AS INT) / %(param_1)s) AS x FROM t"
    assert sql(select((whole // 2).label("x"))) == floor
