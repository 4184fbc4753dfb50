"""The SLA over a million handoffs: the clock's derivation, and adherence by rep and month.

``BENCH_HANDOFFS`` sets the number (1,000,000 unless given), with two touches a handoff. Adherence
as the program asks for it stands beside two plain GROUP BYs with the same output, by hand, side by
side in one run, the median of seven rounds each: over the same two tables, and over one flat table
that holds all that they need.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Engine, create_engine, text

from data.config import Config, load_config
from data.demo.arrow import contract_table, ids, words
from data.derive import derive
from data.dialects import parse_url
from data.load import load_tables
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.engine import run_query
from metrics.query import MetricQuery

ROUNDS = 7
# Midnights in New York.
FIRST, LAST = datetime(2025, 1, 1, 5), datetime(2026, 12, 1, 5)
REPS = 200
ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London"),
    *("Europe/Berlin", "Asia/Singapore", "Australia/Sydney", "America/Sao_Paulo"),
)
PRIORITIES = ("P1", "P2", "P3")

# The same output from the same rows, as one would write it by hand.
_ANSWERED = """
SELECT handed_at, assigned_to, due_at, target_seconds,
       CASE WHEN own_response_at <= CAST(:as_of AS TIMESTAMP) THEN own_response_seconds
            WHEN found_response_at <= CAST(:as_of AS TIMESTAMP) THEN found_response_seconds
       END AS seconds
FROM handoffs JOIN handoff_clock USING (handoff_id) WHERE handed_at <= CAST(:as_of AS TIMESTAMP)
"""
_OUTPUT = """
SELECT date_trunc('month', timezone('America/New_York', timezone('UTC', handed_at))), assigned_to,
       sum(CASE WHEN due_at <= :as_of AND seconds <= target_seconds THEN 1 ELSE 0 END),
       sum(CASE WHEN due_at <= :as_of THEN 1 ELSE 0 END),
       sum(CASE WHEN due_at > :as_of THEN 1 ELSE 0 END)
FROM {rows} GROUP BY 1, 2
"""
JOINED = _OUTPUT.replace("{rows}", "(" + _ANSWERED + ") answered")
FLAT = _OUTPUT.replace("{rows}", "flat")
FLAT_TABLE = "CREATE TEMP TABLE flat AS " + _ANSWERED


def run() -> Iterable[tuple[str, float, str]]:
    handoffs = int(os.environ.get("BENCH_HANDOFFS", "1000000"))
    with tempfile.TemporaryDirectory() as folder:
        url = parse_url(f"duckdb:///{Path(folder) / 'bench.duckdb'}", name="bench")
        config = load_config(demo=True)
        start = perf_counter()
        load_tables(url, _tables(handoffs), company="demo", config=config)
        yield "handoffs", handoffs, ""
        yield "loaded and derived", perf_counter() - start, "s"
        engine = create_engine(url)
        try:
            yield "derived once more", _derivation(engine, config), "s"
            yield "peak memory so far", _peak(), "MB"
        finally:
            engine.dispose()
        yield from _compared(Warehouse(url))
        yield "peak memory of this process", _peak(), "MB"


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _tables(size: int) -> dict[str, pa.Table]:
    """Reps in eight zones; handoffs of which a fifth is never answered; touches around them."""
    rng = np.random.default_rng(5)
    window = int((LAST - FIRST).total_seconds())

    def later(base: np.ndarray, mean_hours: float) -> np.ndarray:
        delay = rng.exponential(mean_hours * 3600, len(base)).astype(np.int64)
        return base + delay.astype("timedelta64[s]")

    number = np.arange(size)
    handed = np.datetime64(FIRST, "us") + np.sort(rng.integers(0, window, size)).astype(
        "timedelta64[s]"
    )
    answered = later(handed, 6)
    silent = rng.random(size) < 0.2
    own = np.where(silent | (rng.random(size) < 0.5), np.datetime64("NaT"), answered)
    worked = np.repeat(number[~silent], 2)
    at = later(answered[worked], 20)
    rep = rng.integers(0, REPS, size)
    return {
        "reps": contract_table(
            "reps",
            {
                "rep_id": ids("R", np.arange(REPS), 4),
                "team": words(("sales",), np.zeros(REPS, dtype=np.int64)),
                "timezone": words(ZONES, np.arange(REPS) % len(ZONES)),
            },
        ),
        "handoffs": contract_table(
            "handoffs",
            {
                "handoff_id": ids("H", number, 8),
                "lead_id": ids("L", number, 8),
                "handed_at": handed,
                "priority": words(PRIORITIES, rng.integers(0, len(PRIORITIES), size)),
                "assigned_to": ids("R", rep, 4),
                "first_response_at": own,
            },
        ),
        "touches": contract_table(
            "touches",
            {
                "touch_id": ids("T", np.arange(len(worked)), 8),
                "lead_id": ids("L", worked, 8),
                "occurred_at": at,
                "team": words(("sales",), np.zeros(len(worked), dtype=np.int64)),
                "channel": words(("phone",), np.zeros(len(worked), dtype=np.int64)),
                "rep_id": ids("R", rep[worked], 4),
            },
        ),
    }


def _derivation(engine: Engine, config: Config) -> float:
    with engine.begin() as connection:
        start = perf_counter()
        derive(connection, config)
        return perf_counter() - start


def _medians(*actions: Callable[[], object]) -> list[float]:
    """The median seconds of each, taken in turns."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for action, taken in zip(actions, times, strict=True):
            start = perf_counter()
            action()
            taken.append(perf_counter() - start)
    return [median(taken) for taken in times]


def _compared(warehouse: Warehouse) -> Iterable[tuple[str, float, str]]:
    calendar = Calendar(warehouse.config)
    as_of = warehouse.default_as_of
    months = calendar.between(date(2025, 1, 1), date(2026, 12, 1), Cadence.MONTHLY)
    query = MetricQuery(
        ("sla_response",), tuple(month.span for month in months), as_of, by=("rep",)
    )
    values: dict[str, Any] = {"as_of": as_of}
    # The program's own connection is read-only; a temporary table is the connection's.
    with warehouse.engine.connect() as connection:
        connection.execute(text(FLAT_TABLE), values)

        def ours() -> int:
            RESULTS.clear()
            return len(run_query(warehouse, query))

        def joined() -> int:
            return len(connection.execute(text(JOINED), values).fetchall())

        def flat() -> int:
            return len(connection.execute(text(FLAT), values).fetchall())

        rows = ours(), joined(), flat()
        assert len(set(rows)) == 1, rows
        yield "rows of output", rows[0], ""
        seconds = _medians(ours, joined, flat)
    for what, taken in zip(
        ("adherence", "GROUP BY, joined", "GROUP BY, flat"), seconds, strict=True
    ):
        yield what, taken * 1000, "ms"
    yield "adherence ÷ GROUP BY, joined", seconds[0] / seconds[1], "×"
    yield "adherence ÷ GROUP BY, flat", seconds[0] / seconds[2], "×"
