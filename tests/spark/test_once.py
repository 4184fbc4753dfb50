"""A CTE that is read twice is planned and computed once where the statement says so."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, Integer, column, func, select
from sqlalchemy.schema import DDL

from data.dialects.functions import once
from data.dialects.spark.sql import SparkDialect


@pytest.mark.parametrize(("conditions", "readings"), [((), 2), ((once(),), 1)], ids=["", "once"])
def test_a_cte_is_computed_once(spark: Connection, conditions: tuple, readings: int):
    numbers = func.range(0, 10, 1, 2).table_valued(column("id", Integer))
    found = select(numbers.c.id).where(*conditions).cte("found")
    one, other = found.alias("one"), found.alias("other")
    query = select(one.c.id, other.c.id.label("before")).join(other, one.c.id == other.c.id + 1)
    assert sorted(spark.execute(query)) == [(n, n - 1) for n in range(1, 10)]
    plain = SparkDialect(paramstyle="named")
    text = query.compile(dialect=plain, compile_kwargs={"literal_binds": True}).string
    plan = spark.execute(DDL("EXPLAIN %(query)s", context={"query": text})).scalar_one()
    assert plan.count("Range (0, 10") == readings
