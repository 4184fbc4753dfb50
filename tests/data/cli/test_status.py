"""``data status``: what it tells, and in what words it fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import delete, update
from sqlalchemy.engine import make_url

from data.__main__ import main
from data.config import PROJECT_DIR, Config
from data.derive import derive
from data.failures import public
from data.tables import scorecard_meta
from tests import postgres
from tests.conftest import Company
from tests.data.filled import Rows, filled, writing
from tests.rows import change

LOADED = datetime(2024, 6, 1, 6)


def loaded(source: str, table: str, through: datetime | None) -> dict:
    return {
        "load_id": "1",
        "source": source,
        "table_name": table,
        "loaded_at": LOADED,
        "row_count": 1,
        "data_through": through,
    }


ROWS: Rows = {
    "leads": [{"lead_id": n, "created_at": datetime(2024, 5, 1)} for n in "abc"],
    "loads": [
        loaded("crm", "handoffs", datetime(2024, 5, 31)),
        loaded("crm", "leads", datetime(2024, 5, 30)),
        loaded("ads", "touches", datetime(2024, 5, 31) - timedelta(hours=25)),
        loaded("plans", "targets", None),
    ],
}


@pytest.fixture
def warehouse(engine_url: str, company: Company) -> str:
    company(engine_url, '[company]\nname = "Fabrikam"\n')
    with filled(engine_url, ROWS) as connection:
        derive(connection, Config())
    return engine_url


def test_what_it_tells(warehouse: str, capsys: pytest.CaptureFixture[str]):
    assert main(["status", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["engine"] == make_url(warehouse).get_backend_name()
    assert (status["company"], status["demo"], status["schema_version"]) == ("Fabrikam", False, "1")
    assert status["as_of"] == "2024-05-29T23:00:00"  # the source that lies furthest behind
    assert len(status["data_version"]) == 12
    assert (status["tables"]["leads"], status["tables"]["touches"]) == (3, 0)
    behind = {source["name"]: source["lag_hours"] for source in status["sources"]}
    assert behind == {"ads": 25, "crm": 0, "plans": None}
    assert status["stale_sources"] == ["ads"]
    assert status["derived"]["state"] == "fresh"


def test_for_people(warehouse: str, capsys: pytest.CaptureFixture[str]):
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "More than 24 h behind the newest: ads." in out
    assert "up to date" in out
    assert "25.0 h" in out


def test_other_hours_make_the_derived_tables_stale(
    warehouse: str, company: Company, capsys: pytest.CaptureFixture[str]
):
    company(warehouse, '[business_hours]\nopens = "08:00"\n')
    assert main(["status"]) == 0
    assert "python -m data derive" in capsys.readouterr().out


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> None:
    """Status ends with 1 and one message with these words; nothing goes to standard output."""
    assert main(["status"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("data status: ")
    assert "Traceback" not in captured.err
    assert captured.err.count("\n") == 1
    for word in words:
        assert word in captured.err


def test_another_version(warehouse: str, capsys: pytest.CaptureFixture[str]):
    with writing(warehouse) as connection:
        is_version = scorecard_meta.c.key == "schema_version"
        change(connection, update(scorecard_meta).where(is_version).values(value="99"))
    fails(capsys, "version '99'", "reads '1'", "Load it again")


def test_no_version(warehouse: str, capsys: pytest.CaptureFixture[str]):
    with writing(warehouse) as connection:
        connection.execute(delete(scorecard_meta))
    fails(capsys, "does not say its version", "data derive")


def test_a_database_without_tables(engine_url: str, company: Company, capsys):
    company(engine_url)
    with writing(engine_url):
        pass
    fails(capsys, "lacks a table", "python -m data demo")


@pytest.fixture
def path(tmp_path: Path, company: Company) -> Path:
    """Where WAREHOUSE_URL expects a DuckDB file; its name must not decide what a message says."""
    path = tmp_path / "does not exist lock.duckdb"
    company(f"duckdb:///{path}")
    return path


def test_no_file(path: Path, capsys):
    fails(capsys, "no warehouse at", "python -m data demo")


@pytest.mark.parametrize("content", [b"", b"text\n", b"lead_id,created_at\n" * 5000])
def test_another_file(path: Path, capsys, content: bytes):
    path.write_bytes(content)
    fails(capsys, "not a DuckDB file", "Check WAREHOUSE_URL")
    assert path.read_bytes() == content


def test_a_folder(path: Path, capsys):
    path.mkdir()
    fails(capsys, "not a DuckDB file", "Check WAREHOUSE_URL")


@pytest.mark.parametrize("damage", ["cut off", "overwritten"])
def test_a_damaged_file(path: Path, capsys, damage: str):
    duckdb.connect(str(path)).close()
    content = bytearray(path.read_bytes())
    if damage == "cut off":
        content = content[:6000]
    else:
        content[5000:6000] = b"x" * 1000
    path.write_bytes(content)
    fails(capsys, "damaged", "data demo")


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute("CREATE TABLE held (n INTEGER)")
print("held", flush=True)
sys.stdin.read()
"""


def test_a_file_that_another_program_writes(path: Path, capsys):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        fails(capsys, "locked by another program", "Close the program")
        writer.communicate("")


def test_a_server_that_is_down(company: Company, capsys):
    company("postgresql+psycopg://reader:open-sesame@127.0.0.1:1/warehouse")
    assert main(["status"]) == 1
    told = capsys.readouterr().err
    assert "does not answer" in told
    assert "Check that the server runs" in told
    assert "open-sesame" not in told


def test_a_database_that_is_not_there(company: Company, capsys):
    gone = make_url(postgres.server_url()).set(database="scorecard_gone")
    company(gone.render_as_string(hide_password=False))
    fails(capsys, "does not exist", "Create the database")


def test_an_engine_that_is_not_supported(company: Company, capsys):
    company("mysql://reader@localhost/warehouse")
    fails(capsys, "unknown engine 'mysql'")


def test_the_program_itself_shows_no_traceback(tmp_path: Path):
    """The same in a process of its own, as a person meets it."""
    text = tmp_path / "notes.txt"
    text.write_text("not a warehouse", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "data", "status"],
        cwd=PROJECT_DIR,
        env={**os.environ, "WAREHOUSE_URL": f"duckdb:///{text}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "not a DuckDB file" in done.stderr


def test_passwords_are_not_shown():
    url = make_url("postgresql+psycopg://u:secret1@host/db?password=secret2&sslmode=require")
    assert public(url) == "postgresql+psycopg://u:***@host/db?sslmode=require"
