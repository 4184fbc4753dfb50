"""What channels cost and earn, and when credit comes back: by hand and against plain Python."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings

from data.config import parse_config
from metrics.attribution import AttributionQuery, attribute, channel_economics, payback
from metrics.attribution.model import MODELS
from metrics.attribution.payback import MONTHS
from metrics.calendar import Calendar, Span
from metrics.engine import run_query
from metrics.query import MetricQuery
from tests.build import warehouse_of
from tests.matrix import ENGINES, examples
from tests.metrics.attribution.odd_companies import OddCompany
from tests.metrics.attribution.second_way import COLUMN, SecondWay
from tests.metrics.credit_company import AS_OF, CONFIG, MONTH, QUARTER, tables
from tests.metrics.test_properties import SEEDS, SETTINGS
from tests.metrics.worlds import ZONES, Refillable, config_text, refillable
from tests.oracle_facts import Facts

CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]


@pytest.fixture
def warehouse(engine_url, company):
    return warehouse_of(company, engine_url, tables(), CONFIG)


@pytest.fixture
def duckdb(duckdb_url, company):
    return warehouse_of(company, duckdb_url, tables(), CONFIG)


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("economics")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


def query(model: str = "w_30_30_30_10", span: Span = QUARTER, **fields) -> AttributionQuery:
    return AttributionQuery(
        **{"model": model, "by": "channel", "span": span, "as_of": AS_OF, **fields}
    )


# -- what channels cost and earn ------------------------------------------------------------------


def test_every_figure_is_the_kpi_s_own(warehouse):
    found = channel_economics(warehouse, query(span=MONTH))
    asked = MetricQuery(("spend", "return_on_spend", "cac"), (MONTH,), AS_OF, by=("channel",))
    rows = {(row.metric, row.members[0]): row for row in run_query(warehouse, asked)}
    assert set(found.rows) == {channel for _, channel in rows if channel is not None}
    for channel, one in found.rows.items():
        returned, cac = rows["return_on_spend", channel], rows["cac", channel]
        assert (one.credit, one.return_on_spend, one.maturing) == (
            returned.numerator,
            returned.value,
            returned.maturing,
        )
        assert (one.customer_cost, one.customers, one.cac) == (
            cac.numerator,
            cac.denominator,
            cac.value,
        )
        spend = rows.get(("spend", channel))
        assert one.spend == (None if spend is None else spend.value)


def test_the_whole_is_computed_and_what_is_nobody_s_stands_apart(duckdb):
    found = channel_economics(duckdb, query())
    assert found.total is not None
    assert (found.total.spend, found.total.customers) == (1234.3, 6)
    assert found.total.return_on_spend == pytest.approx(11100.85 / 1234.3)
    assert found.total.is_maturing
    assert found.unattributed_customers == 1
    assert sum(one.customers or 0 for one in found.rows.values()) == pytest.approx(5)
    assert sum(one.credit or 0 for one in found.rows.values()) == pytest.approx(11100.85)
    assert list(found.rows)[:2] == ["paid", "event"]  # by cost
    assert (found.cac_label, found.cac_note, found.reason) == ("CAC", None, None)
    assert found.rows["phone"].cac is None  # nobody knows what it cost


def test_the_model_and_lookback_are_those_asked_for(duckdb):
    found = channel_economics(duckdb, query("last_touch"))
    assert found.rows["phone"].credit == pytest.approx(1000.5 + 2000.25 + 5100)
    assert found.rows["event"].credit == 0
    # Of all touches J11 alone came within four days of a win.
    short = channel_economics(duckdb, query(lookback_days=4))
    assert short.rows["phone"].credit == pytest.approx(5100)
    assert short.unattributed_customers == 5


def test_basis_and_dimension_of_the_question_change_nothing(duckdb):
    one = channel_economics(duckdb, query())
    assert channel_economics(duckdb, query(by="team", basis="pipeline")) == one


def test_what_there_is_no_figure_for_says_why(duckdb):
    markov = channel_economics(duckdb, query("markov"))
    assert "markov" in (markov.reason or "")
    assert markov.rows["paid"].spend == pytest.approx(813.3)
    assert markov.rows["paid"].credit is None
    filtered = channel_economics(duckdb, query(where=(("region", ("EMEA",)),)))
    assert "region" in (filtered.reason or "")
    assert (filtered.total, filtered.rows) == (None, {})


# -- when credit comes back -----------------------------------------------------------------------


def test_payback_by_hand(warehouse):
    found = payback(warehouse, query())
    rows = {
        channel: (row.credit, row.by_month[:2], row.median_days)
        for channel, row in found.rows.items()
    }
    d = Decimal
    assert rows == {
        "event": (d("2785.93"), (d("1071.43"), d("1714.50")), 30),
        "paid": (d("2271.43"), (d("2271.43"), d("0.00")), 13),
        "phone": (d("1643.39"), (d("1357.64"), d("285.75")), 10),
        "email": (d("900.10"), (d("900.10"), d("0.00")), 27),
    }
    assert found.total is not None
    assert (found.total.credit, found.total.by_month[:2]) == (
        d("7600.85"),
        (d("5600.60"), d("2000.25")),
    )
    assert found.total.median_months == 13 / 30


def test_markov_has_no_dates(duckdb):
    found = payback(duckdb, query("markov"))
    assert (found.rows, found.total) == ({}, None)
    assert "aggregate" in (found.reason or "")


def test_without_credit_there_is_no_share(duckdb):
    found = payback(duckdb, query(span=Span(MONTH.end, MONTH.end.replace(day=3))))
    assert set(found.rows) == {"event", "paid", "phone"}  # O12
    nothing = payback(duckdb, query(span=Span(QUARTER.start, QUARTER.start.replace(day=2))))
    assert (nothing.rows, nothing.total) == ({}, None)


@settings(SETTINGS, max_examples=examples(6))
@given(SEEDS)
def test_payback_of_random_companies_agrees_with_plain_python(database: Refillable, seed: int):
    config = CONFIGS[seed % len(CONFIGS)]
    company = OddCompany(seed)
    rows = company.tables()
    asked = company.credit_question()
    if not MODELS[asked.model].by_journey:
        asked = replace(asked, model="shapley")
    warehouse = database.fill(rows, config)
    calendar = Calendar(config)
    start, end = (calendar.starts_at(day) for day in (asked.span.start, asked.span.end))
    other = SecondWay(Facts(rows, config), asked, start, end)
    expected = months_of(other, asked)
    found = payback(warehouse, asked)
    credited = {row.member: row.credit for row in attribute(warehouse, asked).rows}
    assert {member: row.credit for member, row in found.rows.items()} == credited
    for member, row in found.rows.items():
        assert sum(row.by_month) == row.credit
        for month in range(MONTHS):
            told = (member, month, row)
            wanted = float(expected[member, month])
            # A cent for the member's own rounding, one for the month's.
            assert math.isclose(float(row.by_month[month]), wanted, abs_tol=0.0200001), told
    if found.total is not None:
        assert sum(found.total.by_month) == found.total.credit == sum(credited.values())


def months_of(other: SecondWay, asked: AttributionQuery) -> dict:
    """Credit by member and months of 30 days from a journey's first touch to its end."""
    found: dict = defaultdict(Fraction)
    for told in other.credited:
        if told.touches:
            age = (told.anchor - told.touches[0]["occurred_at"]).days
            weights = other.weights(told, asked.model, asked.by)
            for touch, weight in zip(told.touches, weights, strict=True):
                member = touch[COLUMN[asked.by]]
                found[member, min(age // 30, 12)] += weight * Fraction(told.amount or 0)
    return found
