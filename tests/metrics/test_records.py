"""The records behind a number add up to the number: hand-worked, for every KPI, on every engine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.agreements import Topic
from data.config import parse_config
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.model import Status
from metrics.query import MetricQuery, Row
from metrics.records import ListOf, Part, RecordList, lists_of, page
from tests.build import warehouse_of
from tests.matrix import ENGINES
from tests.metrics.agreements.people import add_people, sign_first
from tests.metrics.fixture_company import AS_OF, CONFIG, PERIODS, tables
from tests.metrics.worlds import ZONES, Refillable, World, config_text, refillable

CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]


# Several pages a list; not on Spark, where each is planned anew.
PAGE = 100 if "spark" in ENGINES else 11


def question(metric: str, span: Span, **options) -> MetricQuery:
    return MetricQuery((metric,), (span,), **{"as_of": AS_OF, **options})


def all_rows(records: RecordList, limit: int) -> list[dict]:
    """Every record, page by page."""
    found: list[dict] = []
    while len(rows := records.page(len(found), limit).rows) == limit:
        found += rows
    return found + rows


def total(rows: list[dict], name: str) -> float | None:
    known = [Decimal(str(row[name])) for row in rows if row[name] is not None]
    return float(sum(known)) if known else None


def same(one: float | None, other: float | None) -> bool:
    return math.isclose(one or 0, other or 0, rel_tol=1e-12)


def check(warehouse, query: MetricQuery, row: Row, limit: int = PAGE) -> None:
    """Records of a question against the KPI's own row, or against the rows of its inputs."""
    lists = lists_of(query, warehouse)
    if CATALOG[query.metrics[0]].derived is not None:
        for wanted in dict.fromkeys(found.query for found in lists):
            (own,) = run_query(warehouse, wanted)
            parts = [found for found in lists if found.query == wanted]
            check_lists(warehouse, parts, own, limit)
    else:
        check_lists(warehouse, lists, row, limit)


def check_lists(warehouse, lists: Sequence[ListOf], row: Row, limit: int) -> None:
    everything: list[dict] = []
    for wanted in lists:
        records = RecordList(warehouse, wanted)
        listed = all_rows(records, limit)
        everything += listed
        sums = records.summary()
        assert sums["total"] == len(listed)
        assert [c.name for c in records.columns if listed and c.name not in listed[0]] == []
        for name in ("numerator", "denominator", "maturing"):
            assert same(sums[name], total(listed, name)), (row, name)
        assert [record for part in records.stream() for record in part] == listed
    assert same(total(everything, "numerator"), row.numerator), row
    assert same(total(everything, "denominator"), row.denominator), row
    assert same(total(everything, "maturing"), row.maturing), row


@pytest.mark.parametrize(
    "period",
    [pytest.param(p, marks=() if p == "month" else pytest.mark.long) for p in PERIODS],
)
def test_the_records_of_every_kpi_add_up_to_it(company, engine_url, period):
    warehouse = warehouse_of(company, engine_url, tables(), CONFIG)
    add_people()
    sign_first(warehouse.config, Topic.MQL)
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
    max_examples=2,
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


def listed(warehouse, metric: str, period: str = "month", **options) -> list[dict]:
    found = page(warehouse, question(metric, Span(*PERIODS[period]), **options), limit=100)
    assert found.reason is None
    return found.rows


@pytest.fixture
def fixture_company(company, duckdb_url):
    return warehouse_of(company, duckdb_url, tables(), CONFIG)


def test_the_records_of_a_young_cohort_say_what_each_counts_as(fixture_company):
    rows = {row["lead_id"]: row for row in listed(fixture_company, "mql_to_sal", "week")}
    # L31's window closes with the as-of moment; L32's and L34's are open then.
    assert {lead: row["outcome"] for lead, row in rows.items()} == {
        "L28": "converted",
        "L29": "converted",
        "L30": "not converted",
        "L31": "converted",
        "L32": "converted early; counts when its window is over",
        "L34": "maturing",
    }
    parts = [row["part"] for row in rows.values()]
    assert (parts.count(Part.BOTH), parts.count(Part.MATURING)) == (3, 1)


def test_deals_without_an_amount_are_listed_and_add_nothing(fixture_company):
    rows = {row["opportunity_id"]: row for row in listed(fixture_company, "bookings")}
    assert rows["O03"]["outcome"] == "without an amount"
    assert sum(row["numerator"] or 0 for row in rows.values()) == 9500.10
    assert list(rows) == sorted(rows, key=lambda i: (rows[i]["at"], i), reverse=True)


def test_records_keep_to_the_filter_and_show_people_only_to_who_may_see_them(fixture_company):
    query = question("leads", Span(*PERIODS["month"]), where=(("region", ("EMEA",)),))
    assert {row["region"] for row in page(fixture_company, query).rows} == {"EMEA"}
    hidden = page(fixture_company, query, shows_people=False)
    assert {row["lead"] for row in hidden.rows} == {None}


def test_an_offset_past_the_end_is_empty_with_the_totals(fixture_company):
    found = page(fixture_company, question("leads", Span(*PERIODS["month"])), offset=1_000)
    assert (found.rows, found.total) == ([], 18)


def test_a_question_of_two_kpis_has_no_records(fixture_company):
    span = Span(*PERIODS["month"])
    with pytest.raises(QueryError, match="one KPI"):
        page(fixture_company, MetricQuery(("leads", "mqls"), (span,), AS_OF))
