"""The records behind a number add up to the number: hand-worked, for every KPI, on every engine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.model import Status
from metrics.query import MetricQuery, Row
from metrics.records import RecordList, fact_names, page
from tests.build import warehouse_of
from tests.matrix import ENGINES
from tests.metrics.fixture_company import AS_OF, CONFIG, PERIODS, tables
from tests.metrics.worlds import ZONES, Refillable, World, config_text, refillable

CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]


def question(metric: str, span: Span, **options) -> MetricQuery:
    return MetricQuery((metric,), (span,), **{"as_of": AS_OF, **options})


def all_rows(records: RecordList, limit: int) -> list[dict]:
    """Every record, page by page."""
    found: list[dict] = []
    while rows := records.page(len(found), limit).rows:
        found += rows
    return found


def total(rows: list[dict], name: str) -> float | None:
    known = [Decimal(str(row[name])) for row in rows if row[name] is not None]
    return float(sum(known)) if known else None


def same(one: float | None, other: float | None) -> bool:
    return math.isclose(one or 0, other or 0, rel_tol=1e-12)


def check(warehouse, query: MetricQuery, row: Row, limit: int = 11) -> None:
    """Records of a question against the KPI's own row."""
    metric = CATALOG[row.metric]
    lists = [RecordList(warehouse, query, name) for name in fact_names(metric)]
    rows = [all_rows(records, limit) for records in lists]
    for records, listed in zip(lists, rows, strict=True):
        sums = records.summary()
        assert sums["total"] == len(listed)
        assert [c.name for c in records.columns if listed and c.name not in listed[0]] == []
        for name in ("numerator", "denominator", "maturing"):
            assert same(sums[name], total(listed, name)), (row, name)
        streamed = [record for part in records.stream() for record in part]
        assert streamed == listed
    everything = [record for listed in rows for record in listed]
    assert same(total(everything, "numerator"), row.numerator), row
    assert same(total(everything, "denominator"), row.denominator), row
    assert same(total(everything, "maturing"), row.maturing), row


@pytest.mark.parametrize("period", PERIODS)
def test_the_records_of_every_kpi_add_up_to_it(company, engine_url, period):
    warehouse = warehouse_of(company, engine_url, tables(), CONFIG)
    span = Span(*PERIODS[period])
    rows = run_query(warehouse, MetricQuery(tuple(CATALOG), (span,), AS_OF))
    checked = [row.metric for row in rows if row.status is not Status.NO_DATA]
    for row in rows:
        if row.status is not Status.NO_DATA:
            check(warehouse, question(row.metric, span), row)
    assert set(checked) == set(CATALOG)


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("records")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


@given(seed=st.integers(0, 2**32))
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_records_add_up_in_any_company_under_any_filter(database, seed):
    world = World(seed)
    warehouse = database.fill(world.tables(), CONFIGS[seed % len(CONFIGS)])
    asked = world.question(warehouse.config, by=False)
    for row in run_query(warehouse, asked):
        query = MetricQuery(
            (row.metric,),
            (row.span,),
            asked.as_of,
            where=asked.where,
            window_days=asked.window_days,
            unit=asked.unit,
        )
        if row.status is Status.NO_DATA:
            assert page(warehouse, query).reason
        else:
            check(warehouse, query, row, limit=50)
