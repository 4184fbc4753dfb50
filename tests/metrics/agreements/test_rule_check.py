"""MQLs against the signed rule: by hand, by plain Python at random, and what it never does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from data.agreements import SignedRule, Topic
from data.config import FACTS, parse_config
from data.row_scope import RowScope
from data.state import close_state
from data.warehouse import Warehouse
from metrics.agreed import NO_RULE
from metrics.agreements.signing import register_agreements
from metrics.agreements.standing import signed_rules
from metrics.calendar import Cadence, Calendar, Span
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.headline import headline
from metrics.model import Status
from metrics.query import MetricQuery
from metrics.records import page
from metrics.row_scope import scoped
from metrics.view import View
from tests.build import at, warehouse_of
from tests.metrics.agreements.people import add_people, agree, propose, rule, sign_first
from tests.metrics.asking import JUNE, LATE, ask, ask_all, lead, stages

OFF = "mqls_off_rule"
CONFIG = """[company]
name = "Acme"
[mql]
score_at_least = 45
required_facts = ["has_budget"]
"""
JULY = Span(date(2026, 7, 1), date(2026, 8, 1))


def change(lead_id: str, field: str, value: str | None, moment: str) -> dict[str, Any]:
    when = at(f"2026-{moment}")
    return {"lead_id": lead_id, "field": field, "value": value, "changed_at": when}


def tables() -> dict[str, Any]:
    """Five MQLs of June: 1 meets the rule, 2 to 5 do not; 6 is July's."""
    return {
        "leads": [
            # Today's columns say the opposite of what was known: they must not count.
            lead("L1", region="EMEA", channel="web", score=1),
            lead("L2", region="EMEA", channel="web", score=99, has_budget=True),
            lead("L3", region="AMER", channel="web", score=99, has_budget=True),
            lead("L4", region="AMER", channel="demo", score=99, has_budget=True),
            lead("L5", region=None, channel=None, score=99, has_budget=True),
            lead("L6", region="EMEA", channel="web", score=99),
        ],
        "lead_stages": [
            row
            for n, moment in enumerate(
                ("06-02 12:00", "06-03 12:00", "06-04 12:00", "06-05 12:00", "06-06 12:00",
                 "07-02 12:00"), 1)
            for row in stages(f"L{n}", mql=moment)
        ],
        "lead_changes": [
            # Known at the very moment of the entry; a fact that is a no is known.
            change("L1", "score", "45", "06-02 12:00"),
            change("L1", "has_budget", "false", "06-02 12:00"),
            change("L1", "score", "10", "06-02 12:01"),
            # A score that rose too late, and a fact that was taken back.
            change("L2", "score", "44.9", "06-01 12:00"),
            change("L2", "score", "80", "06-03 12:01"),
            change("L2", "has_budget", "true", "06-01 12:00"),
            change("L2", "has_budget", None, "06-02 12:00"),
            # A score that fell before, though a higher one came earlier.
            change("L3", "score", "80", "06-01 12:00"),
            change("L3", "score", "30", "06-03 12:00"),
            change("L3", "has_budget", "true", "06-01 12:00"),
            # No number at all is no score; L5 has none on record.
            change("L4", "score", "high", "06-01 12:00"),
            change("L4", "has_budget", "true", "06-01 12:00"),
            change("L5", "has_budget", "true", "06-01 12:00"),
            change("L6", "score", "50", "06-01 12:00"),
            change("L6", "has_budget", "true", "06-01 12:00"),
        ],
    }  # fmt: skip


@pytest.fixture
def warehouse(company: Any, engine_url: str) -> Iterator[Warehouse]:
    found = warehouse_of(company, engine_url, tables(), CONFIG)
    add_people()
    yield found
    close_state()


def off(warehouse: Warehouse, span: Span = JUNE, **options: Any) -> float | None:
    return ask(warehouse, OFF, span=span, **options)[OFF].value


def test_by_hand(warehouse: Warehouse) -> None:
    config = warehouse.config
    row = ask(warehouse, OFF)[OFF]
    assert (row.status, row.reason) == (Status.NO_DATA, NO_RULE)
    register_agreements(config)
    assert off(warehouse) is None  # on record, and signed by nobody
    sign_first(config, Topic.MQL)
    assert (off(warehouse), off(warehouse, JULY)) == (4, 0)
    # It checks and does not recount.
    assert ask(warehouse, "mqls")["mqls"].value == 5
    # From 5 June on demos need no score, and nothing may come from where nothing is known of.
    agree(config, Topic.MQL, rule(45, ("has_budget",), without_score=("demo",)), date(2026, 6, 5))
    assert off(warehouse) == 3
    agree(config, Topic.MQL, rule(None, (), never_from=("web",)), date(2026, 7, 1))
    assert (off(warehouse), off(warehouse, JULY)) == (3, 1)
    # A proposal is not signed: it changes nothing.
    propose(config, Topic.MQL, rule(1_000), date(2026, 6, 1))
    assert (off(warehouse), off(warehouse, JULY)) == (3, 1)


def test_splits_filters_scopes_and_the_records_behind_it(warehouse: Warehouse) -> None:
    sign_first(warehouse.config, Topic.MQL)
    rows = ask_all(warehouse, OFF, by=("region",))
    assert {row.members[0]: row.value for row in rows} == {"EMEA": 1, "AMER": 2, None: 1}
    emea = scoped(warehouse, RowScope.parse(["region=EMEA"]))
    assert off(emea) == off(warehouse, where=["region=EMEA"]) == 1
    assert off(warehouse, unit="account") == 4
    listed = page(warehouse, MetricQuery((OFF,), (JUNE,), LATE))
    assert (listed.total, listed.numerator) == (4, 4)
    lacks = {row["lead_id"]: (row["score_then"], row["lacks"]) for row in listed.rows}
    assert lacks == {
        "L2": (44.9, "score under 45, budget unknown"),
        "L3": (30, "score under 45"),
        "L4": (None, "score under 45"),
        "L5": (None, "score under 45"),
    }


def test_the_mark_on_the_number_that_it_checks(warehouse: Warehouse) -> None:
    calendar = Calendar(warehouse.config)
    view = View(calendar.period_of(JUNE.start, Cadence.MONTHLY), LATE)

    def marks() -> list[tuple[str, str]]:
        tile = headline(warehouse, view, CATALOG["mqls"])
        return [(mark.text, mark.detail) for mark in tile.marks if mark.kind == "off_rule"]

    assert marks() == []
    sign_first(warehouse.config, Topic.MQL)
    assert marks() == [("4 off the rule", "4 of 5 do not meet the signed rule.")]


def test_where_nothing_is_on_record_today_s_columns_stand_in(company: Any, duckdb_url: str) -> None:
    world = tables() | {"lead_changes": []}
    warehouse = warehouse_of(company, duckdb_url, world, CONFIG)
    add_people()
    sign_first(warehouse.config, Topic.MQL)
    row = ask(warehouse, OFF)[OFF]
    # L1 has neither score nor budget today; L2 to L5 have both.
    assert (row.value, row.note is not None) == (1, True)
    close_state()


# -- a second way ---------------------------------------------------------------------------------


def expected(world: dict[str, Any], rules: tuple[SignedRule, ...], span: Span) -> set[str]:
    """The leads that are off the rule, by plain Python."""
    found = set()
    channels = {row["lead_id"]: row["channel"] for row in world["leads"]}
    for entry in world["lead_stages"]:
        at_, lead_id = entry["entered_at"], entry["lead_id"]
        if not span.start <= at_.date() < span.end:
            continue
        known: dict[str, str | None] = {}
        for row in sorted(world["lead_changes"], key=lambda r: r["changed_at"]):
            if row["lead_id"] == lead_id and row["changed_at"] <= at_:
                known[row["field"]] = row["value"]
        held = [r for r in rules if (r.from_at or datetime.min) <= at_ < (r.until or datetime.max)]
        for one in held:
            score = known.get("score")
            is_low = one.score_at_least is not None and not (
                (score is not None and float(score) >= one.score_at_least)
                or channels[lead_id] in one.without_score
            )
            lacks = any(known.get(name) is None for name in one.required_facts)
            if is_low or lacks or channels[lead_id] in one.never_from:
                found.add(lead_id)
    return found


@pytest.mark.long
def test_at_random(company: Any, engine_url: str) -> None:
    draw, first = Random(20261130), at("2026-06-01 00:00")
    world: dict[str, Any] = {"leads": [], "lead_stages": [], "lead_changes": []}
    for n in range(300):
        lead_id, entered = f"L{n}", first + timedelta(minutes=draw.randrange(60 * 24 * 60))
        channel = draw.choice(("web", "demo", "list", None))
        world["leads"].append(lead(lead_id, channel=channel))
        world["lead_stages"].append({"lead_id": lead_id, "stage": "mql", "entered_at": entered})
        moments = draw.sample(range(-500, 200), draw.randrange(12))
        for minutes in moments:  # no two in one moment
            name = draw.choice(("score", *FACTS))
            value = str(draw.randrange(100)) if name == "score" else draw.choice(("true", "false"))
            world["lead_changes"].append(
                {
                    "lead_id": lead_id,
                    "field": name,
                    "value": None if draw.random() < 0.2 else value,
                    "changed_at": entered + timedelta(minutes=minutes),
                }
            )
    warehouse = warehouse_of(company, engine_url, world, '[company]\nname = "Acme"\n')
    add_people()
    config = parse_config('[company]\nname = "Acme"\n')
    agree(config, Topic.MQL, rule(30, FACTS[:1], ("list",)), date(2026, 6, 10))
    agree(config, Topic.MQL, rule(60, FACTS[:2], (), ("demo",)), date(2026, 7, 1))
    agree(config, Topic.MQL, rule(None, (), ()), date(2026, 7, 20))
    rules = signed_rules(config)
    for span in (JUNE, JULY, Span(date(2026, 6, 5), date(2026, 7, 25))):
        found = {
            row["lead_id"]
            for row in page(warehouse, MetricQuery((OFF,), (span,), LATE), limit=1_000).rows
        }
        assert found == expected(world, rules, span)
        answer = run_query(warehouse, MetricQuery((OFF, "mql_completeness"), (span,), LATE))[0]
        assert answer.value == len(found) > 0
    close_state()
