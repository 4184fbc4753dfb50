"""Drivers from a warehouse, and which causes are named: only what stands out."""

from __future__ import annotations

from datetime import date
from math import fsum

import pytest

from metrics.calendar import Calendar, Span
from metrics.catalog import CATALOG
from metrics.drivers import UNSPLIT, drivers_of, find_causes, top_causes
from metrics.split import Sums
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.asking import LATE, ask, lead, stages

MAY = Span(date(2026, 5, 1), date(2026, 6, 1))
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
REGIONS, CHANNELS = ("EMEA", "AMER", None), ("search", "webinar")


def company_rows() -> dict[str, list]:
    """40 leads a month in each region; in June webinars of EMEA convert no more."""
    leads, entered = [], []
    for month in (5, 6):
        for region in REGIONS:
            for n in range(40):
                key = f"{month}-{region}-{n}"
                channel = CHANNELS[n % 2]
                leads.append(lead(key, f"2026-0{month}-02 12:00", region=region, channel=channel))
                fails = month == 6 and region == "EMEA" and channel == "webinar"
                moments = {"mql": f"0{month}-03 12:00"}
                if n % 4 < 2 and not fails:
                    moments["sql"] = f"0{month}-05 12:00"
                entered += stages(key, **moments)
    return {"leads": leads, "lead_stages": entered}


@pytest.fixture
def warehouse(company, engine_url):
    return warehouse_of(company, engine_url, company_rows())


def test_drivers_of_a_rate_add_up_on_every_engine(warehouse):
    found = drivers_of(warehouse, "mql_to_sql", MAY, JUNE, ("region",), LATE)
    assert [found.before, found.after] == pytest.approx([0.5, 50 / 120])
    (worst, *others) = found.parts
    # 20 of 40 became 10 of 40, a third of all.
    assert worst.members == ("EMEA",)
    assert worst.rate == pytest.approx(-0.25 / 3)
    assert worst.mix == pytest.approx(0)
    assert {part.members for part in others} == {("AMER",), (None,)}
    assert found.change is not None
    assert fsum(part.total for part in found.parts) == pytest.approx(found.change, abs=1e-12)


@pytest.mark.parametrize("metric", ["leads", "mqls", "sqls", "mql_to_sql", "lead_to_mql"])
@pytest.mark.parametrize("by", [("channel",), ("region", "channel")])
def test_before_and_after_are_the_engine_s_own(warehouse, metric: str, by: tuple[str, ...]):
    found = drivers_of(warehouse, metric, MAY, JUNE, by, LATE)
    own = [ask(warehouse, metric, span=span)[metric].value for span in (MAY, JUNE)]
    assert [found.before, found.after] == pytest.approx(own)


def test_the_pair_that_did_it_is_named(warehouse):
    calendar = Calendar(warehouse.config)
    view = View(calendar.parse_period("2026-06"), LATE)
    told = top_causes(warehouse, view, "mql_to_sql", spans=(MAY, JUNE))
    assert told == ["mostly webinar in EMEA: −8.3 pp of −8.3 pp"]
    assert top_causes(warehouse, view, "mqls", spans=(MAY, JUNE)) == []


def test_what_cannot_be_split_says_why(warehouse):
    unsplit = [m for m in CATALOG.values() if m.kind in UNSPLIT]
    assert len(unsplit) >= 5
    for metric in unsplit:
        found = drivers_of(warehouse, metric.id, MAY, JUNE, (metric.dimensions[0],), LATE)
        assert found.parts == ()
        assert found.reason


def test_a_young_cohort_is_not_split(warehouse):
    as_of = at("2026-06-20 12:00")
    found = drivers_of(warehouse, "mql_to_sql", MAY, JUNE, ("region",), as_of)
    assert found.parts == ()
    assert found.reason is not None
    assert "maturing" in found.reason


def test_a_dimension_that_a_kpi_lacks_is_no_data_with_its_reason(warehouse):
    found = drivers_of(warehouse, "mqls", MAY, JUNE, ("sourced_by",), LATE)
    assert found.parts == ()
    assert found.reason is not None
    assert "sourced_by" in found.reason


# -- which stand out --------------------------------------------------------------------------


def named(before: dict, after: dict) -> list:
    return [cause.part.members for cause in find_causes(("channel",), before, after)]


def side(**counts: float) -> dict:
    return {(name,): Sums(count) for name, count in counts.items()}


def test_the_largest_is_no_cause_for_being_large():
    assert named(side(big=1000, small=100), side(big=800, small=80)) == []


def test_chance_is_no_cause():
    assert named(side(a=9, b=10, c=11), side(a=3, b=10, c=11)) == []
    assert named(side(a=90, b=100, c=110), side(a=30, b=100, c=110)) == [("a",)]


def test_two_are_named_when_neither_alone_explains_it():
    before = side(a=100, b=100, c=500, d=500)
    assert named(before, side(a=20, b=25, c=495, d=510)) == [("a",), ("b",)]


def test_what_others_take_back_is_another_story():
    assert named(side(a=500, b=500), side(a=300, b=650)) == []
