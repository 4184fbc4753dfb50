"""HubSpot's raw tables as Fivetran lands them, with the names that Airbyte and dlt give them."""

from __future__ import annotations

from data.build.context import lead_fields
from data.build.raw import As, Col, RawTable
from data.config_sources import HubspotSource
from data.sources.hubspot_deals import DEFAULT_DEAL_FIELDS

PRODUCT = "hubspot"
DEFAULT_FIELDS = {
    "channel": "property_hs_analytics_source",
    "region": "property_country",
    "score": "property_hubspotscore",
    "salesforce_lead_id": "property_salesforceleadid",
    "salesforce_contact_id": "property_salesforcecontactid",
}
# Which property holds the date of a stage, for portals without the history of properties.
STAGE_DATES = {
    f"property_hs_lifecyclestage_{stage}_date": stage
    for stage in ("marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
}
ENGAGEMENTS = ("call", "email", "meeting", "task")
DELETED = Col("_fivetran_deleted", As.FLAG, also=("is_deleted", "archived"))
SYNCED = Col("_fivetran_synced", As.MOMENT, also=("_airbyte_extracted_at",))


def _prop(name: str, read_as: As = As.TEXT, *, required: bool = False) -> Col:
    """A property's column: prefixed by Fivetran and Airbyte, bare with dlt."""
    bare = name.removeprefix("property_")
    return Col(f"property_{bare}", read_as, also=(f"properties_{bare}", bare), required=required)


def _history(name: str, owner: str, *others: str) -> RawTable:
    return RawTable(
        f"{name}_property_history",
        (
            Col(f"{owner}_id", also=("vid", "object_id"), required=True),
            Col("name", also=("property", "property_name"), required=True),
            Col("value", also=("property_value",)),
            Col("timestamp", As.MOMENT, required=True, in_ms=True),
            Col("source_id"),
        ),
        gives=f"when the properties of a {owner} changed",
        key=(),
        also=others,
    )


def _engagement(name: str, *columns: Col) -> RawTable:
    return RawTable(
        f"engagement_{name}",
        (
            Col("engagement_id", also=("id",)),
            Col(
                "property_hs_timestamp",
                As.MOMENT,
                also=("properties_hs_timestamp", "hs_timestamp", "timestamp", "start_time"),
            ),
            Col(
                "property_hubspot_owner_id",
                also=("properties_hubspot_owner_id", "hubspot_owner_id", "owner_id"),
            ),
            DELETED,
            *columns,
        ),
        gives=f"each {name} of a rep with a contact",
        key=("engagement_id",),
        also=(f"engagements_{name}s",),
    )


def tables(settings: HubspotSource) -> tuple[RawTable, ...]:
    """HubSpot's raw tables, with the columns that the configuration names."""
    own = lead_fields(PRODUCT, settings.fields, DEFAULT_FIELDS, _prop)
    deal_own = lead_fields(
        PRODUCT, settings.deal_fields, DEFAULT_DEAL_FIELDS, _prop, block="deal_fields"
    )
    return (
        RawTable(
            "contact",
            (
                Col("id", also=("vid", "hs_object_id")),
                _prop("createdate", As.MOMENT, required=True),
                *(
                    _prop(name)
                    for name in (
                        "email",
                        "firstname",
                        "lastname",
                        "lifecyclestage",
                        "hubspot_owner_id",
                        "associatedcompanyid",
                        "hs_analytics_source_data_1",
                    )
                ),
                *(_prop(name, As.MOMENT) for name in ("lastmodifieddate", *STAGE_DATES)),
                DELETED,
                SYNCED,
            ),
            gives="the leads",
            also=("contacts",),
            needed=True,
        ).with_columns(own),
        _history("contact", "contact", "contacts_property_history"),
        RawTable(
            "contact_merge_audit",
            (
                Col("canonical_vid", required=True, also=("canonical_id",)),
                Col("vid_to_merge", required=True),
                Col("timestamp", As.MOMENT, in_ms=True),
            ),
            gives="which contacts were merged",
            key=("vid_to_merge",),
            also=("contacts_merged_audit",),
            inside=tuple(
                ("contact", f"{prefix}{name}")
                for name in ("hs_calculated_merged_vids", "hs_merged_object_ids")
                for prefix in ("property_", "properties_", "")
            ),
        ),
        RawTable(
            "company",
            (
                Col("id"),
                *(_prop(n) for n in ("name", "industry", "country", "salesforceaccountid")),
                _prop("createdate", As.MOMENT),
                _prop("numberofemployees", As.NUMBER),
                Col("is_deleted", As.FLAG, also=("_fivetran_deleted", "archived")),
            ),
            gives="the accounts",
            also=("companies",),
        ),
        RawTable(
            "deal",
            (
                Col("deal_id", also=("id",)),
                Col(
                    "deal_pipeline_id",
                    also=("property_pipeline", "properties_pipeline", "pipeline"),
                ),
                Col(
                    "deal_pipeline_stage_id",
                    also=("property_dealstage", "properties_dealstage", "dealstage"),
                ),
                Col(
                    "owner_id",
                    also=(
                        "property_hubspot_owner_id",
                        "properties_hubspot_owner_id",
                        "hubspot_owner_id",
                    ),
                ),
                _prop("createdate", As.MOMENT, required=True),
                _prop("closedate", As.MOMENT),
                _prop("amount", As.NUMBER),
                *(_prop(name) for name in ("dealtype", "deal_currency_code")),
                Col("is_deleted", As.FLAG, also=("_fivetran_deleted", "archived")),
            ),
            gives="the opportunities",
            key=("deal_id",),
            also=("deals",),
        ).with_columns(deal_own),
        RawTable(
            "deal_pipeline_stage",
            (
                Col("stage_id", also=("id",)),
                *(Col(n) for n in ("label", "pipeline_id")),
                Col("closed_won", As.FLAG),
                Col("is_closed", As.FLAG, also=("metadata__is_closed",)),
                Col("probability", As.NUMBER, also=("metadata__probability",)),
            ),
            gives="which stage of a deal is won, lost or open",
            key=("stage_id",),
            also=("pipelines_deals__stages",),
            inside=(("deal_pipeline", "stages"),),
        ),
        RawTable(
            "deal_pipeline",
            (Col("pipeline_id", also=("id",)), Col("label")),
            gives="the names of pipelines",
            key=("pipeline_id",),
            also=("pipelines_deals", "deal_pipelines"),
        ),
        RawTable(
            "deal_stage",
            (
                Col("deal_id", also=("id",), required=True),
                Col("value", also=("stage",), required=True),
                Col(
                    "date_entered",
                    As.MOMENT,
                    also=("_fivetran_start", "hs_date_entered"),
                    required=True,
                ),
            ),
            gives="when a deal entered its stages",
            key=(),
            also=("stages_timing_deals",),
        ),
        _history("deal", "deal", "deals_property_history"),
        RawTable(
            "deal_company",
            (Col("deal_id"), Col("company_id")),
            gives="the account of a deal",
            key=("deal_id", "company_id"),
            inside=(("deal", "companies"),),
        ),
        RawTable(
            "deal_contact",
            (Col("deal_id"), Col("contact_id")),
            gives="the leads of a deal",
            key=("deal_id", "contact_id"),
            inside=(("deal", "contacts"),),
        ),
        RawTable(
            "merged_deal",
            (Col("deal_id"), Col("merged_deal_id")),
            gives="which deals were merged",
            key=("merged_deal_id",),
        ),
        RawTable(
            "engagement_contact",
            (Col("engagement_id"), Col("contact_id")),
            gives="whom a rep was in contact with",
            key=("engagement_id", "contact_id"),
            inside=tuple((f"engagement_{kind}", "contacts") for kind in ENGAGEMENTS),
        ),
        _engagement("call", _prop("hs_call_direction"), _prop("hs_call_disposition")),
        _engagement("email", _prop("hs_email_direction")),
        _engagement(
            "meeting",
            Col(
                "property_hs_meeting_outcome",
                also=("properties_hs_meeting_outcome", "hs_meeting_outcome", "meeting_outcome"),
            ),
        ),
        _engagement("task"),
        RawTable(
            "email_event",
            (
                Col("id"),
                Col("created", As.MOMENT, required=True, in_ms=True),
                *(Col(n) for n in ("type", "recipient", "email_campaign_id")),
                Col("filtered_event", As.FLAG),
            ),
            gives="marketing e-mails sent and answered",
            also=("email_events",),
        ),
        RawTable(
            "email_campaign",
            (Col("id"), Col("name")),
            gives="the names of marketing e-mails",
            also=("email_campaigns", "campaigns"),
        ),
        RawTable(
            "contact_form_submission",
            (
                Col("contact_id", also=("canonical_vid",), required=True),
                Col("conversion_id"),
                Col("form_id"),
                Col("title"),
                Col("timestamp", As.MOMENT, required=True, in_ms=True),
            ),
            gives="forms that contacts sent",
            key=("contact_id", "conversion_id"),
            also=("contacts_form_submissions",),
        ),
        RawTable(
            "owner",
            (Col("owner_id", also=("id",)), Col("email"), Col("first_name"), Col("last_name")),
            gives="the reps",
            key=("owner_id",),
            also=("owners",),
        ),
        RawTable(
            "owner_team",
            (Col("owner_id"), Col("team_id"), Col("is_team_primary", As.FLAG)),
            gives="the team of an owner",
            key=("owner_id", "team_id"),
            inside=(("owner", "teams"),),
        ),
        RawTable("team", (Col("id"), Col("name")), gives="the names of teams", also=("teams",)),
    )
