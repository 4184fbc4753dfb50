"""How business time runs: the rows of ``business_days``, from the configured hours.

A *shift* is one opening: it begins on a working day that is no holiday and lasts until the next
time the clock shows the closing time, on the day after where that is not later than the opening.
Its length is the real time between the two moments, also where the clocks change within it. A
wall time that the clocks skip is the moment of the change; one that comes twice is the first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from data.config import WEEKDAYS, BusinessHours
from data.errors import ConfigError
from data.tables import BLOCK_SECONDS

DAY = timedelta(days=1)
# Room before the first and after the last moment.
MARGIN = timedelta(days=60)
# How far past the last moment the longest response target may reach.
HORIZON_YEARS = 50


def calendar_rows(
    zone: str, hours: BusinessHours, first: datetime, last: datetime, target_seconds: int
) -> Iterator[dict[str, Any]]:
    """The rows of ``business_days`` for one zone, in order of time.

    They cover the moments ``first`` to ``last`` (UTC), 60 days on either side, and after ``last``
    at least ``target_seconds`` of business time. Raises ``ConfigError`` where that takes more
    than 50 years.
    """
    row: dict[str, Any] | None = None
    seconds = 0
    for starts, ends, is_open in _pieces(zone, hours, first - MARGIN, last, target_seconds):
        if row is not None and not is_open and starts.time() != time():
            row["next_opens_at"] = ends  # the rest of the day goes with the shift that ended
            continue
        if row is not None:
            yield row
        row = {
            "calendar": zone,
            "day": starts.date(),
            "opens_at": starts,
            "closes_at": ends if is_open else starts,
            "next_opens_at": ends,
            "seconds_before": seconds,
            "block": seconds // BLOCK_SECONDS,
        }
        if is_open:
            seconds += _seconds(starts, ends)
    if row is not None:
        yield row


def _pieces(
    zone: str, hours: BusinessHours, first: datetime, last: datetime, target_seconds: int
) -> Iterator[tuple[datetime, datetime, bool]]:
    """Time from ``first``'s midnight on in pieces (start, end, whether it is business time),
    cut at UTC midnights and where a block of business time is full."""
    moment = datetime.combine(first.date(), time())
    limit = last + timedelta(days=365 * HORIZON_YEARS)
    seconds = seconds_past_last = 0
    for opens, closes in _shifts(ZoneInfo(zone), hours, moment.date() - DAY):
        if closes <= moment:
            continue
        for piece in _cut(moment, opens, None):
            yield (*piece, False)
        opens = max(moment, opens)
        for piece in _cut(opens, closes, BLOCK_SECONDS - seconds % BLOCK_SECONDS):
            yield (*piece, True)
        moment = closes
        seconds += _seconds(opens, closes)
        if opens > last:
            seconds_past_last += _seconds(opens, closes)
        if opens > last + MARGIN and seconds_past_last >= target_seconds:
            return
        if opens > limit:
            raise ConfigError(
                f"sla.response_hours: {target_seconds / 3600:g} business hours take more than "
                f"{HORIZON_YEARS} years with these business hours.",
                remedy="Lower the target, or widen [business_hours].",
            )


def _cut(starts: datetime, ends: datetime, room: int | None) -> Iterator[tuple[datetime, datetime]]:
    """The span cut at UTC midnights, and after ``room`` seconds and every block from there."""
    block_ends = None if room is None else starts + timedelta(seconds=room)
    while starts < ends:
        stop = min(ends, datetime.combine(starts.date(), time()) + DAY)
        if block_ends is not None and block_ends <= stop:
            stop = block_ends
            block_ends += timedelta(seconds=BLOCK_SECONDS)
        yield starts, stop
        starts = stop


def _shifts(zone: ZoneInfo, hours: BusinessHours, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Every shift from that local day on, as (opens, closes) in UTC; those without length,
    swallowed by a change of the clocks, are left out."""
    opening, closing = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
    weekdays = {WEEKDAYS.index(name) for name in hours.days}
    days_off = holidays.country_holidays(hours.holidays) if hours.holidays else {}
    overnight = DAY if closing <= opening else timedelta()
    while True:
        if day.weekday() in weekdays and day not in days_off:
            opens = utc_moment(datetime.combine(day, opening), zone)
            closes = utc_moment(datetime.combine(day + overnight, closing), zone)
            if opens < closes:
                yield opens, closes
        day += DAY


def utc_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """The UTC moment (without zone) at which the clocks of ``zone`` show ``wall``.

    A time that comes twice is the first; one that the clocks skip is the moment of the change,
    so that a later wall time is never an earlier moment.
    """
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0):
        return moment.replace(tzinfo=None)
    # Skipped: the change lies between the two readings of the wall time, by the offset after it
    # and by the one before.
    early = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    changed = moment.astimezone(zone).utcoffset()
    after = bisect_left(
        range(_seconds(early, moment)),
        True,
        key=lambda s: (early + timedelta(seconds=s)).astimezone(zone).utcoffset() == changed,
    )
    return (early + timedelta(seconds=after)).replace(tzinfo=None)


def _seconds(starts: datetime, ends: datetime) -> int:
    return int((ends - starts).total_seconds())
