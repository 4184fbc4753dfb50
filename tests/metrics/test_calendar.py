"""Business periods: ids, neighbours, fiscal years, working days."""

from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Cadence, Calendar, Span, parse_grain
from metrics.errors import QueryError
from tests.build import at

DAYS = st.dates(date(1999, 1, 1), date(2101, 12, 31))
CADENCES = st.sampled_from(Cadence)


def calendar(zone: str = "UTC", first_month: int = 1, hours: str = "") -> Calendar:
    company = f'[company]\ntimezone = "{zone}"\nfiscal_year_starts = {first_month}\n'
    return Calendar(parse_config(company + hours))


CALENDARS = {month: calendar(first_month=month) for month in range(1, 13)}


@settings(max_examples=200, deadline=None)
@given(day=DAYS, cadence=CADENCES, month=st.integers(1, 12))
def test_a_period_holds_its_day_and_its_id_reads_back(day, cadence, month):
    cal = CALENDARS[month]
    period = cal.period_of(day, cadence)
    assert period.start <= day < period.end
    assert cal.parse_period(period.id) == period
    assert cal.parse_period(period.id, cadence) == period


@settings(max_examples=200, deadline=None)
@given(day=DAYS, cadence=CADENCES, month=st.integers(1, 12), steps=st.integers(-30, 30))
def test_periods_follow_one_another_without_gap(day, cadence, month, steps):
    cal = CALENDARS[month]
    period = cal.period_of(day, cadence)
    assert cal.step(period, 1).start == period.end
    assert cal.previous(period).end == period.start
    assert cal.step(cal.step(period, steps), -steps) == period
    recent = cal.recent(period, 5)
    assert recent[-1] == period
    assert all(a.end == b.start for a, b in itertools.pairwise(recent))


@settings(max_examples=100, deadline=None)
@given(day=DAYS, length=st.integers(1, 500), cadence=CADENCES)
def test_the_periods_of_a_span_cover_it_once(day, length, cadence):
    cal, end = CALENDARS[1], day + timedelta(days=length)
    periods = cal.between(day, end, cadence)
    spans = [period.within(day, end) for period in periods]
    assert (spans[0].start, spans[-1].end) == (day, end)
    assert all(a.end == b.start for a, b in itertools.pairwise(spans))
    for period, span in zip(periods, spans, strict=True):
        assert span.is_cut == ((span.start, span.end) != (period.start, period.end))


@pytest.mark.parametrize(
    ("day", "id_"),
    [
        ("2024-01-01", "2024-W01~W02"),
        ("2024-01-14", "2024-W01~W02"),
        ("2024-01-15", "2024-W03~W04"),
        ("2023-12-31", "2023-W51~W52"),
        ("2026-10-12", "2026-W41~W42"),
        ("2026-12-28", "2026-W53~W01"),  # the year of 53 weeks shifts the pairs
        ("2027-01-11", "2027-W02~W03"),
    ],
)
def test_pairs_of_weeks_count_from_2024_w01(day, id_):
    assert calendar().period_of(date.fromisoformat(day), Cadence.BIWEEKLY).id == id_


@pytest.mark.parametrize(
    ("month", "id_", "start", "end"),
    [
        (1, "2026-Q3", "2026-07-01", "2026-10-01"),
        (4, "2027-Q1", "2026-04-01", "2026-07-01"),
        (4, "2027-Q4", "2027-01-01", "2027-04-01"),
        (7, "2027", "2026-07-01", "2027-07-01"),
        (2, "2027-Q4", "2026-11-01", "2027-02-01"),
        (1, "2026-W53", "2026-12-28", "2027-01-04"),
        (1, "2027-W01", "2027-01-04", "2027-01-11"),
    ],
)
def test_ids_of_fiscal_periods_and_weeks(month, id_, start, end):
    period = CALENDARS[month].parse_period(id_)
    assert (period.start, period.end) == (date.fromisoformat(start), date.fromisoformat(end))


@pytest.mark.parametrize(
    "text",
    ["", "2026-W54", "2025-W53", "2026-W00", "2026-W42~W43", "2026-W41~W43", "2026-13", "2026-00",
     "2026-Q0", "2026-Q5", "26", "20266", "0000", "9999-Q4", "2026-W41~", "٢٠٢٦", " 2026", "2026-1",
     "2026-W4", "x" * 1000, "2026-10-01", "2026\n"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text):
    with pytest.raises(QueryError, match="is not a period"):
        calendar().parse_period(text)


def test_an_id_of_another_cadence_is_refused():
    with pytest.raises(QueryError, match="2026-W42"):
        calendar().parse_period("2026-10", Cadence.WEEKLY)


@pytest.mark.parametrize(
    ("id_", "before"),
    [
        ("2026-W42", "2025-W42"),
        ("2026-W53", "2025-W52"),
        ("2021-W01", "2020-W01"),
        ("2026-10", "2025-10"),
        ("2024-02", "2023-02"),
        ("2026-Q3", "2025-Q3"),
        ("2026", "2025"),
    ],
)
def test_the_same_period_a_year_before(id_, before):
    cal = calendar()
    assert cal.year_before(cal.parse_period(id_)).id == before


@settings(max_examples=100, deadline=None)
@given(day=DAYS)
def test_a_pair_of_weeks_a_year_before_holds_the_same_week(day):
    cal = CALENDARS[1]
    pair = cal.period_of(day, Cadence.BIWEEKLY)
    year, week, _ = pair.start.isocalendar()
    before = cal.year_before(pair)
    weeks = {before.start.isocalendar()[:2], (before.end - timedelta(days=1)).isocalendar()[:2]}
    assert (year - 1, min(week, 52)) in weeks or (year - 1, week) in weeks


@pytest.mark.parametrize(
    ("as_of", "cadence", "id_"),
    [
        # In New York 1 July starts at 04:00 UTC.
        ("2026-07-01 03:59:59", Cadence.MONTHLY, "2026-05"),
        ("2026-07-01 04:00:00", Cadence.MONTHLY, "2026-06"),
        ("2026-07-01 04:00:00", Cadence.QUARTERLY, "2026-Q2"),
        ("2026-10-19 03:59:00", Cadence.WEEKLY, "2026-W41"),
        ("2026-10-19 04:00:00", Cadence.WEEKLY, "2026-W42"),
        ("2026-10-26 04:00:00", Cadence.BIWEEKLY, "2026-W41~W42"),
        ("2026-06-30 12:00:00", Cadence.YEARLY, "2025"),
    ],
)
def test_the_default_period_is_the_last_complete_one(as_of, cadence, id_):
    assert calendar("America/New_York").default_period(cadence, at(as_of)).id == id_


@settings(max_examples=100, deadline=None)
@given(
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2090, 1, 1)),
    cadence=CADENCES,
    zone=st.sampled_from(("UTC", "Asia/Tokyo", "America/Sao_Paulo", "Pacific/Apia")),
)
def test_the_default_period_is_over_and_its_successor_is_not(moment, cadence, zone):
    cal = calendar(zone)
    period = cal.default_period(cadence, moment)
    assert cal.starts_at(period.end) <= moment < cal.starts_at(cal.step(period, 1).end)
    assert cal.starts_at(cal.day_of(moment)) <= moment


def test_elapsed_working_days_leave_out_weekends_and_holidays():
    cal = calendar("America/New_York", hours='[business_hours]\nholidays = "US"\n')
    july = Span(date(2026, 7, 1), date(2026, 8, 1))
    # 3 July is the holiday of the 4th, a Saturday. The day is over at 17:00, 21:00 UTC.
    assert cal.elapsed_working_days(july, at("2026-07-01 20:59")) == 0
    assert cal.elapsed_working_days(july, at("2026-07-01 21:00")) == 1
    assert cal.elapsed_working_days(july, at("2026-07-06 20:00")) == 2
    assert cal.elapsed_working_days(july, at("2026-07-06 21:00")) == 3
    assert cal.elapsed_working_days(july, at("2026-06-01 21:00")) == 0
    assert (
        cal.elapsed_working_days(july, at("2027-06-01 21:00")) == len(cal.working_days(july)) == 22
    )
    whole = (july.start, july.end)
    first_three = Span(date(2026, 7, 1), date(2026, 7, 7), part_of=whole)
    assert cal.first_working_days(july, 3) == first_three
    assert first_three.whole == july
    assert cal.first_working_days(july, 0) == Span(july.start, july.start, part_of=whole)
    assert cal.first_working_days(july, 99) == july


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-01", "2026-06-01 04:00"),
        ("2026-06-01T18:00", "2026-06-01 22:00"),
        ("2026-06-01 18:00:30", "2026-06-01 22:00:30"),
        ("2026-06-01T18:00Z", "2026-06-01 18:00"),
        ("2026-06-01T18:00+02:00", "2026-06-01 16:00"),
        ("2026-12-01", "2026-12-01 05:00"),
    ],
)
def test_moments_without_an_offset_are_company_time(text, moment):
    assert calendar("America/New_York").parse_moment(text) == at(moment)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "2026-06-01T25:00", "1e9"])
def test_what_is_no_moment_is_refused(text):
    with pytest.raises(QueryError, match="not a date"):
        calendar().parse_moment(text)


def test_an_unknown_grain_names_the_nearest():
    with pytest.raises(QueryError, match="'month'"):
        parse_grain("mont")
