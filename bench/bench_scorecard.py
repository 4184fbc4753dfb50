"""The default scorecard, all numbers uncached, beside the same numbers by hand-written SQL.

``BENCH_LEADS`` sets the sizes (10,000, 100,000 and 1,000,000 leads unless given, separated by
commas, and 10,000,000 where there is ``ROOM_GB`` for it; ten touches a lead). Each company is made
once, the largest in some ten minutes, and kept (``bench/big_company.py``). Times
are medians of rounds in which the program and the SQL by hand take turns, and both must say the
same: what they are compared by is in ``AGREED``. By hand asks 53 weeks and 12 months; the program
the periods of each tile, its comparison, its target's pace and what its limits are made of.
"""

from __future__ import annotations

import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import isclose
from pathlib import Path
from statistics import median
from time import perf_counter

from sqlalchemy import Connection

from bench import hand_written
from bench.big_company import SEED as SEED
from bench.big_company import big_company, kept_in
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.scorecard import Scorecard, build_scorecard
from metrics.view import View

ROUNDS = 7
SIZES = [10_000, 100_000, 1_000_000]
# The size that the goals are for.
LARGE = 1_000_000
# One more, where it can be made: memory of the machine, free on the disk of the kept companies.
LARGEST = 10_000_000
ROOM_GB = {"memory": 20, "disk": 25}
Figure = tuple[str, float, str, str]
Answers = Mapping[str, float]

# What a tile shows, out of the week's row by hand.
AGREED: Mapping[str, Callable[[Answers], float]] = {
    "mqls": lambda a: a["mqls"],
    "mql_completeness": lambda a: a["complete"] / a["mqls"],
    "stage_days_mql_to_sql": lambda a: a["stage_days"],
    "sqls": lambda a: a["sqls"],
    "sla_response": lambda a: a["met"] / a["due"],
    "overdue_handoffs": lambda a: a["overdue"],
    "lead_rejection_rate": lambda a: a["rejected"] / a["disposed"],
    "meetings_held": lambda a: a["held"],
    "cost_per_opportunity": lambda a: a["spent"] / a["created"],
    "marketing_sourced_pipeline": lambda a: a["sourced"],
    "marketing_influenced_bookings": lambda a: a["influenced"],
    "win_rate": lambda a: a["won"] / a["closed"],
    "sales_cycle_days": lambda a: a["cycle_days"],
}


def run() -> Iterable[Figure]:
    named = os.environ.get("BENCH_LEADS")
    sizes = [int(size) for size in named.split(",")] if named else _sizes()
    took: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            # Baselines are locked in a state database; not in the developer's own.
            os.environ["STATE_URL"] = f"sqlite:///{Path(folder) / f'state-{size}.sqlite'}"
            for figure in _measured(Warehouse(big_company(size)), size):
                yield figure
                if figure[0].endswith("uncached"):
                    took[size] = figure[1]
    yield from _growth(took)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "peak memory of this process", peak, "MB", ""


def _sizes() -> list[int]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    kept_in().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(kept_in()).free / 1e9
    has_room = memory >= ROOM_GB["memory"] and free >= ROOM_GB["disk"]
    return [*SIZES, LARGEST] if has_room else SIZES


def _growth(took: Mapping[int, float]) -> Iterable[Figure]:
    """The growth of time over the growth of size, from each size to the next: 1 is linear."""
    sizes = sorted(took)
    for size, larger in pairwise(sizes):
        times = took[larger] / took[size]
        what = f"time × {times:.2f} for leads × {larger / size:g}, ÷"
        yield f"{size:,} to {larger:,}: {what}", times / (larger / size), "", "≤ 1"


def _measured(warehouse: Warehouse, size: int) -> Iterable[Figure]:
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    view = View(calendar.default_period(Cadence.WEEKLY, as_of), as_of)
    name = f"{size:,} leads"
    goals = size == LARGE
    yield f"{name}: touches", warehouse.row_counts["touches"], "", ""
    with warehouse.engine.connect() as connection:
        hand_written.prepare(connection, calendar, as_of, view.period.start)

        def uncached(of: View = view) -> Scorecard:
            RESULTS.clear()
            return build_scorecard(warehouse, of)

        _check(uncached(), _by_hand(connection, view.period.start))
        ours, theirs = _medians(uncached, lambda: hand_written.ask(connection))
    yield f"{name}: scorecard, uncached", ours, "s", ""
    yield f"{name}: the same by hand", theirs, "s", ""
    yield f"{name}: scorecard ÷ by hand", ours / theirs, "×", "≤ 2" if goals else ""
    filtered = replace(view, where=(("region", ("EMEA",)),))
    (changed,) = _medians(lambda: uncached(filtered))
    yield f"{name}: a filter change", changed, "s", "≤ 1" if goals else ""
    monthly = View(calendar.default_period(Cadence.MONTHLY, as_of), as_of)
    (other,) = _medians(lambda: uncached(monthly))
    yield f"{name}: by month", other, "s", ""
    build_scorecard(warehouse, view)
    (cached,) = _medians(lambda: build_scorecard(warehouse, view))
    yield f"{name}: scorecard, cached", cached * 1000, "ms", ""
    warehouse.close()


def _by_hand(connection: Connection, week: date) -> Answers:
    """All columns of the week's row, of every statement."""
    found: dict[str, float] = {}
    for rows in hand_written.ask(connection):
        for row in rows:
            if (row["grain"], row["first_day"]) == ("week", week):
                numbers = {k: v for k, v in row.items() if k not in ("grain", "first_day")}
                found |= {name: float(value or 0) for name, value in numbers.items()}
    return found


def _check(scorecard: Scorecard, by_hand: Answers) -> None:
    tiles = {tile.metric.id: tile for tile in (*scorecard.goals, *scorecard.tiles)}
    for metric_id, of in AGREED.items():
        ours, theirs = tiles[metric_id].value, of(by_hand)
        if ours is None or not isclose(ours, theirs, rel_tol=1e-9):
            raise AssertionError(f"{metric_id}: {ours} here, {theirs} by hand")


def _medians(*actions: Callable[[], object]) -> list[float]:
    """The median seconds of each, taken in turns."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(ROUNDS):
        for action, taken in zip(actions, times, strict=True):
            start = perf_counter()
            action()
            taken.append(perf_counter() - start)
    return [median(taken) for taken in times]
