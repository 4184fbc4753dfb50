"""How Spark spells the constructs of ``data/dialects/functions.py``. Sessions are in UTC."""

from __future__ import annotations

from sqlalchemy.ext.compiler import compiles

from data.dialects.functions import (
    add_microseconds,
    add_seconds,
    as_list,
    local_time,
    microseconds_between,
    moment_of,
    number_of,
    once,
    row_hash,
    seconds_between,
    text_number,
    texts_in_order,
)


def _parts(element, compiler, kw):
    return (compiler.process(clause, **kw) for clause in element.clauses)


@compiles(local_time, "spark")
def _local_time(element, compiler, **kw):
    moment, zone = _parts(element, compiler, kw)
    # It gives a TIMESTAMP_NTZ; in UTC the same wall clock.
    return f"CAST(convert_timezone('UTC', {zone}, {moment}) AS TIMESTAMP)"


# Through microseconds, which are exact: a difference of timestamps is an interval, and EXTRACT
# takes parts of it and not the whole.
@compiles(seconds_between, "spark")
def _seconds_between(element, compiler, **kw):
    start, end = _parts(element, compiler, kw)
    return f"CAST(FLOOR((unix_micros({end}) - unix_micros({start})) / 1000000) AS BIGINT)"


@compiles(microseconds_between, "spark")
def _microseconds_between(element, compiler, **kw):
    start, end = _parts(element, compiler, kw)
    return f"(unix_micros({end}) - unix_micros({start}))"


@compiles(add_seconds, "spark")
def _add_seconds(element, compiler, **kw):
    moment, seconds = _parts(element, compiler, kw)
    return f"timestamp_micros(unix_micros({moment}) + CAST({seconds} AS BIGINT) * 1000000)"


@compiles(add_microseconds, "spark")
def _add_microseconds(element, compiler, **kw):
    moment, microseconds = _parts(element, compiler, kw)
    return f"timestamp_micros(unix_micros({moment}) + CAST({microseconds} AS BIGINT))"


@compiles(moment_of, "spark")
def _moment_of(element, compiler, **kw):
    (text,) = _parts(element, compiler, kw)
    return f"try_cast({text} AS TIMESTAMP)"


@compiles(number_of, "spark")
def _number_of(element, compiler, **kw):
    (text,) = _parts(element, compiler, kw)
    return f"try_cast({text} AS DOUBLE)"


# What may be another at each look is not put in the place of each reading.
@compiles(once, "spark")
def _once(element, compiler, **kw):
    return "rand() >= 0"


# NULLs leave a hash as it was: what tells (NULL, 1) from (1, NULL) is which of them are NULL.
@compiles(text_number, "spark")
def _text_number(element, compiler, **kw):
    (text,) = _parts(element, compiler, kw)
    # Of NULL it would be its seed.
    return f"CASE WHEN {text} IS NOT NULL THEN xxhash64({text}) END"


@compiles(row_hash, "spark")
def _row_hash(element, compiler, **kw):
    columns = list(_parts(element, compiler, kw))
    nulls = ", ".join(f"isnull({column})" for column in columns)
    return f"CAST(xxhash64({', '.join(columns)}, {nulls}) AS DECIMAL(38, 0))"


# A list has no order of its own while it is collected, so each text brings its place along; and
# whether it is NULL, because lists are compared by their elements and NULLs come last elsewhere.
@compiles(texts_in_order, "spark")
def _texts_in_order(element, compiler, **kw):
    text, place = _parts(element, compiler, kw)
    placed = f"struct({place}, isnull({text}) AS is_null, {text} AS text)"
    shown = "struct(placed.is_null AS is_null, placed.text AS text)"
    return f"transform(sort_array(collect_list({placed})), placed -> {shown})"


# What the Thrift server writes for a list does not tell a quote in a text from its end.
@compiles(as_list, "spark")
def _as_list(element, compiler, **kw):
    (texts,) = _parts(element, compiler, kw)
    return f"to_json(transform({texts}, element -> element.text))"
