"""Targets: precedence, parts of longer periods, pace and run rate, all worked by hand."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.config import Config
from metrics.calendar import Cadence, Calendar, Period, Span
from metrics.catalog import find_metric
from metrics.compare import run_rate
from metrics.model import Status
from metrics.query import Row
from metrics.scorecard import WorkingDays
from metrics.targets import Aim, Targets, aim_of, due_of

# Monday to Friday, no holidays: Q3 2026 (Wed 1 July to Wed 30 September) has 23 + 21 + 22 = 66
# working days, 2026 has 261.
CALENDAR = Calendar(Config())
MQLS, WIN_RATE, BOOKINGS = (find_metric(name) for name in ("mqls", "win_rate", "bookings"))
Q3, Q4, YEAR = date(2026, 7, 1), date(2026, 10, 1), date(2026, 1, 1)
SPAN = Span(date(2026, 7, 1), date(2026, 7, 2))


def week(day: date) -> Period:
    return CALENDAR.period_of(day, Cadence.WEEKLY)


def targets(*rows: tuple[str, str, date, float]) -> Targets:
    return Targets({(metric, grain, start): value for metric, grain, start, value in rows})


def nothing_before(_: Span) -> float | None:
    return None


def due(aim: Aim | None):
    assert aim is not None
    return due_of(aim, CALENDAR, nothing_before)


AUGUST = week(date(2026, 8, 12))
ALL = (
    ("mqls", "week", AUGUST.start, 50.0),
    ("mqls", "quarter", Q3, 660.0),
    ("mqls", "year", YEAR, 5220.0),
)


@pytest.mark.parametrize(
    ("rows", "whole", "named"),
    [
        (ALL, 50.0, "W33"),  # its own
        (ALL[1:], 50.0, "Q3"),  # 660 × 5 of 66 working days
        (ALL[2:], 100.0, "2026"),  # 5220 × 5 of 261
    ],
)
def test_own_target_then_the_quarter_s_then_the_year_s(rows, whole, named):
    aim = aim_of(targets(*rows), CALENDAR, MQLS, AUGUST, None)
    assert due(aim).target == pytest.approx(whole)
    assert aim is not None
    assert (aim.named.short, aim.target is None) == (named, named != "W33")
    # Of a week that is over, all of its own target is due; its part of a longer one is a pace.
    assert due(aim).pace == (None if named == "W33" else pytest.approx(whole))
    assert due(aim).is_linear is (named != "W33")


def test_a_month_takes_its_part_and_a_quarter_the_year_s():
    july = CALENDAR.period_of(Q3, Cadence.MONTHLY)
    assert due(aim_of(targets(ALL[1]), CALENDAR, MQLS, july, None)).target == pytest.approx(230)
    quarter = CALENDAR.period_of(Q3, Cadence.QUARTERLY)
    part = due(aim_of(targets(ALL[2]), CALENDAR, MQLS, quarter, None))
    assert part.target == pytest.approx(5220 * 66 / 261)


def test_a_longer_target_never_comes_from_a_shorter_one():
    year = CALENDAR.period_of(YEAR, Cadence.YEARLY)
    assert aim_of(targets(*ALL[:2]), CALENDAR, MQLS, year, None) is None
    quarter = CALENDAR.period_of(Q3, Cadence.QUARTERLY)
    assert aim_of(targets(ALL[0]), CALENDAR, MQLS, quarter, None) is None


def test_a_rate_has_no_part_of_a_longer_target():
    rows = targets(("win_rate", "quarter", Q3, 0.24))
    assert aim_of(rows, CALENDAR, WIN_RATE, AUGUST, None) is None


def test_a_week_in_two_quarters_takes_from_both():
    # Mon 28 to Wed 30 September are Q3's, Thu 1 and Fri 2 October Q4's (66 working days).
    last = week(date(2026, 9, 30))
    rows = [("mqls", "quarter", Q3, 660.0), ("mqls", "quarter", Q4, 1320.0)]
    assert due(aim_of(targets(*rows), CALENDAR, MQLS, last, None)).target == pytest.approx(
        3 * 10 + 2 * 20
    )
    # One of the two is not enough; the year's is then.
    assert aim_of(targets(rows[0]), CALENDAR, MQLS, last, None) is None
    aim = aim_of(targets(rows[0], ALL[2]), CALENDAR, MQLS, last, None)
    assert aim is not None
    assert aim.named.short == "2026"


def test_in_a_running_week_only_its_elapsed_days_are_due():
    running = due(aim_of(targets(ALL[1]), CALENDAR, MQLS, AUGUST, 2))
    assert (running.target, running.pace) == (pytest.approx(50), pytest.approx(20))
    none_yet = due(aim_of(targets(ALL[1]), CALENDAR, MQLS, AUGUST, 0))
    assert none_yet.pace == 0


def test_pace_is_learned_from_earlier_quarters_where_they_are_known():
    """Every earlier quarter had 0 in its first half, all of it in its second."""
    aim = aim_of(targets(ALL[1]), CALENDAR, MQLS, AUGUST, None)
    assert aim is not None

    def value_of(span: Span) -> float:
        months = (span.end.year - span.start.year) * 12 + span.end.month - span.start.month
        # By the same working day the span ends in the quarter's second month: nothing yet.
        return 100.0 if months == 3 else 0.0

    told = due_of(aim, CALENDAR, value_of)
    assert (told.target, told.is_linear) == (0.0, False)


@settings(deadline=None, max_examples=20)  # a year of days is walked for each week
@given(st.integers(1, 20_000), st.booleans())
def test_the_weeks_and_months_of_a_quarter_add_up_to_its_target(value, is_learned):
    rows = targets(("mqls", "quarter", Q3, float(value)), ("mqls", "quarter", Q4, 0.0),
                   ("mqls", "quarter", date(2026, 4, 1), 0.0))  # fmt: skip

    def late(span: Span) -> float | None:
        return float((span.end - span.start).days ** 2) if is_learned else None

    for cadence in (Cadence.WEEKLY, Cadence.MONTHLY):
        parts = [
            due_of(aim, CALENDAR, late).target
            for period in CALENDAR.between(Q3, Q4, cadence)
            if (aim := aim_of(rows, CALENDAR, MQLS, period, None)) is not None
        ]
        assert len(parts) in (14, 3)
        assert min(parts) >= 0
        assert sum(parts) == pytest.approx(value)


def test_many_weeks_have_the_sum_of_their_own_targets_or_none():
    weeks = CALENDAR.between(date(2026, 8, 3), date(2026, 8, 17), Cadence.WEEKLY)
    known = targets(*(("mqls", "week", w.start, 40.0 + i) for i, w in enumerate(weeks)))
    assert known.over(MQLS, weeks, CALENDAR) == 81
    assert targets(ALL[0]).over(MQLS, weeks, CALENDAR) is None


# -- run rate ------------------------------------------------------------------------------------


def answer(value: float | None) -> Row:
    return Row("bookings", SPAN, (), value, value, None, Status.PARTIAL)


def test_what_is_left_over_the_days_to_go():
    # 5.2M − 2.2M = 3M over 24 days; 2.2M over the 40 that are over.
    rate = run_rate(BOOKINGS, answer(2_200_000), 5_200_000, WorkingDays(40, 24, 5))
    assert rate is not None
    assert (rate.left, rate.days_left) == (3_000_000, 24)
    assert (rate.needed_per_day, rate.so_far_per_day) == (125_000, 55_000)


def test_a_target_that_is_reached_needs_nothing():
    rate = run_rate(BOOKINGS, answer(6), 5, WorkingDays(40, 24, 5))
    assert rate is not None
    assert (rate.left, rate.needed_per_day) == (0, 0)


def test_ends_of_a_period():
    first = run_rate(BOOKINGS, answer(0), 660, WorkingDays(0, 66, 5))
    assert first is not None
    assert (first.needed_per_day, first.so_far_per_day) == (10, None)
    last = run_rate(BOOKINGS, answer(600), 660, WorkingDays(66, 0, 5))
    assert last is not None
    assert (last.left, last.needed_per_day) == (60, None)


@pytest.mark.parametrize("metric", ["win_rate", "lost_deals", "spend", "response_hours"])
def test_what_does_not_add_up_or_is_no_goal_needs_no_rate(metric):
    assert run_rate(find_metric(metric), answer(1), 5, WorkingDays(4, 4, 5)) is None
    assert run_rate(BOOKINGS, answer(None), 5, WorkingDays(4, 4, 5)) is None


def test_the_calendar_of_these_tests():
    spans = (Span(Q3, Q4), Span(YEAR, date(2027, 1, 1)))
    assert [len(CALENDAR.working_days(span)) for span in spans] == [66, 261]
    assert CALENDAR.day_of(datetime(2026, 7, 1)) == Q3
