"""The disk is full in the midst of a load: the old numbers stand, and the words say why."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from data.attempts import last_attempts
from data.warehouse import Warehouse
from tests.e2e.conftest import Settings, home
from tests.e2e.server import ROOT, environment

# Of a disk of this size so much is free, or so large may a file become, when it is full: less than
# the first company takes.
DISK_BYTES, LEFT_BYTES = 96 * 2**20, 2 * 2**20
FIRST = ("data", "demo", "--leads", "100", "--seed", "1", "--through", "2026-10-31")
SECOND = ("data", "demo", "--leads", "1000", "--seed", "2", "--through", "2026-10-31")


@contextmanager
def small_disk(folder: Path) -> Iterator[tuple[Path, int | None]]:
    """A folder on a disk of its own, and None; or, where none can be mounted, any folder and the
    size beyond which the system refuses to let a file grow."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = False
    if sys.platform == "linux" and os.geteuid() == 0:
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(disk)]
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield disk, None if mounted else LEFT_BYTES
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(disk)], check=True)


def _run(settings: Settings, arguments: tuple[str, ...], limit: int | None = None) -> str:
    """``python -m …``; what it says on standard error, after its exit code."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    return f"{done.returncode} {done.stderr}"


def test_a_load_on_a_full_disk_changes_nothing_and_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with small_disk(tmp_path) as (disk, limit):
        settings = home(tmp_path) | {"WAREHOUSE_URL": f"duckdb:///{disk / 'warehouse.duckdb'}"}
        url = make_url(settings["WAREHOUSE_URL"])
        said = _run(settings, FIRST)
        assert said[0] == "0", said
        before = Warehouse(url)
        version, rows = before.data_version, before.row_counts
        files = sorted(path.name for path in disk.rglob("*"))
        ballast = disk / "ballast"
        if limit is None:
            room = shutil.disk_usage(disk).free - LEFT_BYTES
            ballast.write_bytes(b"\0" * room)
        said = _run(settings, SECOND, limit)
        ballast.unlink(missing_ok=True)
        assert said[0] == "1"
        assert "Traceback" not in said
        assert "Nothing was changed" in said
        assert "the disk is full" in said
        after = Warehouse(url)
        assert (after.data_version, after.row_counts) == (version, rows)
        assert sorted(path.name for path in disk.rglob("*")) == files  # nothing is left of it
        monkeypatch.setenv("STATE_URL", settings["STATE_URL"])
        failed, good = last_attempts(url)
        assert (failed.outcome, good.outcome) == ("refused", "good")
        assert "Nothing was changed" in failed.words
        for warehouse in (before, after):
            warehouse.close()
        said = _run(settings, FIRST)
        assert said[0] == "0", said
