"""Fixtures for all tests: databases to fill, and a company that the program runs for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

import data.warehouse
from data.oidc_settings import VARIABLES as OIDC_VARIABLES
from data.state import close_state
from tests.e2e import chromium
from tests.matrix import DATABASES, ENGINES

# How long an example takes is the machine's affair: no test is about absolute time.
settings.register_profile("project", deadline=None)
settings.load_profile("project")

# What a developer has set for themselves must not decide how a test ends.
SETTINGS = (
    "WAREHOUSE_URL",
    "STATE_URL",
    "SCORECARD_CONFIG",
    "SCORECARD_HOME",
    "SCORECARD_COOKIE_KEY",
    "SCORECARD_METRICS_TOKEN",
    "SCORECARD_LOG",
    "SCORECARD_LOG_LEVEL",
    "SCORECARD_SLOW_SECONDS",
    *OIDC_VARIABLES.values(),
)

# docs/scale.md says so, and tests/spark/test_connection.py that it is refused in words.
NOT_YET = "'data build' does not run on Spark yet"

# Folders whose tests start apps and browsers.
HEAVY = {"reliability", "e2e"}

Company = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    home = tmp_path_factory.getbasetemp() / "no-home"
    monkeypatch.setattr(data.warehouse, "LOCAL_DIR", home)
    if "spark" in ENGINES:  # two small executors on a busy machine: no test is about their speed
        patience = data.warehouse.Warehouse.__init__.__kwdefaults__ or {}
        monkeypatch.setitem(patience, "timeout_seconds", 600.0)
    yield
    forget_warehouses()
    close_state()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Without Spark in the matrix, what is about Spark alone is not even imported."""
    return True if collection_path.name == "spark" and "spark" not in ENGINES else None


@pytest.hookimpl(trylast=True)  # what was not asked for is gone by then
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On Spark only what is about an engine: the rest has run on the others."""
    if set(ENGINES) != {"spark"}:
        _heavy_first(items)
        return
    others = [item for item in items if not _is_about_engines(item)]
    for item in items:
        if "build" in item.path.parts:
            item.add_marker(pytest.mark.skip(reason=NOT_YET))
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in set(others)]


def _heavy_first(items: list[pytest.Item]) -> None:
    """The files that take long begin, so that no process ends with one while the others idle: those
    with tests marked ``long``, then those that start apps and browsers."""
    long = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(
        key=lambda item: (
            item.path not in long,
            item.path.parent.name not in HEAVY,
        )
    )


def _is_about_engines(item: pytest.Item) -> bool:
    given = getattr(item, "callspec", None)
    chosen = tuple(given.params.values()) if given else ()
    return "spark" in chosen or item.path.parent.name == "spark"


def forget_warehouses() -> None:
    """Close every warehouse that ``open_warehouse`` keeps, so that the next call opens anew."""
    for warehouse in data.warehouse._open.values():
        warehouse.close()
    data.warehouse._open.clear()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chrome = chromium.launch(playwright)
        yield chrome
        chrome.close()


@pytest.fixture(params=ENGINES)
def engine_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh, empty database; the test runs once for every engine of the matrix."""
    with ENGINES[request.param](tmp_path) as url:
        yield url
        # PostgreSQL: an engine that still holds a connection would keep it past the database.
        forget_warehouses()


@pytest.fixture
def duckdb_url(tmp_path: Path) -> Iterator[str]:
    """The same for a test that is about DuckDB alone, or about no engine in particular."""
    with DATABASES["duckdb"](tmp_path) as url:
        yield url


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Company:
    """``company(url, config="")``: the program runs for this warehouse and this scorecard.toml.

    Its own files (state database, embedded warehouse) go to a folder of the test.
    """

    def set_up(url: str, config: str = "") -> None:
        settings = tmp_path / "scorecard.toml"
        settings.write_text(config, encoding="utf-8")
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        monkeypatch.setenv("WAREHOUSE_URL", url)
        monkeypatch.setenv("STATE_URL", f"sqlite:///{home / 'state.sqlite'}")
        monkeypatch.setenv("SCORECARD_CONFIG", str(settings))
        monkeypatch.setenv("SCORECARD_HOME", str(home))
        monkeypatch.setattr(data.warehouse, "LOCAL_DIR", home)
        forget_warehouses()

    return set_up


@pytest.fixture(params=["sqlite", "postgresql"])
def state_url(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[str]:
    """``STATE_URL`` set to a fresh, empty database; once for every database that keeps state."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'state.sqlite'}"
        monkeypatch.setenv("STATE_URL", url)
        yield url
        return
    with DATABASES["postgresql"](tmp_path) as url:
        monkeypatch.setenv("STATE_URL", url)
        yield url
        close_state()
