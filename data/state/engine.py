"""SQLAlchemy engines for the state database: SQLite and PostgreSQL."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from data.errors import ConfigError, StateError, unknown

BUSY_SECONDS = 10
BACKENDS = ("sqlite", "postgresql")
# Passed with Connection.execution_options: the transaction will write.
WRITES = "state_writes"


def checked_url(url: URL) -> URL:
    """The URL with its driver. Raises ``ConfigError`` for a database that cannot hold the state."""
    backend = url.get_backend_name()
    if backend not in BACKENDS:
        raise ConfigError(
            f"STATE_URL: {unknown('database', backend, BACKENDS)}",
            remedy="Use sqlite:////path/state.sqlite or postgresql+psycopg://user@host/name.",
        )
    if backend == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise ConfigError(
            "STATE_URL names no file; several threads and processes share the state.",
            remedy="Use sqlite:////path/state.sqlite.",
        )
    return url.set(database=os.path.abspath(url.database))


def make_engine(url: URL) -> Engine:
    """An engine for a checked URL; on SQLite the file is created, private, when it is missing."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    from data.dialects.postgresql import PATIENCE  # its driver is megabytes

    return create_engine(
        url,
        pool_pre_ping=True,
        hide_parameters=True,  # in errors, which are logged
        connect_args={
            **PATIENCE,
            "options": f"-c timezone=UTC -c lock_timeout={BUSY_SECONDS}s",
        },
    )


def _create_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # SQLite gives its -wal and -shm files the mode of the database itself.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StateError(
            f"The state database {path} cannot be opened: {error.strerror}.",
            remedy="Give the program a folder it may write to, or set STATE_URL.",
        ) from error


def _sqlite_engine(url: URL) -> Engine:
    _create_private(Path(str(url.database)))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connect(dbapi_connection: Any, _record: Any) -> None:
        # Python's driver would otherwise commit before DDL and begin only before DML.
        dbapi_connection.isolation_level = None
        dbapi_connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later cannot wait for another writer; one that
        # takes the write lock at once can.
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
