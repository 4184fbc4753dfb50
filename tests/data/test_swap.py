"""A new warehouse in the place of the old one: what it starts from and what it leaves alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Table, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.schema import DDL

from data.dialects import dialect_of
from data.errors import WarehouseError
from data.swap import copying, replacing
from data.tables import business_days as derived_table
from data.tables import leads as leads_table
from data.tables import metadata, scorecard_meta, touches
from tests.data.loading import leads, load, rows_of
from tests.matrix import DATABASES


def column_of(url: str, table: Table) -> list[str]:
    """The first column's values."""
    return [row[0] for row in rows_of(url, table)]


def test_copying_keeps_the_facts_and_empties_what_is_derived(engine_url: str) -> None:
    load(engine_url, {"leads": leads("a")}, company="demo")
    url = make_url(engine_url)
    handed = {"calendar": "UTC", "day": datetime(2026, 1, 1).date()}
    with copying(url) as connection:
        assert connection.execute(select(leads_table.c.lead_id)).scalars().all() == ["a"]
        assert connection.execute(select(func.count()).select_from(derived_table)).scalar() == 0
        meta = dict(map(tuple, connection.execute(select(scorecard_meta))))
        assert meta["company"] == "demo"
        moments = {
            column.name: datetime(2026, 1, 1)
            for column in derived_table.columns
            if column.name.endswith("_at")
        }
        numbers = {
            column.name: 0
            for column in derived_table.columns
            if column.name not in {*handed, *moments}
        }
        connection.execute(insert(derived_table), [{**handed, **moments, **numbers}])
    assert len(rows_of(engine_url, derived_table)) == 1
    assert column_of(engine_url, leads_table) == ["a"]
    with pytest.raises(RuntimeError, match="stop"), copying(url) as connection:
        raise RuntimeError("stop")
    assert len(rows_of(engine_url, derived_table)) == 1


def test_copying_needs_a_warehouse(engine_url: str) -> None:
    with pytest.raises(WarehouseError, match="data demo"), copying(make_url(engine_url)):
        pass


def test_copying_takes_a_warehouse_made_by_other_means(engine_url: str) -> None:
    url = make_url(engine_url)
    engine = dialect_of(url).create_engine(url, read_only=False, timeout_seconds=0)
    with engine.begin() as connection:
        metadata.create_all(connection, tables=[leads_table])
        connection.execute(
            insert(leads_table), {"lead_id": "a", "created_at": datetime(2026, 1, 1)}
        )
    engine.dispose()
    with copying(url) as connection:
        assert connection.execute(select(func.count()).select_from(touches)).scalar() == 0
    assert column_of(engine_url, leads_table) == ["a"]
    assert rows_of(engine_url, touches) == []


def test_what_the_company_has_on_its_tables_stays() -> None:
    """PostgreSQL only: views, grants, further columns and tables outlive a load."""
    with DATABASES["postgresql"](Path()) as text:
        load(text, {"leads": leads("a")})
        url = make_url(text)
        engine = dialect_of(url).create_engine(url, read_only=False, timeout_seconds=0)
        with engine.begin() as connection:
            for statement in (
                "CREATE VIEW web_leads AS SELECT lead_id FROM leads",
                "ALTER TABLE leads ADD COLUMN mood text",
                "CREATE TABLE own (n int)",
                "INSERT INTO own VALUES (1)",
                "GRANT SELECT ON leads TO PUBLIC",
                "ALTER TABLE reps DROP COLUMN timezone",
            ):
                connection.execute(DDL(statement))
        load(text, {"leads": leads("b", "c"), "reps": pa.table({"rep_id": ["r"]})})
        with engine.connect() as connection:
            for question, answer in (
                ("SELECT count(*) FROM web_leads", 2),
                ("SELECT count(mood) FROM leads", 0),
                ("SELECT n FROM own", 1),
                ("SELECT count(timezone) FROM reps", 0),
                (
                    "SELECT count(*) FROM information_schema.table_privileges "
                    "WHERE table_name = 'leads' AND grantee = 'PUBLIC'",
                    1,
                ),
            ):
                assert connection.exec_driver_sql(question).scalar() == answer
        engine.dispose()


def test_a_server_that_is_not_there_is_an_error_in_words() -> None:
    url = make_url("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    with pytest.raises(WarehouseError, match="cannot be written"), replacing(url):
        pass
