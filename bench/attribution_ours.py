"""All models at once on one warehouse, in a process of its own: prints seconds and peak memory.

``python -m bench.attribution_ours URL ROUNDS``
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from bench.attribution_journeys import AS_OF
from data.dialects import parse_url
from data.warehouse import Warehouse
from metrics.attribution import AttributionQuery, attribute_all
from metrics.cache import RESULTS
from metrics.calendar import Span


def peak_mb() -> float:
    """The most memory that this process has held; what its parent held would count in rusage."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main(url: str, rounds: int) -> None:
    warehouse = Warehouse(parse_url(url, name="bench"), timeout_seconds=1_800)
    year = Span(date(2026, 1, 1), date(2027, 1, 1))
    query = AttributionQuery("linear", "channel", year, AS_OF)
    _ = warehouse.config
    seconds, processor = [], []
    for _ in range(rounds):
        RESULTS.clear()
        start, worked = perf_counter(), process_time()
        attribute_all(warehouse, query)
        seconds.append(perf_counter() - start)
        processor.append(process_time() - worked)
    measured = {"seconds": median(seconds), "processor": median(processor), "peak_mb": peak_mb()}
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
