"""How far a zone's clocks are from UTC, piece by piece, for arithmetic in place of look-ups."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

# No zone has changed its clocks twice within so short a time.
STEP = timedelta(hours=6)


class Piece(NamedTuple):
    """From a UTC moment (without zone) on, the clocks show so much more than UTC."""

    since: datetime
    offset: timedelta


@lru_cache(maxsize=256)
def pieces(zone: str, first: datetime, end: datetime) -> tuple[Piece, ...]:
    """The offsets of a zone from ``first`` to before ``end`` (UTC), in order of time."""
    found = [Piece(first, _offset(ZoneInfo(zone), first))]
    for year in range(first.year, end.year + 1):
        found += [piece for piece in _changes(zone, year) if first < piece.since < end]
    return tuple(found)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


@cache
def _changes(zone: str, year: int) -> tuple[Piece, ...]:
    """The moments of a year (UTC) at which the offset becomes another one."""
    info, moment, end = ZoneInfo(zone), datetime(year, 1, 1), datetime(year + 1, 1, 1)
    moments = [moment]
    while moment < end:
        moment += STEP
        moments.append(moment)
    offsets = [_offset(info, moment) for moment in moments]
    return tuple(
        Piece(_change(info, before, after), new)
        for (before, after), (old, new) in zip(pairwise(moments), pairwise(offsets), strict=True)
        if old != new
    )


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the offset changes between two moments."""
    new = _offset(zone, after)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset(zone, middle) == new:
            after = middle
        else:
            before = middle
    return after
