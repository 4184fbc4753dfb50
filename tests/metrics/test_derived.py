"""KPIs made of others over spans of their own: which spans, which state, and by member."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from data.config import Config
from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.catalog import BLOCKS, CATALOG, find_metric
from metrics.engine import Answer, run_query
from metrics.model import Status
from metrics.query import MetricQuery
from tests.build import at, warehouse_of

CALENDAR = Calendar(Config())


def month(text: str) -> Period:
    return CALENDAR.parse_period(text, Cadence.MONTHLY)


def sqls(day: str, count: int, region: str = "EMEA") -> dict[str, list[dict[str, Any]]]:
    names = [f"{day}-{region}-{n}" for n in range(count)]
    moment = at(f"{day} 12:00")
    return {
        "leads": [{"lead_id": n, "created_at": moment, "region": region} for n in names],
        "lead_stages": [{"lead_id": n, "stage": "sql", "entered_at": moment} for n in names],
    }


def together(*parts: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for part in parts:
        for name, rows in part.items():
            tables.setdefault(name, []).extend(rows)
    return tables


def ask(warehouse, metric: str, span: Span, as_of: datetime, **fields: Any):
    return run_query(warehouse, MetricQuery((metric,), (span,), as_of, **fields))


@pytest.fixture
def growing(engine_url, company):
    """6 SQLs in April, 4 in May (one of them in AMER), 9 in June, the last event on 30 June."""
    tables = together(
        sqls("2026-04-10", 6),
        sqls("2026-05-10", 3),
        sqls("2026-05-20", 1, "AMER"),
        sqls("2026-06-05", 4),
        sqls("2026-06-30", 5),
    )
    return warehouse_of(company, engine_url, tables)


def test_a_whole_month_stands_against_the_one_before(growing):
    (row,) = ask(growing, "lead_velocity_rate", month("2026-05").span, at("2026-06-30 12:00"))
    assert (row.numerator, row.denominator, row.status) == (4, 6, Status.FINAL)
    assert row.value == pytest.approx(4 / 6 - 1)


def test_a_running_month_shows_the_last_complete_one(growing):
    (row,) = ask(growing, "lead_velocity_rate", month("2026-06").span, at("2026-06-20 12:00"))
    assert (row.numerator, row.denominator, row.status) == (4, 6, Status.FINAL)


def test_a_week_looks_at_28_days(growing):
    week = CALENDAR.period_of(date(2026, 6, 2), Cadence.WEEKLY)
    assert week.end == date(2026, 6, 8)
    (row,) = ask(growing, "lead_velocity_rate", week.span, at("2026-06-30 12:00"))
    # 11 May to 7 June: 1 + 4. 13 April to 10 May: 3.
    assert (row.numerator, row.denominator) == (5, 3)


def test_against_nothing_it_is_undefined(growing):
    (row,) = ask(growing, "lead_velocity_rate", month("2026-04").span, at("2026-06-30 12:00"))
    assert (row.value, row.numerator, row.denominator) == (None, 6, 0)


def test_by_member_and_where(growing):
    span, as_of = month("2026-05").span, at("2026-06-30 12:00")
    rows = ask(growing, "lead_velocity_rate", span, as_of, by=("region",))
    assert {row.members: (row.numerator, row.denominator) for row in rows} == {
        ("AMER",): (1, 0),
        ("EMEA",): (3, 6),
    }
    where = (("region", ("EMEA",)),)
    (row,) = ask(growing, "lead_velocity_rate", span, as_of, where=where)
    assert row.value == pytest.approx(-0.5)


def test_a_cut_span_is_partial(growing):
    span = month("2026-05").within(date(2026, 5, 5), date(2026, 6, 1))
    (row,) = ask(growing, "lead_velocity_rate", span, at("2026-06-30 12:00"))
    assert row.status is Status.PARTIAL


def test_asked_beside_its_own_input_each_keeps_its_spans(growing):
    span = month("2026-05").span
    query = MetricQuery(("sqls", "lead_velocity_rate"), (span,), at("2026-06-30 12:00"))
    rows = run_query(growing, query)
    assert [(row.metric, row.span, row.numerator) for row in rows] == [
        ("sqls", span, 4),
        ("lead_velocity_rate", span, 4),
    ]


def test_what_its_inputs_lack_it_lacks(engine_url, company):
    created = [{"lead_id": "l", "created_at": at("2026-05-01")}]
    stages = [{"lead_id": "l", "stage": "mql", "entered_at": at("2026-05-01")}]
    warehouse = warehouse_of(company, engine_url, {"leads": created, "lead_stages": stages})
    span, as_of = month("2026-05").span, at("2026-06-30")
    answer = Answer(
        warehouse, MetricQuery(("lead_velocity_rate", "sales_velocity"), (span,), as_of)
    )
    assert answer.reasons["lead_velocity_rate"] == "no stage sql in lead_stages"
    assert answer.reasons["sales_velocity"] == "the table opportunities is empty"
    assert {row.status for row in answer.rows()} == {Status.NO_DATA}


def deal(number: int, created: str, closed: str | None, status: str, **fields: Any) -> dict:
    return {
        "opportunity_id": f"o{number}",
        "created_at": at(created),
        "closed_at": None if closed is None else at(closed),
        "status": status,
        "amount": 100,
        **fields,
    }


def test_sales_velocity_by_hand(engine_url, company):
    deals = [
        deal(1, "2026-01-01", "2026-01-21", "won", amount=300),  # 20 days
        deal(2, "2026-01-01", "2026-02-10", "won", amount=500),  # 40 days
        deal(3, "2026-01-05", "2026-02-01", "lost"),
        deal(4, "2026-01-05", "2026-02-01", "lost"),
        deal(5, "2026-02-01", None, "open"),
        deal(6, "2026-02-01", "2026-03-15", "won"),  # open at the end of February
        deal(7, "2026-02-01", None, "open", kind="renewal"),  # not new business
        deal(8, "2024-01-01", "2025-01-01", "lost"),  # more than 12 months ago
    ]
    warehouse = warehouse_of(company, engine_url, {"opportunities": deals})
    (row,) = ask(warehouse, "sales_velocity", month("2026-02").span, at("2026-03-20"))
    # 2 open × 2/4 won × 400 a deal ÷ 30 days.
    assert row.value == pytest.approx(2 * 0.5 * 400 / 30)
    assert row.status is Status.FINAL


def test_a_year_back_from_leap_day(engine_url, company):
    deals = [
        deal(1, "2023-02-01", "2023-02-28 12:00", "won"),  # the first day of the 12 months
        deal(2, "2023-02-01", "2023-02-27 12:00", "lost"),
        deal(3, "2024-02-01", None, "open"),
    ]
    warehouse = warehouse_of(company, engine_url, {"opportunities": deals})
    span = Span(date(2024, 2, 1), date(2024, 2, 29))
    (row,) = ask(warehouse, "sales_velocity", span, at("2024-02-29"))
    assert row.value == pytest.approx(1 * 1.0 * 100 / 27.5)


def test_blocks_are_no_kpis():
    assert not set(BLOCKS) & set(CATALOG)
    assert all(name.startswith("_") and find_metric(name) for name in BLOCKS)
