"""The classic traps of metrics: joins, ratios, unknown values, members, states.

No change of the engine may weaken this file.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import create_engine, update

from data.tables import loads
from data.warehouse import open_warehouse
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.model import Status
from tests.build import at, fill, warehouse_of
from tests.metrics.asking import (
    JUNE,
    LATE,
    ask,
    ask_all,
    deal,
    handoff,
    lead,
    stages,
)
from tests.rows import add, change

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
            assert "region" in str(rows[metric].reason)
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


# -- states ---------------------------------------------------------------------------------------


def test_empty_tables_are_named_and_break_nothing_else(engine_url, company):
    warehouse = warehouse_of(company, engine_url, {"leads": [lead("L1")]})
    rows = ask(warehouse, *CATALOG)
    assert rows.pop("leads").value == 1
    # What nobody has disputed is known: nothing.
    assert rows.pop("open_disputes").value == rows.pop("disputes_raised").value == 0
    assert rows.pop("dispute_age_days").denominator == 0
    for row in rows.values():
        assert row.status is Status.NO_DATA, row
        assert row.value is None
        own = ("handoff_clock", "agreements")
        tables = [name for name in CATALOG[row.metric].tables if name not in own]
        assert all(name in str(row.reason) for name in tables if name != "leads"), row


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
        change(connection, update(loads).where(is_crm).values(**early))
        add(
            connection,
            loads,
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
