"""One block of a mapping as rows of its table, checked: types, enums, required columns."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Column

from data.arrow import arrow_type, schema_of
from data.errors import LoadError, unknown
from data.sources.convert import Reading, as_text, convert, is_typed_time
from data.sources.join import Joined
from data.sources.mapping import Block, ColumnRule
from data.sources.problems import SHOWN, Problem, refusal, shown
from data.sources.raw import RawFile
from data.tables import ENUMS


@dataclass(frozen=True)
class Part:
    """Rows from one file. ``records`` are their places in the file, from 0."""

    file: RawFile
    records: np.ndarray
    rows: pa.Table

    def refuse(self, problems: list[Problem]) -> LoadError:
        """The error for this file, with its first problems."""
        first = heapq.nsmallest(SHOWN, problems, key=lambda problem: problem.index)
        rows = self.file.rows_at([problem.index for problem in first])
        lines = [
            f"row {row}, column {problem.column}: {problem.reason}"
            for row, problem in zip(rows, first, strict=True)
        ]
        return refusal(self.file.name, lines, len(problems))


def read_part(block: Block, main: RawFile, others: Mapping[str, RawFile], zone: ZoneInfo) -> Part:
    """Rows of ``block`` from one of its files; ``zone`` is the company's.

    Raises ``LoadError`` with the first problems of the file.
    """
    joined = Joined(block, main, others)
    records = _kept(block, joined, main.table.num_rows)
    columns: dict[str, pa.Array] = {}
    problems: list[Problem] = []
    for name, rule in block.columns.items():
        column = block.table.columns[name]
        if rule.constant is not None:
            values = _constant(block, column, rule, zone)
            columns[name] = pa.repeat(values[0], len(records))
        else:
            found = joined.column(rule.source or name)
            if len(records) != len(found):
                found = found.take(pa.array(records))
            columns[name], wrong = _read_column(block, column, rule, found, zone, main)
            problems += [Problem(int(records[row]), *rest) for row, *rest in wrong]
    part = Part(main, records, _whole_table(block, columns, len(records)))
    if problems:
        raise part.refuse(problems)
    return part


def _kept(block: Block, joined: Joined, count: int) -> np.ndarray:
    if block.where is None:
        return np.arange(count)
    try:
        mask = block.where.evaluate(joined.column)
    except TypeError as error:
        raise LoadError(f"{block.place} where: {error}.") from error
    return np.flatnonzero(np.asarray(mask.fill_null(False)))


def _whole_table(block: Block, columns: Mapping[str, pa.Array], count: int) -> pa.Table:
    schema = schema_of(block.table)
    return pa.table(
        [columns.get(field.name, pa.nulls(count, field.type)) for field in schema],
        names=schema.names,
    )


def _constant(block: Block, column: Column[Any], rule: ColumnRule, zone: ZoneInfo) -> pa.Array:
    read = convert(pa.array([rule.constant]), arrow_type(column.type), Reading(zone))
    reason = read.bad.get(0) or _not_listed(column, rule.constant)
    if reason:
        raise LoadError(f"{block.place} {column.name}: {shown(rule.constant)} {reason}.")
    return read.values


def _read_column(
    block: Block,
    column: Column[Any],
    rule: ColumnRule,
    found: pa.Array,
    zone: ZoneInfo,
    main: RawFile,
) -> tuple[pa.Array, list[tuple[int, str, str]]]:
    """The column's values, and by row what is wrong: (row, column as named, reason)."""
    name = _named(column, rule)
    if rule.format and is_typed_time(found.type):
        raise LoadError(
            f"{block.place} {column.name}: {rule.source!r} of {main.name} holds dates, not text, "
            "and takes no 'format'."
        )
    try:
        values = _renamed(as_text(found), rule.rename) if rule.rename else found
        read = convert(values, arrow_type(column.type), Reading(rule.zone or zone, rule.format))
    except TypeError as error:
        raise LoadError(f"{main.name}, column {name}: {error}.") from error
    wrong = [
        (row, name, f"{shown(values[row].as_py())} {reason}") for row, reason in read.bad.items()
    ]
    if not column.nullable and read.values.null_count > len(read.bad):
        empty = np.flatnonzero(np.asarray(read.values.is_null()))
        required = f"is empty, and {column.table.name}.{column.name} is required"
        wrong += [(int(row), name, required) for row in empty if int(row) not in read.bad]
    wrong += [(row, name, reason) for row, reason in _unfit_text(column, read.values).items()]
    return read.values, wrong


def _named(column: Column[Any], rule: ColumnRule) -> str:
    source = rule.source or column.name
    if source == column.name:
        return repr(source)
    return f"{source!r} (for {column.table.name}.{column.name})"


def _renamed(text: pa.Array, rename: Mapping[str, str]) -> pa.Array:
    """Listed values changed, others as they are; a value renamed to '' becomes NULL."""
    places = pc.index_in(text, value_set=pa.array(list(rename), pa.string()))
    new = pa.array([value or None for value in rename.values()], pa.string())
    return pc.if_else(pc.is_valid(places), new.take(places), text)


def _unfit_text(column: Column[Any], values: pa.Array) -> dict[int, str]:
    """Values outside a closed list, and texts that no engine stores, by row."""
    if not pa.types.is_string(values.type):
        return {}
    listed = (column.table.name, column.name) in ENUMS
    if not listed and not pc.any(pc.match_substring(values, "\0")).as_py():
        return {}
    encoded = values.dictionary_encode()
    reasons = {
        code: f"{shown(value)} {reason}"
        for code, value in enumerate(encoded.dictionary.to_pylist())
        if (reason := _not_listed(column, value) or _not_text(value))
    }
    if not reasons:
        return {}
    codes = np.asarray(encoded.indices.fill_null(-1))
    return {
        int(row): reasons[int(codes[row])] for row in np.flatnonzero(np.isin(codes, list(reasons)))
    }


def _not_listed(column: Column[Any], value: str | None) -> str | None:
    allowed = ENUMS.get((column.table.name, column.name))
    if allowed is None or value is None or value in allowed:
        return None
    name = f"{column.table.name}.{column.name}"
    return f"is not in the list of {name}: {unknown('value', value, allowed).rstrip('.')}"


def _not_text(value: str | None) -> str | None:
    return "holds a NUL character, which no text has" if value and "\0" in value else None
