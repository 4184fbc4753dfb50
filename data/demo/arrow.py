"""From numpy arrays to Arrow tables with the contract's columns, in its order, of its types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.arrow import schema_of
from data.demo.draws import Floats, Ints
from data.tables import CONTRACT


def words(values: Sequence[str | None], codes: Ints) -> pa.Array:
    """``values[code]`` a row; a negative code is NULL."""
    codes = np.asarray(codes, dtype=np.int64)
    return pa.array(values, pa.string()).take(pa.array(codes, mask=codes < 0))


# The prefixes of Salesforce's ids: what a record is.
ACCOUNT, CAMPAIGN, CONTACT, DEAL, LEAD, REP = "001", "701", "003", "006", "00Q", "005"


def ids(prefix: str, numbers: Ints, width: int = 12) -> pa.Array:
    """``00Q000000000042``: numbers as Salesforce's ids; a negative number is NULL."""
    numbers = np.asarray(numbers, dtype=np.int64)
    digits = pa.array(numbers, mask=numbers < 0).cast(pa.string())
    return pc.binary_join_element_wise(prefix, pc.utf8_lpad(digits, width, "0"), "")


def joined(*parts: pa.Array | str) -> pa.Array:
    """The parts written one after the other; NULL where one of them is."""
    return pc.binary_join_element_wise(*parts, "")


def money(amounts: Floats) -> pa.Array:
    """Amounts to the cent as decimal128(18,2); NaN is NULL."""
    amounts = np.asarray(amounts, dtype=float)
    missing = np.isnan(amounts)
    cents = np.rint(np.where(missing, 0, amounts) * 100).astype(np.int64)
    # A decimal128 is a 16-byte little-endian integer: the value and its sign extension.
    raw = np.stack([cents, np.where(cents < 0, -1, 0)], axis=1)
    validity = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
    buffers = [validity, pa.py_buffer(raw.tobytes())]
    return pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), buffers)


def flags(values: Ints) -> pa.Array:
    """1 true, 0 false, anything negative NULL."""
    values = np.asarray(values, dtype=np.int64)
    return pa.array(values > 0, mask=values < 0)


def _column(values: np.ndarray | Sequence, kind: pa.DataType) -> pa.Array:
    """NaN and NaT are NULL; moments are whole seconds, as a CRM notes them."""
    if isinstance(values, np.ndarray) and values.dtype == "datetime64[us]":
        values = values.astype("datetime64[s]")
    return pa.array(values, from_pandas=True).cast(kind)


def contract_table(name: str, columns: Mapping[str, pa.Array | np.ndarray | Sequence]) -> pa.Table:
    """The contract table ``name``; a column that is not given is NULL throughout."""
    schema = schema_of(CONTRACT[name])
    size = len(next(iter(columns.values())))
    arrays = []
    for field in schema:
        values = columns.get(field.name)
        if values is None:
            arrays.append(pa.nulls(size, field.type))
        elif isinstance(values, pa.Array | pa.ChunkedArray):
            arrays.append(values.cast(field.type))
        else:
            arrays.append(_column(values, field.type))
    return pa.Table.from_arrays(arrays, schema=schema)
