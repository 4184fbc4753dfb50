"""A control of one part of a page redraws that part alone, and leaves nothing stale elsewhere."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.conftest import Account
from tests.e2e.server import AppServer
from tests.e2e.visit import choose, settled, sign_in
from tests.e2e.wire_log import WireLog

KPI = "/kpi?metric=mqls&cadence=quarterly"
# A page whole sends 76. How many views others have saved is part of it.
MOST = 40


def body(page: Page) -> Locator:
    return page.locator('[data-testid="stPopoverBody"]')


def mark(page: Page, selector: str) -> None:
    """Put a sign on what is not to be drawn anew."""
    page.locator(selector).first.evaluate("(found) => found.setAttribute('data-untouched', '')")


def only_a_part(page: Page, log: WireLog) -> None:
    settled(page)
    assert log.runs >= 1
    assert log.whole_runs == 0
    assert 0 < log.elements <= MOST * log.runs
    log.clear()


def has_run(page: Page, log: WireLog, runs: int) -> None:
    """So many runs are over: a page may look settled before the run of a click has begun."""
    for _ in range(400):
        if log.runs >= runs:
            break
        page.wait_for_timeout(50)
    assert log.runs >= runs
    settled(page)


def opened(page: Page, app: AppServer, account: Account, address: str) -> WireLog:
    log = WireLog(page)
    page.goto(app.url + address)
    sign_in(page, account)
    page.locator(".st-key-bar").wait_for()
    settled(page)
    return log


def test_a_split_its_link_and_all_that_was_drawn_before_it(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
):
    log = opened(page, demo_app, accounts["viewer"], KPI)
    # The sign-in sets a cookie, and that takes no run beside those of the form and of the page.
    page.wait_for_timeout(1_500)
    assert log.whole_runs == 1
    log.clear()
    mark(page, ".kpi-head")
    choose(page, "Split by", "By segment")
    page.wait_for_url("**&by=segment")
    expect(page.locator(".st-key-kpi-parts").get_by_text("enterprise").first).to_be_visible()
    only_a_part(page, log)
    expect(page.locator(".kpi-head[data-untouched]")).to_be_visible()

    # What was drawn before speaks of the view as it is now: the address to share …
    page.get_by_role("button", name="Share").click()
    expect(body(page).locator("code").first).to_have_text(page.url)
    only_a_part(page, log)
    # … which a reload and somebody else's tab open alike …
    tab = page.context.new_page()
    tab.goto(page.url)
    expect(tab.get_by_role("combobox", name="Split by")).to_have_value("By segment")
    tab.close()
    page.keyboard.press("Escape")
    # … and the bar, which goes on from there.
    choose(page, "Compared with", "vs target")
    page.wait_for_url("**compare=target*by=segment*")
    settled(page)
    assert log.whole_runs == 1
    expect(page.get_by_role("combobox", name="Split by")).to_have_value("By segment")
    for url, split in ((r"&by=segment$", "By segment"), (re.escape(KPI) + "$", "By channel")):
        page.go_back()
        page.wait_for_url(re.compile(url))
        expect(page.get_by_role("combobox", name="Split by")).to_have_value(split)
        settled(page)


def test_what_is_taken_away_is_the_view_as_it_is(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
):
    log = opened(page, demo_app, accounts["viewer"], KPI)
    choose(page, "Split by", "By segment")
    page.wait_for_url("**&by=segment")
    settled(page)
    log.clear()
    page.get_by_role("button", name="Download", exact=True).click()
    has_run(page, log, 1)
    choose(page, "Table", "By segment")
    has_run(page, log, 2)
    with page.expect_download() as download:
        body(page).get_by_role("button", name="CSV").click()
    assert "enterprise" in download.value.path().read_text(encoding="utf-8")
    only_a_part(page, log)
    page.keyboard.press("Escape")

    # A view that is saved is this one, and one that is opened is a whole page.
    page.get_by_role("button", name="Views").click()
    body(page).get_by_label("Name", exact=True).fill("By segment")
    body(page).get_by_role("button", name="Save", exact=True).click()
    expect(body(page).get_by_text("Saved.")).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")
    choose(page, "Split by", "By region")
    page.wait_for_url("**&by=region")
    settled(page)
    log.clear()
    page.get_by_role("button", name="Views").click()
    body(page).get_by_role("button", name="By segment", exact=True).click()
    page.wait_for_url("**&by=segment")
    expect(page.get_by_role("combobox", name="Split by")).to_have_value("By segment")
    settled(page)
    assert log.whole_runs >= 1


def test_the_next_page_of_a_list_is_all_that_is_sent(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
):
    log = opened(page, demo_app, accounts["viewer"], KPI)
    expect(page.get_by_text("1–50 of")).to_be_visible()
    log.clear()
    mark(page, ".kpi-head")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("51–100 of")).to_be_visible()
    only_a_part(page, log)
    expect(page.locator(".kpi-head[data-untouched]")).to_be_visible()


@pytest.mark.long
@pytest.mark.parametrize(
    ("address", "label", "setting"),
    [
        ("/funnel", "Step", "metric"),
        ("/attribution?cadence=yearly", "Whose journey", "deal"),
        ("/reconciliation?cadence=yearly", "Reason", "reason"),
    ],
)
def test_a_choice_within_a_page(
    page: Page,
    demo_app: AppServer,
    accounts: dict[str, Account],
    address: str,
    label: str,
    setting: str,
):
    log = opened(page, demo_app, accounts["viewer"], address)
    box = page.get_by_role("combobox", name=label)
    expect(box).to_be_visible()
    expect(page.locator("svg.marks").first).to_be_visible()
    before = box.input_value()
    log.clear()
    choose(page, label, "", nth=1)
    page.wait_for_url(f"**{setting}=*")
    only_a_part(page, log)
    chosen = box.input_value()
    assert chosen != before
    page.reload()
    expect(box).to_have_value(chosen)
    settled(page)
    page.go_back()
    expect(box).to_have_value(before)


@pytest.mark.long
def test_a_search_of_the_handbook_and_of_leads(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
):
    log = opened(page, demo_app, accounts["viewer"], "/handbook?metric=mqls")
    log.clear()
    page.get_by_placeholder("Find a KPI").fill("win rate")
    page.keyboard.press("Enter")
    page.wait_for_url("**/handbook?find=win+rate")
    expect(page.locator("#mqls")).to_have_count(0)
    only_a_part(page, log)
    page.get_by_role("link", name="Leads", exact=True).click()
    page.wait_for_url("**/lead")
    settled(page)
    log.clear()
    page.get_by_label("Find a lead").fill("an")
    page.keyboard.press("Enter")
    found = page.locator("[class*=st-key-lead-link-] button")
    expect(found.first).to_be_visible()
    only_a_part(page, log)
    found.first.click()
    page.wait_for_url("**/lead?lead=*")
    expect(page.locator(".lead-head")).to_be_visible()
    settled(page)
    assert log.whole_runs == 1
