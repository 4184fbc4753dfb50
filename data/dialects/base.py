"""What the program needs to know of an engine. A new engine is one file beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
from sqlalchemy import Connection, Engine, Table
from sqlalchemy.engine import URL


class CreateEngine(Protocol):
    def __call__(self, url: URL, *, read_only: bool, timeout_seconds: float) -> Engine: ...


@contextmanager
def _no_guard(connection: Connection, timeout_seconds: float) -> Iterator[None]:
    yield


def _nothing(connection: Connection, table: Table) -> None:
    pass


def _leave(driver_connection: Any) -> None:
    pass


def _never(error: BaseException) -> bool:
    return False


def _whole_url(url: URL) -> str:
    return url.render_as_string(hide_password=False)


class Guard(Protocol):
    def __call__(
        self, connection: Connection, timeout_seconds: float
    ) -> AbstractContextManager[None]: ...


class NewWarehouse(Protocol):
    def __call__(self, url: URL) -> AbstractContextManager[Connection]: ...


class RebuiltWarehouse(Protocol):
    def __call__(self, url: URL, tables: Sequence[Table]) -> AbstractContextManager[Connection]: ...


class Insert(Protocol):
    def __call__(self, connection: Connection, table: Table, rows: pa.Table) -> None: ...


@dataclass(frozen=True)
class Dialect:
    """An engine's own ways.

    ``create_engine`` opens it, read-only with a statement time limit where asked. ``guard`` wraps
    one statement for engines that cannot limit its time themselves. ``is_timeout`` tells that
    error from others. ``cancel`` ends, from another thread, what runs on a driver's connection.
    ``location`` is what a cached engine is keyed on: it changes when a load
    has put another warehouse in the place of the old one, except where the engine swaps tables in
    place. ``replacing``, ``copying`` and ``rebuilding`` put a new warehouse in the place of the old
    one (``data/swap.py``); ``insert`` adds many rows, whose columns are among the table's, at once.
    ``analyze``: after many rows have been added, so that statements on them are planned well.
    ``empties_by_dropping``: a table with a key is emptied by making it anew; elsewhere that would
    take grants along and make readers wait. ``holds_rules``: the engine itself refuses rows that
    break a key or lack a required value; elsewhere who writes them has to look. ``has_catalog``: it
    has an ``information_schema``, which ``data build`` finds the raw tables in.
    """

    name: str
    create_engine: CreateEngine
    replacing: NewWarehouse
    copying: NewWarehouse
    rebuilding: RebuiltWarehouse
    insert: Insert
    analyze: Callable[[Connection, Table], None] = _nothing
    guard: Guard = _no_guard
    is_timeout: Callable[[BaseException], bool] = _never
    cancel: Callable[[Any], None] = _leave
    swaps_in_place: bool = False
    empties_by_dropping: bool = False
    holds_rules: bool = True
    has_catalog: bool = True
    location: Callable[[URL], str] = _whole_url
