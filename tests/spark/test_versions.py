"""A load replaces the warehouse in one step, on an engine without transactions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.schema import DDL

from data.config import parse_config
from data.derive import derive, stale_reason
from data.dialects import dialect_of
from data.dialects.spark import versions
from data.errors import LoadError, WarehouseError
from data.swap import copying, rebuilding, replacing
from data.tables import leads as leads_table
from data.tables import metadata, spend
from data.warehouse import open_warehouse
from tests.data.loading import leads, load, rows_of


def schemas(url: str) -> list[str]:
    """The schemas of this warehouse: its own and its versions."""
    base = make_url(url).database or ""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = [row[0] for row in connection.execute(DDL("SHOW SCHEMAS"))]
    engine.dispose()
    return sorted(name for name in found if name.startswith(base))


def ids(url: str) -> list[str]:
    return [row[0] for row in rows_of(url, leads_table)]


def test_readers_see_one_warehouse_or_the_other(spark_url, company):
    load(spark_url, {"leads": leads("a")})
    company(spark_url)
    before = open_warehouse()
    assert before.row_counts["leads"] == 1
    url = make_url(spark_url)
    with replacing(url) as connection:
        rows = leads("b", "c")
        dialect_of(url).insert(connection, leads_table, rows)
        # Half of a load, and nobody sees it.
        assert ids(spark_url) == ["a"]
        assert open_warehouse() is before
    assert ids(spark_url) == ["b", "c"]
    # Who has opened the old one goes on with it.
    assert before.rows(select(leads_table.c.lead_id)) == [{"lead_id": "a"}]


def test_a_load_that_fails_leaves_everything_as_it_was(spark_url):
    load(spark_url, {"leads": leads("a")})
    before = schemas(spark_url)
    for rows, reason in (
        (leads("b", "b"), "'b' twice"),
        (pa.table({"lead_id": ["b"]}), "created_at is required"),
    ):
        with pytest.raises(LoadError, match=reason):
            load(spark_url, {"leads": rows})
    assert schemas(spark_url) == before
    assert ids(spark_url) == ["a"]


def test_of_two_loads_at_once_the_later_to_end_is_refused(spark_url):
    load(spark_url, {"leads": leads("a")})
    url = make_url(spark_url)
    with pytest.raises(WarehouseError, match="Another load"), replacing(url):
        load(spark_url, {"leads": leads("b")})
    assert ids(spark_url) == ["b"]


def test_the_version_before_is_kept_and_older_ones_are_dropped(spark_url):
    for lead in ("a", "b", "c", "d"):
        load(spark_url, {"leads": leads(lead)})
        assert len(schemas(spark_url)) <= 3
    assert ids(spark_url) == ["d"]


def test_what_a_killed_load_has_left_is_dropped_after_a_day(spark_url):
    base = make_url(spark_url).database
    old = datetime.now(UTC) - versions.ABANDONED_AFTER - timedelta(minutes=1)
    recent = datetime.now(UTC) - timedelta(minutes=1)
    names = [f"{base}__{moment:{versions.STAMP}}_abc123" for moment in (old, recent)]
    engine = create_engine(spark_url)
    with engine.connect() as connection:
        for name in (*names, f"{base}__mine"):
            connection.execute(DDL("CREATE SCHEMA %(name)s", context={"name": name}))
    engine.dispose()
    load(spark_url, {"leads": leads("a")})
    left = schemas(spark_url)
    assert names[0] not in left
    # Another load may be filling it just now; and what is named otherwise is somebody's own.
    assert {names[1], f"{base}__mine"} <= set(left)


def test_deriving_copies_no_facts_and_outlives_later_loads(spark_url, company):
    load(spark_url, {"leads": leads("a%'s")})
    loaded = schemas(spark_url)[-1]
    with copying(make_url(spark_url)) as connection:
        derive(connection, parse_config(""))
    assert ids(spark_url) == ["a%'s"]
    assert loaded in schemas(spark_url), "the views read it"
    with copying(make_url(spark_url)) as connection:
        derive(connection, parse_config(""))
    company(spark_url)
    warehouse = open_warehouse()
    assert stale_reason(warehouse) is None
    assert ids(spark_url) == ["a%'s"]
    load(spark_url, {"leads": leads("b")})
    assert warehouse.rows(select(leads_table.c.lead_id)) == [{"lead_id": "a%'s"}]


def test_tables_that_the_company_s_own_models_fill(spark_url, company):
    """Not all tables, not all columns, other types of number: views give them the contract's."""
    engine = create_engine(spark_url)
    with engine.connect() as connection:
        for statement in (
            "CREATE TABLE leads (lead_id STRING, created_at TIMESTAMP_NTZ, mood STRING)",
            "INSERT INTO leads VALUES ('a', TIMESTAMP_NTZ '2026-03-01 04:00:00', 'good')",
        ):
            connection.execute(DDL(statement))
    with copying(make_url(spark_url)) as connection:
        derive(connection, parse_config(""))
    company(spark_url)
    first = open_warehouse()
    assert first.row_counts["leads"] == 1
    assert first.row_counts["touches"] == 0
    assert first.rows(select(leads_table.c.created_at, leads_table.c.score)) == [
        {"created_at": datetime(2026, 3, 1, 4), "score": None}
    ]
    # The models run again, in place: the view reads what they have written.
    with engine.connect() as connection:
        connection.execute(DDL("INSERT INTO leads VALUES ('b', TIMESTAMP_NTZ '2026-03-02', 'bad')"))
    engine.dispose()
    assert ids(spark_url) == ["a", "b"]


def test_rebuilding_keeps_the_rows_of_the_other_tables(spark_url):
    day = datetime(2026, 3, 1).date()
    amount = pa.array([12.5], pa.float64()).cast(pa.decimal128(18, 2))
    costs = pa.table({"day": [day], "channel": ["ads"], "amount": amount})
    load(spark_url, {"leads": leads("a"), "spend": costs})
    emptied = [table for table in metadata.sorted_tables if table is not spend]
    with rebuilding(make_url(spark_url), emptied) as connection:
        assert connection.execute(select(func.count()).select_from(leads_table)).scalar() == 0
        connection.execute(
            insert(leads_table), {"lead_id": "new", "created_at": datetime(2026, 3, 1)}
        )
    assert ids(spark_url) == ["new"]
    assert [row[1] for row in rows_of(spark_url, spend)] == ["ads"]
