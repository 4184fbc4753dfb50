"""False alarms of a whole scorecard on flat data: figures that never change, judged every week.

Twenty figures as the default scorecard has them: counts (Poisson), rates (binomial) and medians
(of log-normal spans). Each is steady; each has its baseline locked over its first weeks and is
then judged in the weeks after by the two rules that the exceptions band uses. Every signal is
false. ``BENCH_SCORECARDS`` sets how many scorecards are simulated (400 unless given).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from metrics.signals import BAND_RULES, Limits, Rule, baseline_of, find_signals

SEED = 20261121
SHOWN = 13
REVIEWS = 26  # weekly reviews after the lock
Draw = Callable[[np.random.Generator, int], np.ndarray]


def _count(mean: float) -> Draw:
    return lambda rng, n: rng.poisson(mean, n).astype(float)


def _rate(share: float, denominator: int) -> Draw:
    return lambda rng, n: rng.binomial(denominator, share, n) / denominator


def _median_days(middle: float, spans: int) -> Draw:
    return lambda rng, n: np.median(rng.lognormal(np.log(middle), 0.8, (n, spans)), axis=1)


# (draw, whether it is a share)
FIGURES: tuple[tuple[Draw, bool], ...] = (
    *((_count(mean), False) for mean in (8, 15, 25, 40, 60, 95, 200)),
    *(
        (_rate(share, n), True)
        for share, n in (
            (0.25, 60), (0.30, 190), (0.40, 60), (0.45, 45), (0.65, 15),
            (0.92, 60), (0.95, 120), (0.15, 60), (0.22, 30), (0.06, 190),
        )
    ),
    *((_median_days(middle, spans), False) for middle, spans in ((9, 13), (2, 60), (60, 10))),
)  # fmt: skip


@dataclass(frozen=True)
class FalseAlarms:
    """Of one simulation: false signals as a share of figures judged, by rule and by either, and
    the mean number on a scorecard."""

    per_figure: float
    by_rule: dict[Rule, float]
    per_scorecard: float
    reviews_with_any: float


def _judged(draw: Draw, is_share: bool, baseline: int, rng: np.random.Generator) -> np.ndarray:
    """Which rules one steady figure breaks at each review: reviews × rules, of booleans."""
    limits: Limits | None = None
    while limits is None:  # a draw without any variation makes no baseline
        values: Sequence[float] = draw(rng, baseline + SHOWN + REVIEWS - 1).tolist()
        found = baseline_of(values[:baseline])
        limits = None if found is None else found.limits(is_share=is_share)
    broken = np.zeros((REVIEWS, len(BAND_RULES)), dtype=bool)
    for review in range(REVIEWS):
        last = baseline + SHOWN + review
        rules = {one.rule for one in find_signals(values[last - SHOWN : last], limits)}
        broken[review] = [rule in rules for rule in BAND_RULES]
    return broken


def simulate(baseline: int, scorecards: int, seed: int = SEED) -> FalseAlarms:
    """Simulate so many scorecards over ``REVIEWS`` weekly reviews each."""
    rng = np.random.default_rng(seed)
    alarms = np.array(
        [
            [_judged(draw, is_share, baseline, rng) for draw, is_share in FIGURES]
            for _ in range(scorecards)
        ]
    )  # scorecards × figures × reviews × rules
    either = np.any(alarms, axis=3)
    return FalseAlarms(
        per_figure=float(either.mean()),
        by_rule={rule: float(alarms[..., n].mean()) for n, rule in enumerate(BAND_RULES)},
        per_scorecard=float(either.sum(axis=1).mean()),
        reviews_with_any=float(np.any(either, axis=1).mean()),
    )


def run() -> Iterable[tuple[str, float, str]]:
    scorecards = int(os.environ.get("BENCH_SCORECARDS", "400"))
    for baseline in (12, 26):
        found = simulate(baseline, scorecards)
        name = f"baseline of {baseline}"
        yield f"{name}: false signals", 100 * found.per_figure, "% of figures judged"
        for rule, share in found.by_rule.items():
            yield f"{name}: of rule {rule}", 100 * share, "% of figures judged"
        yield f"{name}: false signals on a scorecard", found.per_scorecard, f"of {len(FIGURES)}"
        yield f"{name}: reviews with any", 100 * found.reviews_with_any, "%"
