"""One company as Fivetran, Airbyte and dlt land it: the same rows by each tool's own names.

The names are those of the tools' connectors: Airbyte keeps the systems' own spelling (``LeadId``,
``canonical-vid``, ``properties_email``) and HubSpot's milliseconds, dlt writes properties bare.
What a tool lands as a list or as a nested table stands beside, as it would.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

Rows = list[dict[str, Any]]
Tables = dict[str, Rows]

AIRBYTE_SALESFORCE = {
    "lead": "Lead",
    "contact": "Contact",
    "user": "User",
    "user_role": "UserRole",
    "lead_history": "LeadHistory",
    "campaign_member": "CampaignMember",
    "opportunity_history": "OpportunityHistory",
    "opportunity_contact_role": "OpportunityContactRole",
}
# Fivetran's table → the tool's, and columns that are not just spelt otherwise.
AIRBYTE_HUBSPOT: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "contact": ("contacts", {"_fivetran_deleted": "archived"}),
    "contact_merge_audit": (
        "contacts_merged_audit",
        {"canonical_vid": "canonical-vid", "vid_to_merge": "vid-to-merge"},
    ),
    "contact_property_history": (
        "contacts_property_history",
        {"contact_id": "vid", "name": "property", "source_id": "source-id"},
    ),
    "company": ("companies", {"is_deleted": "archived"}),
    "deal": (
        "deals",
        {
            "deal_id": "id",
            "deal_pipeline_id": "properties_pipeline",
            "deal_pipeline_stage_id": "properties_dealstage",
            "owner_id": "properties_hubspot_owner_id",
            "is_deleted": "archived",
        },
    ),
    "engagement_call": (
        "engagements_calls",
        {"engagement_id": "id", "_fivetran_deleted": "archived"},
    ),
    "engagement_meeting": (
        "engagements_meetings",
        {"engagement_id": "id", "_fivetran_deleted": "archived"},
    ),
    "email_event": (
        "email_events",
        {"filtered_event": "filteredEvent", "email_campaign_id": "emailCampaignId"},
    ),
    "email_campaign": ("campaigns", {}),
    "contact_form_submission": (
        "contacts_form_submissions",
        {"contact_id": "canonical-vid", "conversion_id": "conversion-id", "form_id": "form-id"},
    ),
    "owner": (
        "owners",
        {"owner_id": "id", "first_name": "firstName", "last_name": "lastName"},
    ),
}
IN_MS = {("contact_merge_audit", "timestamp"), ("contact_property_history", "timestamp"),
         ("email_event", "created"), ("contact_form_submission", "timestamp")}  # fmt: skip
DLT_HUBSPOT: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "contact": ("contacts", {"_fivetran_deleted": "is_deleted"}),
    "contact_property_history": (
        "contacts_property_history",
        {"contact_id": "object_id", "name": "property_name"},
    ),
    "company": ("companies", {}),
    "deal": (
        "deals",
        {
            "deal_id": "id",
            "deal_pipeline_id": "pipeline",
            "deal_pipeline_stage_id": "dealstage",
            "owner_id": "hubspot_owner_id",
        },
    ),
    "deal_stage": (
        "stages_timing_deals",
        {"deal_id": "id", "value": "stage", "date_entered": "hs_date_entered"},
    ),
    "deal_property_history": (
        "deals_property_history",
        {"deal_id": "object_id", "name": "property_name"},
    ),
    "deal_pipeline": ("pipelines_deals", {"pipeline_id": "id"}),
    "deal_pipeline_stage": (
        "pipelines_deals__stages",
        {
            "stage_id": "id",
            "is_closed": "metadata__is_closed",
            "probability": "metadata__probability",
        },
    ),
    "owner": ("owners", {"owner_id": "id"}),
}


def only(tables: Tables, names: Sequence[str], without: Sequence[str] = ()) -> Tables:
    """Some of the tables, without some columns: what another tool lands of them."""
    return {
        name: [{key: v for key, v in row.items() if key not in without} for row in tables[name]]
        for name in names if name in tables
    }  # fmt: skip


def airbyte_salesforce(tables: Tables) -> Tables:
    """Salesforce's own spelling; every value a text, as where columns are not typed."""
    return {
        AIRBYTE_SALESFORCE.get(name, name): [
            {
                **{_own_spelling(key): _text(value) for key, value in row.items()},
                "_airbyte_raw_id": f"{name}-{number}",
            }
            for number, row in enumerate(rows)
        ]
        for name, rows in tables.items()
    }


def airbyte_hubspot(tables: Tables) -> Tables:
    landed = {}
    for name, rows in tables.items():
        theirs, columns = AIRBYTE_HUBSPOT[name]
        landed[theirs] = [
            {
                **{
                    _airbyte_name(key, columns): _ms(v) if (name, key) in IN_MS else _text(v)
                    for key, v in row.items()
                },
                "_airbyte_raw_id": f"{name}-{number}",
            }
            for number, row in enumerate(rows)
        ]
    return landed


def dlt(tables: Tables, names: Mapping[str, tuple[str, Mapping[str, str]]]) -> Tables:
    """Bare properties, typed; ``_dlt_load_id`` is when a row was loaded, in seconds."""
    landed = {}
    for name, rows in tables.items():
        theirs, columns = names.get(name, (name, {}))
        landed[theirs] = [
            {
                **{
                    columns.get(key, key.removeprefix("property_")): value
                    for key, value in row.items()
                    if not key.startswith("_fivetran_synced")
                },
                "_dlt_id": f"{theirs}-{number}",
                "_dlt_load_id": f"{_ms(row.get('_fivetran_synced')) or 0:013d}",
            }
            for number, row in enumerate(rows)
        ]
    return landed


def _own_spelling(name: str) -> str:
    if name == "_fivetran_synced":
        return "_airbyte_extracted_at"
    custom = name.endswith("_c")
    spelt = name.removesuffix("_c").title().replace("_", "")
    return f"{spelt}__c" if custom else spelt


def _airbyte_name(name: str, columns: Mapping[str, str]) -> str:
    if name == "_fivetran_synced":
        return "_airbyte_extracted_at"
    if name.startswith("property_"):
        return f"properties_{name.removeprefix('property_')}"
    return columns.get(name, name)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round((moment - datetime(1970, 1, 1)).total_seconds() * 1000)


def _text(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat() + ("" if value.tzinfo else "Z")
    return None if value is None else str(value)
