"""The one cache of results.

An answer is kept with the tables that it was made of and the version that each had then
(``Warehouse.table_version``): it holds until a load changes one of them, and a load that brings a
table's same rows again leaves it. The key has the question with all its parameters, the warehouse's
place and the viewer's scope, so that a cached number is never stale and never another person's.
Bounded in entries, bytes and time; concurrent misses of one key run one query.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from cachetools import LRUCache, TTLCache
from sqlalchemy import CompoundSelect, Select

from data.reading import LOADS, note_reads, noting_reads
from data.warehouse import Warehouse

MAX_ENTRIES = 2_000
MAX_SECONDS = 3_600
MAX_BYTES = 200_000_000
# About what an answer takes: for itself, and for each field of each of its rows.
BYTES_AN_ANSWER, BYTES_A_FIELD = 2_000, 60


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
    bytes: int = 0  # about
    most_bytes: int = MAX_BYTES
    renewed: int = 0  # of the misses: asked before, of tables that have changed since

    @property
    def hit_rate(self) -> float | None:
        """The share of questions whose answer was there; None before the first."""
        asked = self.hits + self.misses
        return self.hits / asked if asked else None


class _Kept(NamedTuple):
    """An answer, and the versions of the tables that it was made of."""

    value: Any
    made_of: Mapping[str, Hashable]

    def holds(self, warehouse: Warehouse | None) -> bool:
        if warehouse is None:
            return True
        return all(warehouse.table_version(t) == version for t, version in self.made_of.items())


def _bytes_of(kept: _Kept) -> int:
    """About the memory that an answer takes; rows are alike, so that the first one tells."""
    value = kept.value
    if not isinstance(value, list) or not value:
        return BYTES_AN_ANSWER
    fields = len(value[0]) if isinstance(value[0], dict) else 12
    return BYTES_AN_ANSWER + BYTES_A_FIELD * fields * len(value)


class ResultCache:
    """Thread-safe, single-flight cache. What it returns is shared: callers must not change it."""

    def __init__(
        self,
        entries: int = MAX_ENTRIES,
        seconds: float = MAX_SECONDS,
        most_bytes: int = MAX_BYTES,
    ) -> None:
        self._most, self._least = entries, most_bytes // entries
        # An entry weighs its bytes, but at least its part of all: which bounds their number too.
        self._values: TTLCache[Hashable, _Kept] = TTLCache(
            self._least * entries, seconds, getsizeof=lambda kept: max(self._least, _bytes_of(kept))
        )
        self._running: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()
        self.hits = 0
        self.misses = 0
        self.renewed = 0
        self._since = _now()

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """The value of ``key``, computed once however many ask at the same time.

        The key says all that it depends on, the data version among it. An error is raised to the
        one who computed; those who waited try for themselves.
        """
        note_reads([LOADS])
        return self._get(key, None, compute)

    def answer(self, warehouse: Warehouse, key: Hashable, compute: Callable[[], Any]) -> Any:
        """As ``get``, of a question whose answer depends on what it reads of a warehouse: the key
        says all else, and the answer holds while the tables that were read stay as they are.

        What ``compute`` reads it must read in its own thread.
        """
        return self._get((warehouse.url, warehouse.scope, key), warehouse, compute)

    def _get(self, key: Hashable, warehouse: Warehouse | None, compute: Callable[[], Any]) -> Any:
        # Two versions of the data, one just loaded, do not wait for each other's answer.
        flight = key if warehouse is None else (key, warehouse.version_key)
        while True:
            with self._lock:
                kept = self._values.get(key)
                if kept is not None and kept.holds(warehouse):
                    self.hits += 1
                    note_reads(kept.made_of)
                    return kept.value
                waiting = self._running.get(flight)
                if waiting is None:
                    self._running[flight] = threading.Event()
                    self.misses += 1
                    self.renewed += kept is not None
                    break
            waiting.wait()
        try:
            with noting_reads() as read:
                value = compute()
            made_of = {} if warehouse is None else {t: warehouse.table_version(t) for t in read}
            self._keep(key, _Kept(value, made_of))
            return value
        finally:
            with self._lock:
                self._running.pop(flight).set()

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        with self._lock:
            try:
                self._values[key] = kept
            except ValueError:  # larger than the whole cache may be
                self._values.pop(key, None)

    def find(self, key: Hashable) -> Any | None:
        """The value of ``key`` if it is there, else None; counts as no question."""
        with self._lock:
            kept = self._values.get(key)
            return None if kept is None else kept.value

    def stats(self) -> CacheStats:
        """What it holds now; of this process alone."""
        with self._lock:
            self._values.expire()
            return CacheStats(
                entries=len(self._values),
                most=self._most,
                seconds=self._values.ttl,
                hits=self.hits,
                misses=self.misses,
                since=self._since,
                bytes=sum(_bytes_of(kept) for kept in self._values.values()),
                most_bytes=int(self._values.maxsize),
                renewed=self.renewed,
            )

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


RESULTS = ResultCache()


def cached_rows(warehouse: Warehouse, statement: Select | CompoundSelect) -> list[dict[str, Any]]:
    """The rows of a statement, from the cache where the same was asked of the same data."""
    key = _text_of(warehouse, statement)
    return RESULTS.answer(warehouse, key, lambda: warehouse.rows(statement))


def _text_of(warehouse: Warehouse, statement: Select | CompoundSelect) -> Hashable:
    """A statement as text with its parameters. The engine keeps the text of every shape of a
    statement, so that neither this nor the run that may follow compiles it anew."""
    engine = warehouse.engine
    compiled, extracted, *_ = statement._compile_w_cache(
        engine.dialect,
        compiled_cache=engine._compiled_cache,
        column_keys=[],
        for_executemany=False,
        schema_translate_map=None,
    )
    values = compiled.construct_params(extracted_parameters=extracted) or {}
    return str(compiled), tuple(sorted((name, repr(value)) for name, value in values.items()))


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
