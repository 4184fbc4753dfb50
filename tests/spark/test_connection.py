"""How Spark is opened: read-only as far as it goes, limited in time, with errors in words."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.schema import DDL

from data.build.run import build
from data.config import parse_config
from data.dialects import dialect_of
from data.errors import LoadError, WarehouseError, WarehouseTimeout
from data.swap import replacing
from data.tables import leads
from data.warehouse import Warehouse, open_warehouse
from tests.build import at, warehouse_of
from tests.spark_server import server_url

LEADS = {"leads": [{"lead_id": "l1", "created_at": at("2026-03-02")}]}
ENDLESS = text("SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.id <> b.id + 1")


@pytest.mark.parametrize(
    "statement",
    [
        insert(leads).values(lead_id="x"),
        DDL("DROP VIEW leads"),
        text("WITH a AS (SELECT 1) INSERT INTO leads SELECT 1"),
        text("/* SELECT */ TRUNCATE TABLE leads"),
        text("SET spark.sql.ansi.enabled=false"),
        text(""),
    ],
    ids=str,
)
def test_a_reading_connection_refuses_what_is_no_query(spark_url, company, statement):
    warehouse = warehouse_of(company, spark_url, LEADS)
    with (
        pytest.raises(SQLAlchemyError, match=r"(?i)read.only"),
        warehouse.engine.begin() as connection,
    ):
        connection.execute(statement)
    assert warehouse.row_counts["leads"] == 1


def test_a_query_cannot_carry_a_second_statement(spark_url, company):
    warehouse = warehouse_of(company, spark_url, LEADS)
    with warehouse.engine.connect() as connection, pytest.raises(DBAPIError, match="PARSE"):
        connection.execute(text("SELECT 1; DROP VIEW leads"))
    assert warehouse.row_counts["leads"] == 1


def test_a_statement_that_takes_too_long_ends_on_the_server_too(spark_url, company):
    known = warehouse_of(company, spark_url, LEADS)
    known.close()
    warehouse = Warehouse(known.url, timeout_seconds=1)
    before = time.monotonic()
    with pytest.raises(WarehouseTimeout, match="did not answer within 1 s"):
        warehouse.rows(ENDLESS)
    # Not after the five seconds for which the server holds an answer back.
    assert time.monotonic() - before < 5
    # Both executors are free again: a statement that needs them answers within the limit.
    unhurried = Warehouse(known.url, timeout_seconds=60)
    counted = text("SELECT sum(a.id) AS n FROM range(0, 1000, 1, 4) a")
    assert unhurried.rows(counted) == [{"n": 499500}]
    warehouse.close()
    unhurried.close()


def test_statements_of_many_threads_do_not_mix(spark_url, company):
    warehouse = warehouse_of(company, spark_url, LEADS)
    answers: dict[int, int] = {}

    def ask(number: int) -> None:
        query = text("SELECT :n + sum(id) AS n FROM range(10)").bindparams(n=number)
        answers[number] = warehouse.rows(query)[0]["n"]

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {n: n + 45 for n in range(8)}


def test_the_session_is_in_utc_whatever_the_server_is(spark_url):
    engine = create_engine(spark_url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT current_timezone()")).scalar() == "UTC"
        assert connection.execute(text("SELECT cast(TIMESTAMP '2026-01-01 00:30:00' AS STRING)"))
    engine.dispose()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 1}, "does not answer.*host and port"),
        ({"database": "no_such_schema"}, "does not exist.*CREATE SCHEMA"),
        ({"query": {"auth": "NONE"}}, "does not answer.*auth"),
        ({"query": {"auth": "MAGIC"}}, "auth=MAGIC.*NOSASL"),
    ],
    ids=["port", "schema", "auth", "unknown auth"],
)
def test_a_wrong_address_is_told_with_what_to_do(company, change, words):
    url = make_url(server_url()).set(database="default").set(**change)
    company(url.render_as_string())
    with pytest.raises(WarehouseError, match=words):
        open_warehouse()
    with pytest.raises(WarehouseError), replacing(url):
        pass


def test_a_session_that_lives_is_used_again(spark_url, company):
    warehouse = warehouse_of(company, spark_url, LEADS)
    sessions = set()
    for _ in range(3):
        with warehouse.engine.connect() as connection:
            raw: Any = connection.connection.driver_connection
            sessions.add(raw.sessionHandle.sessionId.guid)
    assert len(sessions) == 1


def test_a_lost_session_is_replaced(spark_url, company):
    warehouse = warehouse_of(company, spark_url, LEADS)
    with warehouse.engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
    raw.client.CloseSession(_closing(raw))
    assert warehouse.rows(select(leads.c.lead_id)) == [{"lead_id": "l1"}]


def _closing(raw):
    from TCLIService import ttypes

    return ttypes.TCloseSessionReq(sessionHandle=raw.sessionHandle)


def test_building_from_raw_tables_is_refused_in_words(spark_url):
    with pytest.raises(LoadError, match=r"does not run on spark yet.*PostgreSQL"):
        build(make_url(spark_url), {"hubspot": "raw"}, config=parse_config(""))


def test_a_whole_number_that_overflows_is_an_error_and_not_another_number(spark_url):
    engine = dialect_of(make_url(spark_url)).create_engine(
        make_url(spark_url), read_only=True, timeout_seconds=30
    )
    with engine.connect() as connection, pytest.raises(DBAPIError, match="OVERFLOW"):
        connection.execute(text("SELECT 9223372036854775807 + 1"))
    engine.dispose()
