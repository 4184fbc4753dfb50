"""Put a new warehouse in the place of the old one, all at once or not at all.

Readers go on with the old one until the new one is whole; a killed or failed load leaves the old
one as it was. How, is each engine's own affair: DuckDB builds another file and flips a symlink,
PostgreSQL works in one transaction (``data/dialects``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Table
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from data.dialects import dialect_of
from data.errors import WarehouseError

# What the system says of a disk or a quota that is full, in whatever words an engine wraps it.
FULL = r"No space left on device|File too large|Disk quota exceeded"


@contextmanager
def replacing(url: URL) -> Iterator[Connection]:
    """A connection to an empty new warehouse with all tables of ``data.tables``.

    When the block ends well, readers see the new warehouse instead of the old; on any exception
    nothing has changed. Raises ``WarehouseError`` when it cannot be written.
    """
    with _told(url), dialect_of(url).replacing(url) as connection:
        yield connection


@contextmanager
def copying(url: URL) -> Iterator[Connection]:
    """The same, but the contract's tables and ``scorecard_meta`` keep their rows.

    For computing the derived tables anew: ``business_days`` and ``handoff_clock`` are empty.
    Raises ``WarehouseError`` when there is no warehouse to start from.
    """
    with _told(url), dialect_of(url).copying(url) as connection:
        yield connection


@contextmanager
def rebuilding(url: URL, tables: Sequence[Table]) -> Iterator[Connection]:
    """The same as ``replacing``, but only the given tables are empty. Whatever else the database
    holds stays, above all the raw tables that the contract's tables are built from.

    Raises ``WarehouseError`` when there is no database to start from.
    """
    with _told(url), dialect_of(url).rebuilding(url, tables) as connection:
        yield connection


@contextmanager
def _told(url: URL) -> Iterator[None]:
    """Engine errors as ``WarehouseError``; those that the block raises on purpose pass."""
    try:
        yield
    except SQLAlchemyError as error:
        told = str(getattr(error, "orig", None) or error).strip()
        lines = told.splitlines()
        where = url.render_as_string(hide_password=True)
        full = re.search(FULL, told)
        if full is not None:
            raise WarehouseError(
                f"The warehouse {where} cannot be written: the disk is full ({full[0]}).",
                remedy="Nothing was changed. Make room for a second copy, and load again.",
            ) from error
        raise WarehouseError(
            f"The warehouse {where} cannot be written: {lines[0] if lines else error}",
            remedy="Nothing was changed. Check WAREHOUSE_URL, the permissions of its user and "
            "that no other program holds it.",
        ) from error
