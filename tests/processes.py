"""Several processes that do one thing at the same time."""

from __future__ import annotations

import multiprocessing
import os
import time
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


def killed_at(
    has_begun: Callable[[], bool],
    seconds: float,
    settings: Mapping[str, str],
    function: Callable[..., Any],
    *arguments: Any,
) -> None:
    """Call an endless ``function`` in a process of its own, and kill that (SIGKILL) so many
    seconds after it has begun. Fails when it ends by itself."""
    process = _starter.Process(target=_run, args=(dict(settings), function, arguments))
    process.start()
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not has_begun() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(seconds)
        assert process.is_alive(), "it has ended by itself"
    finally:
        process.kill()
        process.join()
