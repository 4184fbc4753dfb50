"""The demo company, loaded into DuckDB and into Spark: every figure of it is the same."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from data.quality import CHECKS, run_checks
from data.quality.report import as_text
from data.warehouse import Warehouse
from metrics.attribution import MODELS, AttributionQuery, By, attribute_all
from metrics.attribution.paths import top_paths
from metrics.calendar import Cadence, Calendar
from metrics.engine import run_query
from metrics.funnel import build_funnel
from metrics.query import MetricQuery
from metrics.reconcile import Ledger
from metrics.sla import build_sla
from metrics.view import View
from tests.metrics.worlds import PLAIN

Pair = tuple[Warehouse, Warehouse]


@pytest.fixture(scope="module")
def pair(demo_urls: tuple[str, str]) -> Iterator[Pair]:
    small, large = (Warehouse(make_url(url), timeout_seconds=600) for url in demo_urls)
    yield small, large
    small.close()
    large.close()


def both(pair: Pair, ask: Any) -> None:
    """The answers of both, held against each other to twelve digits of a fraction."""
    small, large = (ask(warehouse) for warehouse in pair)
    assert len(small) == len(large) > 0
    for one, other in zip(small, large, strict=True):
        assert same(one, other), (one, other)


def same(one: Any, other: Any) -> bool:
    """Equal, or numbers that differ by no more than the order of a sum of fractions makes."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-12)
    return bool(one == other)


def numbers(warehouse: Warehouse, query: MetricQuery) -> list[dict[str, Any]]:
    rows = run_query(warehouse, query)
    keyed = sorted(rows, key=lambda r: (r.metric, r.span.start, repr(r.members)))
    return [
        {
            "metric": row.metric, "members": repr(row.members), "status": str(row.status),
            "value": row.value, "numerator": row.numerator, "denominator": row.denominator,
            "maturing": row.maturing,
        }
        for row in keyed
    ]  # fmt: skip


@pytest.mark.parametrize("by", [(), ("channel",), ("manager",), ("priority", "region")], ids=str)
def test_every_kpi_of_five_quarters(pair: Pair, by: tuple[str, ...]) -> None:
    calendar = Calendar(pair[0].config)
    periods = calendar.between(date(2025, 4, 1), date(2026, 7, 1), Cadence.QUARTERLY)
    spans = tuple(period.span for period in periods)
    query = MetricQuery(PLAIN, spans, pair[0].default_as_of, by)
    both(pair, lambda warehouse: numbers(warehouse, query))


def test_every_kpi_by_account_under_a_filter(pair: Pair) -> None:
    calendar = Calendar(pair[0].config)
    periods = calendar.between(date(2026, 1, 1), date(2026, 7, 1), Cadence.MONTHLY)
    query = MetricQuery(
        PLAIN, tuple(period.span for period in periods), pair[0].default_as_of,
        where=(("region", ("EMEA", None)),), unit="account",
    )  # fmt: skip
    both(pair, lambda warehouse: numbers(warehouse, query))


def test_credit_under_every_model_and_the_paths(pair: Pair) -> None:
    calendar = Calendar(pair[0].config)
    (period,) = calendar.between(date(2026, 1, 1), date(2027, 1, 1), Cadence.YEARLY)
    for by in (By.CHANNEL, By.TEAM):
        query = AttributionQuery(
            model="linear", by=by, span=period.span, as_of=pair[0].default_as_of
        )
        small, large = (attribute_all(warehouse, query) for warehouse in pair)
        assert set(small) == set(large) <= set(MODELS)
        for model, answer in small.items():
            # Credit is money, rounded to cents: it is equal, not nearly so.
            assert repr(answer.total) == repr(large[model].total)
            for one, other in zip(answer.rows, large[model].rows, strict=True):
                assert (one.member, one.credit) == (other.member, other.credit), model
                assert same(float(one.conversions), float(other.conversions)), model
        both(pair, lambda warehouse, query=query: list(top_paths(warehouse, query)))


def test_every_record_has_the_same_reason(pair: Pair) -> None:
    calendar = Calendar(pair[0].config)
    (period,) = calendar.between(date(2026, 4, 1), date(2026, 7, 1), Cadence.QUARTERLY)
    small, large = (
        Ledger(warehouse, "mql", period.span, warehouse.default_as_of).balance()
        for warehouse in pair
    )
    assert small == large


def test_the_pages_of_funnel_and_sla(pair: Pair) -> None:
    calendar = Calendar(pair[0].config)
    (period,) = calendar.between(date(2026, 4, 1), date(2026, 7, 1), Cadence.QUARTERLY)
    view = View(period, pair[0].default_as_of)
    small, large = (build_sla(warehouse, view) for warehouse in pair)
    assert repr(small) == repr(large)
    small_funnel, large_funnel = (build_funnel(warehouse, view) for warehouse in pair)
    assert repr(small_funnel) == repr(large_funnel)


def test_the_checks_find_the_same(pair: Pair) -> None:
    small, large = (as_text(run_checks(warehouse, CHECKS)) for warehouse in pair)
    assert small == large
