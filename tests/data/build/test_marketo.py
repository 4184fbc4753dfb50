"""Marketo beside Salesforce and HubSpot: one person in three systems, merges, deletions, clicks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import make_url

from data.build.run import build
from data.config import parse_config
from tests.build import at
from tests.data.build.landing import land
from tests.data.build.test_northwind import rows

CONFIG = """
[sources.marketo.attributes]
score = "Lead Score"
has_budget = "Budget confirmed"
"""


def _activity(number: int, lead: int, moment: str, **more) -> dict:
    return {"id": number, "lead_id": lead, "activity_date": at(moment), "campaign_id": 9,
            "primary_attribute_value": None, **more}  # fmt: skip


def _change(number: int, lead: int, moment: str, attribute: str, value: str | None) -> dict:
    return _activity(number, lead, moment, primary_attribute_value=attribute, new_value=value)


def _lead(number: int, created: str, email: str | None, **more) -> dict:
    return {"id": number, "created_at": at(created), "email": email, "first_name": "Ada",
            "last_name": "L", "sfdc_contact_id": None, "sfdc_lead_id": None, **more}  # fmt: skip


MARKETO = {
    "lead": [
        _lead(1, "2026-01-01", "other@x.com", sfdc_contact_id="0031", lead_score=7),
        _lead(2, "2026-01-02", "bo@x.com"),
        _lead(3, "2026-01-03", "dee@x.com"),
        _lead(4, "2026-01-04", "dee@x.com"),
        _lead(5, "2026-01-05", "gone@x.com"),
    ],
    "activity_merge_leads": [_activity(11, 3, "2026-01-10", merge_ids="[4, 40]")],
    "activity_delete_lead": [_activity(12, 5, "2026-01-11")],
    "activity_change_data_value": [
        _change(21, 1, "2026-01-06", "Lead Status", "MQL"),
        _change(22, 2, "2026-01-06", "Lead Status", "MQL"),
        _change(23, 40, "2026-01-07", "Lead Status", "MQL"),
        _change(24, 1, "2026-01-05", "Lead Score", "5"),
        _change(25, 1, "2026-01-05", "Budget confirmed", "true"),
        _change(26, 1, "2026-01-05", "Fax", "1"),
        _change(27, 2, "2026-01-08", "Lead Status", "Nobody knows"),
    ],
    "activity_email_delivered": [_activity(31, 3, "2026-01-08"), _activity(32, 77, "2026-01-08")],
    "activity_click_email": [_activity(33, 4, "2026-01-08"), _activity(34, 3, "2027-01-08")],
    "activity_send_email": [_activity(35, 3, "2026-01-08")],
    "campaign": [{"id": 9, "name": "Trigger", "program_id": 90}],
    "program": [{"id": 90, "name": "January", "channel": "Webinar"}],
}  # fmt: skip
SALESFORCE = {
    "lead": [
        {"id": "00Q1", "created_date": at("2026-01-02"), "email": "ada@x.com", "status": "New",
         "is_converted": True, "converted_date": at("2026-01-09"), "converted_contact_id": "0031"},
    ],
    "contact": [{"id": "0031", "created_date": at("2026-01-09"), "email": "ada@x.com"}],
}  # fmt: skip
HUBSPOT = {
    "contact": [
        {"id": 1, "property_createdate": at("2026-01-03"), "property_email": "Bo@x.com"},
        {"id": 2, "property_createdate": at("2026-01-03"), "property_email": "ada@x.com"},
    ],
}


def test_three_systems(duckdb_url: str) -> None:
    for schema, tables in (("sf", SALESFORCE), ("hs", HUBSPOT), ("mk", MARKETO)):
        land(duckdb_url, schema, tables)
    report = build(
        make_url(duckdb_url),
        {"marketo": "mk", "hubspot": "hs", "salesforce": "sf"},
        config=parse_config(CONFIG),
        now=datetime(2026, 4, 1),
    )
    leads = rows(duckdb_url, "leads", "lead_id", "created_at", "merged_into", "merged_at",
                 "deleted_at", "score")  # fmt: skip
    assert leads == {
        ("00Q1", at("2026-01-01"), None, None, None, 7.0),
        ("hubspot-1", at("2026-01-02"), None, None, None, None),
        ("marketo-3", at("2026-01-03"), None, None, None, None),
        ("marketo-4", at("2026-01-04"), "marketo-3", at("2026-01-10"), None, None),
        ("marketo-5", at("2026-01-05"), None, None, at("2026-01-11"), None),
    }
    # Lead 40 was merged away and is no record any more; its MQL is that of the lead that stays.
    stages = rows(duckdb_url, "lead_stages", "lead_id", "stage", "entered_at", "source_system")
    assert {row for row in stages if row[1] != "lead"} == {
        ("00Q1", "mql", at("2026-01-06"), "marketo"),
        ("00Q1", "sql", at("2026-01-09"), "salesforce"),
        ("hubspot-1", "mql", at("2026-01-06"), "marketo"),
        ("marketo-3", "mql", at("2026-01-07"), "marketo"),
    }
    touches = rows(duckdb_url, "touches", "touch_id", "lead_id", "direction", "campaign_id")
    assert touches == {
        ("marketo-31", "marketo-3", "outbound", "marketo-90"),
        ("marketo-33", "marketo-3", "inbound", "marketo-90"),
        ("marketo-34", "marketo-3", "inbound", "marketo-90"),
    }
    changes = rows(duckdb_url, "lead_changes", "lead_id", "field", "value", "team")
    assert changes == {
        ("00Q1", "score", "5", "marketing"), ("00Q1", "has_budget", "true", "marketing"),
    }  # fmt: skip
    aside = {table.name: table.aside for table in report.sources[-1].tables}
    assert aside["activity_change_data_value"] == {
        "an attribute that is not followed": 1,
        "the stage 'Nobody knows' is not named in [sources.marketo.stages]": 1,
    }
    assert aside["activity_email_delivered"] == {"its lead or contact is not in the data": 1}
    assert aside["activity_send_email"] == {"told by its delivery": 1}
    assert any("1 dates in touches lie in the future" in text for text in report.warnings)
    assert [source.product for source in report.sources] == ["salesforce", "hubspot", "marketo"]
