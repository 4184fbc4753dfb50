"""Several processes that do one thing at the same time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from typing import Any

PATIENCE_SECONDS = 60
# The program is imported once, by the server that the processes are forked from.
_starter = multiprocessing.get_context("forkserver")
_starter.set_forkserver_preload(["data.users"])


def run_at_once(
    count: int, settings: Mapping[str, str], function: Callable[..., Any], *arguments: Any
) -> list[int | None]:
    """Call ``function`` in ``count`` processes under these environment settings; exit codes."""
    processes = [
        _starter.Process(target=_run, args=(dict(settings), function, arguments))
        for _ in range(count)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(PATIENCE_SECONDS)
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    return codes


def _run(settings: dict[str, str], function: Callable[..., Any], arguments: Any) -> None:
    os.environ.update(settings)
    function(*arguments)
