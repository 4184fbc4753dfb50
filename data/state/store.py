"""Open the state database and run short transactions on it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from data import warehouse
from data.dialects import parse_url
from data.errors import StateConflict, StateError
from data.state.engine import WRITES, checked_url, make_engine
from data.state.models import Base
from data.state.version import is_current

_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def state_url() -> URL:
    """Where the state lives. Raises ``ConfigError`` for a URL that cannot hold it."""
    text = os.environ.get("STATE_URL") or f"sqlite:///{warehouse.LOCAL_DIR / 'state.sqlite'}"
    return checked_url(parse_url(text, name="STATE_URL"))


def has_state() -> bool:
    """Whether anybody has written anything yet: a file that is not there holds nothing.

    Raises ``ConfigError`` for an unusable ``STATE_URL``.
    """
    url = state_url()
    return url.get_backend_name() != "sqlite" or os.path.exists(str(url.database))


class StateStore:
    """The state database at this program's version.

    ``read()`` and ``write()`` give a ``Session`` inside one transaction, committed at the end of
    the block. Everything the database raises comes out as ``StateError`` in words.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        with _in_words(url):
            self.engine: Engine = make_engine(url)
            try:
                if not is_current(self.engine):
                    from data.state.migrate import migrate

                    migrate(self.engine)
            except BaseException:
                self.engine.dispose()
                raise
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = sessionmaker(
            self.engine.execution_options(**{WRITES: True}), expire_on_commit=False
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        with _in_words(self.url), self._reading.begin() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with _in_words(self.url), self._writing.begin() as session:
            yield session

    def insert_into(self, model: type[Base]) -> Any:
        """An INSERT of the database's own dialect, for its ``on_conflict_do_nothing``."""
        return _INSERTS[self.engine.dialect.name](model)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _in_words(url: URL) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise StateConflict(f"The state database does not take it: {error.orig}.") from error
    except SQLAlchemyError as error:
        raise _failure(url, error) from error


def _failure(url: URL, error: SQLAlchemyError) -> StateError:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    where = url.render_as_string(hide_password=True)
    if "lock" in reason.lower():
        return StateError(
            f"The state database {where} is busy: {reason}.", remedy="Try again in a moment."
        )
    if "not a database" in reason:
        return StateError(
            f"{where} is not an SQLite database.", remedy="Name another file in STATE_URL."
        )
    return StateError(
        f"The state database {where} cannot be used: {reason}.",
        remedy="Check STATE_URL, and that the server runs or the file may be written.",
    )


_stores: dict[tuple[str, int], StateStore] = {}
_opening = threading.Lock()


def _identity(url: URL) -> tuple[str, int]:
    """The URL and, for a file, its inode: a file that was replaced is opened anew."""
    inode = 0
    if url.get_backend_name() == "sqlite":
        try:
            inode = os.stat(str(url.database)).st_ino
        except OSError:
            inode = -1
    return url.render_as_string(hide_password=False), inode


def open_state() -> StateStore:
    """The state database, created or upgraded as needed; one engine a process.

    Raises ``ConfigError`` for an unusable ``STATE_URL``, ``StateError`` when the database cannot
    be used or belongs to a newer program.
    """
    url = state_url()
    with _opening:
        known = _stores.get(_identity(url))
        if known is not None:
            return known
        store = StateStore(url)
        _close_all()
        _stores[_identity(url)] = store
        return store


def close_state() -> None:
    """Close the engine that ``open_state`` keeps."""
    with _opening:
        _close_all()


def _close_all() -> None:
    for store in _stores.values():
        store.close()
    _stores.clear()
