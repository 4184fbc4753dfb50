"""Small tools to write raw tables: rows by number, texts of moments, rows that come twice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.draws import Ints, Times

MOMENT, ZONED, DAY = pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.date32()
Columns = Mapping[str, Any]


def text(values: Any) -> pa.Array:
    """Any column as text, as a history of changes holds it."""
    return pc.cast(_array(values), pa.string())


def moments(values: Times, kind: pa.DataType = MOMENT) -> pa.Array:
    """UTC moments, whole seconds as a CRM notes them; NaT is NULL."""
    seconds = np.asarray(values).astype("datetime64[s]")
    naive = pa.array(seconds, from_pandas=True).cast(MOMENT)
    return naive if kind == MOMENT else pc.assume_timezone(naive, "UTC")


def iso(values: Times) -> pa.Array:
    """Moments as texts: ``2026-01-02T03:04:05Z``."""
    return pc.strftime(moments(values, ZONED), format="%Y-%m-%dT%H:%M:%SZ")


def one(value: str | bool | None, size: int) -> pa.Array:
    """The same value in every row."""
    kind = pa.bool_() if isinstance(value, bool) else pa.string()
    return pa.array([value], kind).take(pa.array(np.zeros(size, dtype=np.int64)))


def where(condition: np.ndarray, yes: pa.Array, no: pa.Array | str | None = None) -> pa.Array:
    other = pa.scalar(no, pa.string()) if no is None or isinstance(no, str) else no
    return pc.if_else(pa.array(np.asarray(condition, dtype=bool)), yes, other)


def raw_table(columns: Columns) -> pa.Table:
    """Arrays as they are; numpy arrays converted, NaT and NaN NULL; texts repeated."""
    size = max(len(v) for v in columns.values() if not isinstance(v, str | bool | type(None)))
    found = {}
    for name, values in columns.items():
        if isinstance(values, str | bool | type(None)):
            found[name] = one(values, size)
        else:
            found[name] = _array(values)
    return pa.table(found)


def stacked(*tables: pa.Table) -> pa.Table:
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def landed_twice(table: pa.Table, rows: Ints) -> pa.Table:
    """Some rows a second time, as an earlier sync has left them: to the letter but for its date."""
    again = table.take(pa.array(rows))
    place = again.column_names.index("_fivetran_synced")
    earlier = pc.subtract(
        again["_fivetran_synced"], pa.scalar(timedelta(days=30), pa.duration("us"))
    )
    return stacked(table, again.set_column(place, "_fivetran_synced", earlier))


def _array(values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        return values.combine_chunks()
    if isinstance(values, pa.Array):
        return values
    values = np.asarray(values)
    if values.dtype.kind == "M":
        return moments(values)
    return pa.array(values, from_pandas=True)
