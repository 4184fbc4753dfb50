"""Every number on the scorecard is the command line's for the same state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import BrowserContext, Locator, Page

import data.warehouse
from data.warehouse import open_warehouse
from metrics.__main__ import main
from metrics.calendar import Cadence, Calendar, Period
from metrics.catalog import find_metric
from metrics.report.format import Formats
from tests.conftest import forget_warehouses
from tests.e2e.conftest import Account, Settings
from tests.e2e.scorecard_visit import open_scorecard
from tests.e2e.server import AppServer

GRAINS = {Cadence.WEEKLY: "week", Cadence.MONTHLY: "month", Cadence.QUARTERLY: "quarter"}
STATES = {
    "": (Cadence.WEEKLY, "2026-W43", ()),
    "?period=2026-W36&region=EMEA&region=~": (Cadence.WEEKLY, "2026-W36", ("EMEA", "~")),
    "?cadence=monthly&region=AMER": (Cadence.MONTHLY, "2026-10", ("AMER",)),
    "?cadence=quarterly&period=2026-Q3&compare=year": (Cadence.QUARTERLY, "2026-Q3", ()),
}


@pytest.fixture
def calendar(demo_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calendar]:
    """The demo company's calendar; the command line works on the app's own warehouse."""
    monkeypatch.setenv("WAREHOUSE_URL", demo_settings["WAREHOUSE_URL"])
    forget_warehouses()
    yield Calendar(open_warehouse().config)
    assert data.warehouse.last_warehouse() is not None


@dataclass(frozen=True)
class Asked:
    """What the page says of one figure, as a question to the command line."""

    metric: str
    grain: str
    start: date
    end: date


def _asked(kpi: str, said: str, period: Period, calendar: Calendar) -> Asked:
    """``said`` is the label with its qualifier: "cohort W40", "13 weeks", "Q4 to date"."""
    if cohort := re.search(r"cohort (?:W|Q)?(\S+?)(?: (\d{4}))?$", said):
        period = _earlier(period, cohort.group().removeprefix("cohort "), calendar)
    if said.endswith("13 weeks"):
        # All in one year, so that the part of it is one row.
        start = period.end - timedelta(weeks=13)
        assert start.year == (period.end - timedelta(days=1)).year
        return Asked(kpi, "year", start, period.end)
    if said.endswith("to date"):
        quarter = calendar.period_of(period.end - timedelta(days=1), Cadence.QUARTERLY)
        return Asked(kpi, "quarter", quarter.start, min(period.end, quarter.end))
    if named := re.search(r", (Q\d)$", said):
        quarter = calendar.period_of(period.end - timedelta(days=1), Cadence.QUARTERLY)
        while quarter.short != named[1]:  # what looks ahead stands on the running quarter
            quarter = calendar.step(quarter, 1)
        return Asked(kpi, "quarter", quarter.start, quarter.end)
    return Asked(kpi, GRAINS[period.cadence], period.start, period.end)


def _earlier(period: Period, name: str, calendar: Calendar) -> Period:
    """The period of that name, the view's own or one before it: "W40", "Q4 2025"."""
    short, _, year = name.partition(" ")
    while period.short != short or (year and not period.id.startswith(year)):
        period = calendar.previous(period)
    return period


def _from_command_line(asked: Asked, regions: Iterable[str], capsys) -> float | None:
    arguments = ["query", asked.metric, "--grain", asked.grain, "--format", "json"]
    arguments += ["--from", str(asked.start), "--to", str(asked.end)]
    for region in regions:
        arguments += ["--where", f"region={region}"]
    assert main(arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    return row["value"]


def _figures(page: Page) -> Iterator[tuple[str, str, str]]:
    """(KPI id, label with qualifier, value as shown) of every goal and tile."""
    for goal in page.locator(".goal").all():
        yield _kpi(goal), _text(goal, "h3"), _text(goal, ".goal-figure b")
    for tile in page.locator(".tile").all():
        label = _text(tile, "h3")
        if tile.locator(".qualifier").count():
            label = f"{label}, {_text(tile, '.qualifier')}"
        yield _kpi(tile), label, _text(tile, ".tile-value b")


def _kpi(element: Locator) -> str:
    return element.get_attribute("data-kpi") or ""


def _text(element: Locator, selector: str) -> str:
    return (element.locator(selector).first.text_content() or "").strip()


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(query, marks=() if number in (1, 3) else pytest.mark.long)
        for number, query in enumerate(STATES)
    ],
)
def test_the_page_and_the_command_line_agree(
    query: str,
    context: BrowserContext,
    demo_app: AppServer,
    accounts: dict[str, Account],
    calendar: Calendar,
    capsys: pytest.CaptureFixture[str],
) -> None:
    cadence, period_id, regions = STATES[query]
    page = context.new_page()
    open_scorecard(page, f"{demo_app.url}/{query}", accounts["viewer"])
    period = calendar.parse_period(period_id, cadence)
    company = calendar.config.company
    formats = Formats(locale=company.locale, currency=company.currency)
    shown = list(_figures(page))
    assert len(shown) == 21
    compared = 0
    for kpi, said, value in shown:
        asked = _asked(kpi, said, period, calendar)
        expected = _from_command_line(asked, regions, capsys)
        if expected is None:
            # A percentile among the unanswered has a bound; all else without a value is a dash.
            assert value == "–" or value.startswith(">"), (said, value)
            continue
        assert value == formats.value(expected, find_metric(kpi).unit), (said, asked)
        compared += 1
    assert compared >= 12


def test_the_default_period_is_the_last_complete_one(calendar: Calendar) -> None:
    as_of = open_warehouse().default_as_of
    assert calendar.default_period(Cadence.WEEKLY, as_of).id == "2026-W43"
    assert datetime.now(UTC).replace(tzinfo=None) > as_of
