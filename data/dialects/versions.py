"""A file that is replaced in one step: a symlink to the current of several versions.

``warehouse.duckdb`` is a symlink into ``.warehouse.duckdb.versions/``. A new version is built
there under a name of its own and becomes current by one ``os.replace`` of the link. A process
that has the old file open goes on reading it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from data.errors import WarehouseError

LOCK_WAIT_SECONDS = 60.0
BUILDING = "building-"
# A file that was at the path before, made by other means: kept for good, it may be someone's only.
ADOPTED = "adopted-"


@contextmanager
def new_version(path: Path) -> Iterator[Path]:
    """Yield the path of a file to build; when the block ends well, ``path`` leads to it.

    On any exception ``path`` is as it was and what was built is removed. One load at a time: a
    second one waits up to ``LOCK_WAIT_SECONDS``. Raises ``WarehouseError`` when the folder cannot
    be used or another load is running.
    """
    try:
        with _prepared(path) as folder:
            building = folder / f"{BUILDING}{_stamp()}{path.suffix}"
            try:
                yield building
                _make_current(path, folder, building)
            finally:
                _remove(building)
    except OSError as error:
        raise WarehouseError(
            f"The warehouse file {path} cannot be written: {error.strerror or error}.",
            remedy="Nothing was changed. Check the folder's permissions and free space, "
            "or name another place in WAREHOUSE_URL.",
        ) from error


@contextmanager
def _prepared(path: Path) -> Iterator[Path]:
    """The folder of versions, made, locked and free of what killed loads have left."""
    if path.is_dir():
        raise WarehouseError(
            f"{path} is a folder, not a warehouse file.",
            remedy="Name a file in WAREHOUSE_URL, such as duckdb:///warehouse.duckdb.",
        )
    folder = path.parent / f".{path.name}.versions"
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(lock, path)
        for leftover in folder.glob(f"{BUILDING}*"):
            _remove(leftover)
        yield folder
    finally:
        os.close(lock)


def _wait_for(lock: int, path: Path) -> None:
    until = time.monotonic() + LOCK_WAIT_SECONDS
    while True:
        try:
            # Held by the open file: the system lets go of it even when the process is killed.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError as error:
            if time.monotonic() >= until:
                raise WarehouseError(
                    f"Another load of {path} is running.",
                    remedy="Nothing was changed. Try again when it has ended.",
                ) from error
            time.sleep(0.1)


def _make_current(path: Path, folder: Path, built: Path) -> None:
    previous = Path(os.path.realpath(path)) if path.is_symlink() else None
    _synchronise(built)
    version = folder / f"{_stamp()}{path.suffix}"
    os.rename(built, version)
    link = folder / f"{BUILDING}link-{_stamp()}"
    try:
        os.symlink(os.path.join(folder.name, version.name), link)
        if path.exists() and not path.is_symlink():
            _adopt(path, folder)
        os.replace(link, path)
    except BaseException:
        _remove(version)
        _remove(link)
        raise
    _synchronise(path.parent)
    _forget_older(
        folder, keep={version.name, previous.name if previous else ""}, suffix=path.suffix
    )


def _adopt(path: Path, folder: Path) -> None:
    """Give a regular file a second name among the versions, so that the link may replace it."""
    adopted = folder / f"{ADOPTED}{_stamp()}{path.suffix}"
    try:
        os.link(path, adopted)
    except OSError:  # a file system without hard links
        shutil.copy2(path, adopted)
    journal = path.with_name(f"{path.name}.wal")
    if journal.exists():
        os.replace(journal, adopted.with_name(f"{adopted.name}.wal"))


def _forget_older(folder: Path, *, keep: set[str], suffix: str) -> None:
    for file in folder.glob(f"*{suffix}"):
        if file.name not in keep and not file.name.startswith(ADOPTED):
            try:
                _remove(file)
            except OSError:
                continue  # the new version is in its place; the next load tries again


def _remove(file: Path) -> None:
    """Remove a file with what DuckDB keeps beside it: its journal and its overflow folder."""
    file.unlink(missing_ok=True)
    file.with_name(f"{file.name}.wal").unlink(missing_ok=True)
    shutil.rmtree(file.with_name(f"{file.name}.tmp"), ignore_errors=True)


def _synchronise(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stamp() -> str:
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
