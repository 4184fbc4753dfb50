"""Credit KPIs of random odd companies against the oracle, on every engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings

from data.config import Config, parse_config
from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery
from tests.build import newest_event
from tests.matrix import ENGINES, examples
from tests.metrics.attribution.odd_companies import OddCompany
from tests.metrics.test_properties import SEEDS, SETTINGS, figures, is_nothing, key_of, same
from tests.metrics.worlds import FIRST_DAY, Refillable, refillable
from tests.oracle import Oracle

OF_DEALS = (
    "marketing_sourced_pipeline",
    "marketing_influenced_bookings",
    "marketing_influenced_share",
)
# What there is credit by: of deals every dimension, of touches the channel alone.
SPLITS = ((), ("channel",), ("sourced_by",), ("sourced_by", "kind"))
FILTERS = ((), (), (("channel", ("paid", "~")),), (("sourced_by", (None,)),))
CONFIGS = [
    parse_config(f'[company]\ntimezone = "{zone}"\n[attribution]\nlookback_days = {days}\n')
    for zone, days in (("UTC", 365), ("America/New_York", 12), ("Asia/Tokyo", 30))
]


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("credit_kpis")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


def questions(company: OddCompany) -> tuple[MetricQuery, MetricQuery]:
    first = FIRST_DAY.date() + timedelta(days=company.random.randint(0, 10))
    middle = first + timedelta(days=company.random.randint(1, 30))
    of_deals = MetricQuery(
        metrics=OF_DEALS,
        spans=(Span(first, middle), Span(first, first + timedelta(days=60))),
        as_of=company.one(company.moment(), datetime(2026, 4, 12), datetime(2026, 12, 31)),
        by=company.one(*SPLITS),
        where=company.one(*FILTERS),
    )
    of_touches = replace(
        of_deals,
        metrics=("return_on_spend",),
        by=company.one(*SPLITS[:2]),
        where=company.one(*FILTERS[:3]),
    )
    return of_deals, of_touches


def check_credit_kpis(database: Refillable, seed: int, config: Config) -> None:
    company = OddCompany(seed)
    tables = company.tables()
    warehouse = database.fill(tables, config)
    oracle = Oracle(tables, config, newest_event(tables))
    for query in questions(company):
        expected = oracle.answer(query)
        rows = run_query(warehouse, query)
        assert not expected.keys() - {key_of(row) for row in rows}, "a combination is dropped"
        for row in rows:
            want = expected.get(key_of(row))
            if want is None:
                assert is_nothing(row), row
                continue
            answer = (want.value, want.numerator, want.denominator, want.status, want.maturing)
            assert same(figures(row), answer), (row, want, query)


@settings(SETTINGS, max_examples=examples(6))
@given(seed=SEEDS)
def test_engine_and_oracle_agree(database, seed):
    check_credit_kpis(database, seed, CONFIGS[seed % len(CONFIGS)])
