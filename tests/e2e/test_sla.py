"""The SLA page in a real browser: reached from the scorecard, its numbers the program's."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from data.warehouse import Warehouse
from metrics.calendar import Cadence, Calendar
from metrics.report.format import Formats
from metrics.sla import Queue, build_sla
from metrics.view import View
from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import (
    READ_TEXT,
    await_scorecard,
    expect_no_sideways_scroll,
    scroll_excess,
)
from tests.e2e.server import AppServer
from tests.e2e.visit import arrive, settled

CHARTS = 4  # two trends, responses, hours


def rows(page: Page, part: str) -> list[list[str]]:
    """The cells of a table, row by row."""
    found = page.locator(f'[data-part="{part}"] tbody tr')
    return [row.locator("th, td").all_inner_texts() for row in found.all()]


def figures(page: Page, part: str) -> list[str]:
    return page.locator(f'[data-part="{part}"] b').all_inner_texts()


def boxes(page: Page, selector: str) -> list[tuple[int, int, int]]:
    """Left, top and width of what is drawn, in px."""
    found = [element.bounding_box() for element in page.locator(selector).all()]
    return [(round(b["x"]), round(b["y"]), round(b["width"])) for b in found if b is not None]


def test_the_page_says_what_the_program_says(
    page: Page, demo_app: AppServer, accounts: dict[str, Account], demo_settings: Settings
) -> None:
    arrive(page, accounts["viewer"], demo_app.url + "/?cadence=monthly&region=EMEA")
    await_scorecard(page)
    page.get_by_role("link", name="Open the SLA, both ways").click()
    expect(page.locator(".st-key-sla svg.marks")).to_have_count(CHARTS)
    settled(page)
    assert "region=EMEA" in page.url

    warehouse = Warehouse(make_url(demo_settings["WAREHOUSE_URL"]))
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    period = calendar.default_period(Cadence.MONTHLY, as_of)
    view = View(period, as_of, where=(("region", ("EMEA",)),))
    found, queue = build_sla(warehouse, view), Queue(warehouse, view)
    summary, first = queue.summary(), queue.page()[0]
    company = warehouse.config.company
    formats = Formats(company.locale, company.currency)
    warehouse.close()
    assert found.states is not None
    assert found.answerers is not None

    states = found.states
    counts = (states.handoffs, states.met, states.late, states.unanswered, states.pending)
    assert figures(page, "states") == [formats.plain(n) for n in counts]
    assert len(rows(page, "answerers")) == len(found.answerers.teams) + len(found.answerers.reps)
    assert [row[2] for row in rows(page, "queue")][:1] == [first.priority]
    expect(page.get_by_text(f"{summary.overdue} overdue").first).to_be_visible()
    # The browser's own zone beside the rep's (the tests' browser stands in UTC).
    expect(page.locator('[data-part="queue"] th', has_text="Due, UTC")).to_be_visible()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    listed = list(csv.DictReader(io.StringIO(text)))
    assert len(listed) == summary.total
    assert listed[0]["Handoff"] == first.handoff_id

    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    expect_no_sideways_scroll(page)

    # To a figure's own page, in the same view.
    page.get_by_role("link", name="Open SLA: answered in time").click()
    page.wait_for_url("**/kpi?*metric=sla_response*")
    assert "region=EMEA" in page.url


@pytest.mark.long
def test_projected_it_names_teams_until_names_are_turned_on(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    arrive(page, accounts["viewer"], demo_app.url + "/sla?present=1")
    expect(page.locator(".st-key-sla svg.marks")).to_have_count(CHARTS)
    settled(page)
    expect(page.locator(".rep")).to_have_count(0)
    expect(page.locator('[data-part="top"] th', has_text="Team")).to_be_visible()
    sizes = [size for text, size, *_ in page.evaluate(READ_TEXT) if text]
    assert min(sizes) >= 18
    assert scroll_excess(page)[0] <= 0

    # Each figure has its link laid over it.
    for side in ("marketing", "sales"):
        figures_at = boxes(page, f".st-key-sla-side-{side} .sla-figure")
        assert boxes(page, f".st-key-links-sla-{side} a") == figures_at

    page.get_by_role("button", name="Show names").click()
    page.wait_for_url("**names=1*")
    settled(page)
    assert page.locator(".rep").count() > 0
    expect(page.locator('[data-part="top"] th', has_text="Rep")).to_be_visible()
