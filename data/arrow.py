"""The warehouse contract as Arrow schemas: the shape in which rows travel to an engine."""

from __future__ import annotations

import pyarrow as pa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

# In this order: BigInteger is an Integer and Double is a Numeric to SQLAlchemy.
_ARROW_TYPES: tuple[tuple[type[TypeEngine], pa.DataType], ...] = (
    (Text, pa.string()),
    (DateTime, pa.timestamp("us")),
    (Date, pa.date32()),
    (Boolean, pa.bool_()),
    (BigInteger, pa.int64()),
    (Integer, pa.int32()),
    (Double, pa.float64()),
    (Numeric, pa.decimal128(18, 2)),
)


def arrow_type(kind: TypeEngine) -> pa.DataType:
    """The Arrow type of a column type used in ``data.tables``."""
    for sql_type, arrow in _ARROW_TYPES:
        if isinstance(kind, sql_type):
            return arrow
    raise TypeError(f"data.tables uses {kind!r}, which has no Arrow type yet.")


def schema_of(table: Table) -> pa.Schema:
    """All columns of a table, in its order."""
    return pa.schema(
        [
            pa.field(column.name, arrow_type(column.type), nullable=bool(column.nullable))
            for column in table.columns
        ]
    )
