"""One app on a company of attacks, started once for the suite, and people who are signed in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from data import passwords, users
from data.state import close_state
from pages.view.frame import SECTIONS
from pages.view.session_token import make_token
from tests.attack import company
from tests.attack.visitor import Answer, Visitor
from tests.build import fill
from tests.e2e.conftest import Settings
from tests.e2e.server import AppServer, running_app

CONFIG = '[company]\nname = "Company <b>&amp;</b>"\n'
PASSWORD = "correct zebra 12"
# User name → role, and what is seen. No other word holds one of these names.
ADMIN, VIEWER, OF_EMEA, OF_AMER = "zoladmin", "zolviewer", "zolemea", "zolamer"
PEOPLE = {
    ADMIN: ("admin", []),
    VIEWER: ("viewer", []),
    OF_EMEA: ("viewer", ["region=EMEA"]),
    OF_AMER: ("editor_sales", ["region=AMER"]),
}
# Every page, as a plain link opens it, and those that show one thing with the thing.
PATHS = ["", *(section.path for section in SECTIONS)]
VIEWS = [
    *((path, "cadence=monthly") for path in PATHS),
    ("kpi", "metric=mqls&cadence=yearly"),
    ("kpi", "metric=bookings&cadence=yearly&by=channel"),
    ("lead", "lead=AMER-L2"),
    ("lead", "lead=EMEA-L2"),
    ("attribution", "deal=O-AMER-L2&cadence=yearly"),
    ("sla", "cadence=yearly&names=1"),
]
# With a limit on what is seen, DuckDB plans these for seconds.
SLOW = [("attribution", "cadence=monthly"), ("sla", "cadence=monthly"), VIEWS[-1]]
QUICK = [pytest.param(v, marks=pytest.mark.long) if v in SLOW else v for v in VIEWS]
Open = Callable[..., Answer]


@pytest.fixture(scope="session")
def attack_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of the app, its warehouse filled and its accounts made."""
    folder = tmp_path_factory.mktemp("attack")
    (folder / "scorecard.toml").write_text(CONFIG, encoding="utf-8")
    settings = {
        "SCORECARD_HOME": str(folder),
        "STATE_URL": f"sqlite:///{folder / 'state.sqlite'}",
        "WAREHOUSE_URL": f"duckdb:///{folder / 'warehouse.duckdb'}",
        "SCORECARD_CONFIG": str(folder / "scorecard.toml"),
        "SCORECARD_COOKIE_KEY": secrets.token_urlsafe(48),
        "SCORECARD_METRICS_TOKEN": secrets.token_urlsafe(48),
        "SCORECARD_LOG": "json",
        "SCORECARD_SLOW_SECONDS": "0",  # every statement is in the log
    }
    fill(settings["WAREHOUSE_URL"], company.tables(), CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATE_URL", settings["STATE_URL"])
        patch.setattr(passwords, "BCRYPT_ROUNDS", 4)
        for name, (role, scope) in PEOPLE.items():
            users.add_account(name, PASSWORD, role=role)
            users.set_scope(name, scope)
        close_state()
    return settings


@pytest.fixture(scope="session")
def attacked(
    attack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    """The running app. Whatever was tried, its log tells of no error that nobody foresaw."""
    with running_app(attack_settings, tmp_path_factory.mktemp("attacked")) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(autouse=True)
def _same_state(attack_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test makes and reads here is in the state database of the running app."""
    monkeypatch.setenv("STATE_URL", attack_settings["STATE_URL"])


@pytest.fixture
def token_of(attack_settings: Settings) -> Callable[[str], str]:
    """``token_of(username)``: the cookie of somebody who is signed in."""

    def make(username: str) -> str:
        epoch = users.find_account(username).session_epoch
        key = attack_settings["SCORECARD_COOKIE_KEY"]
        return make_token(username, epoch, key, now=datetime.now(UTC))

    return make


@pytest.fixture
def opened(attacked: AppServer, token_of: Callable[[str], str]) -> Open:
    """``opened(username, path, query)``: a page as that person gets it; None: as nobody does."""

    def go(username: str | None, path: str = "", query: str = "") -> Answer:
        cookies = {} if username is None else {"scorecard": token_of(username)}
        return Visitor(attacked.url, cookies).open(path, query)

    return go


@pytest.fixture(scope="session")
def answers() -> dict[tuple[str, str, str], Answer]:
    """What ``seen`` has been given, by user name, path and query."""
    return {}


@pytest.fixture
def seen(opened: Open, answers: dict[tuple[str, str, str], Answer]) -> Open:
    """``opened``, once for each person and address: for tests that look at the same pages."""

    def go(username: str, path: str = "", query: str = "") -> Answer:
        key = (username, path, query)
        if key not in answers:
            answers[key] = opened(*key)
        return answers[key]

    return go


def no_failure(answer: Answer) -> bool:
    """Whether a page was shown, or words that were written for the case."""
    return not answer.tracebacks and not answer.holds("This page could not be shown")
