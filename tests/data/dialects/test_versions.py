"""The file that is replaced in one step: links, versions, and what is in the way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import data.dialects.versions as versions
from data.dialects.versions import new_version
from data.errors import WarehouseError


def put(path: Path, text: str) -> None:
    with new_version(path) as building:
        building.write_text(text)


def kept(path: Path) -> list[str]:
    folder = path.parent / f".{path.name}.versions"
    return sorted(file.read_text() for file in folder.iterdir() if file.name != "lock")


def test_the_path_is_a_link_to_the_newest_and_one_older_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "w.duckdb"
    for number in range(4):
        put(path, f"version {number}")
    assert path.is_symlink()
    assert not os.path.isabs(os.readlink(path))
    assert path.read_text() == "version 3"
    assert kept(path) == ["version 2", "version 3"]


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(Path("w.duckdb"), "one")
    put(Path("w.duckdb"), "two")
    assert (tmp_path / "w.duckdb").read_text() == "two"


def test_an_open_file_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    put(path, "one")
    with path.open() as stream:
        put(path, "two")
        put(path, "three")
        assert stream.read() == "one"


def test_a_file_made_by_other_means_is_never_lost(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("theirs")
    (tmp_path / "w.duckdb.wal").write_text("their journal")
    for number in range(3):
        put(path, f"version {number}")
    assert path.read_text() == "version 2"
    assert kept(path) == ["their journal", "theirs", "version 1", "version 2"]
    assert not (tmp_path / "w.duckdb.wal").exists()


def test_a_link_of_ones_own_is_replaced_and_its_file_stays(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.duckdb"
    elsewhere.write_text("theirs")
    path = tmp_path / "w.duckdb"
    path.symlink_to(elsewhere)
    put(path, "one")
    assert (path.read_text(), elsewhere.read_text()) == ("one", "theirs")


def test_a_failure_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    put(path, "one")
    with pytest.raises(KeyboardInterrupt):
        put_half(path)
    assert (path.read_text(), kept(path)) == ("one", ["one"])


def put_half(path: Path) -> None:
    with new_version(path) as building:
        building.write_text("half")
        building.with_name(f"{building.name}.wal").write_text("half")
        raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["rename", "symlink", "replace", "fsync"])
def test_a_failure_at_the_last_step_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "w.duckdb"
    path.write_text("theirs")
    monkeypatch.setattr(os, step, failing(errno.ENOSPC))
    with pytest.raises(WarehouseError, match=r"cannot be written.*No space.*Nothing was changed"):
        put(path, "one")
    monkeypatch.undo()
    assert path.read_text() == "theirs"
    assert "one" not in kept(path)


def failing(code: int):
    def fail(*args: object, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_leftovers_of_killed_loads_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    put(path, "one")
    folder = tmp_path / ".w.duckdb.versions"
    (folder / "building-old.duckdb").write_text("half")
    (folder / "building-old.duckdb.wal").write_text("half")
    (folder / "building-old.duckdb.tmp").mkdir()
    put(path, "two")
    assert kept(path) == ["one", "two"]


def test_places_that_cannot_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WarehouseError, match="is a folder"):
        put(tmp_path, "one")
    (tmp_path / "file").touch()
    with pytest.raises(WarehouseError, match=r"cannot be written: Not a directory"):
        put(tmp_path / "file" / "w.duckdb", "one")
    monkeypatch.setattr(Path, "mkdir", failing(errno.EACCES))
    with pytest.raises(WarehouseError, match=r"Permission denied.*WAREHOUSE_URL"):
        put(tmp_path / "w.duckdb", "one")


def test_errors_of_the_block_pass_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mine"), new_version(tmp_path / "w.duckdb"):
        raise ValueError("mine")


def test_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "LOCK_WAIT_SECONDS", 0)
    path = tmp_path / "w.duckdb"
    with new_version(path) as building:
        building.write_text("one")
        with pytest.raises(WarehouseError, match="Another load"):
            put(path, "two")
    assert path.read_text() == "one"
