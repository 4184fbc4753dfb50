"""The one cache of query results.

The key holds the warehouse's place and data version, the compiled SQL with its parameters and the
viewer's scope, so that a cached number is never stale and never another person's. Bounded in
entries and time; concurrent misses of one key run one query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from cachetools import LRUCache, TTLCache
from sqlalchemy import CompoundSelect, Select

from data.warehouse import Warehouse

MAX_ENTRIES = 2_000
MAX_SECONDS = 3_600


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class CacheStats:
    """What a cache holds, and how often it had the answer since ``since`` (naive UTC)."""

    entries: int
    most: int
    seconds: float  # that an entry is kept at most
    hits: int
    misses: int
    since: datetime

    @property
    def hit_rate(self) -> float | None:
        """The share of questions whose answer was there; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


class ResultCache:
    """Thread-safe, single-flight cache. What it returns is shared: callers must not change it."""

    def __init__(self, entries: int = MAX_ENTRIES, seconds: float = MAX_SECONDS) -> None:
        self._values: TTLCache[Hashable, Any] = TTLCache(entries, seconds)
        self._running: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0
        self._since = _now()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value of ``key``, computed once however many ask at the same time.

        An error is raised to the one who computed; those who waited try for themselves.
        """
        while True:
            with self._lock:
                if key in self._values:
                    self.hits += 1
                    return self._values[key]
                waiting = self._running.get(key)
                if waiting is None:
                    self._running[key] = threading.Event()
                    self.misses += 1
                    break
            waiting.wait()
        try:
            value = compute()
            with self._lock:
                self._values[key] = value
            return value
        finally:
            with self._lock:
                self._running.pop(key).set()

    def find(self, key: Hashable) -> Any | None:
        """The value of ``key`` if it is there, else None; counts as no question."""
        with self._lock:
            return self._values.get(key)

    def stats(self) -> CacheStats:
        """What it holds now; of this process alone."""
        with self._lock:
            self._values.expire()
            most, seconds = int(self._values.maxsize), self._values.ttl
            entries = len(self._values)
            return CacheStats(entries, most, seconds, self.hits, self.misses, self._since)

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


RESULTS = ResultCache()


def cached_rows(warehouse: Warehouse, statement: Select | CompoundSelect) -> list[dict[str, Any]]:
    """The rows of a statement, from the cache where the same was asked of the same data."""
    compiled = statement.compile(warehouse.engine, compile_kwargs={"render_postcompile": True})
    parameters = tuple(sorted((name, repr(value)) for name, value in compiled.params.items()))
    key = (warehouse.version_key, str(compiled), parameters)
    return RESULTS.get(key, lambda: warehouse.rows(statement))


T = TypeVar("T")


class LastGood(Generic[T]):
    """Keeps the last good answer of each question with its time, for when none can be had."""

    def __init__(self, entries: int) -> None:
        self._kept: LRUCache[Hashable, tuple[T, datetime]] = LRUCache(entries)
        self._lock = threading.Lock()

    def keep(self, key: Hashable, value: T) -> None:
        with self._lock:
            self._kept[key] = (value, _now())

    def find(self, key: Hashable) -> tuple[T, datetime] | None:
        """The last value kept and when (naive UTC), or None."""
        with self._lock:
            return self._kept.get(key)
