"""``make setup`` on a fresh, a finished, a changed and a broken .venv (with nothing to install)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_layers import ROOT


def _make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # A make above this one would hand its own options down.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=kept, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Makefile, requirements without a package, and a finished .venv."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "Makefile", folder)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("# nothing\n", encoding="utf-8")
    done = _make(folder, "setup")
    assert done.returncode == 0, done.stderr
    assert "Creating .venv" in done.stdout
    return folder


def test_a_second_set_up_has_nothing_to_do(project: Path):
    assert "Installing" not in _make(project, "setup").stdout


def test_changed_requirements_are_installed_into_the_same_environment(project: Path):
    (project / ".venv" / "mine").touch()
    stamp = (project / ".venv" / ".installed-dev").stat().st_mtime
    os.utime(project / "requirements-dev.txt", (stamp + 1, stamp + 1))
    done = _make(project, "setup")
    os.utime(project / "requirements-dev.txt", (stamp - 1, stamp - 1))
    assert "Installing requirements-dev.txt" in done.stdout
    assert (project / ".venv" / "mine").exists()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param("cut short", marks=pytest.mark.long),
        pytest.param("no python", marks=pytest.mark.long),
        pytest.param("no folder", marks=pytest.mark.long),
    ],
)
def test_a_broken_environment_is_made_anew(project: Path, damage: str):
    environment = project / ".venv"
    (environment / "left-over").touch()
    (environment / ".installed-dev").unlink()
    if damage == "cut short":
        (environment / ".unfinished").touch()
    elif damage == "no python":
        (environment / "bin" / "python").unlink()
    else:
        shutil.rmtree(environment)
    done = _make(project, "setup")
    assert done.returncode == 0, done.stderr
    assert "Creating .venv" in done.stdout
    assert not (environment / "left-over").exists()
    assert not (environment / ".unfinished").exists()


def test_without_a_fitting_python_it_says_what_to_do(project: Path, tmp_path: Path):
    for name in ("Makefile", "requirements-dev.txt"):
        shutil.copy(project / name, tmp_path)
    done = _make(tmp_path, "setup", "PYTHON=no-such-python")
    assert done.returncode != 0
    assert "No Python 3.11 or newer" in done.stderr
    assert "PYTHON=" in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.long
def test_an_install_that_fails_is_not_taken_for_a_finished_one(project: Path, tmp_path: Path):
    shutil.copy(project / "Makefile", tmp_path)
    (tmp_path / "requirements-dev.txt").write_text("not-hashed==1.0\n", encoding="utf-8")
    for attempt in ("first", "second"):
        done = _make(tmp_path, "setup")
        assert done.returncode != 0, attempt
        assert "Creating .venv" in done.stdout, attempt
