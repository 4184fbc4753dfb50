"""The cache of results: one computation a key, no error kept, never another data version's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, update

from data.tables import leads, loads
from data.warehouse import Warehouse
from metrics.cache import RESULTS, ResultCache
from metrics.calendar import Span
from metrics.engine import run_query
from metrics.query import MetricQuery
from tests.build import at, fill
from tests.metrics.fixture_company import AS_OF, PERIODS
from tests.rows import add, change

THREADS = 8


def test_concurrent_misses_of_a_key_run_one_computation():
    cache = ResultCache()
    all_are_asking = threading.Barrier(THREADS)
    may_finish = threading.Event()
    runs = []

    def compute() -> int:
        runs.append(1)
        assert may_finish.wait(5)
        return 42

    def ask() -> int:
        all_are_asking.wait(5)
        return cache.get("key", compute)

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [pool.submit(ask) for _ in range(THREADS)]
        may_finish.set()
        assert {answer.result(10) for answer in answers} == {42}
    assert len(runs) == 1
    assert (cache.misses, cache.hits) == (1, THREADS - 1)


def test_other_keys_do_not_wait():
    cache = ResultCache()
    started, may_finish = threading.Event(), threading.Event()

    def slow() -> str:
        started.set()
        assert may_finish.wait(5)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(cache.get, "slow", slow)
        assert started.wait(5)
        assert cache.get("quick", lambda: "quick") == "quick"
        assert not first.done()
        may_finish.set()
        assert first.result(5) == "slow"


def test_an_error_is_raised_and_not_kept():
    cache = ResultCache()

    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.get("key", fail)
    assert cache.get("key", lambda: 1) == 1


def test_who_waited_for_an_error_tries_again():
    cache = ResultCache()
    started, may_fail = threading.Event(), threading.Event()

    def fail() -> int:
        started.set()
        assert may_fail.wait(5)
        raise ValueError("no")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get, "key", fail)
        assert started.wait(5)
        second = pool.submit(cache.get, "key", lambda: 7)
        may_fail.set()
        assert second.result(5) == 7
        with pytest.raises(ValueError, match="no"):
            first.result(5)


def test_none_is_an_answer_too():
    cache = ResultCache()
    assert cache.get("key", lambda: None) is None
    assert cache.get("key", lambda: 1) is None


def test_the_cache_is_bounded():
    cache = ResultCache(entries=3)
    for number in range(10):
        cache.get(number, lambda: None)
    assert cache.get(0, lambda: "anew") == "anew"


def test_changed_data_are_never_answered_from_the_cache(engine_url, company):
    fill(engine_url, {"leads": [{"lead_id": "L1", "created_at": at("2026-06-02")}]})
    company(engine_url)
    span = Span(*PERIODS["month"])

    def count(as_of=AS_OF) -> float | None:
        warehouse = Warehouse(create_engine(engine_url).url)
        value = run_query(warehouse, MetricQuery(("leads",), (span,), as_of))[0].value
        warehouse.engine.dispose()
        return value

    RESULTS.clear()
    assert count() == 1
    misses = RESULTS.misses
    assert count() == 1
    assert RESULTS.misses == misses, "the same question of the same data is asked once"
    assert count(at("2026-06-01")) == 0
    engine = create_engine(engine_url)
    with engine.begin() as connection:
        add(connection, leads, [{"lead_id": "L2", "created_at": at("2026-06-03")}])
        change(connection, update(loads).values(load_id="load-2", row_count=2))
    engine.dispose()
    assert count() == 2


def test_what_a_cache_holds_and_how_often_it_had_the_answer():
    cache = ResultCache(entries=2, seconds=60)
    assert (cache.stats().hit_rate, cache.find("a")) == (None, None)
    for key in ("a", "b", "a", "a", "c"):
        cache.get(key, key.upper)
    stats = cache.stats()
    assert (stats.entries, stats.most, stats.seconds) == (2, 2, 60)
    assert (stats.hits, stats.misses, stats.hit_rate) == (2, 3, 0.4)
    assert (cache.find("c"), cache.find("z")) == ("C", None)
    assert cache.stats().hits == 2  # a look is no question


def test_what_is_too_old_is_not_counted():
    cache = ResultCache(seconds=0.001)
    cache.get("a", lambda: 1)
    threading.Event().wait(0.01)
    assert cache.stats().entries == 0
