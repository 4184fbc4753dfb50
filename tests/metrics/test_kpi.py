"""A KPI's page as data: the tile's own headline, spans, figures to date, segments, few queries."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Select

from data.warehouse import Warehouse, open_warehouse
from metrics.cache import RESULTS
from metrics.catalog import CATALOG
from metrics.kpi import MONTHS, WEEKS, build_kpi
from metrics.model import Status
from metrics.report import six_twelve, waterfall
from metrics.report.format import Formats
from metrics.scorecard import build_scorecard
from metrics.split import add_up
from metrics.view import Compare
from tests.metrics.asking import ask
from tests.metrics.test_scorecard import CONFIG, filled, monday, view_of

FORMATS = Formats("en_US", "USD")
__all__ = ["filled"]  # the fixture


@pytest.fixture
def warehouse(filled, company) -> Warehouse:
    company(filled, CONFIG)
    RESULTS.clear()
    return open_warehouse()


def test_every_tile_of_the_scorecard_opens_on_its_own_headline(warehouse):
    view = view_of(warehouse, 50, monday(51))
    for tile in build_scorecard(warehouse, view).tiles:
        kpi = build_kpi(warehouse, view, tile.metric.id)
        assert kpi.tile == tile
        if tile.value is not None and tile.qualifier is None:
            assert kpi.weeks[-1].value == tile.value


def test_six_weeks_twelve_months_and_their_year_before(warehouse):
    kpi = build_kpi(warehouse, view_of(warehouse, 50, monday(51)), "mqls")
    assert (len(kpi.weeks), len(kpi.months)) == (WEEKS, MONTHS)
    assert [p.value for p in kpi.weeks] == [40] * WEEKS
    assert kpi.weeks[-1].label == "W34"
    assert kpi.weeks[-1].target == 45
    assert kpi.weeks[-1].last_year is None  # the data begin in W36 of the year before
    # August runs to the end of week 34, its 23rd: three Mondays, W32 to W34, and the 3rd's.
    assert (kpi.months[-1].label, kpi.months[-1].status) == ("Aug", Status.PARTIAL)
    mondays = [day for day in (3, 10, 17) if date(2026, 8, day).weekday() == 0]
    assert kpi.months[-1].value == 40 * len(mondays)


def test_figures_to_date_are_the_engine_s_for_those_days(warehouse):
    view = view_of(warehouse, 50, monday(51))
    kpi = build_kpi(warehouse, view, "bookings")
    (goal,) = [g for g in build_scorecard(warehouse, view).goals if g.metric.id == "bookings"]
    month, quarter, year = kpi.to_date
    assert [cell.label for cell in (month, quarter, year)] == [
        "Month to date",
        "Quarter to date",
        "Year to date",
    ]
    assert quarter.value == goal.value
    assert quarter.target is not None
    assert (quarter.target.value, quarter.target.is_met) == (9000, None)


def test_segments_and_drivers_add_up_to_the_headline(warehouse):
    view = view_of(warehouse, 50, monday(51), compare=Compare.PREVIOUS)
    kpi = build_kpi(warehouse, view, "mqls", "region")
    assert kpi.segments.by == "region"
    assert sum(row.value or 0 for row in kpi.segments.rows) == kpi.tile.value
    assert add_up(part.after for part in kpi.drivers.parts).value == kpi.tile.value
    few = build_kpi(warehouse, view, "mqls", "region", 1)
    assert sum(row.value or 0 for row in few.segments.rows) == kpi.tile.value


def test_a_dimension_that_it_lacks_falls_back_to_its_first(warehouse):
    kpi = build_kpi(warehouse, view_of(warehouse, 50, monday(51)), "mqls", "sourced_by")
    assert kpi.segments.by == CATALOG["mqls"].dimensions[0]


@pytest.mark.parametrize("week", [50, pytest.param(51, marks=pytest.mark.long)])
@pytest.mark.parametrize("metric", sorted(CATALOG))
def test_every_kpi_has_a_page_with_its_charts(warehouse, metric: str, week: int):
    kpi = build_kpi(warehouse, view_of(warehouse, week, monday(51)), metric)
    assert six_twelve.describe(kpi, FORMATS)
    data = six_twelve.six_twelve_data(kpi, FORMATS, six_twelve.DESK)
    assert data["y"].between(0, 1).all()
    if kpi.drivers.parts:
        bars = waterfall.waterfall_data(kpi.drivers, FORMATS, "before", "after")
        assert bars[["x", "x2"]].max().max() <= 1 + 1e-9
    else:
        assert kpi.drivers.reason
    assert kpi.statements or kpi.tile.status is Status.NO_DATA


def test_a_page_runs_a_handful_of_queries(warehouse, monkeypatch):
    view = view_of(warehouse, 50, monday(51))
    ask(warehouse, "leads")  # what every page reads first
    asked: list[str] = []
    run = Warehouse.rows

    def counted(self: Warehouse, statement: Select) -> list[dict[str, Any]]:
        asked.append(str(statement))
        return run(self, statement)

    monkeypatch.setattr(Warehouse, "rows", counted)
    build_kpi(warehouse, view, "mql_to_sql")
    # Headline, early read, all other spans, segments, targets, used stages, causes, and the
    # members of four dimensions, which the review bar has read before.
    assert len([sql for sql in asked if "AS spans" in sql]) <= 5
    assert len(asked) <= 11
    asked.clear()
    build_kpi(warehouse, view, "mql_to_sql")
    assert asked == []
