"""The demo's time: its window, local working time in several zones, business hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import holidays
import numpy as np

from data.demo.draws import Floats, Ints, Times

COMPANY_ZONE = "America/New_York"
MONTHS = 24
OPENS_HOUR, OPEN_HOURS = 9, 8
HOUR_US = 3_600_000_000
# How far beyond the window the simulated world goes on before it is cut at its end.
MARGIN_DAYS = 800


def months_before(day: date, count: int) -> date:
    """The same day ``count`` months earlier, or that month's last day."""
    index = day.year * 12 + day.month - 1 - count
    year, month = divmod(index, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(days=1)).day))


def utc(day: date, zone: str, hour: int = 0) -> np.datetime64:
    """The UTC moment at which a local clock shows ``hour`` on ``day``."""
    local = datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone))
    return np.datetime64(local.astimezone(UTC).replace(tzinfo=None), "us")


@dataclass(frozen=True)
class Window:
    """The 24 months that end with ``through``, a day of company time, inclusive."""

    through: date

    @cached_property
    def first_day(self) -> date:
        return months_before(self.through, MONTHS) + timedelta(days=1)

    @cached_property
    def start(self) -> np.datetime64:
        return utc(self.first_day, COMPANY_ZONE)

    @cached_property
    def end(self) -> np.datetime64:
        """The first moment after the window; every event lies before it."""
        return utc(self.through + timedelta(days=1), COMPANY_ZONE)

    @cached_property
    def days(self) -> np.ndarray:
        return np.arange(np.datetime64(self.first_day), np.datetime64(self.through) + 1)


class Clock:
    """Local time and business time of a fixed list of zones, named by their index."""

    def __init__(self, window: Window, zones: tuple[str, ...]) -> None:
        self.zones = zones
        first = window.first_day - timedelta(days=MARGIN_DAYS)
        last = window.through + timedelta(days=MARGIN_DAYS)
        self._days = np.arange(np.datetime64(first), np.datetime64(last))
        plain = self._days.astype(object)
        free = holidays.country_holidays("US", years=range(first.year, last.year + 1))
        working = np.array([d.weekday() < 5 and d not in free for d in plain])
        self._working = working
        # One offset a day: the clocks change at night, when nobody here works.
        offsets = [[self._offset(zone, day) for day in plain] for zone in zones]
        self._offset_s = np.array(offsets, dtype=np.int64)
        opens_s = OPENS_HOUR * 3600 - self._offset_s[:, working]
        midnights = self._days[working].astype("datetime64[us]").astype(np.int64)
        self._opens = midnights[None, :] + opens_s * 1_000_000
        # Where days begin and end, the night of a change counts: asked day by day.
        self._midnights = np.array([utc(day, COMPANY_ZONE) for day in plain])

    @staticmethod
    def _offset(zone: str, day: date) -> int:
        offset = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone)).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    def to_utc(self, day: np.ndarray, second_of_day: Floats, zone: Ints) -> Times:
        """UTC moments of local days (``datetime64[D]``) and seconds of the day."""
        index = (day - self._days[0]).astype(np.int64)
        shift = second_of_day - self._offset_s[zone, index]
        return day.astype("datetime64[us]") + (shift * 1e6).astype(np.int64)

    def after_hours(self, start: Times, zone: Ints, hours: Floats) -> Times:
        """The moment that lies ``hours`` business hours after ``start`` in each row's zone."""
        moments = start.astype(np.int64)
        result = np.empty(len(moments), dtype=np.int64)
        length = OPEN_HOURS * HOUR_US
        for index in range(len(self.zones)):
            rows = np.flatnonzero(zone == index)
            opens = self._opens[index]
            day = np.searchsorted(opens + length, moments[rows], side="right")
            day = np.minimum(day, len(opens) - 1)
            passed = np.maximum(moments[rows] - opens[day], 0)
            work = day * length + passed + (hours[rows] * HOUR_US).astype(np.int64)
            day, into = np.divmod(work, length)
            result[rows] = opens[np.minimum(day, len(opens) - 1)] + into
        return result.astype("datetime64[us]")

    def company_day(self, moments: Times) -> np.ndarray:
        """The company's calendar day of UTC moments, exact over daylight-saving changes."""
        return self._days[np.searchsorted(self._midnights, moments, side="right") - 1]

    def is_working(self, days: np.ndarray) -> np.ndarray:
        """Whether each ``datetime64[D]`` is a weekday that is no public holiday."""
        return self._working[(days - self._days[0]).astype(np.int64)]
