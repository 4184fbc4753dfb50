"""ChannelAttribution at its best on the same touches: prints seconds and peak memory.

Run by the interpreter of its own environment: ``python attribution_theirs.py FILE ROUNDS``. It
joins nothing that it need not: no lookback, no eligibility, no contacts, no lead creation.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import duckdb

PATHS = """
SELECT path, sum(won)::BIGINT AS conversions, sum(amount) AS money,
       sum(1 - won)::BIGINT AS without
FROM (
    SELECT string_agg(t.channel, ' > ' ORDER BY t.occurred_at) AS path,
           max(CASE WHEN o.status = 'won' THEN 1 ELSE 0 END) AS won,
           max(CASE WHEN o.status = 'won' THEN o.amount::DOUBLE ELSE 0 END) AS amount
    FROM touches t LEFT JOIN opportunities o USING (lead_id)
    GROUP BY t.lead_id
)
GROUP BY path
"""


def peak_mb() -> float:
    """The most memory that this process has held; what its parent held would count in rusage."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def main(file: str, rounds: int) -> None:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints an advertisement
        package = importlib.import_module("ChannelAttribution")
    connection = duckdb.connect(file, read_only=True)
    seconds, processor = [], []
    for _ in range(rounds):
        start, worked = perf_counter(), process_time()
        found = connection.execute(PATHS).df()
        with contextlib.redirect_stdout(io.StringIO()):
            package.heuristic_models(found, "path", "conversions", var_value="money", flg_pro=False)
            package.markov_model(
                found, "path", "conversions", var_value="money", var_null="without",
                verbose=False, flg_pro=False,
            )  # fmt: skip
        seconds.append(perf_counter() - start)
        processor.append(process_time() - worked)
    measured = {"seconds": median(seconds), "processor": median(processor), "peak_mb": peak_mb()}
    print(json.dumps(measured))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
