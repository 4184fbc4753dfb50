"""Engine and oracle agree on random companies; sums add up; an as-of moment is a real past."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.engine import run_query, used_stages
from metrics.model import Kind, Status
from metrics.query import MetricQuery, Row
from tests.build import newest_event
from tests.matrix import ENGINES
from tests.metrics.worlds import (
    ZONES,
    Refillable,
    Tables,
    before,
    config_text,
    questions,
    refillable,
    worlds,
)
from tests.oracle import Oracle

SETTINGS = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
    # Shrinking a company takes minutes; the failure names its tables and question in full.
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
)
CONFIGS = {zone: parse_config(config_text(zone)) for zone in ZONES}
ADDITIVE = (Kind.COUNT, Kind.SUM, Kind.RATIO)


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder: Path = tmp_path_factory.mktemp("properties")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory) -> Iterator[Refillable]:
    with ENGINES["duckdb"](tmp_path_factory.mktemp("properties")) as url, refillable(url) as found:
        yield found


def key_of(row: Row) -> tuple:
    return row.metric, row.span, row.members


def figures(row: Row) -> tuple:
    return row.value, row.numerator, row.denominator, str(row.status), row.maturing


def same(one: tuple, other: tuple) -> bool:
    return all(
        a == b
        or (isinstance(a, int | float) and isinstance(b, int | float) and isclose(a, b))
        for a, b in zip(one, other, strict=True)
    )


def isclose(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def is_nothing(row: Row) -> bool:
    return not (row.value or row.numerator or row.denominator or row.maturing)


def check_agreement(
    database: Refillable, tables: Tables, zone: str, query: MetricQuery
) -> None:
    config = CONFIGS[zone]
    rows = run_query(database.fill(tables, config), query)
    expected = Oracle(tables, config, newest_event(tables)).answer(query)
    assert len({key_of(row) for row in rows}) == len(rows), "a combination occurs twice"
    missing = expected.keys() - {key_of(row) for row in rows}
    assert not missing
    for row in rows:
        answer = expected.get(key_of(row))
        if answer is None:
            # A member that the entity has, with nothing that this KPI counts.
            assert is_nothing(row), row
            continue
        want = (answer.value, answer.numerator, answer.denominator, answer.status, answer.maturing)
        assert same(figures(row), want), (row, answer)


@SETTINGS
@given(data=st.data(), tables=worlds(), zone=st.sampled_from(ZONES))
def test_engine_and_oracle_agree(duckdb, data, tables, zone):
    check_agreement(duckdb, tables, zone, data.draw(questions(CONFIGS[zone])))


@settings(SETTINGS, max_examples=15)
@given(data=st.data(), tables=worlds(), zone=st.sampled_from(ZONES))
def test_engine_and_oracle_agree_on_every_engine(database, data, tables, zone):
    check_agreement(database, tables, zone, data.draw(questions(CONFIGS[zone])))


@settings(SETTINGS, max_examples=40)
@given(data=st.data(), tables=worlds(), zone=st.sampled_from(ZONES))
def test_parts_add_up_to_the_total(duckdb, data, tables, zone):
    warehouse = duckdb.fill(tables, CONFIGS[zone])
    whole = data.draw(questions(CONFIGS[zone], by=False))
    dimensions = data.draw(st.lists(st.sampled_from(("channel", "campaign", "rep", "kind")), min_size=1, unique=True))
    additive = tuple(name for name, metric in CATALOG.items() if metric.kind in ADDITIVE)
    whole = replace(whole, metrics=additive)
    parts: dict[tuple, list[Row]] = {}
    for row in run_query(warehouse, replace(whole, by=tuple(dimensions))):
        parts.setdefault((row.metric, row.span), []).append(row)
    for total in run_query(warehouse, whole):
        rows = parts.get((total.metric, total.span), [])
        if any(row.status is Status.NO_DATA for row in rows):
            continue
        for figure in ("numerator", "denominator"):
            added = sum(getattr(row, figure) or 0 for row in rows)
            assert added == pytest.approx(getattr(total, figure) or 0, abs=1e-9), total
        assert sum(row.maturing for row in rows) == total.maturing


@settings(SETTINGS, max_examples=40)
@given(data=st.data(), tables=worlds(handoffs=3), zone=st.sampled_from(ZONES))
def test_shares_lie_within_0_and_1_and_ratios_are_of_sums(duckdb, data, tables, zone):
    warehouse = duckdb.fill(tables, CONFIGS[zone])
    query = data.draw(questions(CONFIGS[zone], whole=True))
    rows = run_query(warehouse, query)
    for row in rows:
        kind = CATALOG[row.metric].kind
        if kind is Kind.COHORT and row.value is not None:
            assert 0 <= row.value <= 1
        if kind in (Kind.COHORT, Kind.RATIO) and row.value is not None:
            assert row.value == pytest.approx(row.numerator / row.denominator)
        if kind is Kind.RATIO and not row.denominator:
            assert row.value is None
    # The periods of a question join to one span; its ratio is that of the sums.
    start, end = min(s.start for s in query.spans), max(s.end for s in query.spans)
    joined = {
        (row.metric, row.members): row
        for row in run_query(warehouse, replace(query, spans=(Span(start, end),)))
    }
    for (metric, members), total in joined.items():
        if CATALOG[metric].kind not in ADDITIVE or total.status is Status.NO_DATA:
            continue
        mine = [row for row in rows if (row.metric, row.members) == (metric, members)]
        for figure in ("numerator", "denominator"):
            added = sum(getattr(row, figure) or 0 for row in mine)
            assert added == pytest.approx(getattr(total, figure) or 0, abs=1e-9)


@settings(SETTINGS, max_examples=60)
@given(data=st.data(), tables=worlds(), zone=st.sampled_from(ZONES))
def test_as_of_a_moment_nothing_later_exists(duckdb, data, tables, zone):
    config = CONFIGS[zone]
    query = data.draw(questions(config))
    past = before(tables, query.as_of)
    answered = run_query(duckdb.fill(tables, config), query)
    warehouse = duckdb.fill(past, config)
    # A company that does not use a stage or table *yet* is another matter.
    unused = {row["stage"] for row in tables["lead_stages"]} - used_stages(warehouse)
    emptied = {name for name in tables if tables[name] and not past[name]}
    kept = tuple(
        name
        for name, metric in CATALOG.items()
        if not emptied & set(metric.tables) and not unused & set(metric.needs_stages)
    )
    then = {key_of(row): row for row in run_query(warehouse, replace(query, metrics=kept))}
    for row in answered:
        if row.metric not in kept:
            continue
        other = then.pop(key_of(row), None)
        if other is None:
            assert is_nothing(row)
            continue
        # How far the sources reach is the one thing that does differ.
        assert same(figures(row)[:3], figures(other)[:3]), (row, other)
        assert row.maturing == other.maturing
    assert all(is_nothing(row) for row in then.values())
