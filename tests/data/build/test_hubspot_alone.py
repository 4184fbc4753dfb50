"""A company with HubSpot alone: its ids as they are, its deals the opportunities, dates of stages
from the contacts themselves; from the command line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import create_engine, select

from data.__main__ import main
from data.tables import CONTRACT
from tests.build import at
from tests.data.build.landing import land

CONFIG = """
[company]
timezone = "Europe/Berlin"
currency = "EUR"
[sources.rates]
USD = 0.5
[sources.hubspot]
qualified_stages = ["Proposal"]
"""


def _deal(number: int, stage: str | None, **more) -> dict:
    return {"deal_id": number, "deal_pipeline_id": "default", "deal_pipeline_stage_id": stage,
            "owner_id": 11, "property_createdate": at("2026-01-20"), "is_deleted": False,
            "property_closedate": at("2026-02-20 10:00"), "property_amount": 100.5,
            "property_dealtype": "newbusiness", "property_deal_currency_code": "USD",
            **more}  # fmt: skip


def _change(name: str, value: str, moment: str) -> dict:
    return {"deal_id": 1, "name": name, "value": value, "timestamp": at(moment)}


TABLES = {
    "contact": [
        {"id": 1, "property_createdate": at("2026-01-01"), "property_email": "a@x.com",
         "property_hubspot_owner_id": 11, "_fivetran_deleted": False,
         "property_hs_lifecyclestage_marketingqualifiedlead_date": at("2026-01-05"),
         "property_hs_lifecyclestage_customer_date": at("2026-02-01")},
    ],
    "deal": [
        _deal(1, "won"), _deal(2, "talk", is_deleted=True), _deal(3, None),
        _deal(4, "talk", property_closedate=at("2026-09-01"), property_dealtype="existingbusiness"),
        _deal(5, "talk"),
    ],
    "merged_deal": [{"deal_id": 4, "merged_deal_id": 5}],
    "deal_pipeline_stage": [
        {"stage_id": "won", "label": "Closed Won", "closed_won": True, "is_closed": True},
        {"stage_id": "talk", "label": "Talk", "closed_won": False, "is_closed": False},
        {"stage_id": "offer", "label": "Proposal", "closed_won": False, "is_closed": False},
    ],
    "deal_pipeline": [{"pipeline_id": "default", "label": "Sales"}],
    "deal_contact": [{"deal_id": 1, "contact_id": 1}, {"deal_id": 2, "contact_id": 1}],
    "deal_property_history": [
        _change("amount", "50", "2026-01-19 09:00"),
        _change("dealstage", "talk", "2026-01-20"),
        _change("amount", "80", "2026-01-22"),
        _change("dealstage", "offer", "2026-01-25"),
        _change("closedate", "1771581600000", "2026-01-26"),
        _change("dealstage", "won", "2026-02-20 10:00"),
        _change("amount", "100.5", "2026-02-20 10:00"),
        _change("dealname", "Big", "2026-02-20 10:00"),
    ],
    "engagement_call": [{"engagement_id": 7, "property_hs_timestamp": at("2026-01-06")}],
    "engagement_contact": [{"engagement_id": 7, "contact_id": 1}],
    "owner": [{"owner_id": 11, "email": "ann@co.com", "first_name": "Ann", "last_name": None}],
}  # fmt: skip


def test_hubspot_alone(duckdb_url: str, company, capsys: pytest.CaptureFixture[str]) -> None:
    land(duckdb_url, "hub", TABLES)
    company(duckdb_url, CONFIG)
    assert main(["build", "--source", "hubspt=hub"]) == 1
    assert "unknown system 'hubspt'. Nearest: 'hubspot'" in capsys.readouterr().err
    assert main(["build", "--source", "hubspot=hub"]) == 0
    out = capsys.readouterr().out
    assert "no table contact_property_history: without it" in out
    assert "hubspot: data through 2026-02-20 10:00:00 UTC" in out

    engine = create_engine(duckdb_url)
    with engine.connect() as connection:
        deals, stages, leads, handoffs, steps, touches = (
            [row._asdict() for row in connection.execute(select(CONTRACT[name]))]
            for name in (
                "opportunities",
                "opportunity_stages",
                "leads",
                "handoffs",
                "lead_stages",
                "touches",
            )
        )
    engine.dispose()
    assert {(d["opportunity_id"], d["status"], d["kind"], d["pipeline"]) for d in deals} == {
        ("1", "won", "new", "Sales"), ("4", "open", "expansion", "Sales"),
    }  # fmt: skip
    won = next(deal for deal in deals if deal["status"] == "won")
    assert (won["amount"], won["amount_original"]) == (Decimal("50.25"), Decimal("100.50"))
    assert (won["lead_id"], won["closed_at"]) == ("1", at("2026-02-20 10:00"))
    assert won["qualified_at"] == at("2026-01-25")
    # What a change does not tell is as it was; before the first stage nothing is known.
    told = [(s["entered_at"], s["stage"], s["amount"], str(s["expected_close_on"])) for s in stages]
    assert sorted(told) == [
        (at("2026-01-20"), "Talk", Decimal("25.00"), "None"),
        (at("2026-01-22"), "Talk", Decimal("40.00"), "None"),
        (at("2026-01-25"), "Proposal", Decimal("40.00"), "None"),
        (at("2026-01-26"), "Proposal", Decimal("40.00"), "2026-02-20"),
        (at("2026-02-20 10:00"), "Closed Won", Decimal("50.25"), "2026-02-20"),
    ]
    assert [lead["lead_id"] for lead in leads] == ["1"]
    # Today's owner is the owner since the MQL, as no history says otherwise.
    assert [(h["handed_at"], h["assigned_to"]) for h in handoffs] == [(at("2026-01-05"), "11")]
    # The deal dates the opportunity and the customer, not the contact's own date of 1 February.
    assert {(s["stage"], s["entered_at"]) for s in steps} == {
        ("lead", at("2026-01-01")), ("mql", at("2026-01-05")), ("opportunity", at("2026-01-20")),
        ("customer", at("2026-02-20 10:00")),
    }  # fmt: skip
    # A call of whom nobody knows the owner is of the team that owners are of unless named.
    assert [(t["touch_id"], t["team"], t["rep_id"]) for t in touches] == [
        ("engagement-7-1", "sales", None)
    ]
