"""The classic traps in the agreement's KPIs: fan-out, edges of time, what is not known.

No change of the engine may weaken this file.
"""

from __future__ import annotations

from datetime import date

from data.config import parse_config
from metrics.calendar import Span
from metrics.model import Status
from tests.build import at, warehouse_of
from tests.metrics.asking import ask, ask_all, handoff, lead, stages

FACTS = ("has_budget", "has_authority", "has_timeline", "has_interest")


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
