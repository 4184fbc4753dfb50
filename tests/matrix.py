"""The warehouse engines that every test of SQL runs on. A new engine is one line in ``DATABASES``.

``TEST_ENGINES`` names those to run on, with commas between; unset, all but Spark, which takes
memory and minutes and has a target of its own (``make test-spark``).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.schema import DDL

from tests import postgres, spark_server


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


@contextmanager
def _spark(folder: Path) -> Iterator[str]:
    server = make_url(spark_server.server_url())
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = create_engine(server)
    try:
        with admin.connect() as connection:
            connection.execute(DDL("CREATE SCHEMA %(name)s", context={"name": name}))
        staging = {"staging": str(folder / "staging")}
        url = server.set(database=name).update_query_dict(staging)
        yield url.render_as_string(hide_password=False)
        with admin.connect() as connection:
            for (schema,) in connection.execute(DDL("SHOW SCHEMAS")).all():
                if schema.startswith(name):
                    connection.execute(
                        DDL("DROP SCHEMA %(name)s CASCADE", context={"name": schema})
                    )
    finally:
        admin.dispose()


FreshDatabase = Callable[[Path], AbstractContextManager[str]]

# Name → a context manager that yields the URL of a fresh, empty database; it may use the folder
# it is given.
DATABASES: dict[str, FreshDatabase] = {
    "duckdb": _duckdb,
    "postgresql": _postgresql,
    "spark": _spark,
}
_NAMED = os.environ.get("TEST_ENGINES", "duckdb,postgresql").split(",")
# Those that this run is about.
ENGINES = {name: DATABASES[name] for name in _NAMED}
# Spark plans each statement anew, which takes it seconds where others take hundredths: a random
# test has so few examples there. The many are looked at on the other engines.
EXAMPLES_ON_SPARK = 2


def examples(count: int) -> int:
    """How many examples a random test of every engine has in this run."""
    return min(count, EXAMPLES_ON_SPARK) if "spark" in ENGINES else count
