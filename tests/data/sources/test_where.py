"""The language of ``where``: what it keeps, and that it accepts nothing else."""

from __future__ import annotations

import contextlib
import itertools

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.errors import LoadError
from data.sources.where import parse_where

ROWS = list(itertools.product([None, "1", "2", "10", "it's"], [None, "a", "B", "é"]))
TABLE = pa.table(
    {
        "x": pa.array([row[0] for row in ROWS]),
        "a b": pa.array([row[1] for row in ROWS]),
        "n": pa.array([None if row[0] in (None, "it's") else int(row[0]) for row in ROWS]),
    }
)


def kept(condition: str) -> list[bool | None]:
    return parse_where(condition).evaluate(lambda name: TABLE[name].combine_chunks()).to_pylist()


def asked(condition: str) -> list[bool | None]:
    """What SQL itself answers."""
    relation = duckdb.connect().from_arrow(TABLE.append_column("row", pa.array(range(len(ROWS)))))
    return [row[0] for row in relation.order("row").project(condition).fetchall()]


CONDITIONS = [
    "x is null",
    'x is not null and "a b" is null',
    "x = '1'",
    "x != '1'",
    "x <> 'it''s'",
    "n > 1",
    "n <= 2.5 or n is null",
    "x in ('1', '2')",
    "x not in ('1', '2')",
    "n in (1, 2)",
    "(x = '1' or x = '2') and \"a b\" = 'a'",
    "x = '1' or x = '2' and \"a b\" = 'a'",
    "\"a b\" >= 'a'",
    "X IS NULL".replace("X", "x"),
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_it_means_what_sql_means(condition: str) -> None:
    assert kept(condition) == asked(condition)


@given(
    st.recursive(
        st.sampled_from(CONDITIONS[:10]),
        lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        max_leaves=6,
    )
)
def test_three_valued_logic_as_sql_has_it(condition: str) -> None:
    assert kept(condition) == asked(condition)


@pytest.mark.parametrize(
    ("condition", "position"),
    [
        ("", 1),
        ("x", 2),
        ("x =", 4),
        ("x == '1'", 4),
        ("x = y", 5),
        ("'1' = x", 1),
        ("x = 'open", 5),
        ("x = '1';", 8),
        ("x = '1' -- c", 9),
        ("x = '1' or 1 = 1", 12),
        ("x like 'a%'", 3),
        ("x between 1 and 2", 3),
        ("not x = '1'", 1),
        ("lower(x) = 'a'", 6),
        ("x in ()", 7),
        ("x in (select x)", 7),
        ("x in ('1' '2')", 11),
        ("x is '1'", 6),
        ("x = null", 5),
        ("(x = '1'", 9),
        ("x = '1')", 8),
        ("x + 1 = 2", 3),
        ("x = 1e9", 5),
        ("x = '1' and", 12),
        ("__import__('os')", 11),
        ("x\0 = 1", 2),
    ],
)
def test_nothing_else_is_accepted(condition: str, position: int) -> None:
    with pytest.raises(LoadError, match=f"position {position}: "):
        parse_where(condition)


def test_it_cannot_be_made_to_work_hard() -> None:
    with pytest.raises(LoadError, match="parentheses"):
        parse_where("(" * 1_000 + "x = 1" + ")" * 1_000)
    with pytest.raises(LoadError, match="longer"):
        parse_where(" or ".join(["x = 1"] * 1_000))
    with pytest.raises(LoadError, match="mixes"):
        parse_where("x in ('1', 2)")


def test_a_number_is_not_compared_with_other_text() -> None:
    with pytest.raises(LoadError, match="'x' is compared with a number"):
        kept("x > 5")


@given(st.text(max_size=40))
def test_any_text_is_a_condition_or_an_error(text: str) -> None:
    with contextlib.suppress(LoadError):
        assert parse_where(text)
