"""Garbage collections stay short, and nothing that could be reclaimed is kept for good."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from pages.view import garbage
from pages.view.garbage import ALL, ShortCollections


class Node:
    """Part of a cycle: only the collector can reclaim it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def hook(monkeypatch) -> Iterator[ShortCollections]:
    """The hook in place, with a clock that stands still."""
    threshold = gc.get_threshold()
    gc.collect()
    gc.freeze()
    hook = ShortCollections()
    clock = Clock(hook._whole_at)
    monkeypatch.setattr(garbage, "perf_counter", clock)
    hook.clock = clock  # type: ignore[attr-defined]
    gc.callbacks.append(hook)
    yield hook
    gc.callbacks.remove(hook)
    gc.unfreeze()
    gc.set_threshold(*threshold)


class Clock:
    """Every look at it is ``step`` seconds later."""

    def __init__(self, now: float) -> None:
        self.now, self.step = now, 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def test_what_outlives_a_long_collection_is_set_aside(hook):
    kept = [Node() for _ in range(100)]
    before = gc.get_freeze_count()
    gc.collect()
    assert gc.get_freeze_count() == before, "this one was short"
    hook.clock.step = 2 * garbage.LONG_SECONDS
    gc.collect()
    assert gc.get_freeze_count() >= before + len(kept)


def test_a_young_collection_sets_nothing_aside(hook):
    before = gc.get_freeze_count()
    hook("start", {"generation": 0})
    hook.clock.now += 1
    hook("stop", {"generation": 0})
    assert gc.get_freeze_count() == before


def test_a_cycle_that_was_set_aside_is_reclaimed_some_minutes_later(hook):
    node = Node()
    gone = weakref.ref(node)
    hook.clock.step = 2 * garbage.LONG_SECONDS
    gc.collect()  # sets it aside
    del node
    gc.collect()
    assert gone() is not None, "it was not set aside"
    hook.clock.now += garbage.WHOLE_SECONDS
    gc.collect()  # lets everything be looked at again
    gc.collect()
    assert gone() is None
    assert gc.get_freeze_count() > 0, "and the rest is set aside again"


def test_the_generation_of_a_full_collection_is_the_oldest():
    assert len(gc.get_threshold()) - 1 == ALL
