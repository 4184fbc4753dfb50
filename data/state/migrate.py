"""Bring the state database to this program's version, once, however many processes start."""

from __future__ import annotations

import threading

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, func, select

from data.errors import StateError
from data.state.engine import WRITES
from data.state.version import SCRIPTS, VERSION_TABLE

_ADVISORY_LOCK = 5_907_331_264
# Alembic keeps its context in a module global.
_threads = threading.Lock()


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file."""
    config = Config()
    # '%' begins an interpolation in Alembic's options.
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    return context.get_current_revision()


def _known(script: ScriptDirectory) -> set[str]:
    return {revision.revision for revision in script.walk_revisions()}


def _refuse_newer(revision: str | None, script: ScriptDirectory) -> None:
    if revision is not None and revision not in _known(script):
        raise StateError(
            f"The state database was written by a newer version of the program (its version is "
            f"{revision!r}, this program knows up to {script.get_current_head()!r}). "
            "It was left as it is.",
            remedy="Start the newer program, or name another database in STATE_URL.",
        )


def migrate(engine: Engine) -> None:
    """Create or upgrade the tables; safe when several processes and threads do it at once.

    One transaction holds the whole upgrade, so that a crash leaves the old version.
    Raises ``StateError`` when the database is of a newer program; it is then not touched.
    """
    script = ScriptDirectory.from_config(alembic_config())
    with engine.connect() as connection:
        revision = _revision(connection)
    _refuse_newer(revision, script)
    if revision == script.get_current_head():
        return
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        _use_wal(engine)
    with _threads, engine.execution_options(**{WRITES: True}).begin() as connection:
        if not sqlite:
            connection.execute(select(func.pg_advisory_xact_lock(_ADVISORY_LOCK)))
        # Another process may have done it while this one waited, and may be newer.
        _refuse_newer(_revision(connection), script)
        command.upgrade(alembic_config(connection), "head")


def _use_wal(engine: Engine) -> None:
    """Readers then never wait for the writer. The setting stays in the file."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL").close()
    finally:
        connection.close()
