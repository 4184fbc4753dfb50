"""Contributions add up to the change exactly, whatever the parts; a case worked by hand."""

from __future__ import annotations

from math import fsum, isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.split import Members, Part, Sums, add_up, split_change

MEMBERS = st.sampled_from([("a",), ("b",), ("c",), ("d",), (None,)])
Side = dict[Members, Sums]
COUNTS = st.integers(0, 10_000).map(float)
RATIO_SIDE = st.dictionaries(MEMBERS, st.builds(Sums, COUNTS, COUNTS), min_size=1, max_size=5)
SUM_SIDE = st.dictionaries(
    MEMBERS, st.builds(Sums, st.floats(-1e7, 1e7, allow_nan=False)), max_size=5
)
EXACT = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def value_of(side: Side) -> float | None:
    return add_up(side.values()).value


def total_of(parts: tuple[Part, ...]) -> float:
    return fsum(part.total for part in parts)


def by_member(parts: tuple[Part, ...]) -> dict[Members, Part]:
    return {part.members: part for part in parts}


def test_a_rate_worked_by_hand():
    # Before: webinar 10 of 40, search 6 of 60, 16 %. After: 30 of 60, 4 of 40, 34 %.
    before: Side = {("webinar",): Sums(10, 40), ("search",): Sums(6, 60)}
    after: Side = {("webinar",): Sums(30, 60), ("search",): Sums(4, 40)}
    parts = split_change(before, after)
    assert parts is not None
    webinar, search = by_member(parts)[("webinar",)], by_member(parts)[("search",)]
    # (0.50 − 0.25) · (0.4 + 0.6)/2, and (0.6 − 0.4) · ((0.25 + 0.50)/2 − (0.16 + 0.34)/2)
    assert [webinar.rate, webinar.mix] == pytest.approx([0.125, 0.025])
    # 0, and (0.4 − 0.6) · (0.10 − 0.25)
    assert [search.rate, search.mix] == pytest.approx([0.0, 0.03])
    assert total_of(parts) == pytest.approx(0.18)
    assert parts[0] is webinar


def test_a_member_that_comes_or_goes_is_mix():
    before: Side = {("old",): Sums(5, 50), ("gone",): Sums(10, 50)}
    after: Side = {("old",): Sums(5, 50), (None,): Sums(20, 50)}
    parts = split_change(before, after)
    assert parts is not None
    found = by_member(parts)
    assert found[("gone",)].rate == found[(None,)].rate == 0
    # (0.5 − 0) · (0.4 − (0.15 + 0.25)/2) and (0 − 0.5) · (0.2 − 0.2)
    assert found[(None,)].mix == pytest.approx(0.1)
    assert found[("gone",)].mix == pytest.approx(0.0)


def test_cost_without_anything_to_divide_by_is_rate():
    before: Side = {("search",): Sums(100, 10), ("show",): Sums(0, 0)}
    after: Side = {("search",): Sums(100, 10), ("show",): Sums(50, 0)}
    parts = split_change(before, after)
    assert parts is not None
    show = by_member(parts)[("show",)]
    assert [show.rate, show.mix] == pytest.approx([5.0, 0.0])


def test_a_count_moves_by_its_members():
    before: Side = {("a",): Sums(10), ("b",): Sums(4)}
    after: Side = {("a",): Sums(7), (None,): Sums(2)}
    parts = split_change(before, after)
    assert parts is not None
    assert [(part.members, part.rate, part.mix) for part in parts] == [
        (("b",), -4, 0),
        (("a",), -3, 0),
        ((None,), 2, 0),
    ]


def test_an_undefined_side_has_no_parts():
    assert split_change({("a",): Sums(0, 0)}, {("a",): Sums(1, 2)}) is None


@settings(EXACT)
@given(before=RATIO_SIDE, after=RATIO_SIDE)
def test_the_parts_of_a_ratio_add_up_to_its_change(before: Side, after: Side):
    parts = split_change(before, after)
    values = value_of(before), value_of(after)
    if values[0] is None or values[1] is None:
        assert not parts
        return
    assert parts is not None
    scale = max(1.0, *(abs(part.rate) + abs(part.mix) for part in parts))
    assert isclose(total_of(parts), values[1] - values[0], rel_tol=1e-9, abs_tol=1e-11 * scale)


@settings(EXACT)
@given(before=SUM_SIDE, after=SUM_SIDE)
def test_the_parts_of_a_sum_add_up_to_its_change(before: Side, after: Side):
    parts = split_change(before, after)
    assert parts is not None
    change = (value_of(after) or 0.0) - (value_of(before) or 0.0)
    assert isclose(total_of(parts), change, rel_tol=1e-9, abs_tol=1e-6)


@settings(EXACT)
@given(before=RATIO_SIDE, after=RATIO_SIDE)
def test_back_again_is_the_same_with_other_signs(before: Side, after: Side):
    there, back = split_change(before, after), split_change(after, before)
    assert (there is None) == (back is None)
    for part in there or ():
        other = by_member(back or ())[part.members]
        assert isclose(part.rate, -other.rate, rel_tol=1e-9, abs_tol=1e-9)
        assert isclose(part.mix, -other.mix, rel_tol=1e-9, abs_tol=1e-9)


@settings(EXACT)
@given(side=RATIO_SIDE)
def test_no_change_has_no_cause(side: Side):
    assert all(part.rate == part.mix == 0 for part in split_change(side, side) or ())
