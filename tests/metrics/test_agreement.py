"""What the two teams owe each other: states of handoffs, and what moved the agreement's KPIs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from math import fsum

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data.config import parse_config
from metrics.calendar import Span
from metrics.drivers import drivers_of
from metrics.engine import run_query
from metrics.model import Status
from metrics.query import MetricQuery
from tests.build import at, newest_event, warehouse_of
from tests.matrix import ENGINES, examples
from tests.metrics.asking import LATE, ask, ask_all, handoff
from tests.metrics.worlds import (
    DAYS,
    FIRST_DAY,
    HOURS,
    ZONES,
    Refillable,
    World,
    config_text,
    refillable,
)
from tests.oracle import Oracle

SETTINGS = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
CONFIGS = [parse_config(config_text(zone)) for zone in ZONES]
ALL_TIME = Span(date(2026, 1, 1), date(2027, 1, 1))
SPLIT = ("mql_completeness", "overdue_handoffs", "wasted_effort_share", "redundant_outreach_rate")


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("agreement")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


# -- every handoff is in exactly one state --------------------------------------------------------

STATES = ("sla_response", "overdue_handoffs", "_handoffs_waiting", "_handoffs_due_soon")


@settings(SETTINGS, max_examples=examples(6))
@given(seed=st.integers(0, 2**32))
def test_met_and_breached_and_pending_are_all_handoffs(database, seed):
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    tables = world.tables()
    oracle = Oracle(tables, config)
    query = MetricQuery(STATES, (ALL_TIME,), world.moment() + timedelta(minutes=world.one(0, 17)))
    warehouse = database.fill(tables, config)
    sla, overdue, waiting, soon = run_query(warehouse, query)
    if not tables["handoffs"]:
        return
    handed = oracle._handed(query)
    met, breached, pending = 0, 0, 0
    unanswered, to_come, hurried = 0, 0, 0
    for row, due, seconds, target in handed:
        if due > query.as_of:
            pending += 1
            to_come += seconds is None
            gone = oracle._elapsed(row["handed_at"], query.as_of, oracle._rep_zone(row))
            hurried += seconds is None and target - gone < target / 4
        elif seconds is not None and seconds <= target:
            met += 1
        else:
            breached += 1
            unanswered += seconds is None
    assert met + breached + pending == len(handed)
    assert (sla.numerator, sla.denominator, sla.maturing) == (met, met + breached, pending)
    assert (overdue.value, waiting.value, soon.value) == (unanswered, to_come, hurried)
    assert hurried <= to_come <= pending
    last_days = Span(date(2026, 12, 1), date(2027, 1, 1))
    (backlog,) = run_query(
        warehouse, replace(query, metrics=("_overdue_backlog",), spans=(last_days,))
    )
    assert backlog.value == unanswered
    # As of the world's end nothing waits.
    late = replace(query, as_of=LATE)
    sla, overdue, waiting, soon = run_query(warehouse, late)
    assert (sla.denominator, sla.maturing) == (len(tables["handoffs"]), 0)
    assert (waiting.value, soon.value) == (0, 0)


class BusyWorld(World):
    """A company in which sales works on what it was given, and gives much of it back."""

    def tables(self):
        tables = super().tables()
        pick = self.later.choice
        for n in range(60):
            work = {
                "touch_id": f"B{n}",
                "lead_id": pick(self.leads),
                "occurred_at": FIRST_DAY + timedelta(days=pick(range(DAYS))) + pick(HOURS),
                "team": pick(("sales", "sales", "sales", "marketing")),
                "automated": pick((None, False, True)),
                "direction": pick((None, "outbound")),
            }
            tables["touches"].append(self.touch(n) | work)
        for row in tables["handoffs"]:
            if row["disposition"] is not None:
                row["disposed_at"] = row["handed_at"] + timedelta(days=pick((-1, 2, 20, 30, 31)))
        return tables


@settings(SETTINGS, max_examples=examples(6))
@given(seed=st.integers(0, 2**32))
def test_engine_and_oracle_agree_where_much_happens(database, seed):
    world, config = BusyWorld(seed), CONFIGS[seed % len(CONFIGS)]
    tables = world.tables()
    warehouse = database.fill(tables, config)
    query = replace(world.question(config), metrics=SPLIT, unit="lead")
    expected = Oracle(tables, config, newest_event(tables)).answer(query)
    for row in run_query(warehouse, query):
        want = expected.get((row.metric, row.span, row.members))
        if want is None:
            assert not any((row.value, row.numerator, row.denominator, row.maturing)), row
        else:
            found = (row.numerator, row.denominator, row.maturing, str(row.status))
            assert found == (want.numerator, want.denominator, want.maturing, want.status), row
    delivered = replace(query, metrics=("_mqls_delivered",), by=(), where=())
    items = Oracle(tables, config).delivered(query).tops
    for row in run_query(warehouse, delivered):
        if row.status is not Status.NO_DATA:
            inside = [i for i in items if row.span.start <= i.day < row.span.end]
            assert row.value == sum(item.top for item in inside), row


# -- due soon -------------------------------------------------------------------------------------

TARGETS = "[sla.response_hours]\nP2 = 4\ndefault = 8\n"
# Monday to Friday, 9 to 17 UTC; 5 June is a Friday. Due soon is less than an hour left of four.
LEFT = {
    "an hour left": ("2026-06-03 10:00", "2026-06-03 13:00:00", 0),
    "a second less": ("2026-06-03 10:00", "2026-06-03 13:00:01", 1),
    "a second to go": ("2026-06-03 10:00", "2026-06-03 13:59:59", 1),
    "due": ("2026-06-03 10:00", "2026-06-03 14:00:00", 0),
    "an hour left, over a weekend": ("2026-06-05 14:00", "2026-06-07 12:00:00", 0),
    "that hour has begun": ("2026-06-05 14:00", "2026-06-08 09:00:01", 1),
    "handed on a Saturday": ("2026-06-06 12:00", "2026-06-08 11:00:00", 0),
    "and three hours later": ("2026-06-06 12:00", "2026-06-08 12:30:00", 1),
}


@pytest.mark.parametrize("case", LEFT)
def test_due_soon_has_less_than_a_quarter_of_the_target_left(company, duckdb_url, case):
    handed, now, soon = LEFT[case]
    answered = {"first_response_at": at(handed) + timedelta(minutes=1)}
    handoffs = [
        handoff("H1", handed, priority="P2"),
        handoff("H2", handed, priority="P2", lead_id="L2", **answered),
        handoff("H3", "2026-07-30 12:00", lead_id="L3"),  # the calendar reaches this far
    ]
    warehouse = warehouse_of(company, duckdb_url, {"handoffs": handoffs}, TARGETS)
    row = ask(warehouse, "_handoffs_due_soon", as_of=at(now))["_handoffs_due_soon"]
    assert row.value == soon


# -- what moved them ------------------------------------------------------------------------------


def test_drivers_add_up_to_the_change(database):
    before = Span(date(2026, 3, 1), date(2026, 3, 20))
    after = Span(date(2026, 3, 20), date(2026, 4, 20))
    found = dict.fromkeys(SPLIT, 0)
    for seed in range(examples(5)):
        warehouse = database.fill(BusyWorld(seed).tables(), CONFIGS[0])
        for metric in SPLIT:
            for by in ("channel", "industry"):
                drivers = drivers_of(warehouse, metric, before, after, (by,), LATE)
                if drivers.reason is not None:
                    continue
                found[metric] += 1
                rows = ask_all(warehouse, metric, spans=(before, after))
                change = (rows[1].value or 0) - (rows[0].value or 0)
                assert drivers.change == pytest.approx(change)
                parts = fsum(part.total for part in drivers.parts)
                assert parts == pytest.approx(change, abs=1e-12)
    assert all(found.values()), f"no company has such a change: {found}"
