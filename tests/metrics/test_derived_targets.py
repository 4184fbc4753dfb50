"""A derived KPI that reads a target: which one, under which filter and split, known by when."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import BLOCKS
from metrics.catalog.parts import derived
from metrics.engine import Answer
from metrics.model import Parts, Status, TargetOf, Team, Unit
from metrics.query import MetricQuery, Row
from tests.build import at, warehouse_of
from tests.metrics.asking import lead, stages

# Monday to Friday, no holidays: the second quarter of 2026 has 22 + 21 + 22 = 65 working days.
Q2, Q3 = date(2026, 4, 1), date(2026, 7, 1)
WEEK = Span(date(2026, 6, 8), date(2026, 6, 15))
LATER = at("2026-07-20 12:00")


def _share(values) -> Parts:
    if not values["target"]:
        return Parts(None, values["mqls"], values["target"])
    return Parts(values["mqls"] / values["target"], values["mqls"], values["target"])


DELIVERED = derived(
    "_delivered",
    "MQLs of plan",
    Team.MARKETING,
    lambda span, calendar, as_of: {"mqls": ("mqls", span)},
    _share,
    lambda span, calendar, as_of: {"target": TargetOf("mqls", span)},
    unit=Unit.SHARE,
    definition="",
    formula="",
    counted_by="",
    tables=("lead_stages", "targets"),
    dimensions=("region",),
)


@pytest.fixture(autouse=True)
def known(monkeypatch):
    monkeypatch.setitem(BLOCKS, DELIVERED.id, DELIVERED)


def target(grain: str, start: date, value: float, **fields: Any) -> dict[str, Any]:
    return {"metric": "mqls", "grain": grain, "period_start": start, "value": value, **fields}


def company_with(company, url, *targets: dict[str, Any]):
    """Three MQLs of EMEA and one of AMER in the week; a target of another metric beside."""
    leads = [lead(f"L{n}", region="EMEA" if n < 3 else "AMER") for n in range(4)]
    entered = [row for n in range(4) for row in stages(f"L{n}", mql=f"06-{8 + n:02} 12:00")]
    entered += stages("L0", sal="07-15 12:00")  # the sources reach this far
    other = {**target("week", WEEK.start, 1), "metric": "sqls"}
    tables = {"leads": leads, "lead_stages": entered, "targets": [*targets, other]}
    return warehouse_of(company, url, tables)


def ask(warehouse, span: Span = WEEK, **fields: Any) -> list[Row]:
    fields.setdefault("as_of", LATER)
    return Answer(warehouse, MetricQuery((DELIVERED.id,), (span,), **fields)).rows()


def figures(row: Row) -> tuple[Any, Any]:
    return row.numerator, row.denominator


REGION = {"dimension": "region", "member": "EMEA"}


def test_the_period_s_own_target(company, engine_url):
    warehouse = company_with(company, engine_url, target("week", WEEK.start, 8))
    (row,) = ask(warehouse)
    assert (row.value, *figures(row), row.status) == (0.5, 4, 8, Status.FINAL)


def test_else_its_part_of_the_quarter_s(company, engine_url):
    warehouse = company_with(company, engine_url, target("quarter", Q2, 650))
    (row,) = ask(warehouse)
    assert figures(row) == (4, pytest.approx(650 * 5 / 65))
    # A month of it: 22 of the 65 working days; the quarter itself: all.
    for span, due in ((Span(date(2026, 6, 1), Q3), 220), (Span(Q2, Q3), 650)):
        assert figures(ask(warehouse, span)[0]) == (4, pytest.approx(due))


def test_a_cut_period_keeps_its_whole_target(company, engine_url):
    warehouse = company_with(company, engine_url, target("week", WEEK.start, 8))
    week = Calendar(warehouse.config).period_of(WEEK.start, Cadence.WEEKLY)
    (row,) = ask(warehouse, week.within(date(2026, 6, 9), date(2026, 6, 11)))
    assert (*figures(row), row.status) == (2, 8, Status.PARTIAL)


def test_weeks_together_have_the_sum_of_their_targets(company, engine_url):
    weeks = [target("week", date(2026, 6, 1 + 7 * n), 10 + n) for n in range(2)]
    warehouse = company_with(company, engine_url, *weeks)
    (row,) = ask(warehouse, Span(date(2026, 6, 1), WEEK.end))
    assert figures(row) == (4, 21)
    # One of three weeks has none.
    (row,) = ask(warehouse, Span(date(2026, 6, 1), date(2026, 6, 22)))
    assert row.status is Status.NO_DATA


def test_a_member_has_its_own_target_or_none(company, engine_url):
    warehouse = company_with(
        company,
        engine_url,
        target("week", WEEK.start, 8),
        target("week", WEEK.start, 6, **REGION),
        target("week", WEEK.start, 5, dimension="region", member="APAC"),
    )
    (row,) = ask(warehouse, where=(("region", ("EMEA",)),))
    assert figures(row) == (3, 6)
    (row,) = ask(warehouse, where=(("region", ("AMER",)),))
    assert (row.value, row.status) == (None, Status.NO_DATA)
    assert row.reason == "no target for MQLs of region AMER is set for Week 24"
    (row,) = ask(warehouse, where=(("region", ("AMER", "EMEA")),))
    assert row.reason == "no target for MQLs under this filter is set for Week 24"
    # A member with a target and nothing counted is 0, not missing.
    split = {row.members: row for row in ask(warehouse, by=("region",))}
    assert {members: figures(row) for members, row in split.items()} == {
        ("AMER",): (None, None),
        ("APAC",): (0, 5),
        ("EMEA",): (3, 6),
    }
    assert split["AMER",].reason == "no target for MQLs of region AMER is set for Week 24"
    (row,) = ask(warehouse, by=("region",), where=(("region", ("EMEA",)),))
    assert figures(row) == (3, 6)
    # Two dimensions at once have none, whichever of them is split or filtered by.
    rows = ask(warehouse, by=("region",), where=(("channel", (None,)),))
    assert {row.status for row in rows} == {Status.NO_DATA}


def test_a_target_set_later_is_not_known(company, engine_url):
    warehouse = company_with(
        company,
        engine_url,
        target("week", WEEK.start, 8, set_at=at("2026-01-01")),
        target("week", WEEK.start, 16, set_at=at("2026-07-01")),
    )
    assert figures(ask(warehouse, as_of=at("2026-06-30"))[0]) == (4, 8)
    assert figures(ask(warehouse)[0]) == (4, 16)
    assert ask(warehouse, as_of=at("2025-12-31"))[0].status is Status.NO_DATA


def test_without_a_target_it_says_so(company, engine_url):
    warehouse = company_with(company, engine_url)
    assert ask(warehouse)[0].reason == "no target for MQLs is set for Week 24"


def test_an_empty_table_is_named(company, engine_url):
    tables = {"leads": [lead("L1")], "lead_stages": stages("L1", mql="06-08 12:00")}
    empty = warehouse_of(company, engine_url, tables)
    assert ask(empty)[0].reason == "the table targets is empty"
