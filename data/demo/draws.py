"""Random draws that stay put: one named stream a purpose, so that a new table reshuffles no other.

``evenly`` draws spread over a group instead of clumping: the counts of the demo company then vary
from week to week as a company's do, and a planted story is not one wiggle among many.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Times = NDArray[np.datetime64]  # datetime64[us], UTC
NEVER = np.datetime64("NaT", "us")


class Draws:
    """The random numbers of one build; ``named`` always starts the same stream for a name."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def named(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self._seed, zlib.crc32(name.encode())])


def evenly(rng: np.random.Generator, group: Ints, block: int = 20) -> Floats:
    """Uniform draws in [0, 1) that cover the unit interval within every ``block`` rows of a group.

    ``group`` is an integer a row; rows of one group are taken in their given order.
    """
    size = len(group)
    order = np.argsort(group, kind="stable")
    blocks = np.arange(size) // block
    shuffled = np.lexsort((rng.random(size), blocks))
    rank = np.empty(size, dtype=np.int64)
    rank[shuffled] = np.arange(size) - blocks * block
    width = np.minimum(block, size - blocks * block)
    draws = np.empty(size)
    draws[order] = (rank + rng.random(size)) / width
    return draws


def pick(draws: Floats, shares: list[float]) -> Ints:
    """The index into ``shares`` (any positive weights) at which each uniform draw falls."""
    edges = np.cumsum(np.asarray(shares, dtype=float))
    return np.minimum(np.searchsorted(edges / edges[-1], draws, side="right"), len(shares) - 1)


def around(rng: np.random.Generator, median: Floats | float, spread: float, size: int) -> Floats:
    """Log-normal draws about a median, as waiting times and deal sizes are."""
    return median * np.exp(spread * rng.standard_normal(size))


def days(count: Floats) -> NDArray[np.timedelta64]:
    """Fractional days as microseconds."""
    return (np.asarray(count) * 86_400e6).astype(np.int64).astype("timedelta64[us]")


def seconds(count: Floats) -> NDArray[np.timedelta64]:
    return (np.asarray(count) * 1e6).astype(np.int64).astype("timedelta64[us]")
