"""What has been drawn once and is shown to many: charts and text made from the same figures.

A key holds all that the result is made of, so that an entry can never be wrong; what leaves is
what nobody has looked at for longest. Results of queries are in ``metrics/cache.py``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from cachetools import LRUCache

# A chart's rows are some 30 kB.
MOST = 400

T = TypeVar("T")
_drawn: LRUCache[Hashable, Any] = LRUCache(MOST)
_lock = threading.Lock()


def once(key: Hashable, draw: Callable[[], T]) -> T:
    """What ``draw`` makes of ``key``, made anew only when it is not kept any more.

    It is shared: callers must not change it.
    """
    with _lock:
        found: T | None = _drawn.get(key)
    if found is None:
        found = draw()
        with _lock:
            _drawn[key] = found
    return found


def forget() -> None:
    """Forget everything, for tests and benchmarks."""
    with _lock:
        _drawn.clear()
