"""A copy of the state database, while the app goes on: ``python -m deploy.backup_state FOLDER``.

SQLite is copied by its own online backup: the copy is whole, whoever writes meanwhile. PostgreSQL
by ``pg_dump``, in its own format, for ``pg_restore``. The copy is readable by its owner alone: it
holds accounts with their passwords' hashes, and the audit log.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.engine import URL

from data.errors import ScorecardError, StateError
from data.state import state_url

PREFIX = "state-"
STAMP = "%Y%m%dT%H%M%SZ"


def back_up(folder: Path, *, keep: int, url: URL | None = None) -> Path:
    """Write ``state-<UTC moment>.sqlite`` (or ``.dump``) into a folder; its path.

    The newest ``keep`` stay, older ones are removed once the new one is whole. Raises
    ``StateError`` when there is nothing to copy, or it cannot be copied; nothing is removed then.
    """
    url = url or state_url()
    is_sqlite = url.get_backend_name() == "sqlite"
    ending = ".sqlite" if is_sqlite else ".dump"
    copy = folder / f"{PREFIX}{datetime.now(UTC).strftime(STAMP)}{ending}"
    draft = copy.with_name(copy.name + ".part")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        if is_sqlite:
            _copy_sqlite(Path(str(url.database)), draft)
        else:
            _dump_postgresql(url, draft)
        draft.replace(copy)
    except OSError as error:
        raise StateError(f"The backup cannot be written: {error}.") from error
    finally:
        draft.unlink(missing_ok=True)
    for old in sorted(folder.glob(f"{PREFIX}*{ending}"), reverse=True)[keep:]:
        old.unlink()
    return copy


def _copy_sqlite(source: Path, target: Path) -> None:
    if not source.exists():
        raise StateError(f"There is no state database at {source}.", remedy="Check STATE_URL.")
    try:
        with (
            contextlib.closing(sqlite3.connect(source)) as live,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            live.backup(copy)
            (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise StateError(f"The state database cannot be copied: {error}.") from error
    if found != "ok":
        raise StateError(f"The copy of the state database is damaged: {found}.")


def _dump_postgresql(url: URL, target: Path) -> None:
    # The password goes by the environment: an argument could be read by everybody here.
    address = url.set(drivername="postgresql", password=None)
    password = {} if url.password is None else {"PGPASSWORD": str(url.password)}
    command = ["pg_dump", "--format=custom", "--no-password", f"--file={target}"]
    try:
        done = subprocess.run(
            [*command, f"--dbname={address.render_as_string(hide_password=False)}"],
            env={**os.environ, **password},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise StateError(
            "There is no pg_dump here.", remedy="Install PostgreSQL's client programs."
        ) from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise StateError(f"pg_dump failed: {lines[-1]}.")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.backup_state", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", type=int, default=30, help="how many copies stay (30)")
    options = parser.parse_args(arguments)
    if options.keep < 1:
        parser.error("--keep: at least 1")
    try:
        print(back_up(options.folder, keep=options.keep))
    except ScorecardError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
