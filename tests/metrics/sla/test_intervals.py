"""What chance explains, against published figures and exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.sla.intervals import DOUBT, EXACT_UP_TO, newcombe, stands_out
from metrics.sla.model import Rate


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table II, method 10.
        (Rate(56, 70), Rate(48, 80), 0.0524, 0.3339),
        (Rate(9, 10), Rate(3, 10), 0.1705, 0.8090),
        (Rate(10, 10), Rate(0, 10), 0.6075, 1.0),
    ],
)
def test_newcombe_s_own_examples(first: Rate, second: Rate, low: float, high: float) -> None:
    found = newcombe(first, second)
    assert found is not None
    assert found[1:] == pytest.approx((low, high), abs=6e-5)


def test_nothing_to_compare_has_no_difference() -> None:
    assert newcombe(Rate(0, 0), Rate(1, 2)) is None
    assert newcombe(Rate(1, 2), Rate(0, 0)) is None


def tail(count: int, total: int, share: Fraction, side: int) -> Fraction:
    counts = range(count, total + 1) if side > 0 else range(count + 1)
    return sum(
        (comb(total, k) * share**k * (1 - share) ** (total - k) for k in counts), Fraction(0)
    )


@given(
    total=st.integers(1, 120),
    count=st.integers(0, 120),
    share=st.integers(1, 19),
    comparisons=st.integers(1, 60),
)
def test_who_stands_out_has_an_unlikely_tail(
    total: int, count: int, share: int, comparisons: int
) -> None:
    rate, true = Rate(min(count, total), total), Fraction(share, 20)
    found = stands_out(rate, float(true), comparisons)
    each = DOUBT / 2 / comparisons
    if found:
        assert tail(rate.count, total, true, found) < each * 1.000001
        assert rate.interval is not None
        assert not rate.interval[0] <= float(true) <= rate.interval[1]
    else:
        likely = [tail(rate.count, total, true, side) >= each * 0.999999 for side in (-1, 1)]
        inside = rate.interval is not None and rate.interval[0] <= float(true) <= rate.interval[1]
        assert inside or all(likely)


def test_one_rep_of_forty_must_differ_by_more_than_one_alone() -> None:
    rate = Rate(80, 100)
    assert stands_out(rate, 0.9, 1) == -1
    assert stands_out(rate, 0.9, 400) == 0


def test_large_numbers_go_by_the_interval() -> None:
    total = 10 * EXACT_UP_TO
    assert stands_out(Rate(int(total * 0.95), total), 0.9, 40) == 1
    assert stands_out(Rate(int(total * 0.9), total), 0.9, 40) == 0


@pytest.mark.parametrize("overall", [None, 0.0, 1.0])
def test_without_a_share_between_none_and_all_nobody_stands_out(overall: float | None) -> None:
    assert stands_out(Rate(0, 50), overall, 3) == 0
