"""Every page of the app on Spark: it comes up, and says what it says on DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from data import users
from data.state import close_state
from data.tables import handoffs
from data.warehouse import Warehouse
from pages.view.session_token import make_token
from pages.view.state import ADMIN_SECTIONS
from tests.attack import visitor
from tests.attack.visitor import Visitor
from tests.e2e.conftest import Settings, add_account, home, new_account
from tests.e2e.server import AppServer, running_app

ADDRESSES = (
    "scorecard", "kpi?metric=mqls", "kpi?metric=mql_to_sql", "funnel",
    "attribution", "sla", "reconciliation", "review", "agreements", "lead?lead={lead}", "handbook",
    *(f"admin?section={section}" for section in ADMIN_SECTIONS),
)  # fmt: skip
# When it was read, and which warehouse it is.
OWN = re.compile(r"read at [\d:]+|<dt>(Engine|Place)</dt><dd>[^<]+</dd>")
Visitors = tuple[Visitor, Visitor]


@pytest.fixture(scope="module")
def apps(
    demo_urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[tuple[AppServer, Settings]]]:
    """The app on DuckDB and the app on Spark, each with an administrator."""
    with ExitStack() as started:
        found = []
        for url in demo_urls:
            folder = tmp_path_factory.mktemp("app")
            settings = home(folder) | {"WAREHOUSE_URL": url}
            add_account(settings, new_account("ada", "Ada Admin", "admin"))
            found.append((started.enter_context(running_app(settings, folder)), settings))
        yield found


@pytest.fixture
def visitors(apps: list[tuple[AppServer, Settings]], monkeypatch: pytest.MonkeyPatch) -> Visitors:
    monkeypatch.setattr(visitor, "RUN_SECONDS", 600)  # two small executors on a busy machine
    found = []
    for app, settings in apps:
        monkeypatch.setenv("STATE_URL", settings["STATE_URL"])
        epoch = users.find_account("ada").session_epoch
        close_state()
        token = make_token("ada", epoch, settings["SCORECARD_COOKIE_KEY"], now=datetime.now(UTC))
        found.append(Visitor(app.url, {"scorecard": token}))
    return found[0], found[1]


def some_lead(url: str) -> str:
    """One that was handed over."""
    warehouse = Warehouse(make_url(url))
    (row,) = warehouse.rows(select(func.min(handoffs.c.lead_id).label("lead")))
    warehouse.close()
    return str(row["lead"])


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_says_what_it_says_on_duckdb(
    address: str, visitors: Visitors, demo_urls: tuple[str, str]
):
    path, _, query = address.format(lead=some_lead(demo_urls[0])).partition("?")
    small, large = (one.open(path, query) for one in visitors)
    for answer in (small, large):
        assert not answer.tracebacks
        assert not answer.is_sign_in
        assert not answer.holds('role="alert"')
    said = [OWN.sub("", "".join(answer.markup)) for answer in (small, large)]
    assert said[1] == said[0]
    assert len(re.findall(r"<\w+", said[0])) > 20  # it is a page
    assert "There is no" not in said[0]
