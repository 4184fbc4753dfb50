"""What a visitor does, in one call each."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.conftest import Account

# Until what a page has to say of its scrolling is said.
TWO_FRAMES = """() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


def sign_in(page: Page, account: Account) -> None:
    """Fill in the form that is on the page; returns when it is gone and the page stands."""
    send = page.get_by_role("button", name="Sign in")
    send.wait_for()
    settled(page)
    page.get_by_role("textbox", name="User name").fill(account.username)
    page.get_by_role("textbox", name="Password").fill(account.password)
    send.click()
    expect(send).to_have_count(0)
    settled(page)


def known(context: BrowserContext, account: Account) -> None:
    """This browser has signed in before, as ``test_sign_in`` does by hand: it holds the cookie."""
    context.add_cookies([{"name": "scorecard", "value": account.token, "url": "http://127.0.0.1"}])


def arrive(page: Page, account: Account, address: str) -> None:
    """Open an address as somebody who has signed in; returns when the page stands."""
    known(page.context, account)
    page.goto(address)
    expect(page.locator(".st-key-masthead, .st-key-presenting").first).to_be_visible()
    settled(page)


def settled(page: Page) -> None:
    """Wait until the app has nothing left to do for this page."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    expect(page.locator("[data-stale='true']")).to_have_count(0)


def choose(page: Page, label: str, option: str, *, nth: int = 0) -> None:
    """Choose in a list, which has room to stand: Streamlit closes one when the page scrolls, be it
    to bring it under the eye. ``nth`` of the options that have this name."""
    box = page.get_by_role("combobox", name=label)
    settled(page)
    box.scroll_into_view_if_needed()
    page.evaluate(TWO_FRAMES)
    box.click()
    page.get_by_role("option", name=option).nth(nth).click()
