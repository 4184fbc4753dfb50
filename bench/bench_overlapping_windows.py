"""False alarms on flat data of figures whose windows overlap: 13 trailing weeks, 28 days on 28.

Each figure is steady from week to week, and so is its window; its moving ranges are taken between
windows that share no day, and only one point outside the limits is a signal. Every signal is
false. Beside it what neighbouring windows would do. ``BENCH_FIGURES`` sets how many of each are
simulated (1,000 unless given).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from bench.bench_false_alarms import REVIEWS, SEED, SHOWN
from metrics.signals import (
    BASELINE_TO,
    OVERLAP_RULES,
    Baseline,
    find_signals,
    moving_ranges,
    needed_ranges,
)

# Windows of so many weeks, so many in a row.
Draw = Callable[[np.random.Generator, int, int], np.ndarray]


def _sums(weekly: np.ndarray, weeks: int) -> np.ndarray:
    """The sum over the weeks up to each, of those that have so many before them."""
    return np.convolve(weekly, np.ones(weeks), mode="valid")


def _win_rate(rng: np.random.Generator, weeks: int, n: int) -> np.ndarray:
    closed = rng.poisson(9, n + weeks - 1)
    return _sums(rng.binomial(closed, 0.24), weeks) / _sums(closed, weeks)


def _amount(rng: np.random.Generator, weeks: int, n: int) -> np.ndarray:
    deals = rng.poisson(2.5, n + weeks - 1)
    return _sums(np.array([rng.lognormal(0, 0.8, count).sum() for count in deals]), weeks)


def _median_days(rng: np.random.Generator, weeks: int, n: int) -> np.ndarray:
    spans = rng.lognormal(4, 0.6, (n + weeks - 1, 2))
    return np.array([np.median(spans[week : week + weeks]) for week in range(n)])


def _growth(rng: np.random.Generator, weeks: int, n: int) -> np.ndarray:
    half = weeks // 2
    sums = _sums(rng.poisson(15, n + weeks - 1), half)
    return sums[half:] / sums[:-half] - 1


FIGURES: dict[str, tuple[Draw, int]] = {
    "a rate over 13 weeks": (_win_rate, 13),
    "an amount over 13 weeks": (_amount, 13),
    "a median over 13 weeks": (_median_days, 13),
    "growth, 4 weeks on 4": (_growth, 8),
}
# A year's window is judged nowhere: docs/signals.md says why.
YEAR = ("a rate over 52 weeks", _win_rate, 52)


@dataclass(frozen=True)
class Alarms:
    """False signals of one figure, as shares: of all reviews, of figures with any within the 26
    weekly reviews; and what ranges between neighbours would make of them."""

    per_review: float
    with_any: float
    of_neighbours: float


def _outside(values: list[float], baseline: Baseline | None, first: int) -> np.ndarray | None:
    if baseline is None:
        return None
    limits = baseline.limits()
    return np.array(
        [
            any(one.rule in OVERLAP_RULES for one in find_signals(values[: last + 1], limits))
            for last in range(first, first + REVIEWS)
        ]
    )


def simulate(draw: Draw, weeks: int, ranges: int, figures: int, seed: int = SEED) -> Alarms:
    """So many steady figures over windows of so many weeks, each with a baseline of so many
    moving ranges, judged at ``REVIEWS`` weekly reviews."""
    rng = np.random.default_rng(seed)
    count = ranges + weeks
    apart, beside = [], []
    for _ in range(figures):
        values: list[float] = draw(rng, weeks, count + SHOWN + REVIEWS - 1).tolist()
        first = count + SHOWN - 1
        judged = _outside(values, _baseline(values[:count], weeks), first)
        neighbours = _outside(values, _baseline(values[:count], 1), first)
        if judged is not None and neighbours is not None:
            apart.append(judged)
            beside.append(neighbours)
    judged_all = np.array(apart)
    return Alarms(
        per_review=float(judged_all.mean()),
        with_any=float(judged_all.any(axis=1).mean()),
        of_neighbours=float(np.array(beside).mean()),
    )


def _baseline(values: list[float], lag: int) -> Baseline | None:
    """A baseline of any length: the simulation asks what too short a one would do."""
    ranges = moving_ranges(values, lag)
    if not any(ranges):
        return None
    return Baseline(fmean(values), fmean(ranges), min(values), max(values), len(values))


def run() -> Iterable[tuple[str, float, str]]:
    figures = int(os.environ.get("BENCH_FIGURES", "1000"))
    cases: list[tuple[str, Draw, int, int]] = [
        (name, draw, weeks, ranges)
        for name, (draw, weeks) in FIGURES.items()
        for ranges in sorted({12, needed_ranges(weeks), BASELINE_TO})
    ]
    year, yearly, weeks = YEAR
    cases += [(year, yearly, weeks, ranges) for ranges in (12, BASELINE_TO)]
    for name, draw, weeks, ranges in cases:
        found = simulate(draw, weeks, ranges, figures)
        what = f"{name}, {ranges} ranges"
        yield f"{what}: false signals", 100 * found.per_review, "% of figures judged"
        yield f"{what}: with any in {REVIEWS} reviews", 100 * found.with_any, "% of figures"
        yield f"{what}: by neighbours", 100 * found.of_neighbours, "% of figures judged"
