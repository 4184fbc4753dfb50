"""Signing in and out, in a real browser, on the smallest frame."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from data import users
from data.state import SignInFailure, open_state
from pages.view.session_token import make_token
from tests.e2e.conftest import Settings, home
from tests.e2e.server import AppServer, run_command, running_app

FRAME = "tests/e2e/sign_in_frame.py"
PASSWORD = "correct zebra 12"
PATIENCE_MS = 20_000
SIGNED_IN = "Signed in: anna, Anna B, editor_sales"
REFUSED = "is not right"
expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home(tmp_path_factory.mktemp("accounts"))


@pytest.fixture(scope="module")
def app(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppServer]:
    with running_app(settings, tmp_path_factory.mktemp("frame"), script=FRAME) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture
def anna(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """Anna's account with its password, whatever the last test has left.

    From here on ``data.users`` works on the state database of the running app.
    """
    monkeypatch.setenv("STATE_URL", settings["STATE_URL"])
    if any(account.username == "anna" for account in users.list_accounts()):
        users.set_password("anna", PASSWORD)
        users.set_role("anna", "editor_sales")
        users.set_active("anna", True)
    else:
        users.add_account("anna", PASSWORD, full_name="Anna B", role="editor_sales")
    return "anna"


def _fill(page: Page, username: str, password: str) -> None:
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def _sign_in(page: Page, url: str) -> None:
    page.goto(url)
    _fill(page, "anna", PASSWORD)
    expect(page.get_by_text(SIGNED_IN)).to_be_visible()


def _token(context: BrowserContext, *, there: bool = True) -> str | None:
    """The sign-in cookie once it is there, or gone."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = [c["value"] for c in context.cookies() if c["name"] == "scorecard"]
        if bool(found) == there:
            return found[0] if found else None
        time.sleep(0.1)
    raise AssertionError(f"The cookie is {'not ' if there else 'still '}there.")


@pytest.mark.long
def test_a_deep_link_survives_the_sign_in(app: AppServer, anna: str, page: Page):
    _sign_in(page, f"{app.url}/funnel?region=EMEA")
    expect(page.get_by_text("the funnel of EMEA")).to_be_visible()
    assert page.url == f"{app.url}/funnel?region=EMEA"
    assert page.get_by_label("User name").count() == 0


def test_nothing_is_shown_signed_out(app: AppServer, page: Page):
    for path in ("", "/home", "/funnel?region=EMEA", "/nowhere"):
        page.goto(f"{app.url}{path}")
        expect(page.get_by_label("User name")).to_be_visible()
        assert "Here is" not in page.content()
        assert page.get_by_role("link", name="funnel").count() == 0


def test_the_cookie(app: AppServer, anna: str, page: Page, context: BrowserContext):
    _sign_in(page, app.url)
    _token(context)
    (cookie,) = [c for c in context.cookies() if c["name"] == "scorecard"]
    assert cookie["sameSite"] == "Strict"
    assert cookie["expires"] == pytest.approx(time.time() + 7 * 86_400, abs=120)
    claims = jwt.decode(cookie["value"], options={"verify_signature": False})
    assert set(claims) == {"username", "epoch", "iat", "exp"}


def test_reload_and_a_new_tab_stay_signed_in(
    app: AppServer, anna: str, page: Page, context: BrowserContext
):
    _sign_in(page, app.url)
    _token(context)
    page.reload()
    expect(page.get_by_text(SIGNED_IN)).to_be_visible()
    tab = context.new_page()
    tab.goto(f"{app.url}/funnel?region=AMER")
    expect(tab.get_by_text("the funnel of AMER")).to_be_visible()


def test_sign_out_and_in_again(app: AppServer, anna: str, page: Page, context: BrowserContext):
    _sign_in(page, f"{app.url}/funnel?region=EMEA")
    for _ in range(2):
        _token(context)
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("You are signed out.")).to_be_visible()
        _token(context, there=False)
        expect(page.get_by_text("Here is")).to_have_count(0)
        _fill(page, "anna", PASSWORD)
        expect(page.get_by_text("the funnel of EMEA")).to_be_visible()
    _token(context)
    page.get_by_role("button", name="Sign out").click()
    _token(context, there=False)
    page.reload()
    expect(page.get_by_label("User name")).to_be_visible()


def test_failures_say_the_same_for_every_name(app: AppServer, anna: str, page: Page):
    words = set()
    for name in ("anna", "nobody", "<b>x</b>"):
        page.goto(app.url)
        _fill(page, name, "wrong wrong wrong")
        alert = page.get_by_text(REFUSED)
        expect(alert).to_be_visible()
        words.add(alert.inner_text())
    assert len(words) == 1


def _await_failures(username: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        with open_state().read() as session:
            failures = session.get(SignInFailure, username)
            if failures is not None and failures.failed_attempts >= count:
                return
        time.sleep(0.05)
    raise AssertionError(f"{username} has not failed {count} times")


@pytest.mark.long
def test_a_locked_account_refuses_the_right_password(app: AppServer, anna: str, page: Page):
    page.goto(app.url)
    for attempt in range(5):
        _fill(page, "anna", f"wrong wrong {attempt}")
        # The words of the attempt before still stand: only the count tells that this one is over.
        _await_failures("anna", attempt + 1)
    assert users.locked_names() == {"anna"}
    _fill(page, "anna", PASSWORD)
    expect(page.get_by_text(REFUSED)).to_be_visible()
    expect(page.get_by_text(SIGNED_IN)).to_have_count(0)


CHANGES: dict[str, Callable[[], object]] = {
    "disabled": lambda: users.set_active("anna", False),
    "password": lambda: users.set_password("anna", "another zebra 12"),
    "role": lambda: users.set_role("anna", "admin"),
    "signed out everywhere": lambda: users.end_sessions("anna"),
}


def _expect_ended(page: Page) -> None:
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    expect(page.get_by_text("Here is")).to_have_count(0)


@pytest.mark.parametrize(
    "change",
    [
        change if change == "password" else pytest.param(change, marks=pytest.mark.long)
        for change in CHANGES
    ],
)
def test_a_change_ends_the_session_at_the_next_interaction(
    app: AppServer, anna: str, page: Page, context: BrowserContext, change: str
):
    _sign_in(page, app.url)
    token = _token(context)
    CHANGES[change]()
    _expect_ended(page)
    _token(context, there=False)
    # The old cookie, kept by somebody, opens nothing.
    context.add_cookies([{"name": "scorecard", "value": str(token), "url": app.url}])
    page.reload()
    expect(page.get_by_label("User name")).to_be_visible()
    _token(context, there=False)


@pytest.mark.long
def test_a_password_set_on_the_command_line_ends_the_session(
    app: AppServer, anna: str, page: Page, settings: Settings
):
    _sign_in(page, app.url)
    run_command(settings, "data", "users", "password", "anna", stdin="another zebra 12")
    _expect_ended(page)


def _forged(kind: str, key: str) -> str:
    now = datetime.now(UTC)
    if kind == "another key":
        return make_token("anna", 1, "x" * 40, now=now)
    if kind == "another epoch":
        return make_token("anna", 1, key, now=now)
    if kind == "expired":
        return make_token("anna", 1, key, now=now - timedelta(days=8))
    if kind == "no account":
        return make_token("nobody", 1, key, now=now)
    if kind == "algorithm none":
        claims = {"username": "anna", "epoch": 1, "iat": now, "exp": now + timedelta(days=1)}
        return jwt.encode(claims, "", algorithm="none")
    return "not.a.token"


# All of them are refused by pages/view/session_token.py, whose own tests have every kind; one by
# its signature and one by its account are tried in the browser each time.
ALSO = ("another key", "expired", "no account", "garbage")
KINDS = [
    "another epoch",
    "algorithm none",
    *(pytest.param(k, marks=pytest.mark.long) for k in ALSO),
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_cookie_not_ours_opens_nothing_and_is_removed(
    app: AppServer, anna: str, page: Page, context: BrowserContext, settings: Settings, kind: str
):
    token = _forged(kind, settings["SCORECARD_COOKIE_KEY"])
    context.add_cookies([{"name": "scorecard", "value": token, "url": app.url}])
    page.goto(f"{app.url}/funnel?region=EMEA")
    expect(page.get_by_label("User name")).to_be_visible()
    _token(context, there=False)
    assert page.get_by_test_id("stException").count() == 0
    _fill(page, "anna", PASSWORD)
    expect(page.get_by_text("the funnel of EMEA")).to_be_visible()


def test_a_first_password_is_replaced_before_anything_is_shown(
    app: AppServer, anna: str, page: Page, context: BrowserContext
):
    users.set_password("anna", PASSWORD, must_change_password=True)
    page.goto(f"{app.url}/funnel?region=EMEA")
    _fill(page, "anna", PASSWORD)
    new, again = page.get_by_label("New password", exact=True), page.get_by_label("The same again")
    expect(new).to_be_visible()
    _token(context, there=False)
    for first, second, words in (
        ("short", "short", "at least 12"),
        (PASSWORD, PASSWORD, "has already"),
        ("another zebra 12", "another zebra 13", "differ"),
    ):
        new.fill(first)
        again.fill(second)
        page.get_by_role("button", name="Set password").click()
        expect(page.get_by_text(re.compile(words))).to_be_visible()
    again.fill("another zebra 12")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("the funnel of EMEA")).to_be_visible()
    _token(context)
    page.reload()
    expect(page.get_by_text("the funnel of EMEA")).to_be_visible()


@pytest.mark.long
def test_trouble_is_told_in_words(browser: Browser, tmp_path: Path):
    (tmp_path / "state.sqlite").write_text("not a database " * 100)
    settings = home(tmp_path)
    with (
        running_app(settings, tmp_path, script=FRAME) as server,
        browser.new_context() as visitor,
    ):
        page = visitor.new_page()
        page.goto(server.url)
        _fill(page, "anna", PASSWORD)
        expect(page.get_by_text("is not an SQLite database")).to_be_visible()
        assert page.get_by_test_id("stException").count() == 0


@pytest.mark.long
def test_no_cookie_key_is_told_in_words(browser: Browser, tmp_path: Path):
    settings = {k: v for k, v in home(tmp_path).items() if k != "SCORECARD_COOKIE_KEY"}
    with (
        running_app(settings, tmp_path, script=FRAME) as server,
        browser.new_context() as visitor,
    ):
        page = visitor.new_page()
        page.goto(server.url)
        expect(page.get_by_text("no key to sign")).to_be_visible()
        assert page.get_by_label("User name").count() == 0
