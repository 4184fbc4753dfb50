"""XmR charts: published constants, limits and rules worked by hand, and a second way in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from metrics.signals import (
    DRIFTING,
    LIMIT_FACTOR,
    RANGE_FACTOR,
    Baseline,
    Found,
    Limits,
    Rule,
    baseline_of,
    fewest_figures,
    find_signals,
    is_drifting,
    longest_baseline,
    moving_ranges,
    needed_ranges,
    von_neumann,
)

# Σ 138 over 12, ranges 2 1 2 1 2 1 2 1 1 1 3 = 17 over 11.
TWELVE = [10.0, 12, 11, 13, 12, 10, 11, 13, 12, 11, 10, 13]
LIMITS = Limits(low=40, mean=50, high=60, range_high=12.3, half=10)


def rules(values: Sequence[float | None], limits: Limits = LIMITS) -> list[Rule]:
    return [found.rule for found in find_signals(values, limits)]


def test_the_constants_are_the_published_ones():
    # Of two normal values: E|a − b| = d2·σ with d2 = 2/√π; D4 = 1 + 3·d3/d2, d3 = √(2 − 4/π).
    d2 = 2 / sqrt(pi)
    assert round(3 / 1.128, 2) == LIMIT_FACTOR
    assert pytest.approx(3 / d2, abs=0.002) == LIMIT_FACTOR
    assert pytest.approx(1 + 3 * sqrt(2 - 4 / pi) / d2, abs=0.002) == RANGE_FACTOR


def test_limits_by_hand():
    baseline = baseline_of(TWELVE)
    assert baseline is not None
    assert (baseline.count, baseline.mean) == (12, 11.5)
    assert baseline.mean_range == pytest.approx(17 / 11)
    limits = baseline.limits()
    assert limits.low == pytest.approx(11.5 - 4.110909, abs=1e-6)
    assert limits.high == pytest.approx(15.610909, abs=1e-6)
    assert limits.range_high == pytest.approx(5.050545, abs=1e-6)


def test_windows_that_overlap_by_hand():
    """Of lag 2: ranges |11−10| |13−12| |12−11| |10−13| |11−12| |13−10| |12−11| |11−13| |10−12|
    |13−11| = 17 over 10, and ten ranges are too few."""
    assert moving_ranges(TWELVE, 2) == [1, 1, 1, 3, 1, 3, 1, 2, 2, 2]
    assert baseline_of(TWELVE, 2) is None
    longer = [*TWELVE, 12.0, 10.0]
    found = baseline_of(longer, 2)
    assert found is not None
    assert found.count == 14
    assert found.mean_range == pytest.approx((17 + 2 + 3) / 12)
    assert baseline_of([*longer, *longer, 1.0], 2) is None  # more than 26 ranges


@pytest.mark.parametrize(
    ("lag", "ranges", "figures", "most"), [(1, 12, 12, 26), (2, 12, 14, 28), (8, 16, 24, 34),
                                           (13, 26, 39, 39)]
)  # fmt: skip
def test_the_longer_the_window_the_more_ranges(lag, ranges, figures, most):
    assert (needed_ranges(lag), fewest_figures(lag), longest_baseline(lag)) == (
        ranges, figures, most,
    )  # fmt: skip


def test_fewer_than_twelve_more_than_26_or_no_variation_make_no_baseline():
    assert baseline_of(TWELVE[:11]) is None
    assert baseline_of([*TWELVE[:11], None]) is None
    assert baseline_of([5.0] * 20) is None
    assert baseline_of([1.0, 2.0] * 14) is None
    assert baseline_of([1.0, 2.0] * 13) is not None


def test_no_range_is_taken_across_a_gap():
    assert moving_ranges([1, 2, None, 9, 7]) == [1, 2]


@pytest.mark.parametrize(
    ("baseline", "is_share", "low", "high"),
    [
        (Baseline(5, 4, 1, 9, 12), False, 0, 15.64),  # a count is not under 0
        (Baseline(0.9, 0.1, 0.7, 1.0, 12), True, 0.634, 1.0),  # a share not over 1
        (Baseline(1.0, 0.1, 0.8, 1.2, 12), True, 0.734, 1.266),  # delivery may be
        (Baseline(0.02, 0.1, -0.2, 0.2, 12), True, -0.246, 0.286),  # growth may be negative
        (Baseline(2.0, 1.0, 1.0, 3.0, 12), False, 0, 4.66),
    ],
)
def test_limits_keep_to_what_is_possible(baseline, is_share, low, high):
    limits = baseline.limits(is_share=is_share)
    assert (limits.low, limits.high) == (pytest.approx(low), pytest.approx(high))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([50, 60], []),  # on the limit is within
        ([50, 60.1], [Found(Rule.OUTSIDE, 1, 1)]),
        ([50, 39, 39.9], [Found(Rule.OUTSIDE, -1, 2)]),
        ([51] * 7, []),
        ([51] * 8, [Found(Rule.RUN, 1, 8)]),
        ([49] * 13, [Found(Rule.RUN, -1, 13)]),
        ([51] * 5 + [50] + [51] * 7, []),  # on the mean ends a run
        ([51] * 5 + [None] + [51] * 7, []),  # and so does a period that does not count
        ([51] * 8 + [None], []),  # a partial or maturing point never triggers
        ([55, 55, 55, 55], []),  # halfway is not nearer to the limit
        ([50, 56, 56, 56], [Found(Rule.NEAR, 1, 3)]),
        ([56, 56, 50, 44], []),  # nearer to different limits
        ([56, 56, 56, 50], []),  # the newest is not
        ([44, 44, 49, 44], [Found(Rule.NEAR, -1, 3)]),
    ],
)
def test_the_three_rules(values, expected):
    assert list(find_signals(values, LIMITS)) == expected


def test_all_rules_that_hold_are_told_the_strongest_first():
    assert rules([58] * 7 + [61]) == [Rule.OUTSIDE, Rule.RUN, Rule.NEAR]


def test_a_limit_held_at_0_is_not_near():
    # Without the hold, halfway down is 4 − 4 = 0: nothing is nearer to the lower limit.
    limits = Baseline(4, 8 / 2.66, 1, 9, 12).limits()
    assert limits.low == 0
    assert rules([0, 0, 0, 0], limits) == []


VALUES = st.lists(st.floats(0, 1e6).map(lambda x: round(x, 3)), min_size=12, max_size=26)


@given(VALUES)
def test_limits_in_a_second_way(values):
    baseline = baseline_of(values)
    x = np.array(values)
    if baseline is None:
        assert not np.abs(np.diff(x)).any()
        return
    sigma = np.abs(np.diff(x)).mean() / 1.128
    limits = baseline.limits()
    scale = max(1.0, x.max())
    assert limits.mean == pytest.approx(x.mean(), abs=1e-9 * scale)
    # 2.66 is 3/1.128 to three figures.
    assert limits.high == pytest.approx(x.mean() + 3 * sigma, rel=2e-3)
    assert limits.low == pytest.approx(max(0.0, x.mean() - 3 * sigma), abs=2e-3 * scale)


@given(VALUES, st.lists(st.floats(0, 1e6), min_size=1, max_size=13))
def test_the_rules_in_a_second_way(values, recent):
    baseline = baseline_of(values)
    assume(baseline is not None)
    assert baseline is not None
    limits = baseline.limits()
    x = np.array(recent)
    side = np.sign(x - limits.mean)
    near = side * (np.abs(x - limits.mean) > limits.half / 2)
    expected = set()
    if not limits.low <= x[-1] <= limits.high:
        expected.add(Rule.OUTSIDE)
    if len(x) >= 8 and abs(side[-8:].sum()) == 8:
        expected.add(Rule.RUN)
    if len(x) >= 4 and near[-1] and (near[-4:] == near[-1]).sum() >= 3:
        expected.add(Rule.NEAR)
    assert set(rules(list(recent), limits)) == expected


def test_a_trend_and_a_season_drift_and_unrelated_values_do_not():
    rng = np.random.default_rng(5)
    drifting = [is_drifting(list(rng.normal(100, 10, 26))) for _ in range(1000)]
    assert sum(drifting) < 15  # fewer than one in a hundred, as the module says
    weeks = np.arange(26)
    assert is_drifting(list(100 + 3 * weeks + rng.normal(0, 10, 26)))
    assert is_drifting(list(100 + 30 * np.sin(weeks / 4) + rng.normal(0, 10, 26)))


def test_von_neumann_by_hand():
    # Differences 1 1 1 (mean square 1) over values 1 2 3 4 (variance 1.25).
    assert von_neumann([1, 2, 3, 4]) == pytest.approx(0.8)
    assert von_neumann([3, 3, 3]) is None
    assert von_neumann([3]) is None
    assert DRIFTING == 1
