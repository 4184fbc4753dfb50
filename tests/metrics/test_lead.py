"""A lead's story on a small company worked out by hand, on every engine."""

from __future__ import annotations

from datetime import datetime

import pytest

from metrics.calendar import Calendar
from metrics.lead import LeadStory, find_lead, search_leads, without_reps
from metrics.lead_differences import differences
from metrics.report.format import Formats
from metrics.report.lead_chart import COLUMNS, lanes_of, lead_chart_data, lead_chart_spec
from metrics.report.lead_days import days_of, touches_text
from tests.build import at, warehouse_of
from tests.metrics.asking import lead, stages, zone

NOW = at("2026-08-01 00:00")


def touch(n: int, when: str, team: str = "marketing", **fields) -> dict:
    row = {"touch_id": f"T{n}", "lead_id": "L1", "occurred_at": at(f"2026-{when}")}
    return row | {"team": team, "channel": "email", "kind": "email"} | fields


TABLES = {
    "accounts": [{"account_id": "A1", "name": "Acme 100%_off"}],
    "reps": [
        {"rep_id": "R1", "name": "Kim Lee", "timezone": "UTC"},
        {"rep_id": "R2", "name": "Bo Ray", "timezone": "UTC"},
    ],
    "leads": [
        lead(
            "L1",
            full_name="Ann <b>Vane</b>",
            email="ann@acme.example",
            account_id="A1",
            owner_id="R2",
            region="EMEA",
        ),
        lead("L2", merged_into="L1", merged_at=at("2026-06-20 12:00")),
        lead("L3", deleted_at=at("2026-07-20 12:00"), full_name="Gone"),
    ],
    "lead_stages": [
        *stages(
            "L1", lead="06-01 12:00", mql=["06-02 03:30", "07-05 12:00"], recycled="06-20 12:00"
        ),
        *stages("L1", sql="07-05 12:00"),
    ],
    "lead_changes": [
        {"lead_id": "L1", "field": "owner_id", "value": owner, "changed_at": at(f"2026-{when}")}
        for owner, when in (("R1", "06-02 12:00"), ("R2", "07-10 12:00"))
    ],
    "touches": [
        touch(1, "06-02 10:00", responded=True),
        touch(2, "06-02 11:00", responded=False),
        touch(3, "06-03 12:00", "sales", kind="call", rep_id="R1"),
        touch(4, "06-03 12:00", "partner"),
    ],
    "handoffs": [
        {
            "handoff_id": "H1",
            "lead_id": "L1",
            "handed_at": at("2026-06-02 14:00"),
            "assigned_to": "R1",
            "first_response_at": at("2026-06-02 16:30"),
            "disposition": "rejected",
            "disposed_at": at("2026-07-01 12:00"),
            "reason": "no fit",
        }
    ],
    "opportunities": [
        {
            "opportunity_id": "O1",
            "lead_id": "L1",
            "created_at": at("2026-07-06 12:00"),
            "closed_at": at("2026-07-20 12:00"),
            "status": "won",
            "amount": 900,
        },
        {"opportunity_id": "O2", "created_at": at("2026-07-07 12:00"), "status": "open"},
        {"opportunity_id": "O3", "created_at": at("2026-07-07 12:00"), "status": "open"},
    ],
    "opportunity_stages": [
        {
            "opportunity_id": "O1",
            "stage": "proposal",
            "entered_at": at("2026-07-08 12:00"),
            "amount": 500,
        }
    ],
    "opportunity_contacts": [{"opportunity_id": "O2", "lead_id": "L1", "role": "champion"}],
    "system_records": [
        {
            "system": "sales",
            "product": "salesforce",
            "record_id": "SF1",
            "lead_id": "L1",
            "stage": "mql",
            "counted_at": at("2026-06-02 12:00"),
            "status": "active",
            "sync_status": "error",
        }
    ],
}


@pytest.fixture
def warehouse(company, engine_url):
    return warehouse_of(company, engine_url, TABLES, zone("America/New_York"))


def story(warehouse, lead_id: str = "L1", as_of: datetime = NOW) -> LeadStory:
    found = find_lead(warehouse, lead_id, as_of)
    assert found is not None
    return found


def test_the_whole_story(warehouse):
    found = story(warehouse)
    assert found.person["owner"] == "Bo Ray"
    assert found.person["company"] == "Acme 100%_off"
    # At one moment the later stage is the newer.
    assert [e.what for e in found.events if e.kind == "stage"] == [
        *("SQL", "re-MQL", "recycled", "MQL", "lead"),
    ]
    assert found.state == "SQL"
    handoff = found.handoffs[0]
    assert (handoff.state, handoff.hours, handoff.target_hours) == ("met", 2.5, 24.0)
    assert (handoff.owner, handoff.disposition, handoff.reason) == ("Kim Lee", "rejected", "no fit")
    deals = {deal.opportunity_id: deal for deal in found.deals}
    assert set(deals) == {"O1", "O2"}
    assert (deals["O1"].status, deals["O1"].amount, deals["O1"].role) == ("won", 900, None)
    assert (deals["O2"].status, deals["O2"].role) == ("open", "champion")
    assert [record["sync_status"] for record in found.systems] == ["error"]
    assert [e.detail for e in found.events if e.kind == "change"] == ["Bo Ray", "Kim Lee"]
    assert not found.is_cut


def test_as_of_a_moment_the_rest_has_not_happened(warehouse):
    early = story(warehouse, as_of=at("2026-06-02 15:00"))
    assert early.state == "MQL"
    assert early.person["owner"] == "Kim Lee"
    assert early.deals == ()
    handoff = early.handoffs[0]
    assert (handoff.state, handoff.answered_at, handoff.disposition) == ("pending", None, None)
    later = story(warehouse, as_of=at("2026-07-10 00:00"))
    assert [(d.status, d.amount) for d in later.deals if d.opportunity_id == "O1"] == [
        ("open", 500)
    ]
    assert max(event.at for event in later.events) <= at("2026-07-10 00:00")
    assert find_lead(warehouse, "L1", at("2026-05-01 00:00")) is None


def test_merged_and_deleted_leads_say_so_from_their_moment_on(warehouse):
    assert story(warehouse, "L2").person["merged_into"] == "L1"
    assert story(warehouse, "L2", at("2026-06-19 00:00")).person["merged_into"] is None
    assert story(warehouse, "L3").person["deleted_at"] == at("2026-07-20 12:00")
    assert story(warehouse, "L3", at("2026-07-19 00:00")).person["deleted_at"] is None
    assert find_lead(warehouse, "L9", NOW) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("l1", ["L1"]),
        ("VANE", ["L1"]),
        ("@acme", ["L1"]),
        ("100%_off", ["L1"]),
        ("%", ["L1"]),
        ("_o", ["L1"]),
        ("100_", []),
        ("\\", []),
        ("  ", []),
        ("' or 1=1 --", []),
    ],
)
def test_a_search_takes_every_sign_as_itself(warehouse, text, found):
    assert [row["lead_id"] for row in search_leads(warehouse, text, NOW)] == found


def test_who_may_not_see_people_neither_reads_nor_finds_them_by_name(warehouse):
    hidden = find_lead(warehouse, "L1", NOW, shows_people=False)
    assert hidden is not None
    assert (hidden.person["full_name"], hidden.person["email"]) == (None, None)
    assert search_leads(warehouse, "vane", NOW, shows_people=False) == []
    by_id = search_leads(warehouse, "L1", NOW, shows_people=False)
    assert [row["full_name"] for row in by_id] == [None]


def test_a_projected_story_names_no_rep(warehouse):
    told = repr(without_reps(story(warehouse)))
    assert "a rep" in told
    assert [name for name in ("Kim Lee", "Bo Ray") if name in told] == []


def test_days_are_the_companys_and_fold_by_lane(warehouse):
    calendar = Calendar(warehouse.config)
    days = days_of(story(warehouse).events, calendar)
    # 03:30 UTC on 2 June is still the first of June in New York.
    assert [day.day.isoformat() for day in days][-3:] == ["2026-06-03", "2026-06-02", "2026-06-01"]
    assert [event.what for event in days[-1].between] == ["MQL", "lead"]
    assert touches_text(days[-2].marketing) == "2 touches: 2 email; 1 with a response"
    assert [event.lane for event in days[-3].sales] == ["sales", "partner"]


def test_the_picture_holds_one_dot_a_day_and_lane(warehouse):
    found = story(warehouse)
    data = lead_chart_data(found, Calendar(warehouse.config), Formats("en_US", "USD"))
    assert tuple(data.columns) == COLUMNS
    dots = data[data["mark"] == "touch"]
    assert sorted(zip(dots["n"], dots["filled"], strict=True)) == [
        *((1, False), (1, False), (2, True)),
    ]
    spec = lead_chart_spec(lanes_of(found), 2)
    assert lanes_of(found) == ("sales", "partner")
    drawn = {str(layer["transform"][0]["filter"]) for layer in spec["layer"]}
    assert all(any(f"'{mark}'" in test for test in drawn) for mark in set(data["mark"]))
    assert not {"data", "datasets"} & set(spec)


def test_thousands_of_touches_stay_bounded(company, duckdb_url, monkeypatch):
    monkeypatch.setattr("metrics.lead.MAX_EVENTS", 5)
    warehouse = warehouse_of(company, duckdb_url, TABLES)
    found = story(warehouse)
    assert len(found.events) == 5
    assert found.is_cut


def test_where_the_systems_show_a_lead_differently(duckdb_url, company):
    def record(system: str, number: int, stage: str, day: int, status: str = "active") -> dict:
        return {
            "system": system,
            "record_id": f"{system}-{number}",
            "lead_id": "L1",
            "stage": stage,
            "counted_at": at(f"2026-06-{day:02} 12:00"),
            "status": status,
        }

    def change(system: str, field: str, value: str, day: int) -> dict:
        moment = at(f"2026-06-{day:02} 12:00")
        found = {"lead_id": "L1", "field": field, "value": value, "changed_at": moment}
        return found | {"system": system}

    tables = {
        "leads": [{"lead_id": "L1", "created_at": at("2026-06-01 12:00")}],
        "system_records": [
            record("marketing", 1, "mql", 2),
            record("marketing", 2, "sql", 9),
            record("sales", 1, "mql", 3),
            record("sales", 2, "sql", 10, "deleted"),
        ],
        "lead_changes": [
            change("hubspot", "channel", "paid", 2),
            change("salesforce", "channel", "event", 3),
            # The same in the end, though not on the way.
            change("hubspot", "owner_id", "R1", 2),
            change("hubspot", "owner_id", "R2", 5),
            change("salesforce", "owner_id", "R2", 4),
            change("salesforce", "region", "EMEA", 4),
        ],
    }
    warehouse = warehouse_of(company, duckdb_url, tables)
    assert differences(story(warehouse)) == [
        ("Stage", (("marketing", "SQL"), ("sales", "MQL"))),
        ("Source", (("hubspot", "paid"), ("salesforce", "event"))),
    ]
    # As of a moment before the second record the stages agreed.
    early = differences(story(warehouse, as_of=at("2026-06-04 12:00")))
    assert [one.what for one in early] == ["Owner", "Source"]
