"""``python -m bench [NAME…]``: run every ``bench/bench_*.py`` and print what each measured.

A benchmark module has ``run()`` and yields tuples ``(what, how much, unit)`` or ``(what, how much,
unit, goal)``; a goal is "≤ 2" or "≥ 0.9", "" where there is none. Its docstring's first line says
what it is about; ``SEED``, where it has one, is printed with it. Each runs in a process of its own.
What has a goal is told once more at the end, as one table. Exits 1 when a goal was missed or a
benchmark broke off.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import platform
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import bench
from bench.apart import Told, run_apart
from data.errors import unknown

PREFIX = "bench_"
PACKAGES = ("duckdb", "sqlalchemy", "duckdb-sqlalchemy", "psycopg", "streamlit", "pandas")
GOAL = re.compile(r"([≤≥<>])\s*([\d.,]+)")
LINE = "  {what:<64} {value:>12} {unit:<6} {goal:<12} {verdict}"


def found() -> dict[str, ModuleType]:
    """Every benchmark by its name without the prefix, in order of name."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__))
    return {
        name.removeprefix(PREFIX): importlib.import_module(f"bench.{name}")
        for name in names
        if name.startswith(PREFIX)
    }


def is_met(value: float, goal: str) -> bool:
    """Whether a figure meets its goal. Raises ``ValueError`` for a goal that is none."""
    parts = GOAL.match(goal)
    if parts is None:
        raise ValueError(f"{goal!r} is no goal: write '≤ 2' or '≥ 0.9'.")
    bound = float(parts[2].replace(",", ""))
    match parts[1]:
        case "≤":
            return value <= bound
        case "<":
            return value < bound
        case "≥":
            return value >= bound
    return value > bound


def surroundings() -> Iterator[str]:
    """The machine and what runs on it, a line each."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield f"machine: {_processor()}, {cores} cores, {memory:.1f} GB, {platform.system()}"
    yield f"load before the first benchmark: {os.getloadavg()[0]:.1f}"
    yield f"Python {platform.python_version()}, " + ", ".join(filter(None, map(_pin, PACKAGES)))


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return named[1] if named else platform.machine()


def _pin(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return ""


def show(what: str, value: float, unit: str, goal: str = "") -> bool:
    """Print one figure; False where it misses its goal."""
    met = not goal or is_met(value, goal)
    verdict = "" if not goal else "met" if met else "MISS"
    line = LINE.format(what=what, value=f"{value:,.3f}", unit=unit, goal=goal, verdict=verdict)
    print(line.rstrip(), flush=True)
    return met


def main(wanted: list[str]) -> int:
    modules = found()
    for name in wanted:
        if name not in modules:
            print(f"bench: {unknown('benchmark', name, modules)}", file=sys.stderr)
            return 2
    print("\n".join(surroundings()))
    told: list[Told] = []
    broken: list[str] = []
    for name, module in modules.items():
        if wanted and name not in wanted:
            continue
        seed = getattr(module, "SEED", None)
        about = (module.__doc__ or "").strip().splitlines()[0]
        print(f"\n{name}: {about}" + ("" if seed is None else f" Seed {seed}."))
        for figure in run_apart(module.__name__):
            if figure is None:
                broken.append(name)
            else:
                show(*figure)
                told.append((name, *figure))
    return 0 if _told_again(told, broken) else 1


def _told_again(told: list[Told], broken: list[str]) -> bool:
    """Print every figure that has a goal, each after its benchmark's name; whether all are met."""
    bound = [figure for figure in told if len(figure) > 4 and figure[4]]
    print("\nevery figure with a goal:" if bound else "")
    met = [show(f"{name}: {what}", *rest) for name, what, *rest in bound]
    for name in broken:
        print(f"broken off: {name}")
    return all(met) and not broken


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
