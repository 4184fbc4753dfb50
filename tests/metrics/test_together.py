"""What is asked together is what is asked alone: shared rows, spans of one's own, early reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Integer, Select, column, literal, select, values

from data.config import parse_config
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.catalog import by_day, find_metric
from metrics.engine import run_query
from metrics.errors import QueryError
from metrics.query import MetricQuery, Row
from metrics.together import apart, as_one
from tests.matrix import ENGINES, examples
from tests.metrics.worlds import ZONES, Refillable, World, config_text, refillable

OF_STAGES = (
    *("mqls", "sals", "sqls", "re_mqls", "lead_to_mql", "mql_to_sal", "mql_to_sql"),
    *("sql_to_opportunity", "stage_days_mql_to_sql", "mql_completeness", "_mqls_delivered"),
)
SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=examples(3),
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("together")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


def answers(warehouse: Warehouse, query: MetricQuery) -> list[Row]:
    RESULTS.clear()
    return run_query(warehouse, query)


def asked_of(database: Refillable, seed: int) -> tuple[Warehouse, MetricQuery]:
    """A company at random and a question about its stages."""
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    warehouse = database.fill(world.tables(), config)
    return warehouse, replace(world.question(config), metrics=OF_STAGES, unit="lead")


@SETTINGS
@given(seed=st.integers(0, 2**32))
def test_kpis_asked_together_say_what_each_says_alone(database, seed):
    warehouse, query = asked_of(database, seed)
    together = answers(warehouse, query)
    alone = [row for m in OF_STAGES for row in answers(warehouse, replace(query, metrics=(m,)))]
    assert together == alone


@SETTINGS
@given(seed=st.integers(0, 2**32))
def test_a_kpi_over_spans_of_its_own_says_what_it_says_over_all(database, seed):
    warehouse, query = asked_of(database, seed)
    few = query.spans[:1]
    own = answers(warehouse, replace(query, apart=(("mqls", few), ("mql_to_sql", few))))
    over_all = {
        row
        for row in answers(warehouse, query)
        if row.metric not in ("mqls", "mql_to_sql") or row.span in few
    }
    # In a split, members that occur in other spans alone have rows of nothing in these.
    assert {row for row in own if _says_something(row)} == {
        row for row in over_all if _says_something(row)
    }


def _says_something(row: Row) -> bool:
    return bool(row.numerator or row.denominator or row.maturing or row.reason)


@SETTINGS
@given(seed=st.integers(0, 2**32))
def test_an_early_read_is_the_conversion_with_that_window(database, seed):
    warehouse, query = asked_of(database, seed)
    cohorts = ("mql_to_sal", "sql_to_opportunity")
    early = tuple(by_day(find_metric(name), 7) for name in cohorts)
    beside = answers(warehouse, replace(query, metrics=(*cohorts, *early), window_days=None))
    alone = answers(warehouse, replace(query, metrics=cohorts, window_days=7))
    named = dict(zip(early, cohorts, strict=True))
    found = [replace(row, metric=named[row.metric]) for row in beside if row.metric in named]
    assert found == alone


@pytest.mark.parametrize("wrong", ["mqls_by_day_7", "mql_to_sal_by_day_0", "x_by_day_7"])
def test_only_a_conversion_has_an_early_read(wrong: str):
    with pytest.raises(QueryError, match="metric"):
        MetricQuery((wrong,), (), None)  # type: ignore[arg-type]


def test_rows_of_several_statements_come_back_as_their_own(database):
    def statement(**columns) -> Select:
        rows = values(column("span", Integer), name="rows").data([(1,), (2,)])
        return select(rows.c.span, *(c.label(name) for name, c in columns.items()))

    parts = [statement(n=literal(5), total=literal(2.5)), statement(n=literal(7))]
    rows = database.fill({}, CONFIGS[0]).rows(as_one(parts, ["span"]))
    found = apart(["a", "b"], ["span"], sorted(rows, key=lambda row: (row["part"], row["span"])))
    assert found == {
        "a": [{"span": 1, "n": 5, "total": 2.5}, {"span": 2, "n": 5, "total": 2.5}],
        "b": [{"span": 1, "n": 7}, {"span": 2, "n": 7}],
    }
