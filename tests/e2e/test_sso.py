"""Single sign-on in a real browser, against a real OpenID Connect provider on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from data import users
from data.audit import person
from data.config import DEMO_CONFIG
from data.short_links import make_link
from data.view_address import ViewAddress
from pages.view.sso import LABEL
from tests.e2e.conftest import Account, Settings, add_account, home, new_account
from tests.e2e.identity_provider import IdentityProvider, running_provider
from tests.e2e.server import AppServer, running_app
from tests.e2e.visit import settled, sign_in

SIGN_IN = """
[sign_in]
method = "both"
session_hours = 12
[sign_in.groups]
"scorecard admins" = { role = "admin" }
"scorecard emea" = { role = "viewer", scope = ["region=EMEA"] }
"""
# The lightest page; what it is asked for is in its search box.
BOOK = ViewAddress("handbook", "find=SLA&region=EMEA")
LEADS = "/kpi?metric=leads&cadence=monthly"
Visit = Callable[[], Page]


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[IdentityProvider]:
    with running_provider(tmp_path_factory.mktemp("provider")) as provider:
        yield provider


@pytest.fixture(scope="module")
def settings(
    demo_settings: Settings,
    provider: IdentityProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Settings:
    """The demo company with single sign-on, and a state database of its own."""
    folder = tmp_path_factory.mktemp("sso")
    config = folder / "scorecard.toml"
    config.write_text(DEMO_CONFIG.read_text(encoding="utf-8") + SIGN_IN, encoding="utf-8")
    return home(folder) | {
        "WAREHOUSE_URL": demo_settings["WAREHOUSE_URL"],
        "SCORECARD_CONFIG": str(config),
        "SCORECARD_OIDC_CLIENT_ID": "scorecard",
        "SCORECARD_OIDC_CLIENT_SECRET": "a secret of this test",
        "SCORECARD_OIDC_METADATA_URL": provider.metadata_url,
        # Streamlit puts the port in.
        "SCORECARD_OIDC_REDIRECT_URI": "http://127.0.0.1:{port}/oauth2callback",
    }


@pytest.fixture(scope="module")
def local(settings: Settings) -> Account:
    """An account with a password, whose name somebody at the provider has as well."""
    return add_account(settings, new_account("eva", "Eva With Password", "admin"))


@pytest.fixture(scope="module")
def app(
    settings: Settings, local: Account, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppServer]:
    with running_app(settings, tmp_path_factory.mktemp("sso-app")) as server:
        yield server
        assert "Traceback" not in server.log


@pytest.fixture(autouse=True)
def _same_state(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the test does with accounts is in the state database of the running app."""
    monkeypatch.setenv("STATE_URL", settings["STATE_URL"])


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """``visit()``: a page in a browser of somebody who was never here."""
    opened: list[BrowserContext] = []

    def go() -> Page:
        context = browser.new_context(viewport={"width": 1366, "height": 768}, timezone_id="UTC")
        context.set_default_timeout(30_000)
        opened.append(context)
        return context.new_page()

    yield go
    for context in opened:
        context.close()


def _enter(page: Page, address: str, subject: str) -> None:
    """Open an address, be asked who one is, say it at the provider."""
    page.goto(address)
    page.get_by_role("button", name=LABEL).click()
    page.get_by_placeholder("sub").fill(subject)
    page.get_by_role("button", name="Authorize").click()


def _stands(page: Page, app: AppServer, address: ViewAddress = BOOK) -> None:
    page.wait_for_url(f"{app.url}/{address}")
    expect(page.get_by_placeholder("Find a KPI")).to_have_value("SLA")


def _is_out(page: Page) -> None:
    expect(page.get_by_role("button", name=LABEL)).to_be_visible()
    assert page.locator(".st-key-bar").count() == 0


def _leads(page: Page) -> str:
    expect(page.locator(".kpi-figure")).to_be_visible()
    settled(page)
    return page.locator(".kpi-figure").inner_text()


def test_groups_say_what_is_seen_and_the_link_survives(
    app: AppServer, provider: IdentityProvider, visit: Visit, local: Account
) -> None:
    provider.know("eva", "Eva Emea", ["scorecard emea", "skiing"], preferred_username="eva")
    provider.know("ada", "Ada Admin", ["scorecard admins"])
    page, admin = visit(), visit()
    _enter(page, f"{app.url}{LEADS}", "eva")
    page.wait_for_url(f"{app.url}{LEADS}")
    expect(page.locator(".viewer")).to_have_text(" · Eva Emea · sees region EMEA")
    _enter(admin, f"{app.url}{LEADS}", "ada")
    expect(admin.locator(".viewer")).to_have_text(" · Ada Admin")
    everything = _leads(admin)
    # A new page needs no second sign-in.
    admin.goto(f"{app.url}{LEADS}&region=EMEA")
    expect(admin.locator(".kpi-figure")).not_to_have_text(everything)
    assert _leads(page) == _leads(admin)
    # The claims are no business of the page's scripts, and no page is remembered any more.
    kept = {cookie.get("name"): cookie.get("httpOnly") for cookie in page.context.cookies()}
    assert kept["_streamlit_user"] is True
    assert "scorecard_return" not in kept
    # The account with a password of the same name is another one, and as it was.
    assert {account.username: account.role for account in users.list_accounts()} == {
        "ada@example.com": "admin",
        "eva": "admin",
        next(a.username for a in users.list_accounts() if a.username.startswith("eva-")): "viewer",
    }


def test_who_is_in_no_group_is_told_so_and_sees_nothing(
    app: AppServer, provider: IdentityProvider, visit: Visit
) -> None:
    provider.know("nora", "Nora None", ["skiing"])
    page = visit()
    _enter(page, f"{app.url}/{BOOK}", "nora")
    expect(page.get_by_text("None of your groups at the identity provider")).to_be_visible()
    _is_out(page)
    # With another group, from there on.
    provider.know("nora", "Nora None", ["scorecard emea"])
    _enter(page, page.url, "nora")
    _stands(page, app)


@pytest.mark.long
def test_a_session_that_was_ended_is_over_in_every_browser(
    app: AppServer, provider: IdentityProvider, visit: Visit, browser: Browser
) -> None:
    provider.know("otto", "Otto Out", ["scorecard emea"])
    page = visit()
    _enter(page, f"{app.url}/{BOOK}", "otto")
    _stands(page, app)

    users.end_sessions("otto@example.com")
    page.reload()
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    _is_out(page)

    # Signed in again with another group, and out: a copy of the cookies is worth nothing.
    provider.know("otto", "Otto Out", ["scorecard admins"])
    _enter(page, page.url, "otto")
    _stands(page, app)
    assert users.find_account("otto@example.com").role == "admin"
    copy = browser.new_context(storage_state=page.context.storage_state()).new_page()
    copy.goto(f"{app.url}/{BOOK}")
    _stands(copy, app)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/oauth2/end_session?*")
    copy.reload()
    _is_out(copy)
    copy.context.close()
    page.goto(f"{app.url}/{BOOK}")
    _is_out(page)

    users.set_active("otto@example.com", False)
    _enter(page, page.url, "otto")
    expect(page.get_by_text("Your account is disabled")).to_be_visible()
    _is_out(page)


def test_a_short_link_survives_and_a_denial_comes_back_to_it(
    app: AppServer, provider: IdentityProvider, visit: Visit
) -> None:
    provider.know("lea", "Lea Link", ["scorecard emea"])
    link = make_link(BOOK, by=person("eva"))
    page = visit()
    page.goto(f"{app.url}/s/{link.id}")
    page.get_by_role("button", name=LABEL).click()
    page.get_by_role("button", name="Deny").click()
    page.wait_for_url(f"{app.url}/?s={link.id}")
    _is_out(page)
    _enter(page, page.url, "lea")
    _stands(page, app)


@pytest.mark.long
def test_a_password_works_beside_it(app: AppServer, visit: Visit, local: Account) -> None:
    page = visit()
    page.goto(f"{app.url}/{BOOK}")
    sign_in(page, local)
    _stands(page, app)
    expect(page.locator(".viewer")).to_have_text(" · Eva With Password")
