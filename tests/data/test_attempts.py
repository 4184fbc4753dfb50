"""Loads and builds as they were tried: each is noted, however it ends, and stops none."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from data import attempts
from data.__main__ import PROGRAM
from data.attempts import TableRows, last_attempts, trying
from data.build.report import BuildReport, SourceReport, TableReport
from data.errors import LoadError

URL = make_url("postgresql+psycopg://me:secret@db.internal/warehouse")


def test_each_is_noted_with_its_end(state_url: str):
    contacts = TableReport("contact", 9, 7, {"a test": 2})
    built = BuildReport([SourceReport("hubspot", "hs", "dlt", [contacts], {}, ())], {}, [])
    with trying("build", URL) as told:
        told.built(built)
    built.unchanged = True
    with trying("build", URL) as told:
        told.built(built)
    with pytest.raises(LoadError), trying("load", URL):
        raise LoadError("leads.csv, row 7: no date.")
    with pytest.raises(ZeroDivisionError), trying("derive", URL):
        _ = 1 / 0
    killed = trying("load", URL)
    killed.__enter__()
    found = last_attempts(URL)
    assert [(one.kind, one.outcome, one.words) for one in found] == [
        ("load", None, ""),
        ("derive", "broken", "ZeroDivisionError: division by zero"),
        ("load", "refused", "leads.csv, row 7: no date."),
        ("build", "unchanged", ""),
        ("build", "good", ""),
    ]
    assert found[-1].rows == (TableRows("hubspot", "contact", 9, 7, {"a test": 2}),)
    assert [one.ended_at is None for one in found] == [True, *[False] * 4]
    # Another warehouse's are its own; a password is no part of the address that is kept.
    assert last_attempts(URL.set(database="other")) == []
    assert last_attempts(URL.set(password="new")) == found


def test_old_ones_are_forgotten(state_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempts, "KEPT", 3)
    for number in range(5):
        with pytest.raises(LoadError), trying("load", URL):
            raise LoadError(str(number))
    assert [one.words for one in last_attempts(URL)] == ["4", "3", "2"]


def test_a_state_database_that_is_silent_stops_no_load(
    duckdb_url: str,
    company,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    company(duckdb_url)
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "leads.csv").write_text("lead_id,created_at\nL1,2026-03-02\n", encoding="utf-8")
    assert PROGRAM.run(["load", str(folder)]) == 0
    (folder / "leads.csv").write_text("lead_id,created_at\nL1,soon\n", encoding="utf-8")
    assert PROGRAM.run(["load", str(folder)]) == 1
    failed, good = last_attempts(make_url(duckdb_url))
    assert (good.outcome, good.rows) == ("good", (TableRows("files", "leads", 1, 1),))
    assert failed.outcome == "refused"
    assert "leads.csv" in failed.words
    (tmp_path / "text").write_text("This is no database.\n" * 100, encoding="utf-8")
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'text'}")
    (folder / "leads.csv").write_text("lead_id,created_at\nL2,2026-03-02\n", encoding="utf-8")
    capsys.readouterr()
    assert PROGRAM.run(["load", str(folder)]) == 0
    assert "this attempt is not on the admin page" in capsys.readouterr().err
