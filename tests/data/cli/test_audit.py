"""``python -m data audit``."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime

import pytest

from data.__main__ import main
from data.audit import Event, person, record
from tests.conftest import Company


@pytest.fixture(autouse=True)
def _log(company: Company, duckdb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows on two company days; there is no warehouse to ask."""
    company(duckdb_url, '[company]\ntimezone = "America/New_York"\n')
    for moment, event, about, detail in (
        ("2026-11-02T03:59:00", Event.SIGN_IN, "ana", {}),
        ("2026-11-02T05:00:00", Event.EXPORT, "=cmd|' /C calc'!A0", {"rows": 3, "names": False}),
        ("2026-11-02T15:30:00", Event.LINK_MADE, "+1", {"page": "kpi\x1b[31m\n"}),
    ):
        monkeypatch.setattr("data.audit.utc_now", lambda m=moment: datetime.fromisoformat(m))
        record(event, by=person("ana"), about=about, detail=detail)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["audit", *arguments]) == 0
    return capsys.readouterr().out


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(run(capsys, "--format", "json"))
    assert rows[1] == {
        "id": 2,
        "at": "2026-11-02T00:00:00-05:00",
        "source": "app",
        "actor": "ana",
        "event": "export",
        "subject": "=cmd|' /C calc'!A0",
        "detail": {"rows": 3, "names": False},
    }
    assert [row["id"] for row in rows] == [1, 2, 3]


def test_csv_runs_nothing_in_a_spreadsheet(capsys: pytest.CaptureFixture[str]) -> None:
    header, *rows = csv.reader(io.StringIO(run(capsys, "--format", "csv"), newline=""))
    assert header == ["id", "at", "source", "actor", "event", "subject", "detail"]
    assert [row[5] for row in rows] == ["ana", "'=cmd|' /C calc'!A0", "'+1"]
    assert json.loads(rows[1][6]) == {"rows": 3, "names": False}


def test_the_table_does_nothing_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys).splitlines()
    assert len(lines) == 4
    assert lines[1].split() == ["2026-11-01T22:59:00-05:00", "ana", "(app)", "sign_in", "ana"]
    assert lines[2].endswith("export              =cmd|' /C calc'!A0 · rows 3")
    assert "\x1b" not in "".join(lines)


def test_since_is_company_time(capsys: pytest.CaptureFixture[str]) -> None:
    def ids(since: str) -> list[int]:
        rows = json.loads(run(capsys, "--since", since, "--format", "json"))
        return [row["id"] for row in rows]

    assert ids("2026-11-02") == [2, 3]  # midnight in New York is 05:00 UTC
    assert ids("2026-11-02T10:30") == [3]
    assert ids("2026-11-02T05:00Z") == [2, 3]
    assert ids("2027-01-01") == []


def test_a_date_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    for text in ("yesterday", "2026-13-01", "0001-01-01T00:00+14:00"):
        assert main(["audit", "--since", text]) == 1
        assert "Write 2026-10-31" in capsys.readouterr().err
