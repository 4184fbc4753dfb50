"""Engine and oracle agree on random companies; sums add up; an as-of moment is a real past."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query, used_stages
from metrics.model import Kind, Metric, Status
from metrics.query import Row
from tests.build import newest_event
from tests.matrix import DATABASES, ENGINES, examples
from tests.metrics.worlds import (
    PLAIN,
    ZONES,
    Refillable,
    World,
    before,
    config_text,
    refillable,
)
from tests.oracle import Oracle

# A company is made of one number, so that a failure is repeated by it: no search for a smaller one.
SEEDS = st.integers(0, 2**32)
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]
ADDITIVE = (Kind.COUNT, Kind.SUM, Kind.RATIO)
# A lead counts once a span: the parts of a span add up to it, several spans do not.
ONCE_A_SPAN = ("redundant_outreach_rate",)
SHARES = ("mql_completeness", "wasted_effort_share", *ONCE_A_SPAN)


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("properties")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory) -> Iterator[Refillable]:
    with (
        DATABASES["duckdb"](tmp_path_factory.mktemp("properties")) as url,
        refillable(url) as found,
    ):
        yield found


def key_of(row: Row) -> tuple:
    return row.metric, row.span, row.members


def figures(row: Row) -> tuple:
    return row.value, row.numerator, row.denominator, str(row.status), row.maturing


def same(one: tuple, other: tuple) -> bool:
    return all(
        a == b or (isinstance(a, int | float) and isinstance(b, int | float) and is_close(a, b))
        for a, b in zip(one, other, strict=True)
    )


def is_close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def used_tables(metric: Metric) -> set[str]:
    """The tables on which a KPI's figures depend, that among them which it can do without."""
    return {*metric.tables, *([metric.fallback.table] if metric.fallback else [])}


def is_nothing(row: Row) -> bool:
    return not (row.value or row.numerator or row.denominator or row.maturing)


def check_agreement(database: Refillable, seed: int) -> None:
    world = World(seed)
    config = CONFIGS[seed % len(CONFIGS)]
    tables = world.tables()
    warehouse = database.fill(tables, config)
    for _ in range(2):
        query = world.question(config)
        rows = run_query(warehouse, query)
        expected = Oracle(tables, config, newest_event(tables)).answer(query)
        assert len({key_of(row) for row in rows}) == len(rows), "a combination occurs twice"
        assert not expected.keys() - {key_of(row) for row in rows}, "a combination is dropped"
        for row in rows:
            want = expected.get(key_of(row))
            if want is None:
                # A member that the entity has, with nothing that this KPI counts.
                assert is_nothing(row), row
                continue
            answer = (want.value, want.numerator, want.denominator, want.status, want.maturing)
            assert same(figures(row), answer), (row, want, query)


@settings(SETTINGS, max_examples=8)
@given(seed=SEEDS)
def test_engine_and_oracle_agree(duckdb, seed):
    check_agreement(duckdb, seed)


@pytest.mark.long
@settings(SETTINGS, max_examples=150)
@given(seed=SEEDS)
def test_engine_and_oracle_agree_in_many_companies(duckdb, seed):
    check_agreement(duckdb, seed)


@settings(SETTINGS, max_examples=examples(4))
@given(seed=SEEDS)
def test_engine_and_oracle_agree_on_every_engine(database, seed):
    check_agreement(database, seed)


@settings(SETTINGS, max_examples=5)
@given(seed=SEEDS)
def test_parts_add_up_to_the_total(duckdb, seed):
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    warehouse = duckdb.fill(world.tables(), config)
    additive = tuple(name for name, metric in CATALOG.items() if metric.kind in ADDITIVE)
    whole = replace(world.question(config, by=False), metrics=additive)
    dimensions = ("channel", "campaign", "rep", "kind", "region", "industry")
    by = tuple(world.random.sample(dimensions, world.random.randint(1, 2)))
    parts: dict[tuple, list[Row]] = {}
    for row in run_query(warehouse, replace(whole, by=by)):
        parts.setdefault((row.metric, row.span), []).append(row)
    for total in run_query(warehouse, whole):
        rows = parts.get((total.metric, total.span), [])
        if any(row.status is Status.NO_DATA for row in rows):
            continue
        for figure in ("numerator", "denominator"):
            added = sum(getattr(row, figure) or 0 for row in rows)
            assert is_close(added, getattr(total, figure) or 0), (total, rows)
        assert sum(row.maturing for row in rows) == total.maturing


@settings(SETTINGS, max_examples=5)
@given(seed=SEEDS)
def test_shares_lie_within_0_and_1_and_ratios_are_of_sums(duckdb, seed):
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    warehouse = duckdb.fill(world.tables(), config)
    query = world.question(config, whole=True)
    rows = run_query(warehouse, query)
    for row in rows:
        kind = CATALOG[row.metric].kind
        if row.value is not None and kind in (Kind.COHORT, Kind.RATIO):
            assert row.numerator is not None
            assert row.denominator
            assert is_close(row.value, row.numerator / row.denominator)
        if row.value is not None and (kind is Kind.COHORT or row.metric in SHARES):
            assert 0 <= row.value <= 1
        if kind is Kind.RATIO and not row.denominator:
            assert row.value is None
    # The periods of a question join to one span; its ratio is that of the sums.
    start, end = min(s.start for s in query.spans), max(s.end for s in query.spans)
    for total in run_query(warehouse, replace(query, spans=(Span(start, end),))):
        metric = CATALOG[total.metric]
        adds_up = metric.kind in ADDITIVE and metric.spans_add_up
        if not adds_up or total.status is Status.NO_DATA:
            continue
        mine = [r for r in rows if (r.metric, r.members) == (total.metric, total.members)]
        for figure in ("numerator", "denominator"):
            added, whole = sum(getattr(r, figure) or 0 for r in mine), getattr(total, figure) or 0
            if total.metric in ONCE_A_SPAN:
                most = max((getattr(r, figure) or 0 for r in mine), default=0)
                assert most <= whole <= added, (total, mine)
            else:
                assert is_close(added, whole), (total, mine)


@settings(SETTINGS, max_examples=5)
@given(seed=SEEDS)
def test_as_of_a_moment_nothing_later_exists(duckdb, seed):
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    tables = world.tables()
    query = replace(world.question(config), as_of=world.moment(), where=())
    past = before(tables, query.as_of)
    answered = run_query(duckdb.fill(tables, config), query)
    warehouse = duckdb.fill(past, config)
    # A company that does not use a stage or table *yet* is another matter.
    unused = {row["stage"] for row in tables["lead_stages"]} - used_stages(warehouse)
    emptied = {name for name in tables if tables[name] and not past[name]}
    kept = tuple(
        name
        for name in PLAIN
        if not emptied & used_tables(CATALOG[name]) and not unused & set(CATALOG[name].needs_stages)
    )
    then = {key_of(row): row for row in run_query(warehouse, replace(query, metrics=kept))}
    for row in answered:
        if row.metric not in kept:
            continue
        other = then.pop(key_of(row), None)
        if other is None:
            assert is_nothing(row), row
            continue
        # How far the sources reach is the one thing that does differ.
        assert same(figures(row)[:3], figures(other)[:3]), (row, other)
        assert row.maturing == other.maturing, (row, other)
    assert all(is_nothing(row) for row in then.values())
