"""Labels keep off the lines and off each other; axes hold their values."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.report.labels import place_labels, spread
from metrics.report.scales import axis_of


def above(line: list[float | None], *others: list[float | None]) -> list[bool]:
    found = place_labels(["9"] * len(line), [line, *others], 12, 200)
    return [label.y > (line[label.slot] or 0) for label in found]


def test_labels_stand_above_peaks_and_below_troughs():
    assert above([50, 120, 50, 120, 50]) == [False, True, False, True, False]


def test_a_label_keeps_off_another_line_and_off_the_edge():
    peak: list[float | None] = [90, 100, 90]
    assert above(peak)[1]
    assert not above(peak, [115, 115, 115])[1]
    assert above([5, 3, 5])[1]


def test_a_point_without_a_value_has_no_label():
    assert len(place_labels(["1", "", "3"], [[10, None, 30]], 12, 200)) == 2


POSITIONS = st.lists(st.floats(0, 1), max_size=4)


@given(POSITIONS)
def test_names_are_pushed_apart_and_keep_their_order(positions: list[float]):
    found = spread(positions, 0.1)
    ordered = sorted(found)
    assert all(b - a >= 0.1 - 1e-6 for a, b in pairwise(ordered))
    order = sorted(range(len(found)), key=lambda n: (positions[n], n))
    assert [found[n] for n in order] == ordered


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
def test_an_axis_holds_its_values_and_few_round_ticks(values: list[float]):
    axis = axis_of(values)
    assert all(0 <= axis.share(value) <= 1 for value in values)
    assert 1 <= len(axis.ticks()) <= 6
    assert all(axis.low - 1e-9 <= t or t == pytest.approx(axis.low) for t in axis.ticks())
    assert axis.low >= 0 or min(values) < 0
