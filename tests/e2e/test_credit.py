"""The credit page in a real browser: its numbers are the program's, its choices stay in links."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from data.warehouse import Warehouse
from metrics.attribution import AttributionQuery, attribute_all
from metrics.calendar import Cadence, Calendar
from metrics.model import Unit
from metrics.report.format import Formats
from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import expect_no_sideways_scroll, scroll_excess
from tests.e2e.server import AppServer
from tests.e2e.test_funnel import figures
from tests.e2e.visit import arrive, settled

LINK = "/attribution?cadence=quarterly&segment=smb"
CHARTS = 4  # teams, members, journey, ranks
CONTROLS = ".st-key-credit .st-key-credit-bar"


def test_the_page_says_what_the_program_says(
    page: Page, demo_app: AppServer, accounts: dict[str, Account], demo_settings: Settings
) -> None:
    arrive(page, accounts["viewer"], demo_app.url + LINK)
    expect(page.locator(".st-key-credit svg.marks")).to_have_count(CHARTS)
    expect(page.locator(CONTROLS)).to_be_visible()

    warehouse = Warehouse(make_url(demo_settings["WAREHOUSE_URL"]))
    period = Calendar(warehouse.config).default_period(Cadence.QUARTERLY, warehouse.default_as_of)
    query = AttributionQuery(
        *("w_30_30_30_10", "channel", period.span, warehouse.default_as_of),
        where=(("segment", ("smb",)),),
    )
    answers = attribute_all(warehouse, query)
    warehouse.close()
    formats = Formats(warehouse.config.company.locale, warehouse.config.company.currency)
    chosen = answers["w_30_30_30_10"]
    shown = [row[1] for row in figures(page, "models")]
    expected = [formats.value(float(row.credit), Unit.MONEY) for row in chosen.rows]
    # Whom Markov alone credits follows, with nothing under the others.
    assert shown[: len(expected)] == expected
    assert set(shown[len(expected) :]) <= {formats.value(0.0, Unit.MONEY)}
    sums = page.get_by_text(f"= {formats.exact(float(chosen.total), Unit.MONEY)} won in")
    expect(sums.first).to_be_visible()
    # Spend has no segment: no figure, but words; the credit's own dates are known.
    expect(page.get_by_text("filtered by segment")).to_be_visible()
    expect(page.locator('[data-part="payback"]')).to_be_visible()

    # Another model is another link, and the same view.
    settled(page)
    page.get_by_role("combobox", name="Attribution model").click()
    page.get_by_role("option", name="Last touch").click()
    page.wait_for_url("**model=last_touch*")
    settled(page)
    last = [formats.value(float(row.credit), Unit.MONEY) for row in answers["last_touch"].rows]
    expect(page.locator('[data-part="models"] tbody td:nth-child(2)').first).to_have_text(last[0])
    assert "segment=smb" in page.url

    with page.expect_download() as download:
        page.get_by_role("button", name="Download as CSV").click()
    path = Path(download.value.path())
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    for model, answer in answers.items():
        column = [float(row[model]) for row in rows]
        assert round(sum(column[:-1]), 2) == column[-1] == float(answer.total), model

    # On a phone nothing scrolls sideways but the tables in themselves.
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    expect_no_sideways_scroll(page)


@pytest.mark.long
def test_single_reps_are_not_projected(
    page: Page, demo_app: AppServer, accounts: dict[str, Account]
) -> None:
    page.set_viewport_size({"width": 1920, "height": 1080})
    arrive(
        page, accounts["viewer"], f"{demo_app.url}/attribution?cadence=quarterly&by=rep&present=1"
    )
    expect(page.get_by_text("Single reps are not projected")).to_be_visible()
    expect(page.get_by_role("heading", name="By channel, under every model")).to_be_visible()
    expect(page.locator(CONTROLS)).to_have_count(0)
    expect(page.locator('[data-part="economics"]')).to_be_visible()
    assert scroll_excess(page)[0] <= 0
