"""The mapping file: which file, column and value feeds which table (docs/loading.md).

``read_mapping`` checks all that can be checked without the files themselves and returns blocks
that ``data.sources.files`` reads.
"""

from __future__ import annotations

import posixpath
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table

from data.errors import LoadError, unknown
from data.sources.convert import is_usable_format
from data.sources.where import Condition, parse_where
from data.tables import CONTRACT, ENUMS
from data.zones import known_zones

BLOCK_KEYS = ("file", "columns", "where", "join")
JOIN_KEYS = ("file", "on")
COLUMN_KEYS = ("column", "format", "timezone", "rename", "value")


@dataclass(frozen=True)
class ColumnRule:
    """Where one column comes from: a source column, read by its rules, or a constant."""

    source: str | None = None
    constant: str | None = None
    format: str | None = None
    zone: ZoneInfo | None = None
    rename: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Join:
    """A second file to look columns up in; ``on`` pairs the first file's columns with its own."""

    name: str
    file: str
    on: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Block:
    """One source of rows for one table. ``place`` names it in messages."""

    table: Table
    place: str
    files: tuple[str, ...]
    columns: Mapping[str, ColumnRule]
    where: Condition | None = None
    joins: tuple[Join, ...] = ()


def read_mapping(path: Path) -> tuple[Block, ...]:
    """Read and check a mapping file. Raises ``LoadError`` that names the block and the key."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise LoadError(f"The mapping file {path} does not exist.") from error
    except UnicodeDecodeError as error:
        raise LoadError(f"The mapping file {path} is not UTF-8: {error}.") from error
    except OSError as error:
        raise LoadError(f"The mapping file {path} cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise LoadError(f"The mapping file {path.name} is not valid TOML: {error}.") from error
    return parse_mapping(data, where=path.name)


def parse_mapping(data: Mapping[str, Any], *, where: str) -> tuple[Block, ...]:
    """The blocks of a parsed mapping; ``where`` is the file's name, for messages."""
    if not data:
        raise LoadError(f"{where} maps no table.", remedy="Expected a block such as [leads].")
    blocks: list[Block] = []
    for name, found in data.items():
        if name not in CONTRACT:
            raise LoadError(f"{where}: {unknown('table', name, CONTRACT)}")
        several = isinstance(found, list)
        for number, block in enumerate(found if several else [found], start=1):
            place = f"{where} [{name}]" + (f" (block {number})" if several else "")
            blocks.append(_block(CONTRACT[name], _table(block, place), place))
    return tuple(blocks)


def _block(table: Table, data: Mapping[str, Any], place: str) -> Block:
    _refuse_unknown_keys(data, BLOCK_KEYS, place)
    columns = _table(_required(data, "columns", place), f"{place} columns")
    rules: dict[str, ColumnRule] = {}
    for name, rule in columns.items():
        if name not in table.columns:
            raise LoadError(
                f"{place}: {unknown(f'column of {table.name}', name, table.columns.keys())}"
            )
        rules[name] = _rule(table, name, rule, f"{place} {name}")
    for column in table.columns:
        if not column.nullable and column.name not in rules:
            raise LoadError(
                f"{place}: the required column {column.name!r} of {table.name} is not mapped.",
                remedy=f"Name the file's column, or a constant: {column.name} = {{ value = … }}.",
            )
    return Block(
        table=table,
        place=place,
        files=_files(_required(data, "file", place), place),
        columns=rules,
        where=_where(data["where"], place) if "where" in data else None,
        joins=_joins(_table(data.get("join", {}), f"{place} join"), place),
    )


def _rule(table: Table, column: str, data: Any, place: str) -> ColumnRule:
    if isinstance(data, str):
        return ColumnRule(source=_text(data, place))
    rule = _table(data, place)
    _refuse_unknown_keys(rule, COLUMN_KEYS, place)
    if ("value" in rule) == ("column" in rule):
        raise LoadError(f"{place}: expected either 'column' or 'value'.")
    if "value" in rule:
        if len(rule) > 1:
            raise LoadError(f"{place}: a constant 'value' takes no other key.")
        return ColumnRule(constant=_constant(rule["value"], place))
    return ColumnRule(
        source=_text(rule["column"], f"{place} column"),
        format=_format(rule, place),
        zone=_zone(rule, place),
        rename=_rename(table, column, rule.get("rename", {}), f"{place} rename"),
    )


def _constant(value: Any, place: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return _text(value, f"{place} value")


def _format(rule: Mapping[str, Any], place: str) -> str | None:
    if "format" not in rule:
        return None
    format = _text(rule["format"], f"{place} format")
    if not is_usable_format(format):
        raise LoadError(
            f"{place}: the format {format!r} does not give a date.",
            remedy="Expected strptime directives, such as '%d/%m/%Y' or '%Y-%m-%d %H:%M:%S'.",
        )
    return format


def _zone(rule: Mapping[str, Any], place: str) -> ZoneInfo | None:
    if "timezone" not in rule:
        return None
    name = _text(rule["timezone"], f"{place} timezone")
    if name not in known_zones():
        raise LoadError(f"{place}: {unknown('time zone', name, known_zones())}")
    return ZoneInfo(name)


def _rename(table: Table, column: str, data: Any, place: str) -> Mapping[str, str]:
    rename = _table(data, place)
    allowed = ENUMS.get((table.name, column))
    for old, new in rename.items():
        if old == "":
            raise LoadError(f"{place}: an empty field is NULL and cannot be renamed.")
        if not isinstance(new, str):
            raise LoadError(f"{place}: {old!r} must become a text, not {new!r}.")
        if allowed and new and new not in allowed:
            raise LoadError(f"{place}: {unknown(f'value of {table.name}.{column}', new, allowed)}")
    return dict(rename)


def _files(found: Any, place: str) -> tuple[str, ...]:
    names = found if isinstance(found, list) else [found]
    if not names:
        raise LoadError(f"{place}: 'file' is an empty list.")
    files = tuple(_file(name, place) for name in names)
    twice = next((name for name in files if files.count(name) > 1), None)
    if twice is not None:
        raise LoadError(f"{place}: the file {twice!r} is listed twice.")
    return files


def _file(name: Any, place: str) -> str:
    """A path inside the loaded folder, whichever way it is written."""
    text = _text(name, f"{place} file")
    path = posixpath.normpath(text.replace("\\", "/"))
    outside = path == ".." or path.startswith("../") or PurePosixPath(path).is_absolute()
    if outside or "\0" in path or ":" in path.split("/")[0]:
        raise LoadError(
            f"{place}: {text!r} lies outside the folder that is loaded.",
            remedy="Name a file inside it.",
        )
    return path


def _where(text: Any, place: str) -> Condition:
    try:
        return parse_where(_text(text, f"{place} where"))
    except LoadError as error:
        raise LoadError(f"{place}: {error}") from error


def _joins(data: Mapping[str, Any], place: str) -> tuple[Join, ...]:
    joins = []
    for name, found in data.items():
        inside = f"{place} join.{name}"
        join = _table(found, inside)
        _refuse_unknown_keys(join, JOIN_KEYS, inside)
        on = _table(_required(join, "on", inside), f"{inside} on")
        if not on:
            raise LoadError(f"{inside}: 'on' names no columns.")
        pairs = tuple((left, _text(right, f"{inside} on.{left}")) for left, right in on.items())
        joins.append(Join(name, _file(_required(join, "file", inside), inside), pairs))
    return tuple(joins)


def _table(data: Any, place: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise LoadError(f"{place}: expected a table of keys, found {data!r}.")
    return data


def _text(value: Any, place: str) -> str:
    if not isinstance(value, str) or value == "":
        raise LoadError(f"{place}: expected a text, found {value!r}.")
    return value


def _required(data: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in data:
        raise LoadError(f"{place}: the key {key!r} is missing.")
    return data[key]


def _refuse_unknown_keys(data: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    for key in data:
        if key not in known:
            raise LoadError(f"{place}: {unknown('key', key, known)}")
