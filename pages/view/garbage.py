"""Keeps memory small and the garbage collector out of the way of the pages.

Streamlit collects all garbage after every run, with everybody else's run standing still. Over all
that the process holds (libraries, configuration, cached results) one collection takes longer than
the run. So what has survived a collection that was long is set aside (``gc.freeze``): the next
ones look at what has been made since, and are short. What was set aside and is part of a cycle
nobody could reclaim any more: every few minutes everything is looked at once.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Mapping
from time import perf_counter
from typing import Any

# A full collection longer than this is worth setting aside what it had to look at.
LONG_SECONDS = 0.002
# How often everything is looked at again, at the end of somebody's run.
WHOLE_SECONDS = 180.0
# New objects before Python collects of its own accord: a page makes fewer, and is collected after.
OWN_ACCORD = 50_000
ALL = 2  # the generation that a full collection is of
M_ARENA_MAX = -8  # of mallopt(3)


def share_one_heap() -> None:
    """Have all threads take memory from one heap of the C library, where it is glibc: it would make
    one for every thread of the many that come and go, and each keeps what it once was given. Python
    lets one thread run at a time; DuckDB and Arrow have allocators of their own."""
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)


class ShortCollections:
    """A hook for ``gc.callbacks``."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._whole_at = perf_counter()

    def __call__(self, phase: str, info: Mapping[str, Any]) -> None:
        if info["generation"] != ALL:
            return
        now = perf_counter()
        if phase == "start":
            self._begun = now
        elif now - self._whole_at > WHOLE_SECONDS:
            # The next one is over everything, long, and so sets it aside again.
            gc.unfreeze()
            self._whole_at = now
        elif now - self._begun > LONG_SECONDS:
            gc.freeze()


def keep_collections_short() -> None:
    """To be called once, when all is loaded that every run needs."""
    gc.set_threshold(OWN_ACCORD, 20, 20)
    gc.collect()
    gc.freeze()
    gc.callbacks.append(ShortCollections())
