"""The conversion curve: by hand, and against lifelines."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter

from metrics.funnel.curve import AgeDay, kaplan_meier

OBSERVATIONS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)


def days_of(observations: list[tuple[int, bool]]) -> list[AgeDay]:
    counts = Counter(observations)
    return [
        AgeDay(day, counts[day, True], counts[day, False]) for day in {d for d, _ in observations}
    ]


def test_by_hand():
    """Ten leads. Day 1: 2 of 10 convert, S = 0.8; 3 are only a day old. Day 3: 1 of 5, S = 0.64;
    4 have not converted by day 5."""
    points = kaplan_meier([AgeDay(1, 2, 3), AgeDay(3, 1, 0), AgeDay(5, 0, 4)])
    assert [p.day for p in points] == [0, 1, 2, 3, 4, 5]
    assert [p.share for p in points] == pytest.approx([0, 0.2, 0.2, 0.36, 0.36, 0.36])
    assert [p.at_risk for p in points] == [10, 10, 5, 5, 4, 4]


def test_without_leads_there_is_no_curve():
    assert kaplan_meier([]) == ()


def test_all_converted_at_once():
    (point,) = kaplan_meier([AgeDay(0, 4, 0)])
    assert (point.share, point.low, point.high) == (1, 1, 1)


@settings(deadline=None, derandomize=True, database=None)
@given(OBSERVATIONS)
def test_agrees_with_lifelines(observations):
    points = kaplan_meier(days_of(observations))
    fitter = KaplanMeierFitter().fit(
        [day for day, _ in observations], [converted for _, converted in observations]
    )
    band = fitter.confidence_interval_survival_function_
    for point in points:
        survival = float(fitter.predict(point.day))
        assert point.share == pytest.approx(1 - survival)
        if 0 < survival < 1:
            low, high = band.loc[: point.day].iloc[-1]
            assert (1 - point.high, 1 - point.low) == pytest.approx((low, high))
