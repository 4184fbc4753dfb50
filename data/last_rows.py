"""The last good rows of every statement, for when the warehouse fails.

They are kept with the version of the data that they are of and the viewer's scope, as everything
that is cached; unlike that they have no end in time, and are found while the warehouse is silent.
The oldest unused make room.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sequence
from typing import Any

from cachetools import LRUCache
from sqlalchemy import Engine, Executable
from sqlalchemy.engine import Result

# Fields of rows, all statements together: about 100 MB where they are not shared with the cache.
MOST_FIELDS = 1_500_000
Rows = Sequence[dict[str, Any]]


def _size(rows: Rows) -> int:
    return 20 + sum(len(row) for row in rows[:1]) * len(rows)


class LastRows:
    """Thread-safe. Rows are shared with whoever read them, and handed out as copies."""

    def __init__(self, most_fields: int = MOST_FIELDS) -> None:
        self._kept: LRUCache[Hashable, Rows] = LRUCache(most_fields, getsizeof=_size)
        self._lock = threading.Lock()

    def keep(self, version: Hashable, result: Result[Any], rows: Rows) -> None:
        """Keep the rows that a result has given. What is too large for it is not kept."""
        context: Any = result.context  # type: ignore[attr-defined]
        text = context.statement
        key = (version, text, _values(context.compiled_parameters[0], text))
        with self._lock:
            try:
                self._kept[key] = rows
            except ValueError:
                self._kept.pop(key, None)

    def find(self, version: Hashable, engine: Engine, statement: Executable) -> list[Any] | None:
        """The rows of a statement over that version of the data, or None."""
        options = {"render_postcompile": True}
        compiled: Any = statement.compile(engine, compile_kwargs=options)  # type: ignore[attr-defined]
        text = str(compiled)
        key = (version, text, _values(compiled.params, text))
        with self._lock:
            rows = self._kept.get(key)
        return None if rows is None else [dict(row) for row in rows]

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


def _values(parameters: Any, text: str) -> Hashable:
    """The values of a statement, by name, however often a list of them was written out."""
    return tuple(sorted((name, repr(value)) for name, value in parameters.items()))


LAST_ROWS = LastRows()
