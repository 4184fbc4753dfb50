"""Fixtures of the browser tests: one app on a small demo company, two accounts."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from data import passwords, users
from data.state import close_state
from pages.view.session_token import make_token
from tests.e2e.server import AppServer, run_command, running_app

# For a machine that has other things to do; a test that passes waits for nothing.
PATIENCE_MS = 20_000
expect.set_options(timeout=PATIENCE_MS)
DEMO = ("--leads", "3000", "--through", "2026-10-31", "--seed", "7")
# The settings under which `running_app` and `run_command` see one and the same company.
Settings = dict[str, str]
AppFactory = Callable[[Mapping[str, str]], AppServer]


@dataclass(frozen=True)
class Account:
    username: str
    full_name: str
    email: str
    role: str
    password: str
    token: str = ""  # the session cookie that a sign-in leaves, once the account is there


def new_account(username: str, full_name: str, role: str) -> Account:
    """An account that does not exist yet, with a random password."""
    email = f"{username}@example.com"
    return Account(username, full_name, email, role, secrets.token_urlsafe(16))


def add_account(settings: Mapping[str, str], account: Account) -> Account:
    """Create it in the state database of these settings; the account with its session."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_URL", settings["STATE_URL"])
        patch.setattr(passwords, "BCRYPT_ROUNDS", 4)  # how slow a hash is, is no matter here
        users.add_account(
            account.username,
            account.password,
            role=account.role,
            full_name=account.full_name,
            email=account.email,
        )
        epoch = users.find_account(account.username).session_epoch
        close_state()
    key = settings["SCORECARD_COOKIE_KEY"]
    return replace(account, token=make_token(account.username, epoch, key, now=datetime.now(UTC)))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one visitor: no cookies yet, a laptop's screen, times in UTC."""
    fresh = browser.new_context(
        viewport={"width": 1366, "height": 768}, locale="en-US", timezone_id="UTC"
    )
    fresh.set_default_timeout(PATIENCE_MS)
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def app_server(tmp_path: Path) -> Iterator[AppFactory]:
    """``app_server(settings)`` starts an app with these environment settings; ended with the test.

    Whatever ``settings`` leaves out lies in the test's own folder.
    """
    with ExitStack() as started:

        def start(settings: Mapping[str, str]) -> AppServer:
            return started.enter_context(running_app(home(tmp_path) | dict(settings), tmp_path))

        yield start


def home(folder: Path) -> Settings:
    """Settings under which everything that the program writes goes to ``folder``."""
    return {
        "SCORECARD_HOME": str(folder),
        "STATE_URL": f"sqlite:///{folder / 'state.sqlite'}",
        "SCORECARD_COOKIE_KEY": secrets.token_urlsafe(48),
    }


@pytest.fixture(scope="session")
def demo_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The environment settings of a small demo company, built once for the test run."""
    folder = tmp_path_factory.mktemp("demo")
    settings = home(folder) | {"WAREHOUSE_URL": f"duckdb:///{folder / 'demo.duckdb'}"}
    run_command(settings, "data", "demo", *DEMO)
    return settings


@pytest.fixture(scope="session")
def accounts(demo_settings: Settings) -> dict[str, Account]:
    """A viewer and an admin, by role."""
    people = (
        new_account("vera", "Vera Viewer", "viewer"),
        new_account("ada", "Ada Admin", "admin"),
    )
    return {person.role: add_account(demo_settings, person) for person in people}


@pytest.fixture(scope="session")
def demo_app(
    demo_settings: Settings,
    accounts: dict[str, Account],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[AppServer]:
    """The app on the demo company, with its accounts in place; one for the test run."""
    with running_app(demo_settings, tmp_path_factory.mktemp("app")) as server:
        yield server
