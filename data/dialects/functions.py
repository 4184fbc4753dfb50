"""The few SQL constructs whose spelling differs by engine, each compiled in one place.

Every construct is a function element with typed result; an engine that spells it otherwise adds
a ``@compiles`` override in its own file of this package.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Interval,
    Numeric,
    Text,
    TypeDecorator,
    case,
    cast,
    literal,
    literal_column,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import ColumnElement, func
from sqlalchemy.sql.functions import FunctionElement

from data.zone_offsets import Piece, pieces

# How many of the newest years of a span of time find their days by arithmetic.
YEARS_BY_OFFSET = 10


class local_time(FunctionElement[Any]):
    """``local_time(utc_timestamp, zone)``: the wall clock of ``zone`` at a UTC moment."""

    name = "local_time"
    type = DateTime()
    inherit_cache = True


class seconds_between(FunctionElement[Any]):
    """``seconds_between(start, end)``: whole seconds from ``start`` to ``end``, rounded down."""

    name = "seconds_between"
    type = BigInteger()
    inherit_cache = True


class add_seconds(FunctionElement[Any]):
    """``add_seconds(timestamp, seconds)``: the moment so many seconds later."""

    name = "add_seconds"
    type = DateTime()
    inherit_cache = True


class microseconds_between(FunctionElement[Any]):
    """``microseconds_between(start, end)``: exact, within 285 years."""

    name = "microseconds_between"
    type = BigInteger()
    inherit_cache = True


class add_microseconds(FunctionElement[Any]):
    """``add_microseconds(timestamp, microseconds)``: the moment so much later."""

    name = "add_microseconds"
    type = DateTime()
    inherit_cache = True


class moment_of(FunctionElement[Any]):
    """``moment_of(text)``: the UTC moment that a text names, one without an offset being UTC;
    NULL for any other text."""

    name = "moment_of"
    type = DateTime()
    inherit_cache = True


class number_of(FunctionElement[Any]):
    """``number_of(text)``: the number that a text names; NULL for any other text."""

    name = "number_of"
    type = Double()
    inherit_cache = True


class text_number(FunctionElement[Any]):
    """``text_number(text)``: a 64-bit number to tell texts apart by within one statement; NULL has
    none. Which it is differs by engine, and two texts may share one."""

    name = "text_number"
    type = BigInteger()
    inherit_cache = True


class row_hash(FunctionElement[Any]):
    """``row_hash(a, b, …)``: a 64-bit hash of a row's values as a whole number; NULLs count."""

    name = "row_hash"
    type = Numeric(38, 0)
    inherit_cache = True


class once(FunctionElement[Any]):
    """``once()``: true, a condition of a CTE that is read several times and costs much. An engine
    that would compute, and plan, such a CTE anew for each reading then does so once."""

    name = "once"
    type = Boolean()
    inherit_cache = True


class texts_in_order(FunctionElement[Any]):
    """``texts_in_order(text, place)``: an aggregate, the texts of a group in the order of their
    places, NULLs among them. To be grouped and ordered by; ``as_list`` reads it."""

    name = "texts_in_order"
    type = ARRAY(Text)
    inherit_cache = True


class TextList(TypeDecorator[list[str | None]]):
    """A list of texts; drivers without lists hand it over as JSON."""

    impl = ARRAY(Text)
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> list[str | None] | None:
        return json.loads(value) if isinstance(value, str) else value

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self.impl_instance


class as_list(FunctionElement[Any]):
    """``as_list(texts_in_order(…))``: the texts, as the driver can hand them over."""

    name = "as_list"
    type = TextList()
    inherit_cache = True


class least_of(FunctionElement[Any]):
    """``least_of(a, b, …)``: the earliest of several moments; NULLs do not count."""

    name = "least_of"
    type = DateTime()
    inherit_cache = True


@compiles(local_time)
def _local_time(element, compiler, **kw):
    moment, zone = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"timezone({zone}, timezone('UTC', {moment}))"


@compiles(seconds_between)
def _seconds_between(element, compiler, **kw):
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM (({end}) - ({start})))) AS BIGINT)"


@compiles(add_seconds)
def _add_seconds(element, compiler, **kw):
    moment, seconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({moment}) + ({seconds}) * INTERVAL '1' SECOND)"


@compiles(microseconds_between)
def _microseconds_between(element, compiler, **kw):
    start, end = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(ROUND(EXTRACT(EPOCH FROM (({end}) - ({start}))) * 1000000) AS BIGINT)"


@compiles(add_microseconds)
def _add_microseconds(element, compiler, **kw):
    moment, microseconds = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(({moment}) + ({microseconds}) * INTERVAL '1 microsecond')"


# pg_input_is_valid: PostgreSQL 16 and newer.
@compiles(moment_of)
def _moment_of(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    return (
        f"CASE WHEN pg_input_is_valid({text}, 'timestamp with time zone') "
        f"THEN timezone('UTC', CAST({text} AS TIMESTAMP WITH TIME ZONE)) END"
    )


@compiles(number_of)
def _number_of(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    return (
        f"CASE WHEN pg_input_is_valid({text}, 'double precision') "
        f"THEN CAST({text} AS DOUBLE PRECISION) END"
    )


@compiles(text_number)
def _text_number(element, compiler, **kw):
    text = compiler.process(element.clauses.clauses[0], **kw)
    return f"hashtextextended({text}, 0)"


@compiles(once)
def _once(element, compiler, **kw):
    return "true"


@compiles(row_hash)
def _row_hash(element, compiler, **kw):
    columns = ", ".join(compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(hashtextextended(CAST(ROW({columns}) AS TEXT), 0) AS NUMERIC(38, 0))"


@compiles(texts_in_order)
def _texts_in_order(element, compiler, **kw):
    text, place = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"array_agg({text} ORDER BY {place})"


@compiles(as_list)
def _as_list(element, compiler, **kw):
    return compiler.process(element.clauses.clauses[0], **kw)


@compiles(least_of)
def _least_of(element, compiler, **kw):
    moments = ", ".join(compiler.process(clause, **kw) for clause in element.clauses)
    return f"LEAST({moments})"


def local_day(
    moment: ColumnElement[Any], zone: str, within: tuple[datetime, datetime] | None = None
) -> ColumnElement[Any]:
    """The business day (DATE) on which a UTC timestamp falls in ``zone``.

    ``within`` says between which moments (UTC) all timestamps lie, where that is known: then the
    day is found by adding the zone's offsets, which costs an engine a tenth of a look-up of the
    zone for every row. What lies before the last ``YEARS_BY_OFFSET`` years of it is looked up.
    """
    if zone == "UTC":
        return cast(moment, Date)
    looked_up = cast(local_time(moment, literal(zone)), Date)
    if within is None:
        return looked_up
    first, end = within
    since = max(first, end - timedelta(days=366 * YEARS_BY_OFFSET))
    oldest, *later = pieces(zone, since, end)
    days = [(moment >= piece.since, _shifted_day(moment, piece)) for piece in reversed(later)]
    last = _shifted_day(moment, oldest)
    if since > first:
        days.append((moment >= oldest.since, last))
        last = looked_up
    return case(*days, else_=last) if days else last


def _shifted_day(moment: ColumnElement[Any], piece: Piece) -> ColumnElement[Any]:
    seconds = int(piece.offset.total_seconds())
    units = (("HOUR", 3600), ("MINUTE", 60), ("SECOND", 1))
    unit, size = next((unit, size) for unit, size in units if seconds % size == 0)
    ahead = literal_column(f"INTERVAL '{abs(seconds) // size}' {unit}", Interval)
    return cast(cast(moment - ahead if seconds < 0 else moment + ahead, DateTime), Date)


def days_later(moment: ColumnElement[Any], days: int) -> ColumnElement[Any]:
    """The moment ``days`` times 24 hours later; ``days`` is a whole number."""
    return moment + literal_column(f"INTERVAL '{int(days)}' DAY", DateTime)


def percentile(share: float, value: ColumnElement[Any]) -> ColumnElement[Any]:
    """Continuous percentile; ``share`` within 0–1. NULLs do not count."""
    return func.percentile_cont(literal_column(repr(float(share)), Double)).within_group(
        cast(value, Double)
    )
