"""An app whose warehouse is a PostgreSQL at the end of a line that a test has in its hands."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data import passwords, users
from data.state import close_state
from pages.view.session_token import make_token
from tests.attack import company
from tests.attack.conftest import ADMIN, CONFIG, PASSWORD, VIEWS
from tests.attack.visitor import Answer, Visitor
from tests.build import fill
from tests.e2e.conftest import Settings
from tests.e2e.server import AppServer, running_app
from tests.matrix import ENGINES
from tests.reliability.line import Line

# Every page, and those that show one thing with the thing.
PAGES = [view for view in dict.fromkeys(VIEWS) if view[0] != ""]
MARK = "These are the last known numbers"


@dataclass(frozen=True)
class House:
    """The running app, the line to its warehouse, the warehouse past the line, and somebody who
    is signed in."""

    app: AppServer
    line: Line
    warehouse_url: str
    settings: Settings
    token: str

    def open(self, path: str, query: str = "") -> Answer:
        return self.visitor().open(path, query)

    def visitor(self) -> Visitor:
        return Visitor(self.app.url, {"scorecard": self.token})


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder: Path = tmp_path_factory.mktemp("reliability")
    (folder / "scorecard.toml").write_text(CONFIG, encoding="utf-8")
    with ENGINES["postgresql"](folder) as url:
        fill(url, company.tables(), CONFIG)
        line = Line(url)
        settings = {
            "SCORECARD_HOME": str(folder),
            "STATE_URL": f"sqlite:///{folder / 'state.sqlite'}",
            "WAREHOUSE_URL": line.url,
            "SCORECARD_CONFIG": str(folder / "scorecard.toml"),
            "SCORECARD_COOKIE_KEY": secrets.token_urlsafe(48),
            "SCORECARD_METRICS_TOKEN": secrets.token_urlsafe(48),
            "SCORECARD_LOG": "json",
        }
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("STATE_URL", settings["STATE_URL"])
            patch.setattr(passwords, "BCRYPT_ROUNDS", 4)
            users.add_account(ADMIN, PASSWORD, role="admin")
            epoch = users.find_account(ADMIN).session_epoch
            close_state()
        token = make_token(ADMIN, epoch, settings["SCORECARD_COOKIE_KEY"], now=datetime.now(UTC))
        with running_app(settings, folder) as app:
            yield House(app, line, url, settings, token)
            assert "Traceback" not in app.log
        line.close()


@pytest.fixture(autouse=True)
def _mended(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "house" in request.fixturenames:
        request.getfixturevalue("house").line.mend()


def last_run(answer: Answer) -> Answer:
    """What stands in the end: a run that was ended, or left, came before."""
    begun = [n for n, m in enumerate(answer.messages) if m.WhichOneof("type") == "new_session"]
    return replace(answer, messages=answer.messages[begun[-1] :])


def shown(answer: Answer) -> list[str]:
    """What a page draws, without the words on what it is drawn from and when it was read."""
    clock = ('class="strip', "read at ", "as last known")
    return [html for html in last_run(answer).markup if not any(words in html for words in clock)]


def is_whole(answer: Answer) -> bool:
    """Whether nothing of the page failed."""
    return not answer.tracebacks and not failures(answer)


def failures(answer: Answer) -> list[str]:
    """The words of what failed."""
    return [html for html in answer.markup if 'class="strip strip-bad"' in html]
