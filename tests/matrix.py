"""The warehouse engines that every test of SQL runs on. A new engine is one line in ``ENGINES``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.schema import DDL

from tests import postgres


@contextmanager
def _duckdb(folder: Path) -> Iterator[str]:
    yield f"duckdb:///{folder / 'fresh.duckdb'}"


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    server = make_url(postgres.server_url())
    name = f"scorecard_test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(DDL("CREATE DATABASE %(name)s", context={"name": name}))
        yield server.set(database=name).render_as_string(hide_password=False)
        with admin.connect() as connection:
            connection.execute(DDL("DROP DATABASE %(name)s WITH (FORCE)", context={"name": name}))
    finally:
        admin.dispose()


FreshDatabase = Callable[[Path], AbstractContextManager[str]]

# Name → a context manager that yields the URL of a fresh, empty database; it may use the folder
# it is given.
ENGINES: dict[str, FreshDatabase] = {
    "duckdb": _duckdb,
    "postgresql": _postgresql,
}
