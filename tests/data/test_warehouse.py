"""The warehouse as the app reads it: read-only, limited in time, as of its sources, versioned."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Executable, delete, insert, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from data.dialects import dialect_of, parse_url
from data.errors import ConfigError, WarehouseError, WarehouseTimeout
from data.tables import leads, loads, scorecard_meta
from data.warehouse import Warehouse, last_warehouse, open_warehouse, warehouse_url
from tests.build import at, fill, warehouse_of
from tests.rows import change

NIGHT = at("2026-03-02 04:00")
SERIES = (
    "SELECT count(*) FROM generate_series(1, 10000000) a(x), generate_series(1, 10000000) b(y) "
    "WHERE a.x <> b.y"
)
# Where a series is called otherwise, and where the next statement needs more than a moment.
ENDLESS = {
    "spark": "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.id <> b.id + 1"
}


def endless(warehouse: Warehouse) -> Executable:
    """A statement that no engine answers in the time of a test."""
    return text(ENDLESS.get(warehouse.dialect.name, SERIES))


def lead(number: int, created_at: datetime = NIGHT) -> dict:
    return {"lead_id": f"l{number}", "created_at": created_at}


def write(url: str, *statements) -> None:
    """Change a warehouse behind the app's back, as a load of another process would."""
    engine = dialect_of(make_url(url)).create_engine(
        make_url(url), read_only=False, timeout_seconds=0
    )
    try:
        with engine.begin() as connection:
            change(connection, *statements)
    finally:
        engine.dispose()


def source(name: str, table: str, through: datetime | None) -> dict:
    return {
        "load_id": name,
        "source": name,
        "table_name": table,
        "loaded_at": at("2026-03-03"),
        "row_count": 1,
        "data_through": through,
    }


def test_it_cannot_be_written(engine_url, company):
    warehouse = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    for statement in (
        insert(leads).values(**lead(2)),
        delete(leads),
        text("CREATE TABLE x (a INT)"),
    ):
        with (
            pytest.raises(SQLAlchemyError, match=r"(?i)read.only"),
            warehouse.engine.begin() as connection,
        ):
            connection.execute(statement)
    assert warehouse.row_counts["leads"] == 1


def test_duckdb_cannot_read_the_files_of_the_machine(duckdb_url, company, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    warehouse = warehouse_of(company, duckdb_url, {"leads": [lead(1)]})
    with pytest.raises(WarehouseError):
        warehouse.rows(
            text("SELECT * FROM read_csv(:path)").bindparams(path=str(tmp_path / "secret.csv"))
        )


def test_a_statement_that_takes_too_long_is_stopped_and_the_next_one_works(engine_url, company):
    known = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    known.close()
    limit = 8 if known.dialect.name == "spark" else 0.3
    warehouse = Warehouse(known.url, timeout_seconds=limit)
    with pytest.raises(WarehouseTimeout, match=rf"did not answer within {limit} s"):
        warehouse.rows(endless(warehouse))
    assert warehouse.rows(select(leads.c.lead_id)) == [{"lead_id": "l1"}]
    warehouse.close()


def test_as_of_is_the_earliest_of_the_sources_that_feed_events(engine_url, company):
    fill(engine_url, {"leads": [lead(1)]})
    write(
        engine_url,
        delete(loads),
        insert(loads).values(
            [
                source("crm", "opportunities", at("2026-03-02 06:00")),
                source("crm", "handoffs", at("2026-03-01 06:00")),
                source("marketing", "lead_stages", at("2026-03-02 05:30")),
                source("ads", "spend", at("2026-02-20")),
            ]
        ),
    )
    company(engine_url)
    warehouse = open_warehouse()
    # Each source counts with its newest load; ads feed no events and hold nothing back.
    assert warehouse.default_as_of == at("2026-03-02 05:30")
    assert [s.name for s in warehouse.stale_sources] == ["ads"]
    assert [s.name for s in warehouse.sources] == ["ads", "marketing", "crm"]
    assert warehouse.data_through(("spend", "lead_stages")) == at("2026-02-20")
    assert warehouse.data_through(("touches",)) is None


def test_a_source_is_stale_after_more_than_a_day(duckdb_url, company):
    fill(duckdb_url, {"leads": [lead(1)]})
    newest = at("2026-03-02 06:00")
    write(
        duckdb_url,
        delete(loads),
        insert(loads).values(
            [
                source("a", "leads", newest),
                source("b", "touches", newest - timedelta(hours=24)),
                source("c", "spend", newest - timedelta(hours=24, seconds=1)),
            ]
        ),
    )
    company(duckdb_url)
    assert [s.name for s in open_warehouse().stale_sources] == ["c"]


def test_without_loads_the_newest_event_is_the_moment(engine_url, company):
    stages = [{"lead_id": "l1", "stage": "mql", "entered_at": at("2026-03-05 10:00")}]
    fill(engine_url, {"leads": [lead(1)], "lead_stages": stages})
    write(engine_url, delete(loads))
    company(engine_url)
    assert open_warehouse().default_as_of == at("2026-03-05 10:00")


def test_the_data_version_follows_the_loads(engine_url, company):
    before = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    version = before.data_version
    assert open_warehouse().data_version == version
    before.close()
    write(engine_url, update(loads).values(load_id="load-2"))
    company(engine_url)
    assert open_warehouse().data_version != version


def test_postgresql_sees_a_load_that_swapped_in_place(engine_url, company):
    if not engine_url.startswith("postgresql"):
        # DuckDB swaps files: tests/data/test_load.py.
        assert not dialect_of(make_url(engine_url)).swaps_in_place
        return
    first = warehouse_of(company, engine_url, {"leads": [lead(1)]})
    assert first.row_counts["leads"] == 1
    write(engine_url, insert(leads).values(**lead(2)), update(loads).values(load_id="load-2"))
    second = open_warehouse()
    assert second is not first
    assert second.row_counts["leads"] == 2
    assert open_warehouse() is second


def test_another_version_is_refused_with_what_to_do(engine_url, company):
    fill(engine_url, {"leads": [lead(1)]})
    write(engine_url, update(scorecard_meta).values(value="99"))
    company(engine_url)
    with pytest.raises(WarehouseError, match=r"version.*99.*[Ll]oad"):
        open_warehouse()


def test_the_last_one_that_answered_is_kept_when_it_is_gone(duckdb_url, company, tmp_path):
    good = warehouse_of(company, duckdb_url, {"leads": [lead(1)]})
    assert last_warehouse() is good
    (tmp_path / "fresh.duckdb").rename(tmp_path / "elsewhere.duckdb")
    good.close()
    with pytest.raises(WarehouseError):
        good.rows(select(leads))
    assert last_warehouse() is good


def test_a_url_that_is_none_or_of_another_engine_says_so(monkeypatch):
    monkeypatch.setenv("WAREHOUSE_URL", "no url")
    with pytest.raises(ConfigError, match="WAREHOUSE_URL is not a database URL"):
        warehouse_url()
    with pytest.raises(ConfigError, match="unknown engine 'mysql'"):
        dialect_of(parse_url("mysql://host/name", name="WAREHOUSE_URL"))
    with pytest.raises(WarehouseError, match="needs a file"):
        Warehouse(parse_url("duckdb:///:memory:", name="WAREHOUSE_URL"))
