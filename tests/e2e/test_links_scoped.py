"""Every kind of link, opened by somebody who may see a part: each shows that part and no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from data import users
from data.audit import person
from data.saved_views import save_view, set_start_view
from data.short_links import make_link
from data.view_address import ViewAddress
from tests.e2e.conftest import Account, Settings, add_account, new_account
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, settled, sign_in

BY = person("ada")
PLAIN = ViewAddress("kpi", "metric=leads&cadence=monthly")
FILTERED = ViewAddress("kpi", f"{PLAIN.query}&region=EMEA")
FROZEN = ViewAddress("kpi", f"{PLAIN.query}&period=2026-10&as_of=2026-10-31T23%3A59%3A59Z")
OUTSIDE = ViewAddress("kpi", f"{PLAIN.query}&region=AMER")


@pytest.fixture(autouse=True)
def _same_state(demo_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_URL", demo_settings["STATE_URL"])


@pytest.fixture(scope="module")
def emma(demo_settings: Settings) -> Account:
    return add_account(demo_settings, new_account("emma", "Emma Emea", "viewer"))


def _figure(page: Page) -> str:
    figure = page.locator(".kpi-figure")
    expect(figure).to_be_visible()
    settled(page)
    return figure.inner_text()


def _start(address: ViewAddress) -> str:
    view = save_view(f"start at {address.query}", address, shared=True, by=BY)
    set_start_view("emma", view.id)
    return "/"


# What somebody is sent, and where it leads.
KINDS: dict[str, tuple[Callable[[], str], ViewAddress]] = {
    "plain": (lambda: f"/{PLAIN}", PLAIN),
    "short": (lambda: f"/s/{make_link(PLAIN, by=BY).id}", PLAIN),
    "frozen": (lambda: f"/s/{make_link(FROZEN, by=BY, frozen_at='v').id}", FROZEN),
    "saved view as the start page": (lambda: _start(PLAIN), PLAIN),
}


@pytest.fixture
def part(demo_app: AppServer, accounts: dict[str, Account], page: Page) -> str:
    """What an administrator sees of the part, by a filter; ``page`` is signed out again."""
    arrive(page, accounts["admin"], f"{demo_app.url}/{FILTERED}")
    filtered = _figure(page)
    page.goto(f"{demo_app.url}/{PLAIN}")
    expect(page.locator(".kpi-figure")).not_to_have_text(filtered)
    page.context.clear_cookies()
    return filtered


def _shows(page: Page, app: AppServer, address: ViewAddress, part: str) -> None:
    page.wait_for_url(f"{app.url}/{address}")
    expect(page.locator(".viewer")).to_contain_text("sees region EMEA")
    assert _figure(page) == part


def test_each_kind_of_link_signed_in(demo_app: AppServer, emma: Account, page: Page, part: str):
    users.set_scope("emma", ["region=EMEA"], by=BY)
    send, _ = KINDS["short"]
    page.goto(f"{demo_app.url}{send()}")
    sign_in(page, emma)
    _shows(page, demo_app, PLAIN, part)
    for kind in ("plain", "frozen", "saved view as the start page"):
        send, where = KINDS[kind]
        tab = page.context.new_page()
        tab.goto(f"{demo_app.url}{send()}")
        _shows(tab, demo_app, where, part)
        tab.close()
    # A link of another part opens on one's own, and says so.
    page.goto(f"{demo_app.url}/s/{make_link(OUTSIDE, by=BY).id}")
    expect(page.locator(".strip").first).to_contain_text("which is not in the data")
    assert _figure(page) == part


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_link_signed_out(
    demo_app: AppServer, emma: Account, page: Page, part: str, kind: str
):
    users.set_scope("emma", ["region=EMEA"], by=BY)
    set_start_view("emma", None)
    send, where = KINDS[kind]
    page.goto(f"{demo_app.url}{send()}")
    expect(page.get_by_label("User name")).to_be_visible()
    assert "EMEA" not in page.inner_text("body")
    sign_in(page, emma)
    _shows(page, demo_app, where, part)
