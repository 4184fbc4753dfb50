"""Values of files as values of the contract: one strict reading for each type, no guesses.

``convert`` reads a whole column at once with Arrow. Where a column does not follow the usual
spelling it is read value by value; those that cannot be read are then reported by position.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.sources.clock import local_to_utc

TIMESTAMP = pa.timestamp("us")
MONEY_LIMIT = Decimal(10) ** 16
INT_LIMITS = {pa.int32(): 2**31, pa.int64(): 2**63}
BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "yes": True, "no": False}

_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?"
_PLAIN_TIME = rf"{_DAY}(?:[T ]{_CLOCK})?"
_OFFSET_TIME = rf"{_DAY}[T ]{_CLOCK}(?:Z|[+-]\d{{2}}(?::?\d{{2}})?)"
_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
# What fromisoformat reads of ISO 8601, less its freedom in the separator and its week dates.
_ISO = re.compile(
    r"\d{4}-?\d{2}-?\d{2}(?:[T ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?"
    r"(?: ?(?:[Zz]|[+-]\d{2}(?::?\d{2})?))?)?",
    re.ASCII,
)
# "… 09:30:00 +02:00", as many databases print it.
_SPACED_OFFSET = re.compile(r" (Z|[+-][\d:]+)$")
_NUMBER = re.compile(_DECIMAL, re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,20}(?:\.0*)?", re.ASCII)


@dataclass(frozen=True)
class Reading:
    """How a column's values are to be read: its zone, and its format where not ISO 8601."""

    zone: ZoneInfo
    format: str | None = None


@dataclass(frozen=True)
class Converted:
    """The values of the wanted type, NULL where ``bad`` gives a reason by position."""

    values: pa.Array
    bad: dict[int, str]


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text, NULL where it is empty. Raises ``TypeError`` for nested types."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return as_text(values.cast(kind.value_type))
    if pa.types.is_nested(kind):
        raise TypeError(f"values of type {kind} cannot be read")
    try:
        text = values if pa.types.is_string(kind) else values.cast(pa.string())
    except pa.ArrowInvalid as error:
        raise TypeError(f"values of type {kind} cannot be read as text") from error
    return pc.if_else(pc.equal(text, ""), None, text)


def is_typed_time(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def convert(values: pa.Array, wanted: pa.DataType, reading: Reading) -> Converted:
    """Read a column as ``wanted``. Raises ``TypeError`` when its type can never be that."""
    if is_typed_time(values.type) and (wanted == TIMESTAMP or pa.types.is_date(wanted)):
        return _typed_time(values, wanted, reading)
    text = as_text(values)
    if wanted == pa.string():
        return Converted(text, {})
    text = pc.utf8_trim(text, " \t")
    if wanted == TIMESTAMP:
        return _timestamps(text, reading)
    if pa.types.is_date(wanted):
        return _days(text, reading)
    if pa.types.is_boolean(wanted):
        return _each(text, wanted, _boolean)
    if pa.types.is_decimal(wanted):
        return _money(text, wanted)
    if pa.types.is_floating(wanted):
        return _numbers(text, wanted)
    return _integers(text, wanted)


def _typed_time(values: pa.Array, wanted: pa.DataType, reading: Reading) -> Converted:
    """Parquet's own times: with a zone they are moments, without one the zone's wall clock."""
    zoned = pa.types.is_timestamp(values.type) and values.type.tz is not None
    if zoned and pa.types.is_date(wanted):
        moments = values.cast(pa.timestamp("us", "UTC"), safe=False).cast(TIMESTAMP)
        return _days(pc.binary_join_element_wise(moments.cast(pa.string()), "Z", ""), reading)
    plain = values.cast(pa.timestamp("us", "UTC"), safe=False) if zoned else values
    times = plain.cast(TIMESTAMP, safe=False)
    if pa.types.is_date(wanted):
        return Converted(times.cast(pa.date32(), safe=False), {})
    return Converted(times if zoned else local_to_utc(times, reading.zone), {})


def _timestamps(text: pa.Array, reading: Reading) -> Converted:
    if reading.format is None:
        if _all_match(text, _PLAIN_TIME):
            try:
                return Converted(local_to_utc(text.cast(TIMESTAMP), reading.zone), {})
            except pa.ArrowInvalid:
                pass  # one of them is no day of the calendar: find out which
        elif _all_match(text, _OFFSET_TIME):
            try:
                return Converted(text.cast(pa.timestamp("us", "UTC")).cast(TIMESTAMP), {})
            except pa.ArrowInvalid:
                pass
    return _each(text, TIMESTAMP, lambda value: _utc(_moment(value, reading), reading))


def _days(text: pa.Array, reading: Reading) -> Converted:
    def day(value: str) -> date:
        moment = _moment(value, reading)
        return (moment.astimezone(reading.zone) if moment.tzinfo else moment).date()

    return _each(text, pa.date32(), day)


def _moment(value: str, reading: Reading) -> datetime:
    if reading.format is not None:
        try:
            return datetime.strptime(value, reading.format)
        except ValueError as error:
            raise ValueError(f"does not have the format {reading.format!r}") from error
    if not _ISO.fullmatch(value):
        raise ValueError(
            "is not an ISO 8601 date or time such as 2026-01-31 or 2026-01-31T09:30:00; "
            "another spelling needs a 'format' in a mapping file"
        )
    try:
        return datetime.fromisoformat(_SPACED_OFFSET.sub(r"\1", value.upper()))
    except ValueError as error:
        raise ValueError(f"is not a date or time of the calendar ({error})") from error


def _utc(moment: datetime, reading: Reading) -> datetime:
    try:
        return (
            moment.replace(tzinfo=moment.tzinfo or reading.zone)
            .astimezone(UTC)
            .replace(tzinfo=None)
        )
    except OverflowError:
        return moment.replace(tzinfo=None)


def _boolean(value: str) -> bool:
    try:
        return BOOLEANS[value.lower()]
    except KeyError:
        raise ValueError("is not true or false (also 1, 0, yes, no)") from None


def _money(text: pa.Array, wanted: pa.DataType) -> Converted:
    if _all_match(text, _DECIMAL):
        try:
            exact = text.cast(pa.decimal256(76, 30))
            cents = pc.round(exact, 2, round_mode="half_towards_infinity")
            return Converted(cents.cast(wanted), {})
        except pa.ArrowInvalid:
            pass  # too many digits for Arrow, or for the column
    return _each(text, wanted, _cents)


def _cents(value: str) -> Decimal:
    number = _finite(value, Decimal)
    if abs(number) >= MONEY_LIMIT:
        raise ValueError("is more than the 16 digits before the point that money has")
    cents = number.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    if abs(cents) >= MONEY_LIMIT:
        raise ValueError("is more than the 16 digits before the point that money has")
    return cents


def _numbers(text: pa.Array, wanted: pa.DataType) -> Converted:
    if _all_match(text, _DECIMAL):
        numbers = text.cast(wanted)
        if pc.all(pc.is_finite(numbers)).as_py() is not False:
            return Converted(numbers, {})
    return _each(text, wanted, lambda value: _finite(value, float))


def _finite(value: str, kind: Callable[[str], Any]) -> Any:
    if not _NUMBER.fullmatch(value):
        raise ValueError("is not a number such as 1234.5 (no thousands separators, no currency)")
    try:
        number = kind(value)
    except InvalidOperation as error:
        raise ValueError("is not a number that can be stored") from error
    if number in (float("inf"), float("-inf")):
        raise ValueError("is larger than a number that can be stored")
    return number


def _integers(text: pa.Array, wanted: pa.DataType) -> Converted:
    limit = INT_LIMITS[wanted]

    def whole(value: str) -> int:
        if not _INTEGER.fullmatch(value):
            raise ValueError("is not a whole number")
        number = int(value.split(".")[0])
        if not -limit <= number < limit:
            raise ValueError("is too large a number for this column")
        return number

    return _each(text, wanted, whole)


def _all_match(text: pa.Array, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(text, f"^(?:{pattern})$")).as_py() is not False


def _each(text: pa.Array, wanted: pa.DataType, read: Callable[[str], Any]) -> Converted:
    """Read value by value, each different one once."""
    encoded = pc.dictionary_encode(text)
    found: list[Any] = []
    reasons: dict[int, str] = {}
    for code, value in enumerate(encoded.dictionary.to_pylist()):
        try:
            found.append(read(value))
        except (ValueError, OverflowError) as error:
            found.append(None)
            reasons[code] = str(error)
    values = pa.array(found, wanted).take(encoded.indices)
    if not reasons:
        return Converted(values, {})
    codes = np.asarray(encoded.indices.fill_null(-1))
    wrong = np.flatnonzero(np.isin(codes, list(reasons)))
    return Converted(values, {int(row): reasons[int(codes[row])] for row in wrong})


def utc_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The moment, in UTC without zone, at which a business day begins in ``zone``."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def is_usable_format(format: str) -> bool:
    """Whether ``strptime`` knows every directive and gets a whole date from it."""
    sample = datetime(2024, 12, 31, 23, 59, 58, tzinfo=UTC)
    try:
        return datetime.strptime(sample.strftime(format), format).date() == sample.date()
    except (ValueError, re.error):
        return False
