"""Dataclasses of frozen numbers to plain JSON and back, by their own type hints.

Nothing is looked up when they are read: a KPI that has been renamed or taken out since reads as it
was. Only what is made of the types below can be written; anything else is an error at once.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import pandas as pd

# How a KPI is computed is code, which has no lasting form.
_LEFT_OUT = frozenset({"derived"})


def encode(value: Any) -> Any:
    """A dataclass, or what one is made of, as plain JSON. Raises ``TypeError`` for anything else.

    A field at its default is left out.
    """
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple):
        return [encode(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): encode(part) for name, part in value.items()}
    if isinstance(value, pd.DataFrame):
        split = json.loads(value.to_json(orient="split", index=False))
        return {"columns": split["columns"], "rows": split["data"]}
    if is_dataclass(value):
        return {
            field.name: encode(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _LEFT_OUT and not _is_default(value, field)
        }
    raise TypeError(f"{type(value).__name__} has no lasting form")


def _is_default(value: Any, field: Field[Any]) -> bool:
    return field.default is not MISSING and bool(getattr(value, field.name) == field.default)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def decode(kind: Any, data: Any) -> Any:
    """What ``encode`` wrote, as ``kind``. Fields that ``kind`` no longer has are left out."""
    if data is None:
        return None
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (only, *others) = [part for part in parts if part is not type(None)]
        return decode(_of(data, (only, *others)), data)
    if origin is tuple:
        return _tuple(parts, data)
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {name: decode(parts[1], part) for name, part in data.items()}
    if isinstance(kind, type):
        return _plain(kind, data)
    return data


def _of(data: Any, kinds: tuple[Any, ...]) -> Any:
    """Of several kinds the one that can hold the data: tuples by their length, texts by whether
    they are a member of an enum."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Enum) and data not in list(kind):
            continue
        arguments = get_args(kind)
        if get_origin(kind) is not tuple or ... in arguments or len(arguments) == len(data):
            return kind
    return kinds[0]


def _tuple(parts: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if len(parts) == 2 and parts[1] is ...:
        return tuple(decode(parts[0], one) for one in data)
    return tuple(decode(part, one) for part, one in zip(parts, data, strict=True))


def _plain(kind: type, data: Any) -> Any:
    if kind is pd.DataFrame:
        return pd.DataFrame(data["rows"], columns=data["columns"])
    if is_dataclass(kind):
        hints = _hints(kind)
        known = {field.name for field in fields(kind)}
        return kind(**{n: decode(hints[n], part) for n, part in data.items() if n in known})
    if issubclass(kind, Enum | Decimal):
        return kind(data)
    if issubclass(kind, datetime | date):
        return kind.fromisoformat(data)
    return data
