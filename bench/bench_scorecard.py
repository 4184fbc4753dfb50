"""The default scorecard, all numbers uncached, beside hand-written SQL over the same columns.

``BENCH_LEADS`` sets the size of the demo company (20,000 unless given). The ratio is measured side
by side in one run, the median of five rounds each.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import text

from data.config import load_config
from data.demo.build import build_demo
from data.dialects import parse_url
from data.load import load_tables
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.scorecard import build_scorecard
from metrics.view import View

ROUNDS = 5
THROUGH = date(2026, 10, 31)

# One plain pass over each table that the scorecard reads: weeks by count and sum, no cohorts, no
# percentiles, no comparison. What the columns cost to read and group at all.
BY_HAND = (
    "SELECT date_trunc('week', created_at), count(*) FROM leads GROUP BY 1",
    "SELECT date_trunc('week', entered_at), stage, count(DISTINCT lead_id) FROM lead_stages "
    "GROUP BY 1, 2",
    "SELECT date_trunc('week', day), sum(amount) FROM spend GROUP BY 1",
    "SELECT date_trunc('week', created_at), count(*), sum(amount) FROM opportunities GROUP BY 1",
    "SELECT date_trunc('week', closed_at), status, count(*), sum(amount), "
    "median(epoch(closed_at - created_at)) FROM opportunities GROUP BY 1, 2",
    "SELECT date_trunc('week', h.handed_at), count(*), sum(CASE WHEN own_response_seconds <= "
    "target_seconds THEN 1 ELSE 0 END), median(own_response_seconds) FROM handoffs h "
    "JOIN handoff_clock c USING (handoff_id) GROUP BY 1",
    "SELECT date_trunc('week', occurred_at), count(*) FROM touches WHERE team = 'sales' "
    "AND kind = 'meeting' GROUP BY 1",
)


def _median_seconds(action: Callable[[], object]) -> float:
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        action()
        times.append(perf_counter() - start)
    return median(times)


def run() -> Iterable[tuple[str, float, str]]:
    leads = int(os.environ.get("BENCH_LEADS", "20000"))
    with tempfile.TemporaryDirectory() as folder:
        # Baselines are locked in a state database; not in the developer's own.
        os.environ["STATE_URL"] = f"sqlite:///{Path(folder) / 'state.sqlite'}"
        url = parse_url(f"duckdb:///{Path(folder) / 'bench.duckdb'}", name="bench")
        config = load_config(demo=True)
        start = perf_counter()
        tables = build_demo(leads=leads, seed=42, through=THROUGH)
        generated = perf_counter()
        load_tables(url, tables, company="demo", config=config)
        loaded = perf_counter()
        del tables
        yield "leads", leads, ""
        yield "demo generated", generated - start, "s"
        yield "demo loaded and derived", loaded - generated, "s"
        yield from _compared(Warehouse(url))


def _compared(warehouse: Warehouse) -> Iterable[tuple[str, float, str]]:
    calendar = Calendar(warehouse.config)
    as_of = warehouse.default_as_of
    view = View(calendar.default_period(Cadence.WEEKLY, as_of), as_of)

    def uncached() -> None:
        RESULTS.clear()
        build_scorecard(warehouse, view)

    def by_hand() -> None:
        for statement in BY_HAND:
            warehouse.rows(text(statement))

    uncached()
    by_hand()
    ours, theirs = _median_seconds(uncached), _median_seconds(by_hand)
    yield "scorecard, uncached", ours, "s"
    yield "scorecard, cached", _median_seconds(lambda: build_scorecard(warehouse, view)), "s"
    yield "hand-written pass", theirs, "s"
    yield "scorecard ÷ hand-written pass", ours / theirs, "×"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "peak memory of this process", peak, "MB"
