"""The classic traps of metrics, each with the figure that falls into it and the one that does not.

No change of the engine may weaken this file.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, update

from data.tables import loads
from data.warehouse import open_warehouse
from metrics.calendar import Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.model import Status
from metrics.query import MetricQuery, Row, parse_filters
from tests.build import at, fill, warehouse_of

JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
YEAR = Span(date(2026, 1, 1), date(2027, 1, 1))
LATE = at("2027-06-01 00:00")


def zone(name: str) -> str:
    return f'[company]\ntimezone = "{name}"\n'


def lead(lead_id: str, created: str = "2026-06-01 12:00", **fields: Any) -> dict[str, Any]:
    return {"lead_id": lead_id, "created_at": at(created), **fields}


def stages(lead_id: str, **entered: str | list[str]) -> list[dict[str, Any]]:
    """``stages("L1", mql="06-01 12:00")``; several moments make several rows."""
    return [
        {"lead_id": lead_id, "stage": stage, "entered_at": at(f"2026-{moment}")}
        for stage, moments in entered.items()
        for moment in ([moments] if isinstance(moments, str) else moments)
    ]


def deal(deal_id: str, closed: str | None = None, **fields: Any) -> dict[str, Any]:
    return {
        "opportunity_id": deal_id,
        "created_at": at("2026-06-01 12:00"),
        "closed_at": at(closed) if closed else None,
        "status": "won" if closed else "open",
        **fields,
    }


def handoff(handoff_id: str, handed: str, **fields: Any) -> dict[str, Any]:
    return {"handoff_id": handoff_id, "lead_id": "L1", "handed_at": at(handed), **fields}


def ask(warehouse, *metrics: str, span: Span = JUNE, **options: Any) -> dict[str, Row]:
    """One row a metric, of the whole span."""
    rows = ask_all(warehouse, *metrics, span=span, **options)
    assert len(rows) == len(metrics), rows
    return {row.metric: row for row in rows}


def ask_all(warehouse, *metrics: str, span: Span = JUNE, where=(), **options: Any) -> list[Row]:
    options.setdefault("as_of", LATE)
    spans = options.pop("spans", (span,))
    query = MetricQuery(metrics, spans, where=parse_filters(where), **options)
    return run_query(warehouse, query)


# -- fan-out and double counting ----------------------------------------------------------------


def test_rows_of_other_tables_multiply_nothing(engine_url, company):
    tables = {
        "accounts": [{"account_id": "A1", "industry": "retail"}],
        "reps": [{"rep_id": "R1", "team": "sales", "manager": "Ann"}],
        "leads": [lead(f"L{n}", account_id="A1", owner_id="R1", channel="paid") for n in (1, 2, 3)],
        "lead_stages": [
            *stages(
                "L1", mql=["06-01 12:00", "06-05 12:00", "06-05 12:00"], recycled="06-03 12:00"
            ),
            *stages("L2", mql="06-02 12:00", sql=["06-03 12:00", "06-04 12:00"]),
        ],
        "touches": [
            {
                "touch_id": f"T{n}",
                "lead_id": "L1",
                "occurred_at": at("2026-06-02 12:00"),
                "team": "sales",
                "channel": "email",
                "kind": "meeting",
            }
            for n in range(4)
        ],
        "opportunities": [
            deal("O1", "2026-06-20 12:00", lead_id="L1", account_id="A1", amount=Decimal(100)),
            deal("O2", "2026-06-21 12:00", lead_id="L1", account_id="A1", amount=Decimal(50)),
        ],
        "opportunity_stages": [
            {
                "opportunity_id": "O1",
                "stage": "open",
                "entered_at": at(f"2026-06-1{n} 12:00"),
                "amount": 90 + n,
            }
            for n in range(5)
        ],
        "opportunity_contacts": [
            {"opportunity_id": "O1", "lead_id": f"L{n}", "role": "user"} for n in (1, 2, 3)
        ],
        "handoffs": [
            handoff("H1", "2026-06-01 12:00", assigned_to="R1"),
            handoff("H2", "2026-06-02 12:00", assigned_to="R1"),
        ],
        "spend": [{"day": date(2026, 6, 1), "channel": "paid", "amount": Decimal(30)}],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    wanted = {
        "leads": 3,
        "mqls": 2,  # a re-MQL is no second MQL
        "sqls": 1,
        "spend": 30,
        "cost_per_mql": 15,  # two facts, never joined to each other
        "cost_per_opportunity": 15,
        "opportunities_created": 2,
        "pipeline_created": 150,
        "bookings": 150,
        "won_deals": 2,
        "meetings_held": 4,
    }
    rows = ask(warehouse, *wanted)
    assert {name: row.value for name, row in rows.items()} == wanted
    sla = ask(warehouse, "sla_response")["sla_response"]
    assert sla.denominator == 2
    for dimension in ("industry", "rep", "manager"):
        rows_by = ask_all(warehouse, "leads", "bookings", "sla_response", by=(dimension,))
        for metric, total in (("leads", 3), ("bookings", 150)):
            assert sum(r.value or 0 for r in rows_by if r.metric == metric) == total


def test_a_ratio_is_of_sums_not_a_mean_of_ratios(engine_url, company):
    opportunities = [
        deal("O1", "2026-06-02 12:00", region="EMEA"),
        *(deal(f"P{n}", "2026-06-10 12:00", region="AMER", status="lost") for n in range(9)),
    ]
    warehouse = warehouse_of(company, engine_url, {"opportunities": opportunities})
    assert ask(warehouse, "win_rate")["win_rate"].value == pytest.approx(0.1)
    by_region = {row.members: row.value for row in ask_all(warehouse, "win_rate", by=("region",))}
    assert by_region == {("EMEA",): 1.0, ("AMER",): 0.0}


def test_nothing_to_divide_by_is_undefined_not_zero(engine_url, company):
    tables = {
        "leads": [lead("L1")],
        "lead_stages": stages("L1", mql="01-05 12:00", sql="01-06 12:00"),
        "opportunities": [deal("O1")],
        "spend": [{"day": date(2026, 6, 1), "channel": "paid", "amount": Decimal(30)}],
        "handoffs": [handoff("H1", "2026-01-05 12:00")],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    metrics = ("win_rate", "avg_deal_size", "cost_per_mql", "mql_to_sql", "sla_response",
               "lead_rejection_rate", "sales_cycle_days", "response_hours")  # fmt: skip
    rows = ask(warehouse, *metrics)
    assert {row.value for row in rows.values()} == {None}
    assert Status.NO_DATA not in {row.status for row in rows.values()}
    counts = ask(warehouse, "mqls", "won_deals", "bookings")
    assert [row.value for row in counts.values()] == [0, 0, 0]


def test_unknown_amounts_are_not_zero(engine_url, company):
    opportunities = [
        deal("O1", "2026-06-02 12:00", amount=Decimal("10.10"), region="EMEA"),
        deal("O2", "2026-06-02 12:00", amount=None, region="EMEA"),
        deal("O3", "2026-06-02 12:00", amount=None, region="AMER"),
    ]
    warehouse = warehouse_of(company, engine_url, {"opportunities": opportunities})
    rows = ask(warehouse, "bookings", "avg_deal_size", "won_deals")
    assert rows["bookings"].value == pytest.approx(10.10)
    assert (rows["avg_deal_size"].value, rows["avg_deal_size"].denominator) == (10.10, 1)
    assert rows["won_deals"].value == 3
    by_region = {row.members: row.value for row in ask_all(warehouse, "bookings", by=("region",))}
    assert by_region == {("EMEA",): 10.10, ("AMER",): None}


# -- members --------------------------------------------------------------------------------------


def test_null_stays_apart_from_what_looks_like_it(engine_url, company):
    names = (None, "unknown", "~", "", None, "O'Neil; -- 50%")
    leads = [lead(f"L{n}", channel=name) for n, name in enumerate(names)]
    warehouse = warehouse_of(company, engine_url, {"leads": leads})
    rows = ask_all(warehouse, "leads", by=("channel",))
    counts = {row.members[0]: row.value for row in rows}
    assert counts == {None: 2, "unknown": 1, "~": 1, "": 1, "O'Neil; -- 50%": 1}
    assert rows[-1].members == (None,), "the NULL member stands last"
    for text, expected in (("~", 2), ("unknown", 1), ("", 1), ("O'Neil; -- 50%", 1), ("no", 0)):
        row = ask(warehouse, "leads", where=[f"channel={text}"])["leads"]
        assert row.value == expected, text
    both = ask(warehouse, "leads", where=["channel=~", "channel=unknown"])["leads"]
    assert both.value == 3


def test_a_dimension_that_does_not_exist_is_refused_not_ignored(engine_url, company):
    tables = {
        "leads": [lead("L1", region="EMEA")],
        "lead_stages": stages("L1", mql="06-01 12:00"),
        "spend": [{"day": date(2026, 6, 1), "channel": "paid", "amount": Decimal(30)}],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    for options in ({"where": ["region=EMEA"]}, {"by": ("region",)}):
        rows = {
            r.metric: r for r in ask_all(warehouse, "spend", "cost_per_mql", "leads", **options)
        }
        for metric in ("spend", "cost_per_mql"):
            assert rows[metric].status is Status.NO_DATA
            assert rows[metric].value is None
            assert "region" in rows[metric].reason
        assert rows["leads"].value == 1
    assert ask(warehouse, "leads", where=["priority=P1"])["leads"].status is Status.NO_DATA


def test_a_deals_region_is_the_deals_and_its_persona_its_leads(engine_url, company):
    tables = {
        "accounts": [{"account_id": "A1", "industry": "retail", "region": "APAC"}],
        "leads": [lead("L1", account_id="A1", region="EMEA", persona="cfo")],
        "opportunities": [deal("O1", lead_id="L1", region="AMER"), deal("O2", account_id="A1")],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    found = {
        name: {r.members[0] for r in ask_all(warehouse, "opportunities_created", by=(name,))}
        for name in ("region", "persona", "industry", "kind")
    }
    assert found == {
        "region": {"AMER", None},
        "persona": {"cfo", None},
        "industry": {"retail"},
        "kind": {"new"},
    }


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
        assert "lead_stages" in row.reason
        assert metric[-3:].rstrip("s") in row.reason or "sal" in row.reason
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
            handoff("H1", "2026-06-01 10:00", priority="P1", first_response_at=at("2026-06-01 11:00")),
            handoff("H2", "2026-06-01 10:00", priority="P1", first_response_at=at("2026-06-01 11:01")),
            handoff("H3", "2026-06-01 10:00", priority="P1"),
            handoff("H4", "2026-06-01 16:00", first_response_at=at("2026-06-01 16:05")),
        ],
    }  # fmt: skip
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


# -- states ---------------------------------------------------------------------------------------


def test_empty_tables_are_named_and_break_nothing_else(engine_url, company):
    warehouse = warehouse_of(company, engine_url, {"leads": [lead("L1")]})
    rows = ask(warehouse, *CATALOG)
    assert rows.pop("leads").value == 1
    for row in rows.values():
        assert row.status is Status.NO_DATA, row
        assert row.value is None
        tables = [name for name in CATALOG[row.metric].tables if name != "handoff_clock"]
        assert all(name in row.reason for name in tables if name != "leads"), row


def test_running_future_and_cut_periods_are_partial(engine_url, company):
    leads = [lead("L1", "2026-06-10 12:00"), lead("L2", "2026-08-10 12:00")]
    warehouse = warehouse_of(company, engine_url, {"leads": leads})
    moment = at("2026-07-01 00:00")

    def status(span: Span, as_of: datetime = moment) -> Status:
        return ask(warehouse, "leads", span=span, as_of=as_of)["leads"].status

    assert status(JUNE) is Status.FINAL
    assert status(JUNE, at("2026-06-30 23:59:59")) is Status.PARTIAL
    assert status(Span(JUNE.start, JUNE.end, is_cut=True)) is Status.PARTIAL
    assert status(Span(date(2026, 7, 1), date(2026, 8, 1))) is Status.PARTIAL
    assert status(Span(date(2030, 7, 1), date(2030, 8, 1)), LATE) is Status.PARTIAL


def test_a_source_that_ends_early_leaves_its_kpis_partial(engine_url, company):
    tables = {
        "leads": [lead("L1", "2026-07-10 12:00")],
        "opportunities": [deal("O1", "2026-07-09 12:00")],
    }
    fill(engine_url, tables)
    engine = create_engine(engine_url)
    with engine.begin() as connection:
        is_crm = loads.c.table_name == "opportunities"
        early = {"source": "crm", "data_through": at("2026-06-20 12:00")}
        connection.execute(update(loads).where(is_crm).values(**early))
        connection.execute(
            insert(loads),
            [{"load_id": "load-0", "table_name": "opportunities", "row_count": 1, "source": "crm",
              "loaded_at": at("2026-06-01"), "data_through": at("2026-06-01")}],
        )  # fmt: skip
    engine.dispose()
    company(engine_url)
    warehouse = open_warehouse()
    assert warehouse.default_as_of == at("2026-06-20 12:00")
    rows = ask(warehouse, "leads", "won_deals", as_of=at("2026-07-10 12:00"))
    assert rows["leads"].status is Status.FINAL
    assert rows["won_deals"].status is Status.PARTIAL
