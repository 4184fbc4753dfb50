"""Changes, target states, marks and intervals, by hand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.calendar import Span
from metrics.catalog import find_metric
from metrics.compare import change_between, marks_of, target_state, wilson_interval
from metrics.model import Status
from metrics.query import Row
from metrics.targets import learned_share

SPAN = Span(date(2026, 3, 2), date(2026, 3, 9))


def row(metric: str, value, numerator=None, denominator=None, **fields) -> Row:
    fields.setdefault("status", Status.FINAL)
    return Row(metric, SPAN, (), value, numerator, denominator, **fields)


def test_wilson_interval_by_hand():
    # Published: 5 of 19 → 11.8 % to 48.8 % (Wilson score, 95 %).
    low, high = wilson_interval(5, 19)
    assert low == pytest.approx(0.1181, abs=5e-4)
    assert high == pytest.approx(0.4879, abs=5e-4)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_interval_holds_the_share(pair):
    successes, trials = pair
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1


def test_a_count_changes_in_absolute_and_percent():
    change = change_between(find_metric("mqls"), row("mqls", 612), row("mqls", 574), "W45")
    assert change is not None
    assert (change.absolute, change.is_better, change.versus) == (38, True, "W45")
    assert change.percent == pytest.approx(38 / 574)


def test_a_rate_changes_in_points_only():
    now, before = row("win_rate", 0.26, 26, 100), row("win_rate", 0.281, 281, 1000)
    change = change_between(find_metric("win_rate"), now, before, "W45")
    assert change is not None
    assert change.absolute == pytest.approx(-0.021)
    assert change.percent is None
    assert change.is_better is False


def test_a_duration_that_falls_is_better():
    metric = find_metric("response_hours")
    change = change_between(metric, row(metric.id, 2.0), row(metric.id, 2.6), "W45")
    assert change is not None
    assert change.is_better is True
    assert change.percent is None


@pytest.mark.parametrize("before", [0, None])
def test_against_nothing_there_is_no_percentage(before):
    change = change_between(find_metric("mqls"), row("mqls", 5), row("mqls", before), "W45")
    assert change is not None
    assert (change.absolute, change.percent) == (None, None)


def test_nothing_to_nothing_is_no_change():
    change = change_between(find_metric("mqls"), row("mqls", 0), row("mqls", 0), "W45")
    assert change is not None
    assert (change.absolute, change.percent, change.is_better) == (0, None, None)


def test_an_undefined_value_has_no_change():
    metric = find_metric("win_rate")
    assert change_between(metric, row(metric.id, None), row(metric.id, 0.2), "W45") is None


def test_a_target_is_met_upwards_and_a_limit_downwards():
    up = target_state(find_metric("mqls"), row("mqls", 612), 640, None, False)
    assert (up.gap, up.is_met, up.is_limit) == (-28, False, False)
    cost = target_state(find_metric("cost_per_mql"), row("cost_per_mql", 86.4), 90, None, False)
    assert (cost.is_met, cost.is_limit) == (True, True)


def test_spend_has_no_better_side():
    state = target_state(find_metric("spend"), row("spend", 10), 20, None, False)
    assert state.is_met is None


def test_a_running_period_is_judged_by_its_pace():
    state = target_state(find_metric("mqls"), row("mqls", 371), 640, 384.0, True)
    assert (state.gap, state.is_met, state.is_pace, state.value) == (-13, False, True, 640)
    assert state.is_linear


def test_an_undefined_value_neither_meets_nor_misses():
    state = target_state(find_metric("win_rate"), row("win_rate", None), 0.2, None, False)
    assert (state.gap, state.is_met) == (None, None)


def test_a_small_rate_carries_its_interval():
    metric = find_metric("win_rate")
    answer = row(metric.id, 5 / 19, 5, 19)
    (mark,) = marks_of(metric, answer, answer, None)
    assert (mark.kind, mark.text) == ("small", "n 19: 12–49%")
    large = row(metric.id, 5 / 30, 5, 30)
    assert marks_of(metric, large, large, None) == ()


def test_marks_say_what_is_open():
    metric = find_metric("mql_to_sql")
    answer = row(metric.id, 0.2, 20, 100, status=Status.MATURING, maturing=1575)
    marks = marks_of(metric, answer, answer, "3 of 5 days")
    assert [(m.kind, m.text) for m in marks] == [
        ("partial", "3 of 5 days"),
        ("maturing", "1,575 maturing"),
    ]
    sla = find_metric("sla_response")
    answer = row(sla.id, 0.9, 90, 100, status=Status.MATURING, maturing=14)
    assert [m.text for m in marks_of(sla, answer, answer, None)] == ["14 pending"]


def test_pace_is_the_median_of_the_last_periods():
    whole = [50.0, 100.0, 100.0, 200.0, 100.0]
    part = [10.0, 20.0, 30.0, 80.0, 90.0]
    # Shares of the four that have one before them: .2 .3 .4 .9.
    assert learned_share(whole, part) == pytest.approx(0.35)


def test_pace_needs_four_periods_and_none_that_the_data_cut():
    assert learned_share([100.0] * 4, [20.0] * 4) is None
    # The second period is the first with data: it may have begun before they did.
    assert learned_share([0.0, 90.0, 100.0, 100.0, 100.0], [0.0, 1.0, 20.0, 20.0, 20.0]) is None
