"""The whole page of the fixture company: two sides, segments, what lacks, and how it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from data.row_scope import RowScope
from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.model import Status
from metrics.query import Filters
from metrics.report import sla_charts, sla_trend, sla_words
from metrics.report.format import Formats
from metrics.row_scope import scoped
from metrics.sla import Queue, SlaPage, build_sla
from metrics.sla.model import (
    Cost,
    CostRow,
    HeatCell,
    HeatMap,
    Rate,
    Responses,
    SegmentRow,
    States,
)
from metrics.sla.question import Question
from metrics.sla.responses import responses
from metrics.view import View
from pages.view import sla_html
from tests.build import warehouse_of
from tests.metrics.fixture_company import AS_OF, CONFIG, tables

FORMATS = Formats("en_US", "USD")


def page_of(
    warehouse: Warehouse, period: str = "2026-W26", as_of: datetime = AS_OF, where: Filters = ()
) -> SlaPage:
    calendar = Calendar(warehouse.config)
    return build_sla(warehouse, View(calendar.parse_period(period), as_of, where=where))


@pytest.fixture
def warehouse(company, duckdb_url: str) -> Warehouse:
    return warehouse_of(company, duckdb_url, tables(), CONFIG)


def test_both_sides_stand_next_to_each_other(company, engine_url: str) -> None:
    page = page_of(warehouse_of(company, engine_url, tables(), CONFIG))
    marketing = {tile.metric.id: tile for tile in page.marketing}
    sales = {tile.metric.id: tile for tile in page.sales}
    assert list(marketing) == ["mql_delivery", "mql_completeness", "lead_rejection_rate"]
    assert list(sales) == ["sla_response", "response_hours", "overdue_handoffs"]
    # Of ten promised for the week: L28, L29 and L34 were complete at entry and handed over, L30
    # and L31 lacked facts, L32 was never handed over.
    delivery = marketing["mql_delivery"]
    assert (delivery.numerator, delivery.denominator) == (3, 10)
    assert delivery.target is not None
    assert (delivery.target.value, delivery.target.is_met) == (1.0, False)
    assert (sales["sla_response"].numerator, sales["sla_response"].denominator) == (2, 5)
    overdue = sales["overdue_handoffs"]
    assert (overdue.value, overdue.qualifier) == (1, "of W26, 2 of all time")
    assert page.states == States(2, 2, 1)
    assert (page.window_label, page.cost_label) == ("13 weeks to W26", "26 weeks to W26")
    assert page.reasons == {}


def test_segments_add_up_to_what_was_delivered(warehouse: Warehouse) -> None:
    for period in ("2026-W26", "2026-06", "2026-Q2"):
        page = page_of(warehouse, period)
        assert page.segments is not None
        delivered = sum(row.delivered for row in page.segments)
        assert delivered == page.marketing[0].numerator
        known = [row.complete for row in page.segments if row.complete is not None]
        completeness = page.marketing[1]
        total = sum(known, Rate(0, 0))
        assert (total.count, total.total) == (completeness.numerator, completeness.denominator)


def test_the_commitment_is_split_by_what_has_targets(company, duckdb_url: str) -> None:
    rows: Any = tables()
    rows["targets"] = [
        *rows["targets"],
        *(
            {**target, "dimension": "region", "member": member, "value": value}
            for target in rows["targets"]
            if target["grain"] == "week"
            for member, value in (("AMER", 6.0), ("EMEA", 3.0))
        ),
    ]
    page = page_of(warehouse_of(company, duckdb_url, rows, CONFIG))
    assert page.segmented_by == "region"
    assert page.segments is not None
    targets = {row.segment: row.target for row in page.segments}
    assert targets == {"AMER": 6, "EMEA": 3, None: None}


def test_a_running_period_is_not_judged_against_the_whole_commitment(warehouse: Warehouse) -> None:
    page = page_of(warehouse, "2026-Q2", as_of=datetime(2026, 6, 15, 12))
    target = page.marketing[0].target
    assert target is not None
    assert target.is_met is None
    assert page.period_short == "Q2 to date"


def test_wasted_effort_is_over_the_long_window(warehouse: Warehouse) -> None:
    """The week's own 30 days are not over; those of the 26 weeks are: docs/metrics.md."""
    page = page_of(warehouse)
    by_metric = {one.metric.id: one.row for one in page.effort}
    wasted = by_metric["wasted_effort_share"]
    assert wasted.value is not None
    assert wasted.maturing > 0
    assert by_metric["redundant_outreach_rate"].denominator


def test_a_filter_that_handoffs_do_not_know_is_said_in_each_part(warehouse: Warehouse) -> None:
    page = page_of(warehouse, where=(("kind", ("new",)),))
    assert page.states is None
    for part in ("responses", "heat", "answerers", "rejections", "cost", "queue"):
        assert "cannot be split or filtered by kind: clear that filter" in page.reasons[part]
    assert page.sales[0].status is Status.NO_DATA


def test_without_handoffs_every_part_says_so(company, duckdb_url: str) -> None:
    rows = {name: found for name, found in tables().items() if name != "handoffs"}
    page = page_of(warehouse_of(company, duckdb_url, rows, CONFIG))
    assert page.responses is None
    for part in ("responses", "heat", "answerers", "rejections", "cost", "queue", "segments"):
        assert "table handoffs is empty" in page.reasons[part]
    assert sla_html.segments_html(page, FORMATS).count("handoffs is empty") == 1


def test_an_empty_period_has_words(warehouse: Warehouse) -> None:
    page = page_of(warehouse, "2025-W26")
    assert page.states == States()
    assert "No lead was handed over in W26" in sla_html.states_html(States(), "W26", FORMATS)
    assert page.heat is not None
    assert sla_charts.worst_words(page.heat, FORMATS) == "No handoff was due."
    assert page.cost is not None
    assert "Nothing to compare" in sla_words.cost_words(page.cost, page.cost_label, FORMATS)


def test_the_page_is_computed_once_for_a_view(warehouse: Warehouse, monkeypatch) -> None:
    first = page_of(warehouse)

    def refuse(*_: Any) -> Any:
        raise AssertionError("asked the warehouse again")

    monkeypatch.setattr(type(warehouse), "rows", refuse)
    assert page_of(warehouse) is first


def test_whoever_sees_a_part_is_told_of_that_part(warehouse: Warehouse) -> None:
    where: Filters = (("region", ("EMEA",)),)
    part = scoped(warehouse, RowScope(where))
    view = View(Calendar(part.config).parse_period("2026-W26"), AS_OF)
    narrowed = replace(view, where=where)
    assert responses(Question(part, view)) == responses(Question(warehouse, narrowed))
    assert [row.handoff_id for row in Queue(part, view).page()] == ["H19"]


# -- words and charts -------------------------------------------------------------------------


def test_names_from_the_data_are_escaped() -> None:
    row = SegmentRow("<img src=x>", 1, None, None)
    page = type("Page", (), {"segments": (row,), "reasons": {}, "period_short": "W1"})()
    assert "<img" not in sla_html.segments_html(page, FORMATS)


def test_many_segments_keep_the_sum(warehouse: Warehouse) -> None:
    rows = tuple(SegmentRow(f"s{n}", 10 - n, Rate(1, 2), 5.0) for n in range(6))
    page = type("Page", (), {"segments": rows, "reasons": {}, "period_short": "W1"})()
    shown = sla_html.segments_html(page, FORMATS)
    assert "<b>45</b> delivered" in shown
    assert "<b>18</b> of 15 others (50% complete)" in shown


def test_the_states_are_written_as_a_sum() -> None:
    shown = sla_html.states_html(States(107, 9, 2, 3), "W46", FORMATS)
    figures = [part.split("</b>")[0] for part in shown.split("<b>")[1:]]
    assert figures == ["121", "107", "9", "2", "3"]


@pytest.mark.parametrize(
    ("low", "high", "difference", "words"),
    [
        (-0.01, 0.05, 0.02, "may be chance"),
        (0.01, 0.05, 0.03, "in time became SQL more often"),
        (-0.05, -0.01, -0.03, "late became SQL more often"),
    ],
)
def test_the_cost_is_told_with_its_doubt(
    low: float, high: float, difference: float, words: str
) -> None:
    row = CostRow(None, Rate(5, 10), Rate(4, 10), difference, low, high)
    told = sla_words.cost_words(Cost(30, row, (), 2, 1), "26 weeks to W26", FORMATS)
    assert words in told
    assert "no proof of cause" in told
    assert "2 still have time left, 1 were SQL before" in told


def test_the_worst_cell_is_named_only_beyond_chance() -> None:
    worst = HeatCell(5, 16, Rate(30, 40))
    cells = (worst, *(HeatCell(day, 8, Rate(4, 40)) for day in (1, 2, 3, 4)))
    heat = HeatMap(2, cells, Rate(46, 200), worst)
    assert sla_charts.worst_words(heat, FORMATS) == (
        "Worst: Friday 16–18 h, 75.0% late (30 of 40); all hours 23.0%."
    )


def test_a_heat_cell_is_as_deep_as_it_is_late_and_small_ones_say_nothing() -> None:
    cells = (
        HeatCell(1, 8, Rate(10, 20)),
        HeatCell(1, 10, Rate(5, 20)),
        HeatCell(2, 8, Rate(0, 20)),
        HeatCell(3, 8, Rate(3, 3)),
    )
    drawn = sla_charts.heat_data(HeatMap(2, cells, Rate(18, 63), None), FORMATS)
    drawn = drawn[drawn["mark"] == "cell"]
    assert list(drawn["opacity"].round(3)) == [0.55, 0.29, 0.03, 0.03]
    assert list(drawn["text"]) == ["50", "25", "0", "·"]
    assert "too few to tell" in drawn["late"].iloc[-1]


def test_the_strip_keeps_every_handoff_and_sets_the_unanswered_apart() -> None:
    slots = tuple(n % 3 for n in range(25))
    found = (Responses("P1", 1.0, States(sum(slots[:8]), sum(slots[8:]), 4), States(), slots),)
    drawn = sla_charts.strip_data(found, FORMATS)
    bars = drawn[drawn["mark"].isin(["met", "late", "none"])]
    assert bars.groupby("mark")["n"].sum().to_dict() == {
        "met": sum(slots[:8]),
        "late": sum(slots[8:]),
        "none": 4,
    }
    assert (bars[bars["mark"] == "met"]["x2"] < 8).all()
    assert (bars[bars["mark"] == "late"]["x"] > 8).all()
    assert bars["y2"].max() == 1


def test_the_trend_is_the_tile_s_own(warehouse: Warehouse) -> None:
    page = page_of(warehouse)
    tile = page.sales[0]
    drawn = sla_trend.trend_data(tile, FORMATS, sla_trend.DESK)
    slots = drawn[drawn["mark"] == "slot"]
    assert list(slots["text"]) == [point.label for point in tile.points]
    assert slots["x"].max() == 12
    told = sla_trend.describe(tile, FORMATS)
    assert "W26 40.0%" in told


def test_specs_carry_no_data_and_fixed_colours() -> None:
    for spec in (
        sla_trend.trend_spec(sla_trend.ROOM),
        sla_charts.strip_spec(3, sla_charts.STRIP_ROOM),
        sla_charts.heat_spec(8, 7, sla_charts.HEAT_ROOM),
    ):
        assert "data" not in spec
        assert all("data" not in layer for layer in spec["layer"])
        assert "#" not in str(spec)
