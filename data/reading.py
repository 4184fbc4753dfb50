"""Which tables something has read: noted while it runs, so that its answer can be kept by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Executable, Table

# Whoever reads this reads what every load changes.
LOADS = "loads"
_noted: ContextVar[set[str] | None] = ContextVar("tables_read", default=None)


@contextmanager
def noting_reads() -> Iterator[set[str]]:
    """The names of the tables that are read in this block, by this thread; its surroundings, if
    they note as well, have read them too."""
    before, found = _noted.get(), set[str]()
    token = _noted.set(found)
    try:
        yield found
    finally:
        _noted.reset(token)
        if before is not None:
            before |= found


def note_reads(names: Iterable[str]) -> None:
    """Say that tables are read."""
    noted = _noted.get()
    if noted is not None:
        noted.update(names)


def note_statement(statement: Executable) -> None:
    """Say that a statement is run; one that does not tell its tables may read any."""
    if _noted.get() is not None:
        note_reads({table.name for table in tables_of(statement)} or {LOADS})


def tables_of(statement: Any) -> set[Table]:
    """The tables that a statement names."""
    return {part for part in parts_of(statement) if isinstance(part, Table)}


def parts_of(root: Any) -> Iterator[Any]:
    """A statement and all that it is made of, each part once. (SQLAlchemy's own walk meets an
    expression wherever it is used, which in a large statement is a million times.)"""
    met: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if id(part) not in met:
            met[id(part)] = part
            yield part
            waiting.extend(part.get_children())
