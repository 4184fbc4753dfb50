"""The rows of ``business_days``: they cover time once, and wall times are told right."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.business_days import calendar_rows, utc_moment
from data.config import WEEKDAYS, BusinessHours
from data.errors import ConfigError
from data.tables import BLOCK_SECONDS, business_days

ZONES = ("UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca")


@st.composite
def hours(draw) -> BusinessHours:
    opens, closes = draw(st.lists(st.integers(0, 1439), min_size=2, max_size=2, unique=True))
    return BusinessHours(
        days=tuple(draw(st.sets(st.sampled_from(WEEKDAYS), min_size=1))),
        opens=f"{opens // 60:02}:{opens % 60:02}",
        closes=f"{closes // 60:02}:{closes % 60:02}",
        holidays=draw(st.sampled_from(["", "US", "DE"])),
    )


@settings(max_examples=60, deadline=None)
@given(
    hours=hours(),
    zone=st.sampled_from(ZONES),
    first=st.datetimes(datetime(2010, 1, 1), datetime(2026, 1, 1)),
    length=st.timedeltas(timedelta(0), timedelta(days=40)),
    target=st.integers(1, 400_000),
)
def test_every_moment_falls_into_one_row(hours, zone, first, length, target):
    last = first + length
    rows = list(calendar_rows(zone, hours, first, last, target))
    assert {tuple(row) for row in rows} == {tuple(c.name for c in business_days.columns)}
    assert rows[0]["opens_at"] <= first - timedelta(days=60)
    assert rows[-1]["next_opens_at"] >= last + timedelta(days=60)
    for row, following in pairwise(rows):
        assert row["opens_at"] <= row["closes_at"] <= row["next_opens_at"]
        assert row["opens_at"] < row["next_opens_at"] == following["opens_at"]
        length_seconds = (row["closes_at"] - row["opens_at"]).total_seconds()
        assert following["seconds_before"] == row["seconds_before"] + length_seconds
    for row in rows:
        # Both look-ups are equalities only if no row reaches over its day or its block.
        assert row["day"] == row["opens_at"].date()
        assert row["next_opens_at"] <= datetime.combine(row["day"], time()) + timedelta(days=1)
        length_seconds = (row["closes_at"] - row["opens_at"]).total_seconds()
        assert row["block"] * BLOCK_SECONDS <= row["seconds_before"]
        assert row["seconds_before"] + length_seconds <= (row["block"] + 1) * BLOCK_SECONDS
    after_last = [row["seconds_before"] for row in rows if row["opens_at"] <= last]
    end = rows[-1]
    total = end["seconds_before"] + (end["closes_at"] - end["opens_at"]).total_seconds()
    assert total - after_last[-1] >= target


WALL_TIMES = {
    "plain": ("Europe/Berlin", "2024-07-01 09:00", "2024-07-01 07:00"),
    "skipped: the moment of the change": (
        "America/New_York",
        "2024-03-10 02:30",
        "2024-03-10 07:00",
    ),
    "just after the change": ("America/New_York", "2024-03-10 03:00", "2024-03-10 07:00"),
    "twice: the first": ("America/New_York", "2024-11-03 01:30", "2024-11-03 05:30"),
    "half an hour skipped": ("Australia/Lord_Howe", "2024-10-06 02:10", "2024-10-05 15:30"),
    "a day skipped": ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 10:00"),
}


@pytest.mark.parametrize("name", WALL_TIMES)
def test_wall_times(name: str):
    zone, wall, expected = WALL_TIMES[name]
    moment = utc_moment(datetime.fromisoformat(wall), ZoneInfo(zone))
    assert moment == datetime.fromisoformat(expected)


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    wall=st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    later=st.timedeltas(timedelta(0), timedelta(hours=30)),
)
def test_a_later_wall_time_is_no_earlier_moment(zone, wall, later):
    clock = ZoneInfo(zone)
    assert utc_moment(wall, clock) <= utc_moment(wall + later, clock)
    shown = utc_moment(wall, clock).replace(tzinfo=UTC).astimezone(clock).replace(tzinfo=None)
    assert shown >= wall  # equal, but for a time that the clocks skip


def test_a_shift_lasts_as_long_as_it_does():
    """The night in which the clocks go back is an hour longer, the other an hour shorter."""
    night = BusinessHours(days=("sat",), opens="22:00", closes="06:00")
    lengths = {}
    for first in (datetime(2024, 3, 9), datetime(2024, 6, 8), datetime(2024, 11, 2)):
        rows = calendar_rows("America/New_York", night, first, first, 1)
        open_rows = [row for row in rows if row["closes_at"] > row["opens_at"]]
        shift = [r for r in open_rows if timedelta(0) <= r["opens_at"] - first < timedelta(days=3)]
        lengths[first.month] = sum(
            (row["closes_at"] - row["opens_at"]).total_seconds() / 3600 for row in shift
        )
    assert lengths == {3: 7, 6: 8, 11: 9}


def test_a_target_out_of_reach_is_refused():
    one_minute_a_week = BusinessHours(days=("mon",), opens="09:00", closes="09:01")
    moment = datetime(2024, 1, 1)
    with pytest.raises(ConfigError, match="more than 50 years"):
        list(calendar_rows("UTC", one_minute_a_week, moment, moment, 10_000 * 3600))
