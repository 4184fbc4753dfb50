"""A small company in Salesforce and HubSpot with a trap in every corner.

Ada came by HubSpot, became a lead in Salesforce, was converted and bought; Ben was turned down; the
twins share an address; Dora is in HubSpot alone, once twice; Carl is a contact without a lead.
What it must become, is in ``northwind_expected``. The company's zone is New York.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.build import at

NOW = datetime(2026, 4, 1, 12)
CONFIG = """
[company]
timezone = "America/New_York"
currency = "USD"
[sources.rates]
EUR = 1.1
[sources.salesforce]
no_show_field = "no_show_c"
[sources.salesforce.fields]
reject_reason = "reason_c"
priority = "priority_c"
[sources.salesforce.opportunity_fields]
sourced_by = "source_team_c"
[sources.salesforce.teams]
Marketing = "marketing"
[sources.hubspot.channels]
ORGANIC_SEARCH = "organic_search"
[sources.hubspot.teams]
"Demand Generation" = "marketing"
"""
SOURCES = {"salesforce": "crm", "hubspot": "hub"}


def _lead(record: str, created: str | None, email: str | None, status: str, **more: Any) -> dict:
    return {
        "id": record,
        "created_date": at(created) if created else None,
        "email": email,
        "name": record.lower(),
        "status": status,
        "owner_id": "005A",
        "is_deleted": False,
        "is_converted": False,
        "master_record_id": None,
        "last_modified_date": at("2026-03-20"),
        "converted_date": None,
        "converted_contact_id": None,
        "converted_account_id": None,
        "converted_opportunity_id": None,
        "lead_source": "Web",
        "country": "US",
        "reason_c": None,
        "priority_c": "P2",
        "created_by_id": "005A",
        "_fivetran_synced": at("2026-03-31"),
        **more,
    }


def _converted(moment: str, contact: str, **more: Any) -> dict:
    return {
        "is_converted": True,
        "converted_date": at(moment),
        "converted_contact_id": contact,
        "converted_account_id": "0011",
        **more,
    }


def _history(
    number: int, lead: str, moment: str, field: str, old: str | None, new: str | None, **more: Any
) -> dict:
    return {"id": f"017{number}", "lead_id": lead, "created_date": at(moment), "field": field,
            "old_value": old, "new_value": new, "created_by_id": "005A", "is_deleted": False,
            **more}  # fmt: skip


def _stage(deal: str, moment: str, stage: str, amount: float, closes: date) -> dict:
    return {"id": f"{deal}-{moment}", "opportunity_id": deal, "created_date": at(moment),
            "stage_name": stage, "amount": amount, "close_date": closes}  # fmt: skip


def _task(record: str, who: str, kind: str, done: str, **more: Any) -> dict:
    return {"id": record, "who_id": who, "owner_id": "005A", "type": kind, "task_subtype": "Task",
            "is_closed": True, "is_deleted": False, "created_date": at(done),
            "completed_date_time": at(done), "activity_date": at(done), "call_type": None,
            "subject": None, **more}  # fmt: skip


def _event(record: str, who: str, starts: str, **more: Any) -> dict:
    return {"id": record, "who_id": who, "owner_id": "005B", "type": "Meeting", "subject": "Demo",
            "is_deleted": False, "is_child": False, "created_date": at("2026-01-09"),
            "start_date_time": at(starts), "activity_date_time": at(starts), "no_show_c": False,
            **more}  # fmt: skip


def _role(number: int, deal: str, contact: str, role: str | None, *, primary: bool) -> dict:
    return {"id": f"00K{number}", "opportunity_id": deal, "contact_id": contact, "role": role,
            "is_primary": primary, "is_deleted": False,
            "created_date": at("2026-01-12 15:00")}  # fmt: skip


def _deal(record: str, created: str, closes: date, **more: Any) -> dict:
    return {"id": record, "account_id": "0011", "owner_id": "005B", "created_date": at(created),
            "close_date": closes, "amount": 500.0, "currency_iso_code": None,
            "type": "New Business",
            "stage_name": "Prospecting", "is_closed": False, "is_won": False, "is_deleted": False,
            "lead_source": "Web", "source_team_c": "SDR", **more}  # fmt: skip


def salesforce() -> dict[str, list[dict]]:
    person = {"owner_id": "005B", "is_deleted": False, "master_record_id": None,
              "last_modified_date": at("2026-03-20"), "account_id": "0011", "lead_source": None,
              "mailing_country": "US", "reason_c": None, "priority_c": None}  # fmt: skip
    return {
        "lead": [
            _lead("00Q1", "2026-01-05 10:00", "Ada@x.com", "Closed - Converted",
                  **_converted("2026-01-12", "0031", converted_opportunity_id="0061")),
            _lead("00Q2", "2026-02-01 09:00", "ben@x.com", "Unqualified", reason_c="not_a_fit"),
            _lead("00Q3", "2026-02-05 09:00", "ben@x.com", "New", is_deleted=True,
                  master_record_id="00Q2", last_modified_date=at("2026-02-10")),
            # A second lead of Ada's, converted to the same contact.
            _lead("00Q4", "2026-02-20 09:00", "ada@x.com", "Closed - Converted", owner_id="005B",
                  **_converted("2026-03-01", "0031")),
            _lead("00Q5", "2026-01-20", "gone@x.com", "New", is_deleted=True,
                  last_modified_date=at("2026-01-25")),
            _lead("00Q6", "2026-01-16", "twin@x.com", "New"),
            _lead("00Q7", "2026-01-17", "Twin@x.com", "New"),
            _lead("00Q8", None, "undated@x.com", "New"),
            _lead("00Q9", "2026-01-18", "odd@x.com", "Weird", owner_id="00G1"),
            _lead("00Q9", "2026-01-18", "older@x.com", "New", _fivetran_synced=at("2026-03-01")),
        ],
        "lead_history": [
            _history(1, "00Q1", "2026-01-06 08:00", "Owner", "Queue", "Ann"),
            _history(2, "00Q1", "2026-01-06 08:00", "Owner", "00G1", "005A"),
            _history(3, "00Q1", "2026-01-07 09:00", "Status", "New", "Working - Contacted"),
            _history(4, "00Q1", "2026-01-12 15:00", "Status", "Working - Contacted",
                     "Closed - Converted"),
            _history(5, "00Q1", "2026-01-12 15:00", "leadConverted", None, None),
            _history(6, "00Q2", "2026-02-03 10:00", "Status", "New", "Unqualified"),
            _history(7, "00Q2", "2026-02-03 10:00", "Rating", "Hot", "Cold"),
            _history(8, "00Q2", "2026-02-04 10:00", "Status", "Unqualified", "Hmm"),
            _history(9, "00Q0", "2026-02-04 10:00", "Status", "New", "Nurturing"),
            _history(10, "00Q2", "2026-02-05 10:00", "Status", "New", "SQL", is_deleted=True),
        ],
        "contact": [
            {"id": "0031", "created_date": at("2026-01-12 15:00"), "email": "ada@x.com",
             "name": "Ada", **person},
            {"id": "0032", "created_date": at("2026-02-01"), "email": "carl@y.com", "name": "Carl",
             **person},
            {"id": "0033", "created_date": at("2026-02-02"), "email": "carl@y.com",
             "name": "Carl 2",
             **{**person, "is_deleted": True, "master_record_id": "0032"}},
        ],
        "account": [
            {"id": "0011", "name": "Acme", "industry": "Steel", "billing_country": "US",
             "number_of_employees": 70, "created_date": at("2025-12-01"), "is_deleted": False,
             "master_record_id": None},
            {"id": "0012", "name": "Gone", "industry": None, "billing_country": None,
             "number_of_employees": None, "created_date": at("2025-12-01"), "is_deleted": True,
             "master_record_id": None},
        ],
        "user": [
            {"id": "005A", "name": "Ann", "email": "ann@co.com", "user_role_id": "00E1",
             "manager_id": "005B", "time_zone_sid_key": "Europe/Berlin", "country": "DE"},
            {"id": "005B", "name": "Bob", "email": "bob@co.com", "user_role_id": "00E2",
             "manager_id": None, "time_zone_sid_key": "America/New_York", "country": "US"},
            {"id": "005M", "name": "Mia", "email": "mia@co.com", "user_role_id": "00E3",
             "manager_id": None, "time_zone_sid_key": "America/New_York", "country": "US"},
        ],
        "user_role": [
            {"id": "00E1", "name": "SDR"}, {"id": "00E2", "name": "AE"},
            {"id": "00E3", "name": "Marketing"},
        ],
        "opportunity": [
            _deal("0061", "2026-01-12 15:00", date(2026, 2, 27), amount=1000.0, is_closed=True,
                  currency_iso_code="EUR", is_won=True, stage_name="Closed Won"),
            _deal("0062", "2026-03-05 10:00", date(2026, 6, 30), type="Odd", source_team_c="Luck"),
            _deal("0063", "2026-03-06", date(2026, 6, 30), is_deleted=True),
            # Opened and lost on one day: its closing day began before it was created.
            _deal("0064", "2026-03-10 16:00", date(2026, 3, 10), type="Renewal", is_closed=True,
                  stage_name="Closed Lost"),
        ],
        "opportunity_history": [
            _stage("0061", "2026-01-12 15:00", "Prospecting", 800.0, date(2026, 3, 31)),
            _stage("0061", "2026-02-01 09:00", "Negotiation", 1000.0, date(2026, 3, 31)),
            _stage("0061", "2026-02-02 09:00", "Negotiation", 1000.0, date(2026, 3, 31)),
            _stage("0061", "2026-02-27 20:00", "Closed Won", 1000.0, date(2026, 2, 27)),
            _stage("0063", "2026-03-06 20:00", "Prospecting", 1.0, date(2026, 6, 30)),
        ],
        "opportunity_contact_role": [
            _role(1, "0061", "0031", "Decision Maker", primary=True),
            _role(2, "0061", "0032", "Influencer", primary=False),
            _role(3, "0062", "0032", None, primary=True),
            _role(4, "0061", "0039", None, primary=False),
        ],
        "task": [
            _task("00T1", "00Q1", "Call", "2026-01-06 14:00", call_type="Inbound"),
            _task("00T2", "00Q1", "Call", "2026-01-07", is_closed=False),
            _task("00T3", "00Q1", "X", "2026-01-08"),
            _task("00T4", "00Q0", "Email", "2026-01-08"),
            _task("00T5", "0031", "Email", "2026-01-20 10:00", task_subtype="ListEmail"),
        ],
        "event": [
            _event("00U1", "00Q1", "2026-01-10 16:00"),
            _event("00U2", "0031", "2026-05-01"),
            _event("00U3", "00Q1", "2026-01-10 16:00", is_child=True),
            _event("00U4", "0032", "2026-02-10 16:00", no_show_c=True),
        ],
        "campaign": [
            {"id": "7011", "name": "Webinar 1", "type": "Webinar", "start_date": date(2026, 1, 30),
             "end_date": date(2026, 2, 1), "is_deleted": False},
        ],
        "campaign_member": [
            {"id": "00V1", "campaign_id": "7011", "lead_id": "00Q2", "contact_id": None,
             "has_responded": True, "first_responded_date": at("2026-02-01"),
             "created_date": at("2026-01-31"), "is_deleted": False},
            {"id": "00V2", "campaign_id": "7011", "lead_id": None, "contact_id": "0032",
             "has_responded": False, "first_responded_date": None,
             "created_date": at("2026-02-02"), "is_deleted": False},
        ],
    }  # fmt: skip


def _contact(record: int, created: str, email: str | None, **more: Any) -> dict:
    return {"id": record, "property_createdate": at(created), "property_email": email,
            "property_firstname": "First", "property_lastname": None,
            "property_hubspot_owner_id": None, "property_associatedcompanyid": None,
            "property_hs_analytics_source": None, "property_hubspotscore": None,
            "property_salesforceleadid": None, "property_salesforcecontactid": None,
            "_fivetran_deleted": False, "_fivetran_synced": at("2026-03-31"),
            **more}  # fmt: skip


def _property(contact: int, moment: str, name: str, value: str | None) -> dict:
    return {"contact_id": contact, "timestamp": at(moment), "name": name, "value": value,
            "source": "CRM_UI", "source_id": None}  # fmt: skip


def hubspot() -> dict[str, list[dict]]:
    mql, sql = "marketingqualifiedlead", "salesqualifiedlead"
    engagement = {"_fivetran_deleted": False, "property_hubspot_owner_id": 11}
    event = {"filtered_event": False, "email_campaign_id": 71}
    return {
        "contact": [
            _contact(1, "2026-01-03 09:00", "ada@x.com", property_salesforceleadid="00Q1",
                     property_hs_analytics_source="ORGANIC_SEARCH", property_hubspotscore=80),
            _contact(2, "2026-02-01 08:00", " BEN@x.com "),
            _contact(3, "2026-01-15", "twin@x.com"),
            _contact(4, "2026-01-20", "dora@z.com", property_associatedcompanyid=22,
                     property_hubspot_owner_id=12),
            _contact(6, "2026-01-21", "eve@z.com", _fivetran_deleted=True),
            _contact(7, "2026-01-22", None),
        ],
        "contact_merge_audit": [
            {"canonical_vid": 4, "vid_to_merge": 5, "timestamp": at("2026-01-23"), "contact_id": 4},
        ],
        "contact_property_history": [
            _property(1, "2026-01-03 09:00", "lifecyclestage", "lead"),
            _property(1, "2026-01-05 12:00", "lifecyclestage", mql),
            _property(1, "2026-01-12 16:00", "lifecyclestage", sql),
            _property(1, "2026-01-04", "hubspotscore", "50"),
            _property(1, "2026-01-05", "hubspotscore", "80"),
            _property(1, "2026-01-05", "city", "Rome"),
            _property(2, "2026-02-02 12:00", "lifecyclestage", mql),
            _property(2, "2026-02-20 12:00", "lifecyclestage", None),
            _property(4, "2026-01-25 12:00", "lifecyclestage", mql),
            _property(5, "2026-01-22 12:00", "lifecyclestage", mql),
            _property(4, "2026-01-26 12:00", "lifecyclestage", "weird"),
            _property(999, "2026-01-26 12:00", "lifecyclestage", mql),
        ],
        "company": [
            {"id": 21, "property_name": "ACME", "property_salesforceaccountid": "0011",
             "property_createdate": at("2025-11-01"), "is_deleted": False},
            {"id": 22, "property_name": "Zeta", "property_salesforceaccountid": None,
             "property_createdate": at("2026-01-20"), "is_deleted": False},
        ],
        "deal": [
            {"deal_id": 31, "property_createdate": at("2026-01-12"), "is_deleted": False,
             "deal_pipeline_id": "default", "deal_pipeline_stage_id": "closedwon",
             "property_amount": 1000},
        ],
        "engagement_contact": [
            {"engagement_id": 100, "contact_id": 4}, {"engagement_id": 101, "contact_id": 4},
            {"engagement_id": 102, "contact_id": 4},
        ],
        "engagement_call": [
            {"engagement_id": 100, # Landed with a zone: 10:00 in UTC.
             "property_hs_timestamp": datetime.fromisoformat("2026-01-28T12:00+02:00"),
             "property_hs_call_direction": "OUTBOUND",
             "property_hs_call_disposition": "f240bbac-87c9-4f6e-bf70-924b57d47db7", **engagement},
        ],
        "engagement_meeting": [
            {"engagement_id": 101, "property_hs_timestamp": at("2026-01-29 10:00"),
             "property_hs_meeting_outcome": "CANCELED", **engagement},
        ],
        "email_event": [
            {"id": "e1", "created": at("2026-01-21 10:00"), "type": "DELIVERED",
             "recipient": "DORA@z.com", **event},
            {"id": "e2", "created": at("2026-01-21 11:00"), "type": "CLICK",
             "recipient": "dora@z.com", **event},
            {"id": "e3", "created": at("2026-01-21 11:00"), "type": "OPEN",
             "recipient": "dora@z.com", **event},
            {"id": "e4", "created": at("2026-01-21 10:00"), "type": "CLICK",
             "recipient": "dora@z.com", **{**event, "filtered_event": True}},
        ],
        "email_campaign": [{"id": 71, "name": "January letter"}],
        "contact_form_submission": [
            {"contact_id": 1, "conversion_id": "c1", "form_id": "f1", "title": "Demo",
             "timestamp": at("2026-01-03 09:00")},
        ],
        "owner": [
            {"owner_id": 11, "email": "Ann@co.com", "first_name": "Ann", "last_name": "A"},
            {"owner_id": 12, "email": "zoe@co.com", "first_name": "Zoe", "last_name": "Z"},
        ],
        "owner_team": [{"owner_id": 12, "team_id": 5, "is_team_primary": True}],
        "team": [{"id": 5, "name": "Demand Generation"}],
    }  # fmt: skip
