"""Texts as values: each type's one strict reading."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.sources.clock import local_to_utc
from data.sources.convert import Reading, convert

TIMESTAMP, DAY, MONEY = pa.timestamp("us"), pa.date32(), pa.decimal128(18, 2)
NEW_YORK = ZoneInfo("America/New_York")
ZONES = [ZoneInfo(name) for name in ("UTC", "America/New_York", "Asia/Kathmandu", "Europe/Dublin")]


def one(text: str, wanted: pa.DataType, zone: ZoneInfo = NEW_YORK, format: str | None = None):
    """The value of one text, or the reason against it."""
    read = convert(pa.array([text]), wanted, Reading(zone, format))
    return read.bad[0] if read.bad else read.values[0].as_py()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-07-01", datetime(2026, 7, 1, 4)),
        ("2026-01-01", datetime(2026, 1, 1, 5)),
        ("2026-01-01T09:30", datetime(2026, 1, 1, 14, 30)),
        (" 2026-01-01 09:30:15.25 ", datetime(2026, 1, 1, 14, 30, 15, 250_000)),
        ("2026-01-01T09:30:00Z", datetime(2026, 1, 1, 9, 30)),
        ("2026-01-01 09:30:00+05:30", datetime(2026, 1, 1, 4)),
        ("2026-01-01 09:30:00 +05:30", datetime(2026, 1, 1, 4)),
        ("2026-01-01T09:30:00-0300", datetime(2026, 1, 1, 12, 30)),
        ("2026-01-01T09:30:00.123456789Z", datetime(2026, 1, 1, 9, 30, 0, 123_456)),
        ("20260101T093000", datetime(2026, 1, 1, 14, 30)),
        ("2026-03-08 02:30", datetime(2026, 3, 8, 7, 30)),  # skipped: as far after 03:00
        ("2026-11-01 01:30", datetime(2026, 11, 1, 5, 30)),  # twice: the first
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert one(text, TIMESTAMP) == moment
    # The same when a neighbour sends the whole column the slow way.
    read = convert(pa.array([text, "never"]), TIMESTAMP, Reading(NEW_YORK))
    assert read.values[0].as_py() == moment
    assert list(read.bad) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "01/02/2026",
        "2026-13-01",
        "2026-02-30",
        "2026-1-1",
        "Jan-1-2026",
        "1767225600",
        "2026",
        "2026-01-01X09:30",
        "2026-01-01T25:00",
        "2026-W01-1",
        "２０２６-01-01",
        "0",
        "nan",
    ],
)
def test_what_is_no_moment(text: str) -> None:
    assert isinstance(one(text, TIMESTAMP), str)
    assert isinstance(one(text, DAY), str)


def test_days_are_local() -> None:
    assert one("2026-07-01", DAY) == date(2026, 7, 1)
    assert one("2026-07-01 23:30", DAY) == date(2026, 7, 1)
    assert one("2026-07-01T02:00Z", DAY) == date(2026, 6, 30)
    assert one("01.07.2026", DAY, format="%d.%m.%Y") == date(2026, 7, 1)


def test_formats() -> None:
    assert one("1/2/26 3:04 PM", TIMESTAMP, format="%m/%d/%y %I:%M %p") == datetime(
        2026, 1, 2, 20, 4
    )
    zoned = one("01.07.2026 10:00 +0200", TIMESTAMP, format="%d.%m.%Y %H:%M %z")
    assert zoned == datetime(2026, 7, 1, 8)
    assert "format" in one("2026-07-01", TIMESTAMP, format="%d.%m.%Y")


@given(
    st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)) | st.none(), max_size=30),
    st.sampled_from(ZONES),
)
def test_the_clock_agrees_with_zoneinfo(times: list[datetime | None], zone: ZoneInfo) -> None:
    expected = [t and t.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None) for t in times]
    assert local_to_utc(pa.array(times, TIMESTAMP), zone).to_pylist() == expected
    texts = pa.array([t and t.isoformat(" ") for t in times], pa.string())
    read = convert(texts, TIMESTAMP, Reading(zone))
    assert (read.values.to_pylist(), read.bad) == (expected, {})


def test_a_clock_that_changes_by_half_an_hour() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")  # 02:00 becomes 02:30 on 2026-10-04
    times = [datetime(2026, 10, 4, 2, minute) for minute in (0, 15, 29, 30, 45)]
    expected = [t.replace(tzinfo=lord_howe).astimezone(UTC).replace(tzinfo=None) for t in times]
    assert local_to_utc(pa.array(times, TIMESTAMP), lord_howe).to_pylist() == expected


@given(st.lists(st.datetimes(timezones=st.sampled_from(ZONES)), max_size=5))
def test_written_offsets_hold(moments: list[datetime]) -> None:
    kept = [m for m in moments if 2 < m.year < 9998 and not (m.utcoffset().seconds % 60)]  # type: ignore[union-attr]
    texts = pa.array([m.isoformat() for m in kept], pa.string())
    expected = [m.astimezone(UTC).replace(tzinfo=None) for m in kept]
    assert convert(texts, TIMESTAMP, Reading(NEW_YORK)).values.to_pylist() == expected


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31 23:59:59"])
def test_the_ends_of_time_do_not_break_it(text: str) -> None:
    assert isinstance(one(text, TIMESTAMP), datetime)
    assert isinstance(one(text, TIMESTAMP, ZoneInfo("Asia/Tokyo")), datetime)


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("12", "12.00"),
        ("-0.5", "-0.50"),
        ("1.005", "1.01"),
        ("-1.005", "-1.01"),
        ("1.0049999999999999999999999999999999999", "1.00"),
        ("1.5e3", "1500.00"),
        ("9999999999999999.99", "9999999999999999.99"),
    ],
)
def test_money_is_rounded_half_up_to_cents(text: str, cents: str) -> None:
    assert one(text, MONEY) == Decimal(cents)


@pytest.mark.parametrize(
    "text",
    [
        "1,000",
        "1,5",
        "$5",
        "5EUR",
        "1'000",
        "nan",
        "inf",
        "-",
        "1e",
        "0x1",
        "1_000",
        "١",
        "10000000000000000",
        "9999999999999999.995",
        "1e400",
        "1e999",
    ],
)
def test_what_is_no_money(text: str) -> None:
    assert isinstance(one(text, MONEY), str)


@given(st.decimals(-(10**15), 10**15, allow_nan=False, allow_infinity=False))
def test_money_as_decimal_rounds_it(amount: Decimal) -> None:
    expected = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    assert one(str(amount), MONEY) == expected


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e400", "1,5", "", "0x10", "1_0"])
def test_what_is_no_number(text: str) -> None:
    assert isinstance(one(text, pa.float64()), str) or text == ""


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers(number: float) -> None:
    assert one(repr(number), pa.float64()) == number


def test_whole_numbers() -> None:
    assert [one(text, pa.int32()) for text in ("7", "-7", "7.0", " 7 ")] == [7, -7, 7, 7]
    for text in ("7.5", "7e2", "2147483648", "seven", "9" * 30):
        assert isinstance(one(text, pa.int32()), str)


def test_booleans() -> None:
    texts = ["true", "FALSE", "1", "0", "Yes", "no"]
    assert [one(text, pa.bool_()) for text in texts] == [True, False] * 3
    for text in ("y", "t", "2", "on", "ja"):
        assert "not true or false" in one(text, pa.bool_())


def test_empty_is_null_for_every_type() -> None:
    for wanted in (TIMESTAMP, DAY, MONEY, pa.float64(), pa.int32(), pa.bool_(), pa.string()):
        read = convert(pa.array(["", None]), wanted, Reading(NEW_YORK))
        assert (read.values.to_pylist(), read.bad) == ([None, None], {})
        assert read.values.type == wanted
        assert len(convert(pa.array([], pa.string()), wanted, Reading(NEW_YORK)).values) == 0
