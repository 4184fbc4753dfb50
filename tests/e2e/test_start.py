"""The app starts, answers, and keeps its head when the warehouse is not there."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import AppFactory, Settings, add_account, home, new_account
from tests.e2e.server import AppServer, running_app
from tests.e2e.visit import sign_in


@pytest.fixture
def no_warehouse(tmp_path: Path) -> Settings:
    return home(tmp_path) | {"WAREHOUSE_URL": f"duckdb:///{tmp_path / 'missing.duckdb'}"}


def _ready(app: AppServer) -> tuple[int, dict[str, str]]:
    try:
        with urllib.request.urlopen(f"{app.url}/ready", timeout=10) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.mark.long
def test_a_missing_warehouse_is_said_in_words(
    app_server: AppFactory, no_warehouse: Settings, page: Page
):
    account = add_account(no_warehouse, new_account("vera", "Vera Viewer", "viewer"))
    app = app_server(no_warehouse)
    page.goto(app.url)
    sign_in(page, account)
    expect(page.get_by_text("There is no warehouse")).to_be_visible()
    expect(page.get_by_text("python -m data demo")).to_be_visible()
    assert "Traceback" not in page.inner_text("body")
    assert _ready(app)[0] == 503


def test_an_app_that_cannot_start_shows_its_log(no_warehouse: Settings, tmp_path: Path):
    broken = no_warehouse | {"PYTHONHOME": str(tmp_path)}
    with (
        pytest.raises(AssertionError, match=r"(?s)ended while starting.*encodings"),
        running_app(broken, tmp_path),
    ):
        pass


def test_the_demo_is_ready(demo_app: AppServer):
    status, body = _ready(demo_app)
    assert (status, body["status"]) == (200, "ready")
