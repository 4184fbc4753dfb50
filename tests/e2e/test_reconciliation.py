"""The reconciliation page in a real browser: its figures are the program's."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.reconcile import BY_ID, Ledger
from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import expect_no_sideways_scroll
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, settled

LINK = "/reconciliation?cadence=monthly&period=2026-09"


def rows_of(page: Page, part: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    rows = page.locator(f'[data-part="{part}"] tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_page_says_what_the_command_says(
    page: Page, demo_app: AppServer, accounts: dict[str, Account], demo_settings: Settings
) -> None:
    arrive(page, accounts["viewer"], demo_app.url + LINK)
    page.locator(".st-key-reconcile").get_by_text("SQLs", exact=True).click()
    page.wait_for_url("**stage=sql*")
    settled(page)
    expect(page.locator(".st-key-reconcile svg.marks")).to_have_count(2)

    warehouse = Warehouse(make_url(demo_settings["WAREHOUSE_URL"]))
    calendar = Calendar(warehouse.config)
    month = calendar.parse_period("2026-09", Cadence.MONTHLY)
    ledger = Ledger(warehouse, "sql", month.span, warehouse.default_as_of)
    balance, ids = ledger.balance(), ledger.ids()
    warehouse.close()
    assert balance.parts
    counts = f"Marketing counts {balance.marketing} SQLs, sales {balance.sales}."
    expect(page.locator(".gap-headline")).to_contain_text(counts)
    expect(page.locator(".gap-headline")).to_contain_text(f"They agree on {balance.matched}.")
    shown = [(row[0], row[1].lower(), int(row[2])) for row in rows_of(page, "reasons")]
    assert shown == [(BY_ID[p.reason].label, p.side, p.count) for p in balance.parts]

    # Another reason is another link: its records, without the addresses that a viewer may not see.
    assert ("marketing", "rejected") in ids
    page.locator(".st-key-reconcile-reason input").click()
    page.keyboard.type("rejected, marketing")
    page.keyboard.press("Enter")
    page.wait_for_url("**reason=marketing.rejected*")
    settled(page)
    records = rows_of(page, "records")
    assert [row[3].split(",")[0] for row in records] == ids["marketing", "rejected"][:25]
    assert {row[2] for row in records} == {"–"}
    page.locator('[data-part="records"] a').first.click()
    page.wait_for_url("**/lead?lead=*")
    expect(page.get_by_role("heading", name="In the systems")).to_be_visible()

    # On a phone nothing scrolls sideways but the tables in themselves.
    page.go_back()
    settled(page)
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    expect_no_sideways_scroll(page)
