"""The classic traps of time: zones, clock changes, cohorts, the as-of moment, response times.

No change of the engine may weaken this file.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from metrics.calendar import Calendar, Span
from metrics.model import Status
from tests.build import at, warehouse_of
from tests.metrics.asking import (
    JUNE,
    YEAR,
    ask,
    ask_all,
    deal,
    handoff,
    lead,
    stages,
    zone,
)

MONDAY = "2026-06-01 10:00"


# -- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "june", "july"), [("UTC", 1, 0), ("Asia/Tokyo", 0, 1), ("America/New_York", 1, 0)]
)
def test_2330_utc_on_30_june_is_julys_in_tokyo(duckdb_url, company, name, june, july):
    tables = {"leads": [lead("L1", "2026-06-30 23:30")]}
    warehouse = warehouse_of(company, duckdb_url, tables, zone(name))
    spans = (JUNE, Span(date(2026, 7, 1), date(2026, 8, 1)))
    assert [r.value for r in ask_all(warehouse, "leads", spans=spans)] == [june, july]


@pytest.mark.parametrize(
    ("day", "first", "end", "hours"),
    [
        (date(2026, 3, 8), "2026-03-08 05:00", "2026-03-09 04:00", 23),
        (date(2026, 11, 1), "2026-11-01 04:00", "2026-11-02 05:00", 25),
    ],
)
def test_days_of_23_and_25_hours(engine_url, company, day, first, end, hours):
    starts, ends = at(first), at(end)
    assert ends - starts == timedelta(hours=hours)
    second = timedelta(seconds=1)
    moments = (starts - second, starts, ends - second, ends)
    leads = [{"lead_id": f"L{n}", "created_at": m} for n, m in enumerate(moments)]
    warehouse = warehouse_of(company, engine_url, {"leads": leads}, zone("America/New_York"))
    one_day = timedelta(days=1)
    spans = tuple(Span(day + n * one_day, day + (n + 1) * one_day) for n in (-1, 0, 1))
    assert [r.value for r in ask_all(warehouse, "leads", spans=spans)] == [1, 2, 1]


def test_a_window_is_of_24_hours_a_day_also_where_the_clocks_change(engine_url, company):
    rows = [
        *stages("L1", mql="03-07 20:00", sql="03-08 20:00"),
        *stages("L2", mql="03-07 20:00", sql="03-08 20:01"),
    ]
    tables = {"lead_stages": rows}
    warehouse = warehouse_of(company, engine_url, tables, zone("America/New_York"))
    row = ask(warehouse, "mql_to_sql", span=YEAR, window_days=1)["mql_to_sql"]
    assert (row.numerator, row.denominator) == (1, 2)


@pytest.mark.parametrize(
    ("first_month", "quarter", "start", "end"),
    [(4, "2027-Q1", date(2026, 4, 1), date(2026, 7, 1)),
     (7, "2026-Q4", date(2026, 4, 1), date(2026, 7, 1))],
)  # fmt: skip
def test_fiscal_quarters(duckdb_url, company, first_month, quarter, start, end):
    config = f"[company]\nfiscal_year_starts = {first_month}\n"
    leads = [lead("L1", "2026-03-31 23:59"), lead("L2", "2026-04-01"), lead("L3", "2026-06-30")]
    warehouse = warehouse_of(company, duckdb_url, {"leads": leads}, config)
    period = Calendar(warehouse.config).parse_period(quarter)
    assert (period.start, period.end) == (start, end)
    assert ask(warehouse, "leads", span=period.span)["leads"].value == 2


def test_week_53_holds_the_days_around_new_year(duckdb_url, company):
    leads = [lead(f"L{n}", day) for n, day in enumerate(
        ("2026-12-27 23:59", "2026-12-28", "2027-01-03 23:59", "2027-01-04"))]  # fmt: skip
    warehouse = warehouse_of(company, duckdb_url, {"leads": leads})
    period = Calendar(warehouse.config).parse_period("2026-W53")
    assert ask(warehouse, "leads", span=period.span)["leads"].value == 2


# -- stages and cohorts ---------------------------------------------------------------------------


def cohort(warehouse, metric: str, as_of: str, **options: Any) -> tuple:
    row = ask(warehouse, metric, span=YEAR, as_of=at(as_of), **options)[metric]
    return row.value, row.numerator, row.denominator, row.maturing


def test_a_young_cohort_is_maturing_never_a_low_rate(engine_url, company):
    rows = [
        *stages("L1", mql="06-01 12:00", sql="06-11 12:00"),
        *stages("L2", mql="06-01 12:00"),
        *stages("L3", mql="06-20 12:00"),
        *stages("L4", mql="06-20 12:00", sql="06-21 12:00"),
        *stages("L5", lead="07-05 12:00"),  # the data reach past June
    ]
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows})
    # Nobody has matured; one that converted early does not make a rate.
    assert cohort(warehouse, "mql_to_sql", "2026-06-25 12:00") == (None, 0, 0, 2)
    # To the very second: the window of the first two closes.
    assert cohort(warehouse, "mql_to_sql", "2026-07-01 11:59:59") == (None, 0, 0, 2)
    assert cohort(warehouse, "mql_to_sql", "2026-07-01 12:00") == (0.5, 1, 2, 1)
    assert cohort(warehouse, "mql_to_sql", "2026-07-20 12:00") == (0.5, 2, 4, 0)
    june = ask(warehouse, "mql_to_sql", as_of=at("2026-07-05 12:00"))["mql_to_sql"]
    assert june.status is Status.MATURING


def test_the_edge_of_the_window_belongs_to_it(engine_url, company):
    rows = [
        *stages("L1", mql="06-01 12:00:00", sql="06-08 12:00:00"),
        *stages("L2", mql="06-01 12:00:00", sql="06-08 12:00:01"),
    ]
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows})
    assert cohort(warehouse, "mql_to_sql", "2026-12-01", window_days=7) == (0.5, 1, 2, 0)


def test_an_sql_before_its_mql_is_no_conversion(engine_url, company):
    rows = [
        *stages("L1", sql="06-01 12:00", mql="06-02 12:00"),
        *stages("L2", sql=["06-01 12:00", "06-03 12:00"], mql="06-02 12:00"),
        *stages("L3", mql="06-02 12:00", sql="06-02 12:00"),
    ]
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows})
    assert cohort(warehouse, "mql_to_sql", "2026-12-01") == (pytest.approx(2 / 3), 2, 3, 0)
    days = ask(warehouse, "stage_days_mql_to_sql")["stage_days_mql_to_sql"]
    assert (days.value, days.denominator) == (0, 1)


def test_a_skipped_stage_is_reached_with_the_next_later_one(engine_url, company):
    rows = [
        *stages("L1", lead="06-01 12:00", sal="06-05 12:00", customer="06-09 12:00"),
        *stages("L2", mql="06-20 12:00", sql="06-22 12:00"),
    ]
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows})
    assert [row.value for row in ask(warehouse, "mqls", "sals", "sqls").values()] == [2, 2, 2]
    assert cohort(warehouse, "mql_to_sql", "2026-12-01") == (1, 2, 2, 0)
    early = Span(date(2026, 6, 1), date(2026, 6, 10))
    assert ask(warehouse, "mqls", span=early)["mqls"].value == 1


def test_a_stage_the_company_does_not_use_is_no_data(engine_url, company):
    rows = stages("L1", mql="06-01 12:00", customer="06-09 12:00")
    warehouse = warehouse_of(company, engine_url, {"lead_stages": rows})
    for metric in ("sals", "mql_to_sql"):
        row = ask(warehouse, metric)[metric]
        assert row.status is Status.NO_DATA
        assert "lead_stages" in str(row.reason)
        assert f"stage {metric[-3:] if '_' in metric else metric[:-1]} " in str(row.reason)
    assert ask(warehouse, "mql_to_customer")["mql_to_customer"].value == 1


def test_a_buying_group_counts_once(engine_url, company):
    tables = {
        "leads": [lead(f"L{n}", account_id="A1", channel=f"c{n}") for n in (1, 2, 3)]
        + [lead("L4", channel="c4")],
        "lead_stages": [
            *stages("L1", mql="06-02 12:00"),
            *stages("L2", mql="06-01 12:00"),
            *stages("L3", mql="06-05 12:00", sql="06-09 12:00"),
            *stages("L4", mql="06-05 12:00"),
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    assert cohort(warehouse, "mql_to_sql", "2026-12-01") == (0.25, 1, 4, 0)
    assert cohort(warehouse, "mql_to_sql", "2026-12-01", unit="account") == (0.5, 1, 2, 0)
    rows = ask_all(warehouse, "mqls", by=("channel",), unit="account")
    assert {row.members[0]: row.value for row in rows} == {"c2": 1, "c4": 1}
    assert ask(warehouse, "bookings", unit="account")["bookings"].status is Status.NO_DATA


# -- as of ----------------------------------------------------------------------------------------


def test_what_happened_later_has_not_happened(engine_url, company):
    tables = {
        "leads": [
            lead("L1", deleted_at=at("2026-06-10 12:00")),
            lead("L2", "2026-06-20 12:00"),
        ],
        "lead_stages": stages("L1", mql="06-05 12:00", sql="06-15 12:00"),
        "opportunities": [
            deal("O1", "2026-06-20 12:00", amount=Decimal(100)),
            deal("O2", "2026-06-12 12:00", status="lost", amount=Decimal(70)),
        ],
        "opportunity_stages": [
            {"opportunity_id": "O1", "stage": "x", "entered_at": at("2026-06-02"), "amount": 40},
            {"opportunity_id": "O1", "stage": "y", "entered_at": at("2026-06-11"), "amount": 60},
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    metrics = ("leads", "mqls", "sqls", "won_deals", "lost_deals", "bookings", "pipeline_created")

    def then(moment: str) -> list[float | None]:
        return [row.value for row in ask(warehouse, *metrics, as_of=at(moment)).values()]

    assert then("2026-06-05 11:59:59") == [1, 0, 0, 0, 0, 0, 110]
    assert then("2026-06-05 12:00") == [1, 1, 0, 0, 0, 0, 110]
    assert then("2026-06-10 12:00") == [0, 1, 0, 0, 0, 0, 110]
    # No row of opportunity_stages is later than this: closed later, it is worth its last amount.
    assert then("2026-06-12 12:00") == [0, 1, 0, 0, 1, 0, 130]
    assert then("2026-06-20 12:00") == [1, 1, 1, 1, 1, 100, 170]


# -- handoffs -------------------------------------------------------------------------------------


def test_each_handoff_is_met_breached_or_pending(engine_url, company):
    config = "[sla.response_hours]\nP1 = 1\ndefault = 8\n"
    tables = {
        "leads": [lead("L1")],
        "handoffs": [
            handoff("H1", MONDAY, priority="P1", first_response_at=at("2026-06-01 11:00")),
            handoff("H2", MONDAY, priority="P1", first_response_at=at("2026-06-01 11:01")),
            handoff("H3", MONDAY, priority="P1"),
            handoff("H4", "2026-06-01 16:00", first_response_at=at("2026-06-01 16:05")),
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables, config)

    def sla(moment: str) -> tuple:
        row = ask(warehouse, "sla_response", as_of=at(moment))["sla_response"]
        return row.numerator, row.denominator, row.maturing

    assert sla("2026-06-01 10:59:59") == (0, 0, 3)  # nobody flatters a Monday
    assert sla("2026-06-01 11:00") == (1, 3, 0)
    assert sla("2026-06-01 16:30") == (1, 3, 1)  # answered, and not yet due: pending
    assert sla("2026-06-02 16:00") == (2, 4, 0)
    row = ask(warehouse, "sla_response", as_of=at("2026-07-10"))["sla_response"]
    assert row.status is Status.PARTIAL, "the data end before June does"


def test_a_percentile_among_the_unanswered_is_undefined_with_a_bound(engine_url, company):
    tables = {
        "leads": [lead("L1")],
        "handoffs": [
            handoff("H1", "2026-06-01 10:00", first_response_at=at("2026-06-01 11:00")),
            handoff("H2", "2026-06-01 10:00", first_response_at=at("2026-06-01 13:00")),
            handoff("H3", "2026-06-01 10:00"),
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    rows = ask(warehouse, "response_hours", "response_hours_p90")
    assert rows["response_hours"].value == pytest.approx(3)
    p90 = rows["response_hours_p90"]
    assert (p90.value, p90.denominator, p90.bound) == (None, 3, 3)
