"""The company's day of a moment by its zone's offsets is the day that the zone itself tells."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import DateTime, Integer, cast, column, create_engine, select, values

from data.dialects.functions import YEARS_BY_OFFSET, local_day
from data.zone_offsets import pieces

# Whole hours, half ones, a change by half an hour, at midnight, twice around Ramadan, a day that
# never was (Apia, 30 December 2011).
ZONES = (
    *("UTC", "America/New_York", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"),
    *("America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "Asia/Tokyo"),
)
FIRST, END = datetime(2003, 6, 1, 4), datetime(2019, 2, 3, 5)
SECOND = timedelta(seconds=1)


def day_of(moment: datetime, zone: str) -> date:
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


@settings(deadline=None, derandomize=True, database=None)
@given(zone=st.sampled_from(ZONES), moment=st.datetimes(FIRST, END - SECOND))
def test_pieces_tell_the_offset_of_every_moment(zone: str, moment: datetime):
    found = pieces(zone, FIRST, END)
    assert all(a.since < b.since and a.offset != b.offset for a, b in pairwise(found))
    (offset,) = [piece.offset for piece in found if piece.since <= moment][-1:]
    assert offset == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_the_day_by_offsets_is_the_day_of_the_zone(engine_url: str, zone: str):
    """At every change of the clocks and every midnight near it, to the microsecond, within the
    newest years, which are added up, and before them, which are looked up."""
    since = END - timedelta(days=366 * YEARS_BY_OFFSET)
    moments = {FIRST, since - SECOND, since, END - SECOND}
    for piece in pieces(zone, FIRST, END):
        midnight = piece.since.replace(hour=0, minute=0, second=0) - piece.offset
        for around in (piece.since, midnight, midnight + timedelta(days=1)):
            moments |= {around - timedelta(microseconds=1), around, around + SECOND}
    wanted = sorted(moment for moment in moments if FIRST <= moment < END)
    rows = values(column("n", Integer), column("at", DateTime), name="moments").data(
        list(enumerate(wanted))
    )
    at = cast(rows.c.at, DateTime)
    spans = {"old": (FIRST, END), "none": None, "new": (since, END)}
    days = [local_day(at, zone, within).label(name) for name, within in spans.items()]
    engine = create_engine(engine_url)
    with engine.connect() as connection:
        found = connection.execute(select(rows.c.n, *days).order_by(rows.c.n)).all()
    engine.dispose()
    for moment, row in zip(wanted, found, strict=True):
        assert row.none == row.old == day_of(moment, zone), moment
        assert moment < since or row.new == row.old, moment
