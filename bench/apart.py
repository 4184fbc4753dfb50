"""A benchmark in a process of its own, so that its memory is its own and its state is fresh."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

Told = tuple[Any, ...]  # what was measured, how much, in which unit, and perhaps its goal


def run_apart(module: str) -> Iterator[Told | None]:
    """What a module's ``run()`` yields, as it comes; None at the end if it breaks off.

    Its traceback is on stderr then.
    """
    spawn = get_context("spawn")
    ours, its = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_send, args=(module, its))
    process.start()
    its.close()  # so that its end is seen here when it dies
    try:
        while (figure := ours.recv()) is not None:
            yield figure
    except EOFError:
        yield None
    process.join()


def _send(module: str, connection: Connection) -> None:
    # DuckDB takes a program without a file for somebody at a prompt, and draws progress bars.
    sys.modules["__main__"].__file__ = __file__
    for figure in importlib.import_module(module).run():
        connection.send(figure)
    connection.send(None)
