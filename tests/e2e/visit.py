"""What a visitor does, in one call each."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from tests.e2e.conftest import Account


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


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a list. A run that the sign-in's cookie sets off closes one that was just opened;
    it is then opened again."""
    box, wanted = page.get_by_role("combobox", name=label), page.get_by_role("option", name=option)
    for _ in range(4):
        settled(page)
        box.click()
        try:
            wanted.click(timeout=4_000)
        except TimeoutError:
            page.keyboard.press("Escape")
        else:
            return
    wanted.click()
