"""The generator's own tools: even draws, the clock, money to the cent."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from data.demo.arrow import money, words
from data.demo.clock import Clock, Window, months_before
from data.demo.draws import Draws, evenly, pick
from data.demo.gap_month import share_out
from tests.data.demo.test_stories import business_hours

WINDOW = Window(date(2026, 11, 20))
ZONES = ("America/New_York", "Europe/London", "Australia/Sydney")
CLOCK = Clock(WINDOW, ZONES)


@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(1, 5))
def test_even_draws_cover_every_block(seed: int, size: int, groups: int):
    rng = np.random.default_rng(seed)
    draws = evenly(rng, rng.integers(0, groups, size), block=10)
    assert ((draws >= 0) & (draws < 1)).all()
    # A full block holds one draw a tenth; the last, shorter one at most two.
    tenths = np.bincount((draws * 10).astype(int), minlength=10)
    assert size // 10 <= tenths.min()
    assert tenths.max() <= size // 10 + 2


def test_a_named_stream_does_not_depend_on_what_was_drawn_before():
    first = Draws(5)
    first.named("leads").random(1_000)
    assert first.named("touches").random() == Draws(5).named("touches").random()
    assert Draws(5).named("touches").random() != Draws(5).named("leads").random()


def test_picks_follow_the_shares():
    even = (np.arange(1_000) + 0.5) / 1_000
    assert np.bincount(pick(even, [3, 1, 0, 6])).tolist() == [300, 100, 0, 600]


@given(
    st.integers(0, 700 * 24 * 60),
    st.floats(0.02, 60),
    st.integers(0, len(ZONES) - 1),
)
def test_business_hours_added_are_business_hours_passed(minute: int, hours: float, zone: int):
    start = WINDOW.start + np.timedelta64(minute, "m")
    end = CLOCK.after_hours(np.array([start]), np.array([zone]), np.array([hours]))[0]
    passed = business_hours(start.astype(object), end.astype(object), ZONES[zone])
    assert abs(passed - hours) < 1e-6


def test_the_company_day_turns_at_its_midnight_on_both_sides_of_a_clock_change():
    moments = ["2026-03-08T04:59:59", "2026-03-08T05:00", "2026-03-09T03:59:59", "2026-03-09T04:00"]
    days = CLOCK.company_day(np.array(moments, dtype="datetime64[us]"))
    assert days.astype(str).tolist() == ["2026-03-07", "2026-03-08", "2026-03-08", "2026-03-09"]


def test_the_window_is_whole_over_a_leap_day():
    leap = Window(date(2024, 2, 29))
    assert leap.first_day == date(2022, 3, 1)
    assert Window(date(2026, 2, 28)).first_day == date(2024, 2, 29)
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 12, 1), -1) == date(2027, 1, 1)


def test_money_is_exact_to_the_cent_and_nan_is_null():
    amounts = money(np.array([0.1, -12.345, 1e9 + 0.01, np.nan]))
    wanted = ["0.10", "-12.34", "1000000000.01"]
    assert [str(a) for a in amounts.to_pylist()[:3]] == wanted
    assert isinstance(amounts.to_pylist()[0], Decimal)
    assert amounts.to_pylist()[3] is None


def test_a_negative_code_is_null():
    assert words(("a", None, "c"), np.array([0, 1, -1, 2])).to_pylist() == ["a", None, None, "c"]


@given(st.integers(0, 10_000))
def test_parts_add_up_to_the_whole(total: int):
    parts = share_out(total, {"a": 8, "b": 3, "c": 1})
    assert sum(parts.values()) == total
    assert parts["a"] >= parts["b"] >= parts["c"] >= 0
