"""Tiles that stand on a quarter, and the figure beside a headline."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from data.config import Config
from metrics.calendar import Calendar
from metrics.catalog import CATALOG, find_metric
from metrics.headline import headline
from metrics.kpi import build_kpi
from metrics.plan import standing_frame
from metrics.report.format import Formats
from metrics.report.words import beside_words
from metrics.scorecard import Beside
from metrics.view import Frame, View
from tests.build import at, warehouse_of
from tests.metrics.asking import deal, lead, stages

CALENDAR = Calendar(Config())
FORMATS = Formats(locale="en_US", currency="USD")
AS_OF = at("2026-08-20 12:00")
Q3, Q4 = date(2026, 7, 1), date(2026, 10, 1)


def view(period: str, as_of=AS_OF) -> View:
    return View(CALENDAR.parse_period(period), as_of)


@pytest.mark.parametrize(
    ("period", "attained", "covered"),
    [
        ("2026-W33", "2026-Q3", "2026-Q3"),
        ("2026-W27", "2026-Q3", "2026-Q3"),  # 29 June to 5 July
        ("2026-06", "2026-Q2", "2026-Q3"),  # over: what comes next is the third quarter
        ("2026-Q2", "2026-Q2", "2026-Q3"),
        ("2026-Q3", "2026-Q3", "2026-Q3"),  # running
        ("2026-Q4", "2026-Q4", "2026-Q4"),  # to come
        ("2026", "2026", "2026"),
        ("2025", "2025", "2026-Q1"),
    ],
)
def test_the_quarter_that_a_period_stands_on(period, attained, covered):
    frame = Frame(CALENDAR, view(period))
    found = [
        standing_frame(frame, find_metric(name)).period.id
        for name in ("quota_attainment", "pipeline_coverage")
    ]
    assert found == [attained, covered]


def target(start: date, value: float, **fields: Any) -> dict[str, Any]:
    return {
        "metric": "bookings",
        "grain": "quarter",
        "period_start": start,
        "value": value,
        **fields,
    }


@pytest.fixture
def warehouse(company, duckdb_url):
    """Of 1000 in Q3, 400 are booked; 900 are to come in Q3, of them 100 with a date gone by."""
    owned = {"owner_id": "R1", "amount": 400}
    due = {"O2": (800, "2026-09-10"), "O3": (100, "2026-08-01"), "O4": (300, "2026-11-01")}
    deals = [
        deal("O1", "2026-07-10 12:00", **owned),
        *(
            deal(name, amount=amount, expected_close_on=date.fromisoformat(day))
            for name, (amount, day) in due.items()
        ),
        deal("O5", amount=50, kind="renewal", expected_close_on=date(2026, 9, 1)),
    ]
    rep = {"dimension": "rep", "member": "R1"}
    targets = [target(Q3, 1000), target(Q4, 1000), target(Q3, 500, **rep)]
    again = stages("L1", mql=["06-01 12:00", "08-12 12:00"], recycled="07-01 12:00")
    tables = {
        "reps": [{"rep_id": "R1", "manager": "Ann", "team": "sales"}],
        "leads": [lead("L1"), lead("L2")],
        "lead_stages": [*again, *stages("L2", mql="08-11 12:00")],
        "opportunities": deals,
        "targets": targets,
    }
    return warehouse_of(company, duckdb_url, tables)


def words(tile) -> str | None:
    return None if tile.beside is None else beside_words(tile.beside, FORMATS)


def test_coverage_of_a_week_is_the_running_quarter_s(warehouse):
    tile = headline(warehouse, view("2026-W33"), find_metric("pipeline_coverage"))
    assert (tile.value, tile.numerator, tile.denominator) == (800 / 600, 800, 600)
    assert (tile.qualifier, tile.points, tile.change) == ("Q3", (), None)
    assert words(tile) == "Q4 0.3×"  # 300 of 1000


def test_a_quarter_without_a_target_or_that_is_over_has_no_coverage(warehouse):
    over = headline(warehouse, view("2025-W50"), find_metric("pipeline_coverage"))
    assert over.reason == "no target for Bookings is set for Q4 2025"
    later = headline(warehouse, view("2026-Q2", at("2026-12-31 12:00")), over.metric)
    assert later.reason == "the period is over: nothing can close in it any more"


def test_quota_of_a_week_is_the_quarter_s_to_date(warehouse):
    tile = headline(warehouse, view("2026-W33"), find_metric("quota_attainment"))
    assert (tile.value, tile.qualifier) == (0.8, "Q3 to date")
    assert words(tile) == "reps at quota 0.0%"
    (row,) = build_kpi(warehouse, view("2026-W33"), "quota_attainment", "manager").segments.rows
    assert (row.member, row.value) == ("Ann", 0.8)


def test_re_mqls_stand_beside_the_mqls(warehouse):
    tile = headline(warehouse, view("2026-W33"), find_metric("mqls"))
    assert (tile.value, words(tile)) == (1, "+ 1 re-MQLs")


def test_the_page_of_a_kpi_that_looks_ahead(warehouse):
    kpi = build_kpi(warehouse, view("2026-W33"), "pipeline_coverage")
    assert [point.value for point in kpi.weeks] == [None] * 6
    assert kpi.period.id == "2026-Q3"
    assert kpi.drivers.reason
    assert [found.change for found in kpi.compared] == [None, None]


def test_an_amount_beside_a_count():
    beside = Beside(find_metric("slipped_amount"), 420_000.0)
    assert beside_words(beside, FORMATS) == "slipped amount $420k"


def test_every_kpi_beside_another_exists():
    named = [metric.beside for metric in CATALOG.values() if metric.beside]
    assert len(named) >= 3
    assert not set(named) - set(CATALOG)
