"""Which touches are a journey: bounds, eligibility, contacts, as of; and what traps would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import cast, func, literal, select
from sqlalchemy.types import DateTime

from data.dialects.functions import microseconds_between, seconds_between
from data.warehouse import Warehouse
from metrics.attribution import Credit, Path, attribute, attribute_all, journey, players, top_paths
from metrics.attribution.credit import player_columns
from metrics.attribution.journeys import opportunity_teams
from metrics.attribution.unsuccessful import unsuccessful_statement
from metrics.cache import RESULTS
from metrics.calendar import Span
from metrics.errors import QueryError
from metrics.facts.base import Context
from tests.build import at, warehouse_of
from tests.metrics.attribution.small_journeys import CLOSED, Fill, ask, deal, paths, touches
from tests.metrics.worlds import Row, Tables

TICK = timedelta(microseconds=1)


def credit(warehouse: Warehouse, **options) -> dict[str | None, Decimal]:
    return {row.member: row.credit for row in attribute(warehouse, ask(**options)).rows}


def touch(name: str, moment: datetime, lead: str = "L-O1", **fields) -> Row:
    return {"touch_id": name, "lead_id": lead, "occurred_at": moment, "team": "marketing",
            "channel": name, **fields}  # fmt: skip


def test_both_ends_of_the_lookback_count_and_nothing_beyond(fill: Fill):
    start = CLOSED - timedelta(days=365)
    tables = {
        "opportunities": [deal("O1")],
        "touches": [
            touch("too-early", start - TICK),
            touch("first", start),
            touch("last", CLOSED),
            touch("too-late", CLOSED + TICK),
        ],
    }
    warehouse = fill(tables)
    assert set(credit(warehouse)) == {"first", "last"}
    assert set(credit(warehouse, lookback_days=364)) == {"last"}


def test_logged_activity_earns_nothing_and_what_is_unknown_does(fill: Fill):
    tables = {
        "opportunities": [deal("O1")],
        "touches": [
            touch("unknown", CLOSED, responded=None, automated=None),
            touch("answered", CLOSED, responded=True, automated=False, team="sales"),
            touch("unanswered", CLOSED, responded=False, team="sales"),
            touch("automated", CLOSED, automated=True),
            touch("partner", CLOSED, team="partner"),
        ],
    }
    assert set(credit(fill(tables))) == {"unknown", "answered", "partner"}


def test_several_contacts_neither_multiply_the_deal_nor_a_touch(fill: Fill):
    """The trap of the fan-out: three contacts, one of them named twice and the primary again."""
    tables = {
        "opportunities": [deal("O1", 90)],
        "opportunity_contacts": [
            {"opportunity_id": "O1", "lead_id": lead, "role": role}
            for lead, role in (("L-O1", "buyer"), ("B", "user"), ("B", "champion"), ("C", None))
        ],
        "touches": [
            touch("a", CLOSED),
            touch("b", CLOSED - timedelta(days=1), "B"),
            touch("c", CLOSED - timedelta(days=2), "C"),
        ],
    }
    warehouse = fill(tables)
    assert credit(warehouse) == {"a": 30, "b": 30, "c": 30}
    assert [t.channel for t in journey(warehouse, "O1", ask()).touches] == ["c", "b", "a"]
    assert attribute(warehouse, ask()).total == 90


def test_one_lead_s_touches_count_for_each_of_its_deals(fill: Fill):
    tables = {
        "opportunities": [deal("O1", 10), deal("O2", 20, lead_id="L-O1")],
        "touches": touches("O1", "X"),
    }
    answer = attribute(fill(tables), ask())
    assert answer.rows == (Credit("X", Decimal(30), 2.0),)


def test_touches_of_one_moment_stand_in_the_order_of_their_ids(fill: Fill):
    tables = {
        "opportunities": [deal("O1")],
        "touches": [touch(name, CLOSED) for name in ("T2", "T10", "T1")],
    }
    warehouse = fill(tables)
    assert [t.touch_id for t in journey(warehouse, "O1", ask()).touches] == ["T1", "T10", "T2"]
    assert credit(warehouse, model="first_touch")["T1"] == 1


def test_lead_creation_is_the_primary_s_else_the_earliest_contact_s(fill: Fill):
    def lead(name: str, moment: datetime) -> Row:
        return {"lead_id": name, "created_at": moment}

    tables: Tables = {
        "leads": [lead("L-O1", at("2026-05-01")), lead("B", at("2026-03-01")),
                  lead("C", at("2026-04-01"))],
        "opportunities": [deal("O1"), deal("O2", lead_id=None), deal("O3", lead_id="orphan"),
                          deal("O4", lead_id=None)],
        "opportunity_contacts": [
            {"opportunity_id": name, "lead_id": contact}
            for name in ("O1", "O2", "O3") for contact in ("C", "B")
        ],
    }  # fmt: skip
    warehouse = fill(tables)
    moments = {name: journey(warehouse, name, ask()).lead_at for name in ("O1", "O2", "O3", "O4")}
    assert moments == {"O1": at("2026-05-01"), "O2": at("2026-03-01"), "O3": at("2026-03-01"),
                       "O4": None}  # fmt: skip


def test_a_deal_that_nobody_touched_is_unattributed_and_never_spread(fill: Fill):
    tables = paths("X")
    tables["opportunities"] += [deal("O8", "12.34"), deal("O9", None, lead_id=None)]
    warehouse = fill(tables)
    for model in ("linear", "markov", "shapley"):
        answer = attribute(warehouse, ask(model))
        assert (answer.total, answer.unattributed) == (Decimal("13.34"), Decimal("12.34"))
        assert (answer.opportunities, answer.unattributed_opportunities) == (3, 2)
        assert answer.unknown_amounts == 1


def test_as_of_a_moment_a_later_win_does_not_exist_and_pipeline_has_its_amount_of_then(fill: Fill):
    tables: Tables = {
        "opportunities": [deal("O1", 500, created_at=at("2026-06-01"))],
        "opportunity_stages": [
            {"opportunity_id": "O1", "stage": "s", "entered_at": at(day), "amount": amount}
            for day, amount in (("2026-06-01", 100), ("2026-06-20", 300))
        ],
        "touches": [touch("early", at("2026-05-31")), touch("late", at("2026-06-15"))],
    }
    warehouse = fill(tables)
    before = ask(as_of=CLOSED - TICK)
    assert attribute(warehouse, before).opportunities == 0
    assert attribute(warehouse, replace(before, as_of=CLOSED)).total == 500
    created = attribute(warehouse, ask(basis="pipeline", as_of=at("2026-06-10")))
    assert created.rows == (Credit("early", Decimal(100), 1.0),)
    with pytest.raises(QueryError, match="'O1' is not won by then"):
        journey(warehouse, "O1", before)


def test_days_are_the_company_s(company, duckdb_url: str):
    tables = {"opportunities": [deal("O1", closed_at=at("2026-07-01 03:00"))]}
    config = '[company]\ntimezone = "America/New_York"\n'
    june = Span(date(2026, 6, 1), date(2026, 7, 1))
    answer = attribute(warehouse_of(company, duckdb_url, tables, config), ask(span=june))
    assert answer.opportunities == 1, "23:00 on 30 June in New York"


def test_filters_are_the_opportunity_s_own_and_an_unknown_one_is_refused(fill: Fill):
    tables = paths("X", "Y")
    tables["opportunities"][0]["region"] = "EMEA"
    warehouse = fill(tables)
    assert set(credit(warehouse, where=(("region", ("EMEA",)),))) == {"X"}
    assert set(credit(warehouse, where=(("region", (None,)),))) == {"Y"}
    with pytest.raises(QueryError, match="Credit cannot be split or filtered by priority"):
        credit(warehouse, where=(("priority", ("P1",)),))


def test_unsuccessful_journeys_are_the_lost_and_those_without_an_opportunity(fill: Fill):
    """X won once. It was in one lost deal and with two leads that came to nothing; the open
    deal's, the deleted lead's and last year's touches are none of them."""
    won, year = CLOSED, timedelta(days=365)
    lead_at = at("2025-01-01")
    tables: Tables = {
        "leads": [
            *({"lead_id": name, "created_at": lead_at} for name in ("A", "B", "open", "old")),
            {"lead_id": "gone", "created_at": lead_at, "deleted_at": at("2026-02-01")},
        ],
        "opportunities": [
            deal("O1"), deal("O2", status="lost"),
            deal("O3", status="open", closed_at=None, lead_id="open"),
        ],
        "touches": [
            touch("1", won, channel="Y"), touch("2", won - TICK, channel="X"),
            touch("3", won, "L-O2", channel="X"),
            *(touch(f"t-{name}", won, name, channel="X") for name in ("A", "B", "open", "gone")),
            touch("t-old", won - year, "old", channel="X"),
        ],
    }  # fmt: skip
    warehouse = fill(tables)
    # Start to X four times, of which one comes to Y and wins: both are needed for every win.
    assert credit(warehouse, model="markov") == {"X": Decimal("0.5"), "Y": Decimal("0.5")}
    statement = unsuccessful_statement(ask(), warehouse.config, player_columns("channel"))
    (row,) = warehouse.rows(statement)
    assert (row["channel"], row["starts"], row["touches"]) == ("X", True, 3)


def test_two_members_with_one_number_are_told_apart_all_the_same(
    fill: Fill, monkeypatch: pytest.MonkeyPatch
):
    warehouse = fill(paths("XXY", "XY", "X", "YZ"))
    right = attribute_all(warehouse, ask())
    statements: list[str] = []
    monkeypatch.setattr(players, "text_number", func.length)  # X, Y and Z have one number
    monkeypatch.setattr(players, "cached_rows", _noting(statements, players.cached_rows))
    RESULTS.clear()
    for model, answer in attribute_all(warehouse, ask()).items():
        for row, expected in zip(answer.rows, right[model].rows, strict=True):
            assert (row.member, row.credit) == (expected.member, expected.credit)
            assert row.conversions == pytest.approx(expected.conversions, abs=1e-12)
    # The deals' touches were asked for by numbers, then by texts; others there are none.
    assert ["length" in one for one in statements] == [True, False, True]


def _noting(statements: list[str], ask_for):
    def noting(warehouse, statement):
        statements.append(str(statement))
        return ask_for(warehouse, statement)

    return noting


def test_paths_are_collapsed_and_ranked(fill: Fill):
    warehouse = fill(paths("XXY", "XY", "X"))
    found = top_paths(warehouse, ask(), 2)
    assert found == (Path(("X", "Y"), 2, Decimal(2)), Path(("X",), 1, Decimal(1)))
    with pytest.raises(QueryError, match="0 paths are impossible"):
        top_paths(warehouse, ask(), 0)


def test_one_row_an_opportunity_says_which_teams_took_part(fill: Fill):
    tables = {
        "opportunities": [deal("O1"), deal("O2", status="lost"), deal("O3")],
        "touches": [
            touch("a", CLOSED - TICK, team="partner"),
            touch("b", CLOSED, team="sales"),
            touch("c", CLOSED, team="sales"),
            touch("d", CLOSED, "L-O2"),
        ],
    }
    warehouse = fill(tables)
    teams = opportunity_teams(Context(warehouse.config, at("2026-12-31")), "won", 365)
    rows = {row["key"]: row for row in warehouse.rows(select(teams))}
    assert set(rows) == {"O1", "O2"}
    assert [rows["O1"][name] for name in ("first_team", "marketing", "sales", "others")] == [
        "partner", 0, 1, 1,
    ]  # fmt: skip
    assert rows["O2"]["marketing"] == 1


# What HubSpot itself returned for one company of a test account (github.com/airbytehq/airbyte,
# commit 00513385595f, source-hubspot/integration_tests/expected_records.jsonl, company 5000526215).
HUBSPOT = {
    "hs_date_entered_opportunity": "2021-02-23T20:21:06.027Z",
    "hs_date_exited_opportunity": "2023-04-04T15:00:58.081Z",
    "hs_time_in_opportunity_ms": 66_508_792_054,
    "createdate": "2020-12-11T01:27:40.002Z",
    "closedate": "2023-04-04T15:00:58.081Z",
    "days_to_close": 844,
}


def _moment(name: str):
    moment = datetime.fromisoformat(str(HUBSPOT[name])).astimezone(UTC).replace(tzinfo=None)
    return cast(literal(moment, DateTime), DateTime)


def test_durations_are_those_that_hubspot_publishes(fill: Callable[[Tables], Warehouse]):
    warehouse = fill({})
    entered, left = _moment("hs_date_entered_opportunity"), _moment("hs_date_exited_opportunity")
    created, closed = _moment("createdate"), _moment("closedate")
    (row,) = warehouse.rows(
        select(
            microseconds_between(entered, left).label("microseconds"),
            seconds_between(created, closed).label("seconds"),
        )
    )
    assert row["microseconds"] == HUBSPOT["hs_time_in_opportunity_ms"] * 1000  # type: ignore[operator]
    assert row["seconds"] // 86_400 == HUBSPOT["days_to_close"]
