"""All eleven models at once beside ChannelAttribution's four, on the same touches.

``BENCH_JOURNEYS`` sets the largest number of journeys (1,000,000 unless given; five times as many
touches); 10,000 and 100,000 come before it, to show how time grows. ChannelAttribution is GPL and
no dependency: it is installed into an environment of its own in a temporary folder, and where that
cannot be done nothing is compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterable
from pathlib import Path

from bench import attribution_theirs
from bench.attribution_journeys import build_journeys
from data.config import PROJECT_DIR
from data.dialects import parse_url

ROUNDS = 3
# matplotlib is imported by the package and missing from its requirements.
THEIRS = ("ChannelAttribution==2.2.5", "duckdb==1.5.6", "matplotlib")

# At the largest size: a quarter of their time, and a gigabyte. Time grows at most with journeys.
RATIO, MEMORY, GROWTH = "≤ 0.25", "< 1,000", "≤ 1"

Measured = dict[str, float]
Figure = tuple[str, float, str, str]


def run() -> Iterable[Figure]:
    most = int(os.environ.get("BENCH_JOURNEYS", "1000000"))
    with tempfile.TemporaryDirectory() as folder:
        theirs = _their_python(Path(folder) / "theirs")
        before: tuple[int, float] | None = None
        for count in sorted({min(10_000, most), min(100_000, most), most}):
            file = Path(folder) / f"{count}.duckdb"
            build_journeys(parse_url(f"duckdb:///{file}", name="bench"), count)
            url = f"duckdb:///{file}"
            ours = _measured([sys.executable, "-m", "bench.attribution_ours", url, str(ROUNDS)])
            yield from _compared(f"{count:,} journeys", file, ours, theirs, count == most)
            if before:
                growth = ours["seconds"] / before[1] / (count / before[0])
                yield f"{count:,} ÷ {before[0]:,}: time ÷ journeys", growth, "×", GROWTH
            before = count, ours["seconds"]


def _compared(
    label: str, file: Path, ours: Measured, their_python: Path | None, is_largest: bool
) -> Iterable[Figure]:
    yield f"{label}: all eleven models", ours["seconds"], "s", ""
    yield f"{label}: processor time", ours["processor"], "s", ""
    yield f"{label}: peak memory", ours["peak_mb"], "MB", MEMORY if is_largest else ""
    if their_python is None:
        return
    script = str(attribution_theirs.__file__)
    theirs = _measured([str(their_python), script, os.path.realpath(file), str(ROUNDS)])
    yield f"{label}: ChannelAttribution, four models", theirs["seconds"], "s", ""
    yield f"{label}: ChannelAttribution, peak memory", theirs["peak_mb"], "MB", ""
    yield f"{label}: ChannelAttribution, processor time", theirs["processor"], "s", ""
    ratio = ours["seconds"] / theirs["seconds"]
    yield f"{label}: ours ÷ theirs", ratio, "×", RATIO if is_largest else ""
    by_work = ours["processor"] / theirs["processor"]
    yield f"{label}: ours ÷ theirs, processor time", by_work, "×", ""


def _measured(command: list[str]) -> Measured:
    done = subprocess.run(command, cwd=PROJECT_DIR, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def _their_python(folder: Path) -> Path | None:
    """The interpreter of an environment with ChannelAttribution, or None where it cannot be had."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", *THEIRS], capture_output=True, text=True
    )
    if done.returncode:
        print(f"  ChannelAttribution cannot be installed: not compared. {done.stderr[-300:]}")
        return None
    return python
