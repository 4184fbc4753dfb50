"""Two processes of the app behind the nginx site as it is shipped: one address, one app."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy.engine import make_url

from data import users
from data.config import parse_config
from data.load import load_tables
from data.state import close_state
from tests import nginx
from tests.attack.visitor import Visitor
from tests.build import at, fill
from tests.e2e.conftest import Account, Settings, add_account, home, new_account
from tests.e2e.server import AppServer, running_app
from tests.e2e.visit import settled, sign_in

LEADS = [
    {"lead_id": f"L{n}", "created_at": at(f"2026-{1 + n % 9:02}-02 10:00"), "region": "EMEA"}
    for n in range(40)
]
VIEW = "kpi?metric=leads&cadence=quarterly&region=EMEA"
CHOICE = "scorecard_process"
RUN = '"event": "run"'


@dataclass(frozen=True)
class Both:
    """The two processes, what stands before them, and the settings that they share."""

    apps: dict[int, AppServer]
    proxy: nginx.Proxy
    settings: Settings
    account: Account


def _port(app: AppServer) -> int:
    port = urlsplit(app.url).port
    assert port is not None
    return port


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    nginx.executable()
    folder = tmp_path_factory.mktemp("two")
    settings = home(folder) | {
        "WAREHOUSE_URL": f"duckdb:///{folder / 'two.duckdb'}",
        "SCORECARD_LOG": "json",
    }
    fill(settings["WAREHOUSE_URL"], {"leads": LEADS})
    account = add_account(settings, new_account("vera", "Vera Viewer", "viewer"))
    # At the same time: the second one finds the state database as the first one makes it.
    with running_app(settings, folder) as one, running_app(settings, folder) as other:
        proxy = nginx.Proxy("scorecard.localhost", nginx.free_port(), nginx.free_port(), folder)
        with nginx.running(proxy, _port(one), _port(other)):
            yield Both({_port(app): app for app in (one, other)}, proxy, settings, account)


Visit = Callable[..., tuple[Page, str]]


@pytest.fixture
def visit(browser: Browser, both: Both, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """``visit(port)``: a browser with no cookie but the one that leads to this process; its page
    on ``VIEW``, signed in, and the name by which nginx knows it."""
    opened: list[BrowserContext] = []

    def go(port: int | None = None) -> tuple[Page, str]:
        agent = f"{request.node.name}-{len(opened)}"
        context = browser.new_context(ignore_https_errors=True, user_agent=agent)
        context.set_default_timeout(30_000)
        opened.append(context)
        if port is not None:
            context.add_cookies([{"name": CHOICE, "value": str(port), "url": both.proxy.https_url}])
        page = context.new_page()
        page.goto(f"{both.proxy.https_url}/{VIEW}")
        sign_in(page, both.account)
        expect(page.locator("svg.marks").first).to_be_visible()
        settled(page)
        return page, agent

    yield go
    for context in opened:
        context.close()


def _cookies(page: Page) -> dict[str, str]:
    return {str(c.get("name")): str(c.get("value")) for c in page.context.cookies()}


def _ask(both: Both, path: str, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    trusted = ssl.create_default_context(cafile=str(both.proxy.folder / "cert.pem"))
    trusted.check_hostname = False
    connection = http.client.HTTPSConnection(
        "127.0.0.1", both.proxy.https_port, context=trusted, timeout=20
    )
    with closing(connection):
        connection.request(method, path, headers={"Host": both.proxy.name, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer


def _download(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").last.click()
    return Path(download.value.path()).read_bytes()


def test_everything_of_a_session_reaches_the_process_that_it_lives_in(both: Both, visit: Visit):
    for port in both.apps:
        page, agent = visit(port)
        assert b"L1" in _download(page)
        assert _cookies(page)[CHOICE] == str(port)
        page.context.close()  # nginx tells of a WebSocket when it has ended
        served = both.proxy.served(agent)
        assert {process for _, process in served} == {port}
        paths = {asked.split("/", 1)[1].partition("/")[0] for asked, _ in served}
        assert {"kpi", "static", "component", "media", "_stcore"} <= paths
    # An upload and a file of a component go by the same cookie, whatever answers there.
    for port in both.apps:
        for method, path in (("PUT", "/_stcore/upload_file/a/b"), ("GET", "/_stcore/health")):
            _ask(both, path, method, Cookie=f"{CHOICE}={port}", **{"User-Agent": f"raw-{port}"})
        assert {process for _, process in both.proxy.served(f"raw-{port}")} == {port}


def _told(answer: http.client.HTTPResponse) -> str:
    """The cookie that says which process answered; empty where none is set."""
    found = [c for c in answer.headers.get_all("set-cookie", []) if c.startswith(CHOICE)]
    assert len(found) <= 1
    return "".join(found)


def test_new_visitors_are_spread_and_told_once_where_they_are(both: Both):
    options = "; Path=/; Secure; HttpOnly; SameSite=Lax"
    every = {f"{CHOICE}={port}{options}" for port in both.apps}
    assert {_told(_ask(both, "/_stcore/health")) for _ in range(8)} == every
    port = next(iter(both.apps))
    assert _told(_ask(both, "/", Cookie=f"{CHOICE}={port}")) == ""
    # A value that is none of them leads somewhere, and is replaced.
    for odd in ("1", "127.0.0.1", "8501 8501", "x" * 3000, "%0d%0aX: y"):
        answer = _ask(both, "/", Cookie=f"{CHOICE}={odd}")
        assert answer.status == 200
        assert _told(answer) in every


def test_a_sign_in_and_its_end_hold_in_both(
    both: Both, visit: Visit, monkeypatch: pytest.MonkeyPatch
):
    first, second = both.apps
    page, _ = visit(first)
    cookies = {"scorecard": _cookies(page)["scorecard"]}
    doors = [Visitor(app.url, cookies) for app in both.apps.values()]
    assert [door.open("handbook").is_sign_in for door in doors] == [False, False]
    # The browser itself, sent to the other process: signed in, on the same view.
    page.context.add_cookies([{"name": CHOICE, "value": str(second), "url": both.proxy.https_url}])
    page.reload()
    expect(page.locator("svg.marks").first).to_be_visible()
    assert page.url.endswith(VIEW)
    # Signed out everywhere, by a third process: at the next click it is over in both.
    monkeypatch.setenv("STATE_URL", both.settings["STATE_URL"])
    users.end_sessions(both.account.username)
    close_state()
    assert [door.open("handbook").is_sign_in for door in doors] == [True, True]
    page.get_by_role("radio", name="Month").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_load_is_seen_by_both(both: Both, visit: Visit):
    page, _ = visit()
    cookies = {"scorecard": _cookies(page)["scorecard"]}
    doors = [Visitor(app.url, cookies) for app in both.apps.values()]
    assert not any(door.open("handbook").holds("second_source") for door in doors)
    rows = pa.Table.from_pylist(LEADS[:30])
    load_tables(
        make_url(both.settings["WAREHOUSE_URL"]),
        {"leads": rows},
        config=parse_config(""),
        source="second_source",
    )
    answers = [door.open(*VIEW.split("?")) for door in doors]
    assert all(answer.holds("second_source") for answer in answers)
    shown = [[html for html in answer.markup if "kpi-" in html] for answer in answers]
    assert shown[0]
    assert shown[0] == shown[1]


def _wait(page: Page, is_so: Callable[[], bool]) -> None:
    for _ in range(300):
        if is_so():
            return
        page.wait_for_timeout(100)
    raise AssertionError("It did not happen.")


def test_one_process_is_killed_and_its_visitors_go_on_with_the_other(both: Both, visit: Visit):
    """The last test of the file: it leaves one process."""
    first, second = both.apps
    page, agent = visit(second)
    shown = page.locator(".st-key-kpi-parts, .kpi-head").all_inner_texts()
    log = both.apps[first]
    connected, runs = log.log.count("connection open"), log.log.count(RUN)
    os.kill(both.apps[second].pid, signal.SIGKILL)
    # By itself: nobody clicks or reloads, and what is shown stays.
    _wait(page, lambda: log.log.count("connection open") > connected)
    # The session is a new one, and made known there by itself as well.
    _wait(page, lambda: log.log.count(RUN) > runs)
    settled(page)
    assert page.url.endswith(VIEW)
    assert _cookies(page)[CHOICE] == str(first)
    assert page.locator(".st-key-kpi-parts, .kpi-head").all_inner_texts() == shown
    assert b"L1" in _download(page)
    # The first click there does what it was asked to.
    page.get_by_role("radio", name="Year").click()
    expect(page).to_have_url(re.compile("cadence=yearly"))
    assert {"metric=leads", "region=EMEA"} <= set(urlsplit(page.url).query.split("&"))
    settled(page)
    assert json.loads([line for line in log.log.splitlines() if RUN in line][-1])["page"] == "kpi"
    page.goto("about:blank")  # nginx tells of a WebSocket when it has ended
    _wait(page, lambda: ("GET /_stcore/stream", first) in both.proxy.served(agent))
