"""Which version the state database has, and which one this program writes: without Alembic.

Alembic and what it needs take 8 MB of memory and are of no use to a start with nothing to migrate.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import ColumnClause, Engine, column, inspect, select, table

SCRIPTS = Path(__file__).resolve().parent.parent / "migrations"
# Not Alembic's own name: a team may keep other tables under Alembic in the same database.
VERSION_TABLE = "scorecard_state_version"
_NAMED = re.compile(r'^(down_revision|revision) = "(\w+)"$', re.MULTILINE)


def newest_version() -> str | None:
    """The migration that no other follows; None where that is not one."""
    named = [
        dict(_NAMED.findall(path.read_text(encoding="utf-8")))
        for path in SCRIPTS.glob("versions/[0-9]*.py")
    ]
    newest = {one["revision"] for one in named} - {one.get("down_revision") for one in named}
    return newest.pop() if len(newest) == 1 else None


def is_current(engine: Engine) -> bool:
    """Whether there is nothing to migrate."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(VERSION_TABLE):
            return False
        version: ColumnClause[str] = column("version_num")
        found = connection.scalars(select(version).select_from(table(VERSION_TABLE, version))).all()
    return list(found) == [newest_version()]
