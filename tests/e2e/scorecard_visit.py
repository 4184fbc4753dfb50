"""How a browser test gets to the scorecard: signs in, waits until it is drawn, measures."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Account
from tests.e2e.visit import known

TILES = 15
# Everything that a viewer reads: elements with text of their own, drawn and not for screen
# readers alone. [text, font size in px, colour, left, right].
READ_TEXT = """() => {
  const found = [];
  for (const e of document.querySelectorAll('[data-testid="stMain"] *')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    const box = e.getBoundingClientRect();
    const style = getComputedStyle(e);
    if (!own || box.width < 2 || box.height < 2 || style.visibility === 'hidden') continue;
    if (e.closest('.unseen, details .card, style, option')) continue;
    const size = parseFloat(style.fontSize);
    found.push([e.textContent.trim(), size, style.color, box.left, box.right]);
  }
  return found;
}"""


def sign_in(page: Page, account: Account) -> None:
    """Fill in the sign-in form that the page shows."""
    page.get_by_label("User name").fill(account.username)
    page.get_by_role("textbox", name="Password").fill(account.password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def await_scorecard(page: Page) -> None:
    """Wait until the tiles and all three columns' sparklines stand and the run is over."""
    expect(page.locator(".tile")).to_have_count(TILES)
    expect(page.locator("svg.marks")).to_have_count(3)
    expect(page.locator('.stApp[data-test-script-state="notRunning"]')).to_have_count(1)


def open_scorecard(page: Page, address: str, account: Account | None = None) -> None:
    """Open an address of the app, as this account where one is given, wait for the scorecard."""
    if account is not None:
        known(page.context, account)
    page.goto(address)
    await_scorecard(page)


def figures(page: Page) -> list[str]:
    """Every value and change on the scorecard, in order."""
    return page.locator(".goal-figure, .tile-value, .tile-change").all_inner_texts()


def expect_no_sideways_scroll(page: Page) -> None:
    """Wait until what a new size of the window has set off is drawn, and nothing is too wide."""
    page.wait_for_function(
        """() => {
          const main = document.querySelector('[data-testid="stMain"]');
          return main.scrollWidth <= main.clientWidth;
        }"""
    )


def scroll_excess(page: Page) -> tuple[int, int]:
    """How many px the page is wider and higher than the window."""
    wide, high = page.evaluate(
        """() => {
          const main = document.querySelector('[data-testid="stMain"]');
          return [main.scrollWidth - main.clientWidth, main.scrollHeight - main.clientHeight];
        }"""
    )
    return int(wide), int(high)
