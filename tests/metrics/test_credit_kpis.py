"""Sourced, influenced, CAC and return on spend: by hand, in plain SQL, and in their traps."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import create_engine

from data.row_scope import RowScope
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.headline import headline
from metrics.model import Status
from metrics.query import MetricQuery, Row
from metrics.row_scope import scoped
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics import checks_credit
from tests.metrics.credit_company import (
    AS_OF,
    CONFIG,
    FIGURES,
    MONTH,
    QUARTER,
    SPANS,
    WEEK,
    tables,
)
from tests.rows import plain_sql


@pytest.fixture
def warehouse(engine_url, company):
    return warehouse_of(company, engine_url, tables(), CONFIG)


@pytest.fixture
def duckdb(duckdb_url, company):
    return warehouse_of(company, duckdb_url, tables(), CONFIG)


def ask(warehouse, metric: str, span: Span = QUARTER, as_of=AS_OF, **fields: Any) -> list[Row]:
    return run_query(warehouse, MetricQuery((metric,), (span,), as_of, **fields))


def by_member(warehouse, metric: str, name: str, *columns: str, **fields: Any) -> dict:
    rows = ask(warehouse, metric, by=(name,), **fields)
    found = {row.members[0]: [getattr(row, column) for column in columns] for row in rows}
    return {member: values[0] if len(values) == 1 else values for member, values in found.items()}


def figures(row: Row) -> tuple:
    return row.value, row.numerator, row.denominator, row.maturing


# -- by hand, and in plain SQL --------------------------------------------------------------------


def _sql(url: str, metric: str, span: Span) -> list:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            asked = {"first": span.start, "last": span.end, "as_of": AS_OF}
            row = connection.execute(
                plain_sql(connection, checks_credit.CHECKS[metric]), asked
            ).one()
    finally:
        engine.dispose()
    return [None if value is None else float(value) for value in row]


def test_engine_plain_sql_and_hand_agree(warehouse, engine_url):
    assert set(FIGURES) == set(checks_credit.CHECKS)
    found = {
        (row.metric, row.span): figures(row)
        for row in run_query(warehouse, MetricQuery(tuple(FIGURES), SPANS, AS_OF))
    }
    warehouse.engine.dispose()
    for metric, expected in FIGURES.items():
        for span, by_hand in zip(SPANS, expected, strict=True):
            wanted = pytest.approx(list(by_hand), abs=2e-6)
            assert list(found[metric, span]) == wanted, (metric, span)
            assert _sql(engine_url, metric, span) == wanted, (metric, span)


# -- sourced --------------------------------------------------------------------------------------


def test_by_source_it_is_the_whole_pipeline_with_the_kpi_as_marketing_s_row(warehouse):
    found = by_member(warehouse, "marketing_sourced_pipeline", "sourced_by", "value")
    assert found == {
        "marketing": 10250.75,
        "partner": 900,
        "sales": 700,
        "success": 300.1,
        None: 4000 + 1500 + 600 + 650,
    }
    (whole,) = ask(warehouse, "pipeline_created")
    assert sum(found.values()) == pytest.approx(whole.value)


def test_any_other_split_adds_up_to_it(warehouse):
    found = by_member(warehouse, "marketing_sourced_pipeline", "kind", "value")
    assert sum(found.values()) == pytest.approx(10250.75)


def test_a_filter_asks_for_what_was_recorded(duckdb):
    """As with every other KPI: the filter decides which opportunities there are."""
    unknown = (("sourced_by", (None,)),)
    (row,) = ask(duckdb, "marketing_sourced_pipeline", where=unknown)
    assert row.value == pytest.approx(2000.25 + 450 + 1200 + 2600)
    assert by_member(
        duckdb, "marketing_sourced_pipeline", "sourced_by", "value", where=unknown
    ) == {"marketing": pytest.approx(row.value), None: 4000 + 1500 + 600 + 650}


def test_what_is_not_qualified_yet_is_dated_by_its_creation(duckdb):
    moment = at("2026-06-25 11:00")  # O11 enters an hour later
    days = Span(date(2026, 6, 24), date(2026, 6, 25))
    (row,) = ask(duckdb, "marketing_sourced_pipeline", days, moment)
    assert row.value == 5100


# -- influenced -----------------------------------------------------------------------------------


def test_influenced_never_counts_a_deal_twice_for_its_people_or_touches(warehouse):
    found = by_member(warehouse, "marketing_influenced_bookings", "kind", "value")
    assert found == {"new": 5700.25, "expansion": 0, "renewal": 0}


def test_the_share_of_a_week_without_a_known_amount_is_undefined(duckdb):
    (row,) = ask(duckdb, "marketing_influenced_share", WEEK)
    assert (row.value, row.numerator, row.denominator) == (None, None, 1800.1)


def test_the_share_stands_beside(duckdb):
    view = View(Calendar(duckdb.config).parse_period("2026-06", Cadence.MONTHLY), AS_OF)
    tile = headline(duckdb, view, CATALOG["marketing_influenced_bookings"])
    assert tile.beside is not None
    assert tile.beside.value == pytest.approx(3700 / 9500.10)


# -- what a customer costs ------------------------------------------------------------------------


def test_by_channel_the_credited_customers_add_up_to_the_customers(warehouse):
    found = by_member(warehouse, "cac", "channel", "value", "numerator", "denominator")
    paid, event = 813.3, 350.3
    assert found == {
        "paid": pytest.approx([paid / (17 / 7), paid, 17 / 7]),
        "event": pytest.approx([event / (3 / 7), event, 3 / 7]),
        "unknown": [None, 70.7, 0],
        "organic": [None, 0, 0],
        "phone": [None, None, pytest.approx(8 / 7)],  # nobody knows what it cost
        "email": [None, None, 1],
        None: [None, None, 1],  # O10, whom nobody touched
    }
    (paid_alone,) = ask(warehouse, "cac", where=(("channel", ("paid",)),))
    assert paid_alone.value == pytest.approx(paid / (17 / 7))


def test_undefined_says_why(duckdb):
    def reason(channel: str) -> str | None:
        (row,) = ask(duckdb, "cac", where=(("channel", (channel,)),))
        assert row.status is Status.FINAL
        return row.reason

    assert reason("unknown") == "no new customer in these four quarters"
    assert reason("phone") == "no spend is recorded in these four quarters"


def test_cost_cannot_be_held_against_anything_but_channels(duckdb):
    for metric in ("cac", "return_on_spend"):
        for name in ("region", "campaign", "kind"):
            (row,) = ask(duckdb, metric, where=((name, ("x",)),))
            assert row.status is Status.NO_DATA
            assert name in (row.reason or "")


@pytest.mark.parametrize(
    ("lacking", "label", "note"),
    [
        ((), "CAC", None),
        (("people",), "Programme cost per customer", "without people"),
        (("people", "tools"), "Programme cost per customer", "without people and tools"),
    ],
)
def test_its_name_follows_the_data(duckdb_url, company, lacking, label, note):
    rows = tables()
    # A row of nothing is no cost.
    rows["spend"] = [
        {**row, "amount": Decimal(0)} if row["cost_type"] in lacking else row
        for row in rows["spend"]
    ]
    warehouse = warehouse_of(company, duckdb_url, rows, CONFIG)
    view = View(Calendar(warehouse.config).parse_period("2026-Q2", Cadence.QUARTERLY), AS_OF)
    tile = headline(warehouse, view, CATALOG["cac"])
    assert (tile.label, tile.qualifier) == (label, note)
    assert tile.value is not None


def test_a_buyer_without_an_account_is_its_lead_s_account_or_its_lead(duckdb_url, company):
    rows = tables()
    rows["opportunities"] = [
        {**row, "account_id": None, "lead_id": row["lead_id"] if row["lead_id"] != "L20" else None}
        for row in rows["opportunities"]
    ]
    warehouse = warehouse_of(company, duckdb_url, rows, CONFIG)
    (row,) = ask(warehouse, "cac")
    assert row.denominator == 6


# -- return on spend ------------------------------------------------------------------------------


def test_by_channel_credit_and_spend_add_up(warehouse):
    found = by_member(warehouse, "return_on_spend", "channel", "value", "numerator", "denominator")
    credit = {
        "paid": 1200 + 5100 * 3 / 7,
        "event": 2000.25 * 6 / 7 + 5100 * 3 / 7,
        "phone": 1000.5 + 2000.25 / 7 + 5100 / 7,
        "email": 900.1,
        "organic": 900,
        "unknown": 0,
    }
    assert {channel: row[1] for channel, row in found.items()} == pytest.approx(credit)
    assert found["paid"][0] == pytest.approx(credit["paid"] / 813.3)
    assert found["unknown"] == [0, 0, 70.7]
    assert [found[channel][0] for channel in ("phone", "email", "organic")] == [None] * 3


def test_a_period_matures_until_the_lookback_of_its_last_touch_has_passed(duckdb):
    def state(moment: str) -> tuple:
        (row,) = ask(duckdb, "return_on_spend", MONTH, at(moment))
        return row.status, row.maturing

    assert state("2026-07-10 11:59") == (Status.MATURING, 8)  # J15 to the minute of 30 days
    assert state("2026-07-10 12:00") == (Status.MATURING, 7)
    assert state("2026-07-29 03:58") == (Status.MATURING, 1)
    assert state("2026-07-29 03:59") == (Status.FINAL, 0)
    # Without a touch there is nothing to come.
    (row,) = ask(duckdb, "return_on_spend", Span(date(2026, 4, 1), date(2026, 4, 2)))
    assert (row.value, row.status) == (0, Status.FINAL)


def test_markov_has_no_credit_by_touch_and_says_so(duckdb_url, company):
    config = CONFIG + 'model = "markov"\n'
    warehouse = warehouse_of(company, duckdb_url, tables(), config)
    (returned,) = ask(warehouse, "return_on_spend")
    assert returned.status is Status.NO_DATA
    assert "markov" in (returned.reason or "")
    assert [row.status for row in ask(warehouse, "cac", by=("channel",))] == [Status.NO_DATA]
    (cac,) = ask(warehouse, "cac")
    assert cac.value == pytest.approx(1234.3 / 6)  # whole customers need no model


@pytest.mark.parametrize("model", ["first_touch", "last_touch", "time_decay", "shapley", "custom"])
def test_under_every_model_the_credit_is_all_that_is_attributed(duckdb_url, company, model):
    config = CONFIG + f'model = "{model}"\n'
    warehouse = warehouse_of(company, duckdb_url, tables(), config)
    (returned,) = ask(warehouse, "return_on_spend")
    assert returned.numerator == pytest.approx(11100.85)
    customers = by_member(warehouse, "cac", "channel", "denominator")
    assert sum(customers.values()) == pytest.approx(6)


def test_who_sees_a_part_of_the_deals_is_told_neither(duckdb):
    part = scoped(duckdb, RowScope.parse(["channel=paid"]))
    for metric in ("cac", "return_on_spend"):
        (row,) = ask(part, metric)
        assert row.status is Status.NO_DATA
        assert "part" in (row.reason or "")
