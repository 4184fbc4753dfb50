"""What the two teams owe each other: states of handoffs, and the traps of the agreement's KPIs."""

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
from tests.matrix import ENGINES
from tests.metrics.asking import LATE, ask, ask_all, handoff, lead, stages
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
FACTS = ("has_budget", "has_authority", "has_timeline", "has_interest")


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    folder = tmp_path_factory.mktemp("agreement")
    with ENGINES[request.param](folder) as url, refillable(url) as found:
        yield found


# -- every handoff is in exactly one state --------------------------------------------------------

STATES = ("sla_response", "overdue_handoffs", "_handoffs_waiting", "_handoffs_due_soon")


@settings(SETTINGS, max_examples=20)
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


@settings(SETTINGS, max_examples=15)
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


# -- traps ----------------------------------------------------------------------------------------


def touch(n: int, moment: str, team: str = "sales", lead_id: str = "L1", **fields):
    return {
        "touch_id": f"T{n}",
        "lead_id": lead_id,
        "occurred_at": at(f"2026-{moment}"),
        "team": team,
        "channel": "phone",
        "kind": "call",
        "direction": "outbound",
        **fields,
    }


def test_a_touch_belongs_to_one_handoff_however_often_the_lead_was_handed_over(company, engine_url):
    answered = {"first_response_at": at("2026-06-01 13:00")}
    rejected = {"disposition": "rejected", "reason": "student", "disposed_at": at("2026-06-09")}
    tables = {
        "leads": [lead("L1")],
        "handoffs": [
            handoff("H1", "2026-06-01 12:00", **answered, **rejected),
            # A copy of the same moment, and a second handoff to another team.
            handoff("H2", "2026-06-01 12:00", **answered),
            handoff("H3", "2026-06-04 12:00", first_response_at=at("2026-06-04 13:00")),
        ],
        "touches": [
            touch(1, "06-01 13:00"),  # is the answer
            touch(2, "06-02 12:00"),  # H2's: of the two the last by its id
            touch(3, "06-04 12:30"),  # before the answer to H3
            touch(4, "06-05 12:00"),  # H3's
            touch(5, "06-05 12:00", automated=True),
            touch(6, "06-05 12:00", team="marketing"),
            touch(7, "07-05 12:00"),  # 31 days later
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    row = ask(warehouse, "wasted_effort_share")["wasted_effort_share"]
    assert (row.numerator, row.denominator, row.maturing) == (0, 2, 0)


VERDICTS = {
    # assigned to: (reason, disposed, whether the touch was in vain)
    "for fit": ("student", "2026-06-10 12:00", 1),
    "at the end of the 30 days": ("competitor", "2026-07-04 12:00", 1),
    "a minute later": ("competitor", "2026-07-04 12:01", 0),
    "for another reason": ("no_budget", "2026-06-10 12:00", 0),
    "without a reason": (None, "2026-06-10 12:00", 0),
    "before the handoff": ("student", "2026-06-04 11:00", 0),
}


def test_effort_is_wasted_on_what_is_rejected_for_fit_in_time(company, engine_url):
    handoffs, touches = [], []
    for n, (name, (reason, disposed, _)) in enumerate(VERDICTS.items()):
        handoffs.append(
            handoff(
                f"H{n}",
                "2026-06-04 12:00",
                lead_id=f"L{n}",
                assigned_to=name,
                first_response_at=at("2026-06-04 13:00"),
                disposition="rejected",
                reason=reason,
                disposed_at=at(disposed),
            )
        )
        touches.append(touch(n, "06-05 12:00", lead_id=f"L{n}"))
    warehouse = warehouse_of(company, engine_url, {"handoffs": handoffs, "touches": touches})
    rows = ask_all(warehouse, "wasted_effort_share", by=("rep",))
    assert {row.members[0]: row.value for row in rows} == {
        name: wasted for name, (_, _, wasted) in VERDICTS.items()
    }
    # A day before its 30 days are over a handoff counts on neither side.
    (row,) = ask_all(warehouse, "wasted_effort_share", as_of=at("2026-07-03 12:00"))
    assert (row.value, row.denominator, row.maturing) == (None, 0, len(VERDICTS))
    assert row.status is Status.MATURING


def test_a_lead_is_contacted_once_a_period_however_often_it_is_written_to(company, engine_url):
    tables = {
        "accounts": [{"account_id": "A1", "industry": "retail"}],
        "leads": [lead("L1", account_id="A1", channel="paid"), lead("L2")],
        "touches": [
            *(touch(n, f"06-0{n} 12:00", responded=True) for n in range(1, 8)),
            *(touch(10 + n, f"06-0{n} 13:00", team="marketing") for n in range(1, 8)),
            touch(20, "06-02 12:00", lead_id="L2"),
            touch(21, "06-02 12:00", lead_id="L2", team="partner"),
            touch(22, "06-02 12:00", lead_id="L2", team="marketing", direction="inbound"),
            touch(23, "06-02 12:00", lead_id="L2", team="marketing", direction=None),
            touch(24, "06-02 12:00", lead_id="L99"),  # of no lead that is known
            touch(25, "06-02 12:00", lead_id="L99", team="marketing"),
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    (row,) = ask_all(warehouse, "redundant_outreach_rate")
    assert (row.numerator, row.denominator) == (2, 3)
    by_channel = ask_all(warehouse, "redundant_outreach_rate", by=("channel",))
    assert {r.members: (r.numerator, r.denominator) for r in by_channel} == {
        ("paid",): (1, 1),
        (None,): (1, 2),
    }
    weeks = tuple(Span(date(2026, 6, day), date(2026, 6, day + 7)) for day in (1, 8))
    first, second = ask_all(warehouse, "redundant_outreach_rate", spans=weeks)
    assert (first.numerator, first.denominator, second.denominator) == (2, 3, 0)


CLOSE = {
    # sales at 10 June, 12:00; marketing at: whether that is close
    "06-07 12:00": 1,
    "06-07 11:59": 0,
    "06-10 12:00": 1,
    "06-13 12:00": 1,
    "06-13 12:01": 0,
}


def test_close_is_three_days_to_the_moment_on_either_side(company, engine_url):
    touches = []
    for n, moment in enumerate(CLOSE):
        touches.append(touch(n, "06-10 12:00", lead_id=f"L{n}"))
        # A mail in between, of the same team, hides nothing.
        touches.append(touch(10 + n, "06-10 11:00", lead_id=f"L{n}"))
        touches.append(touch(20 + n, moment, lead_id=f"L{n}", team="marketing", automated=True))
    leads = [lead(f"L{n}", persona=moment) for n, moment in enumerate(CLOSE)]
    warehouse = warehouse_of(company, engine_url, {"leads": leads, "touches": touches})
    rows = ask_all(warehouse, "redundant_outreach_rate", by=("persona",))
    found = {row.members[0]: row.numerator for row in rows}
    # Sales' mail an hour before reaches an hour further back.
    assert found == CLOSE | {"06-07 11:59": 1}


# -- complete MQLs --------------------------------------------------------------------------------


def known(lead_id: str, moment: str, *fields: str, value: str | None = "true"):
    return [
        {"lead_id": lead_id, "field": name, "value": value, "changed_at": at(f"2026-{moment}")}
        for name in fields or FACTS
    ]


def test_changes_multiply_no_mql_and_the_last_one_by_its_entry_counts(company, engine_url):
    tables = {
        "leads": [lead(f"L{n}") for n in range(1, 5)],
        "lead_stages": [
            *stages("L1", mql=["06-05 12:00", "06-05 12:00", "06-06 12:00"]),
            *stages("L2", mql="06-05 12:00"),
            *stages("L3", mql="06-05 12:00"),
            *stages("L4", mql="06-05 12:00"),
        ],
        "lead_changes": [
            *(row for n in (1, 2, 3) for row in known("L1", f"06-0{n} 12:00")),
            *known("L2", "06-02 12:00"),
            *known("L2", "06-03 12:00", "has_budget", value=None),
            *known("L3", "06-03 12:00", value="false"),
            *known("L3", "06-03 12:00", value=None),  # at one moment known and not: known
            *known("L4", "06-05 12:00", *FACTS[:3]),
            *known("L4", "06-05 12:01", FACTS[3]),
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    row = ask(warehouse, "mql_completeness")["mql_completeness"]
    assert (row.numerator, row.denominator, row.note) == (2, 4, None)
    # Where the company agreed on fewer facts, those count.
    three = "[mql]\nrequired_facts = ['has_authority', 'has_timeline']\n"
    warehouse.__dict__["config"] = parse_config(three)
    assert ask(warehouse, "mql_completeness")["mql_completeness"].numerator == 4


def test_without_a_history_today_s_facts_count_and_the_answer_says_so(company, engine_url):
    known_today = dict.fromkeys(FACTS, False)
    tables = {
        "leads": [lead("L1") | known_today, lead("L2") | known_today | {"has_budget": None}],
        "lead_stages": [*stages("L1", mql="06-05 12:00"), *stages("L2", mql="06-05 12:00")],
        "handoffs": [handoff("H1", "2026-06-05 13:00"), handoff("H2", "2026-06-05 13:00")],
        "targets": [
            {"metric": "mqls", "grain": "month", "period_start": date(2026, 6, 1), "value": 4}
        ],
    }
    warehouse = warehouse_of(company, engine_url, tables)
    rows = ask(warehouse, "mql_completeness", "mql_delivery", "mqls")
    assert (rows["mql_completeness"].numerator, rows["mql_completeness"].denominator) == (1, 2)
    assert rows["mql_delivery"].value == 0.25
    for name in ("mql_completeness", "mql_delivery"):
        assert "lead_changes is empty" in str(rows[name].note)
    assert rows["mqls"].note is None


def test_a_re_mql_is_delivered_again_and_one_handoff_delivers_once(company, engine_url):
    tables = {
        "leads": [lead(f"L{n}", region="EMEA") for n in range(1, 5)],
        "lead_stages": [
            *stages("L1", mql=["06-01 12:00", "06-02 12:00", "06-20 12:00", "06-21 12:00"],
                    recycled=["06-10 12:00", "06-11 12:00"]),
            *stages("L2", mql=["06-01 12:00", "06-20 12:00"], recycled="06-10 12:00"),
            *stages("L3", mql="06-05 12:00"),
            *stages("L4", sal="06-05 12:00"),
        ],
        "lead_changes": [row for n in range(1, 5) for row in known(f"L{n}", "05-01 12:00")],
        "handoffs": [
            handoff("H1", "2026-06-01 12:00"),
            handoff("H2", "2026-06-03 12:00"),  # the same pass once more
            handoff("H3", "2026-06-22 12:00"),
            handoff("H4", "2026-06-12 12:00", lead_id="L2"),  # of its first time
            handoff("H5", "2026-06-05 11:59", lead_id="L3"),  # before it was an MQL
            handoff("H6", "2026-06-05 12:00", lead_id="L4"),  # skipped the stage
        ],
        "targets": [
            {"metric": "mqls", "grain": "month", "period_start": date(2026, 6, 1), "value": 2}
        ],
    }  # fmt: skip
    warehouse = warehouse_of(company, engine_url, tables)
    row = ask(warehouse, "mql_delivery")["mql_delivery"]
    assert (row.numerator, row.denominator, row.value) == (4, 2, 2.0)
    early = ask(warehouse, "mql_delivery", as_of=at("2026-06-21 12:00"))["mql_delivery"]
    assert early.numerator == 3
    for options, words in (
        ({"where": ["region=EMEA"]}, "no target"),
        ({"unit": "account"}, "cannot be counted by account"),
    ):
        (row,) = ask_all(warehouse, "mql_delivery", **options)
        assert (row.value, row.status) == (None, Status.NO_DATA)
        assert words in str(row.reason)


# -- what moved them ------------------------------------------------------------------------------


def test_drivers_add_up_to_the_change(database):
    before = Span(date(2026, 3, 1), date(2026, 3, 20))
    after = Span(date(2026, 3, 20), date(2026, 4, 20))
    found = dict.fromkeys(SPLIT, 0)
    for seed in range(5):
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
