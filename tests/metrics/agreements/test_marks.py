"""What agreements mark: every number that an unsigned change touches, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from data.agreements import Topic
from data.state import close_state
from data.warehouse import Warehouse, open_warehouse
from metrics.agreements.marks import agreement_marks
from metrics.agreements.standing import read_standings
from metrics.agreements.topics import content_of
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG
from metrics.kpi import build_kpi
from metrics.report.format import Formats
from metrics.report.kpi_words import qualifier_line
from metrics.scorecard import Mark, build_scorecard
from metrics.view import View
from tests.build import fill
from tests.metrics.agreements.people import add_people, agree, rule, sign_first
from tests.metrics.asking import handoff, lead, stages

BASE = """[company]
name = "Acme"
[scorecard]
goals = ["mql_delivery"]
marketing = ["mqls", "leads"]
shared = ["mql_to_sql", "mql_to_sal"]
sales = ["sla_response", "sqls"]
"""
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


def tables() -> dict[str, Any]:
    names = [f"L{n}" for n in range(4)]
    return {
        "leads": [lead(name) for name in names],
        "lead_stages": [
            row
            for name in names
            for row in stages(name, mql="06-01 12:00", sal="06-03 12:00", sql="06-05 12:00")
        ],
        "handoffs": [handoff(f"H{n}", "2026-06-08 12:00", lead_id=n) for n in names],
        "opportunities": [],
        "touches": [
            {"touch_id": "T1", "lead_id": "L1", "occurred_at": date(2026, 12, 1), "team": "sales",
             "channel": "email"}
        ],
    }  # fmt: skip


@pytest.fixture
def url(duckdb_url: str, company: Any) -> Iterator[str]:
    fill(duckdb_url, tables(), BASE)
    company(duckdb_url, BASE)
    add_people()
    yield duckdb_url
    close_state()


def marked(warehouse: Warehouse) -> dict[str, list[Mark]]:
    """The marks of agreements on the scorecard of June, by KPI."""
    calendar = Calendar(warehouse.config)
    view = View(calendar.period_of(JUNE.start, Cadence.MONTHLY), warehouse.default_as_of)
    card = build_scorecard(warehouse, view)
    found = {t.metric.id: [m for m in t.marks if m.detail] for t in (*card.goals, *card.tiles)}
    return {name: marks for name, marks in found.items() if marks}


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ("[mql]\nscore_at_least = 1\n", {"mqls", "mql_to_sql", "mql_to_sal", "mql_delivery"}),
        ("[conversion_days]\nmql_to_sql = 45\n", {"mql_to_sql"}),
        ("[attribution]\nmodel = 'linear'\n", set()),
    ],
)
def test_an_unsigned_change_marks_what_it_touches(
    url: str, company: Any, changed: str, touched: set[str]
) -> None:
    config = open_warehouse().config
    for topic in Topic:
        sign_first(config, topic)
    assert marked(open_warehouse()) == {}
    company(url, BASE + changed)
    found = marked(open_warehouse())
    # Delivery has no target here and so no number to mark.
    assert set(found) == touched - {"mql_delivery"}
    assert {mark.kind for marks in found.values() for mark in marks} <= {"unsigned"}
    for marks in found.values():
        assert marks[0].text == "unsigned change"
        assert "not both teams have signed. Against what is signed: " in marks[0].detail
    if touched == {"mql_to_sql"}:
        assert marked(open_warehouse())["mql_to_sql"][0].detail.endswith("days: 30, now 45.")
    # Signed, it is a change no more; a scorecard that is kept does not outlive the signature.
    now = open_warehouse().config
    for topic in Topic:
        content = content_of(now, topic)
        if content != content_of(config, topic):
            agree(now, topic, content, date(2026, 7, 1))
    assert marked(open_warehouse()) == {}


def test_sla_targets_touch_what_the_clock_measures(url: str) -> None:
    config = open_warehouse().config
    sign_first(config, Topic.SLA)
    content = content_of(config, Topic.SLA)
    faster = content | {"sla": {"response_hours": {"default": 8.0}}}
    agree(config, Topic.SLA, faster, date(2026, 6, 10))
    found = marked(open_warehouse())
    # Computed by the old one, which no longer holds; and signed anew within the period.
    assert {name: [m.kind for m in marks] for name, marks in found.items()} == {
        "sla_response": ["unsigned", "redefined"]
    }
    assert found["sla_response"][1].text == "SLA changed 10 Jun"
    assert found["sla_response"][1].detail == (
        "SLA response targets: from 1 Jun 2026 one signed version held, from 10 Jun 2026 to "
        "30 Jun 2026 another. Response target of default, hours: 24, now 8."
    )
    calendar = Calendar(config)
    june = View(calendar.period_of(JUNE.start, Cadence.MONTHLY), open_warehouse().default_as_of)
    kpi = build_kpi(open_warehouse(), june, "sla_response")
    told = qualifier_line(kpi, Formats(locale="en_US", currency="USD"))
    assert "unsigned change" in told
    assert "SLA changed" in told


def test_a_change_of_definition_is_told_of_spans_that_it_cuts_alone(url: str) -> None:
    config = open_warehouse().config
    sign_first(config, Topic.MQL)
    agree(config, Topic.MQL, rule(60), date(2026, 6, 10))
    agree(config, Topic.MQL, rule(60), date(2026, 6, 20))  # the same again: no change
    standings = read_standings(config, date(2026, 6, 5))

    def texts(start: date, end: date) -> list[str]:
        marks = agreement_marks(standings, CATALOG["mqls"], Span(start, end), config)
        return [mark.text for mark in marks if mark.kind == "redefined"]

    changed, day = date(2026, 6, 10), timedelta(days=1)
    assert len(texts(JUNE.start, JUNE.end)) == 1
    assert texts(JUNE.start, changed) == texts(changed, JUNE.end) == []
    assert len(texts(changed - day, changed + day)) == 1
    agree(config, Topic.MQL, rule(70), date(2026, 6, 25))
    standings = read_standings(config, date(2026, 6, 5))
    assert texts(JUNE.start, JUNE.end) == ["2 rule changes"]
    assert agreement_marks(standings, CATALOG["leads"], JUNE, config) == ()
