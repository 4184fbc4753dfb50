"""A load makes exactly the touched numbers new: answers are kept by the tables they are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, select

from data.arrow import schema_of
from data.config import parse_config
from data.derive import derive
from data.dialects import parse_url
from data.reading import note_reads, noting_reads
from data.row_scope import RowScope
from data.swap import copying
from data.tables import CONTRACT, leads, spend
from data.warehouse import Warehouse
from metrics.cache import RESULTS, ResultCache, cached_rows
from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery, Row
from metrics.row_scope import scoped
from tests.build import at, fill
from tests.data.loading import load
from tests.metrics.fixture_company import AS_OF, PERIODS
from tests.rows import change

SPAN = Span(*PERIODS["month"])
CONFIG = '[business_hours]\nholidays = ""\n'
LEADS = [
    {"lead_id": "L1", "created_at": at("2026-06-02"), "region": "EMEA"},
    {"lead_id": "L2", "created_at": at("2026-06-03"), "region": "AMER"},
]
STAGES = [{"lead_id": "L1", "stage": "mql", "entered_at": at("2026-06-04")}]
HANDOFFS = [{"handoff_id": "H1", "lead_id": "L1", "handed_at": at("2026-06-05 14:00")}]
NEWEST = at("2026-07-09")  # of an event in a table that no question here reads


def tables(amount: str = "10.00", newest: datetime = NEWEST, **other: Any) -> dict[str, pa.Table]:
    rows = {
        "leads": LEADS,
        "lead_stages": STAGES,
        "handoffs": HANDOFFS,
        "spend": [{"day": SPAN.start, "channel": "ads", "amount": Decimal(amount)}],
        "accounts": [{"account_id": "A1", "created_at": newest}],
        **other,
    }
    return {
        name: pa.Table.from_pylist(
            [
                {column: row.get(column) for column in schema_of(CONTRACT[name]).names}
                for row in found
            ],
            schema=schema_of(CONTRACT[name]),
        )
        for name, found in rows.items()
    }


class Desk:
    """Asks as a process does that goes on while loads come."""

    def __init__(self, url: str) -> None:
        self.url = parse_url(url, name="test")

    def warehouse(self) -> Warehouse:
        return Warehouse(self.url)

    def ask(self, *metrics: str, scope: RowScope | None = None, **options: Any) -> list[Row]:
        warehouse = self.warehouse()
        query = MetricQuery(metrics, (SPAN,), AS_OF, **options)
        try:
            return run_query(scoped(warehouse, scope) if scope else warehouse, query)
        finally:
            warehouse.close()


def is_new(ask: Callable[[], Any]) -> bool:
    """Whether something had to be asked of the warehouse."""
    misses = RESULTS.misses
    ask()
    return RESULTS.misses > misses


@pytest.fixture
def desk(engine_url: str, company) -> Desk:
    company(engine_url, CONFIG)
    RESULTS.clear()
    load(engine_url, tables(), CONFIG)
    return Desk(engine_url)


def test_a_load_makes_exactly_the_touched_numbers_new(desk: Desk, engine_url: str):
    questions = ("leads", "mqls", "spend", "cost_per_mql", "lead_rejection_rate", "sla_response")
    for metric in questions:
        desk.ask(metric)
    load(engine_url, tables(), CONFIG)
    assert not any(is_new(partial(desk.ask, metric)) for metric in questions)
    load(engine_url, tables(amount="30.00"), CONFIG)
    new = {metric for metric in questions if is_new(partial(desk.ask, metric))}
    assert new == {"spend", "cost_per_mql"}
    assert [row.value for row in desk.ask("spend", "cost_per_mql", "leads")] == [30, 30, 2]


def test_a_table_that_only_a_split_reads_makes_the_split_new(desk: Desk, engine_url: str):
    def by_industry() -> dict[str | None, float | None]:
        return {row.members[0]: row.value for row in desk.ask("leads", by=("industry",))}

    desk.ask("leads")
    assert by_industry() == {None: 2}
    of_account = [{**row, "account_id": "A1"} for row in LEADS]
    load(engine_url, tables(leads=of_account), CONFIG)
    assert by_industry() == {None: 2}
    load(
        engine_url,
        tables(leads=of_account, accounts=[{"account_id": "A1", "industry": "retail"}]),
        CONFIG,
    )
    assert by_industry() == {"retail": 2}


def test_a_table_that_was_empty_feeds_its_number_from_the_load_on(desk: Desk, engine_url: str):
    (row,) = desk.ask("won_deals")
    assert row.reason == "the table opportunities is empty"
    deal = {
        "opportunity_id": "O1",
        "created_at": at("2026-06-05"),
        "closed_at": at("2026-06-06"),
        "status": "won",
    }
    load(engine_url, tables(opportunities=[deal]), CONFIG)
    assert [row.value for row in desk.ask("won_deals")] == [1]


def test_how_far_a_source_reaches_is_part_of_its_numbers(desk: Desk, engine_url: str):
    """The rows are the same; that nothing came after them is news."""
    load(engine_url, tables(newest=at("2026-06-20")), CONFIG)
    assert [row.status for row in desk.ask("leads")] == ["partial"]
    load(engine_url, tables(newest=NEWEST), CONFIG)
    assert [row.status for row in desk.ask("leads")] == ["final"]


def test_a_scope_has_answers_of_its_own(desk: Desk, engine_url: str):
    emea = RowScope((("region", ("EMEA",)),))
    assert [row.value for row in desk.ask("leads")] == [2]
    assert [row.value for row in desk.ask("leads", scope=emea)] == [1]
    load(engine_url, tables(amount="30.00"), CONFIG)
    assert not is_new(lambda: desk.ask("leads", scope=emea))
    load(engine_url, tables(leads=[{**row, "region": "EMEA"} for row in LEADS]), CONFIG)
    assert [row.value for row in desk.ask("leads", scope=emea)] == [2]


def test_derived_tables_are_made_of_the_configuration_too(desk: Desk, engine_url: str, company):
    assert [row.value for row in desk.ask("sla_response")] == [0]  # nobody answered
    other = CONFIG.replace('holidays = ""', 'holidays = "US"')
    company(engine_url, other)
    (row,) = desk.ask("sla_response")
    assert "data derive" in (row.reason or "")
    with copying(desk.url) as connection:
        derive(connection, parse_config(other))
    assert [row.value for row in desk.ask("sla_response")] == [0]


def test_what_was_filled_by_others_is_new_with_every_load(engine_url: str, company):
    """Nothing was derived since, so nobody has looked at what the tables hold."""
    company(engine_url, CONFIG)
    RESULTS.clear()
    fill(engine_url, {"leads": LEADS}, CONFIG)
    desk = Desk(engine_url)
    assert [row.value for row in desk.ask("leads")] == [2]
    engine = create_engine(engine_url)
    with engine.begin() as connection:
        change(
            connection,
            CONTRACT["loads"].update().values(load_id="others"),
            leads.delete().where(leads.c.lead_id == "L2"),
        )
    engine.dispose()
    assert [row.value for row in desk.ask("leads")] == [1]


def test_rows_of_a_statement_are_kept_by_its_tables(desk: Desk, engine_url: str):
    def rows(statement: Any) -> list[dict[str, Any]]:
        warehouse = desk.warehouse()
        try:
            return cached_rows(warehouse, statement)
        finally:
            warehouse.close()

    of_spend, of_leads = (
        select(spend.c.amount),
        select(leads.c.lead_id).where(leads.c.score.is_(None)),
    )
    kept = rows(of_leads)
    assert rows(of_spend) == [{"amount": Decimal("10.00")}]
    load(engine_url, tables(amount="30.00"), CONFIG)
    assert rows(of_spend) == [{"amount": Decimal("30.00")}]
    assert rows(of_leads) is kept


def test_statements_of_one_shape_with_other_values_are_other_questions(desk: Desk):
    warehouse = desk.warehouse()
    found = [
        cached_rows(warehouse, select(leads.c.lead_id).where(leads.c.lead_id.in_(ids)))
        for ids in (["L1"], ["L2"], ["L1", "L2"])
    ]
    warehouse.close()
    assert [sorted(row["lead_id"] for row in rows) for rows in found] == [
        ["L1"],
        ["L2"],
        ["L1", "L2"],
    ]


def test_an_answer_made_of_a_kept_one_depends_on_its_tables(desk: Desk, engine_url: str):
    """The inner answer is there already when the outer one is made."""
    cache = ResultCache()

    def outer() -> Any:
        warehouse = desk.warehouse()
        try:
            return cache.answer(
                warehouse,
                "outer",
                lambda: cache.answer(
                    warehouse, "inner", lambda: warehouse.rows(select(spend.c.amount))
                ),
            )
        finally:
            warehouse.close()

    inner_first = desk.warehouse()
    cache.answer(inner_first, "inner", lambda: inner_first.rows(select(spend.c.amount)))
    inner_first.close()
    assert outer() == [{"amount": Decimal("10.00")}]
    load(engine_url, tables(amount="30.00"), CONFIG)
    assert outer() == [{"amount": Decimal("30.00")}]


def test_reads_are_noted_inside_out():
    with noting_reads() as outer:
        note_reads(["a"])
        with noting_reads() as inner:
            note_reads(["b"])
        note_reads(["c"])
    note_reads(["d"])
    assert (outer, inner) == ({"a", "b", "c"}, {"b"})


def test_the_cache_is_bounded_in_bytes():
    cache = ResultCache(entries=10, most_bytes=100_000)
    for number in range(5):
        cache.get(number, lambda: [{"a": 1, "b": 2}] * 400)
    stats = cache.stats()
    assert stats.entries == 2
    assert stats.bytes <= stats.most_bytes == 100_000
    cache.get("huge", lambda: [{"a": 1}] * 10_000)
    assert cache.find("huge") is None
    assert cache.stats().entries == 2
