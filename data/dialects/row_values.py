"""Rows that come with a statement, as a table whose rows are no part of the statement's shape.

SQLAlchemy compiles a statement of one shape once and keeps its text. Its own VALUES are part of the
shape, so that a statement with other rows is another one; here they are put into the kept text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, FromClause, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TupleType


class row_values(FunctionElement[Any]):  # noqa: N801
    """``VALUES (…), (…)`` of one parameter that holds the rows."""

    name = "row_values"
    inherit_cache = True


@compiles(row_values)
def _row_values(element, compiler, **kw):
    # A parameter of several values is written in parentheses, as for IN.
    rows = compiler.process(element.clauses.clauses[0], **kw)
    return "(VALUES " + rows.removeprefix("(")


def rows_as_table(
    name: str, columns: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]
) -> FromClause:
    """A FROM of these rows, at least one. Days stand in them as text: compare ``cast(c, Date)``."""
    types = TupleType(*(column.type for column in columns))
    held = bindparam(None, list(rows), expanding=True, literal_execute=True, type_=types)
    return row_values(held).table_valued(*columns, name=name).render_derived()
