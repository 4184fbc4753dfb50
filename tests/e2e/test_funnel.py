"""The funnel page in a real browser: every part stands, its numbers are the program's."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.funnel import build_funnel
from metrics.report.format import Formats
from metrics.view import View
from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import expect_no_sideways_scroll
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, choose, settled

LINK = "/funnel?cadence=quarterly&segment=smb"
CHARTS = 4  # cohort, period, curve, movement


def figures(page: Page, part: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    rows = page.locator(f'[data-part="{part}"] tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in rows.all()]


def test_the_page_says_what_the_program_says(
    page: Page, demo_app: AppServer, accounts: dict[str, Account], demo_settings: Settings
) -> None:
    arrive(page, accounts["viewer"], demo_app.url + LINK)
    expect(page.locator(".st-key-funnel svg.marks")).to_have_count(CHARTS)

    warehouse = Warehouse(make_url(demo_settings["WAREHOUSE_URL"]))
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    period = calendar.default_period(Cadence.QUARTERLY, as_of)
    funnel = build_funnel(warehouse, View(period, as_of, where=(("segment", ("smb",)),)))
    warehouse.close()
    company = warehouse.config.company
    formats = Formats(company.locale, company.currency)
    assert funnel.counts is not None
    assert funnel.leaks is not None
    assert funnel.pipeline is not None

    (smb,) = figures(page, "cohort-segment")
    assert smb == ["smb", *(formats.plain(stage.reached) for stage in funnel.counts.cohort)]
    (smb,) = figures(page, "period-segment")
    assert smb == ["smb", *map(formats.plain, funnel.counts.period)]
    shown = [(row[0], row[1]) for row in figures(page, "leaks")]
    assert [entered for _, entered in shown] == [formats.plain(k.entered) for k in funnel.leaks]
    assert len(figures(page, "sources")) == len(funnel.pipeline.sources) + 1

    # Another step is another link, and the same view.
    choose(page, "Step", "SQL → Opportunity")
    page.wait_for_url("**metric=sql_to_opportunity*")
    settled(page)
    expect(
        page.get_by_role("heading", name="Conversion over age, SQL → Opportunity")
    ).to_be_visible()
    assert "segment=smb" in page.url

    # On a phone nothing scrolls sideways but the tables in themselves.
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    expect_no_sideways_scroll(page)
