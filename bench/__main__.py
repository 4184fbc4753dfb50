"""``python -m bench [NAME…]``: run every ``bench/bench_*.py`` and print what each measured.

A benchmark module has ``run() -> Iterable[tuple[str, float, str]]``: what, how much, in which
unit. Its docstring's first line says what it is about.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from types import ModuleType

import bench
from data.errors import unknown

PREFIX = "bench_"


def found() -> dict[str, ModuleType]:
    """Every benchmark by its name without the prefix, in order of name."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__))
    return {
        name.removeprefix(PREFIX): importlib.import_module(f"bench.{name}")
        for name in names
        if name.startswith(PREFIX)
    }


def main(wanted: list[str]) -> int:
    modules = found()
    for name in wanted:
        if name not in modules:
            print(f"bench: {unknown('benchmark', name, modules)}", file=sys.stderr)
            return 2
    for name, module in modules.items():
        if wanted and name not in wanted:
            continue
        print(f"{name}: {(module.__doc__ or '').strip().splitlines()[0]}")
        for what, value, unit, *_ in module.run():
            print(f"  {what:<52} {value:>12,.3f} {unit}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
