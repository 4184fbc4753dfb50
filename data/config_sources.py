"""``[sources]`` of ``scorecard.toml``: what a company has made of its Salesforce, HubSpot, Marketo.

Names of values (statuses, types, roles) are compared without regard to case. A stage of ``""``
means "no stage of ours"; a value that is not listed is counted in the report of the build.
"""

from __future__ import annotations

from typing import Annotated, Literal

from babel.numbers import is_currency
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from data.errors import unknown
from data.tables import STAGES, TEAMS

SYSTEMS = ("marketing", "sales")
PRODUCTS = ("salesforce", "hubspot", "marketo")
KINDS = ("new", "expansion", "renewal")
# What of a lead a source's own column can be named for, in [sources.<system>.fields].
LEAD_FIELDS = (
    "channel", "region", "segment", "persona", "product_line", "score", "has_budget",
    "has_authority", "has_timeline", "has_interest", "priority", "reject_reason", "sync_status",
    "sync_error", "salesforce_lead_id", "salesforce_contact_id", "campaign_id", "account_id",
    "first_response_at",
)  # fmt: skip
DEAL_FIELDS = (
    "sourced_by", "region", "segment", "product_line", "loss_reason", "channel", "pipeline",
    "first_response_at", "accepted_at",
)  # fmt: skip
ACCOUNT_FIELDS = ("industry", "region", "segment")
ACTIVITY_FIELDS = ("team", "channel", "direction", "responded", "campaign_id", "asset")


def _one_of(kind: str, options: tuple[str, ...], *, empty: bool = False) -> AfterValidator:
    def check(name: str) -> str:
        if name not in options and not (empty and name == ""):
            raise ValueError(unknown(kind, name, options))
        return name

    return AfterValidator(check)


def _currency(code: str) -> str:
    if not is_currency(code):
        raise ValueError(f"{code!r} is not an ISO 4217 currency code such as 'USD' or 'EUR'")
    return code


Stage = Annotated[str, _one_of("stage", STAGES, empty=True)]
Team = Annotated[str, _one_of("team", TEAMS)]
System = Annotated[str, _one_of("system", SYSTEMS)]
Kind = Annotated[str, _one_of("kind of opportunity", KINDS)]
LeadField = Annotated[str, _one_of("field of a lead", LEAD_FIELDS)]
DealField = Annotated[str, _one_of("field of an opportunity", DEAL_FIELDS)]
AccountField = Annotated[str, _one_of("field of an account", ACCOUNT_FIELDS)]
ActivityField = Annotated[str, _one_of("field of an activity", ACTIVITY_FIELDS)]
Product = Annotated[str, _one_of("source", PRODUCTS, empty=True)]
Rate = Annotated[float, Field(gt=0, le=1_000_000, allow_inf_nan=False)]
Currency = Annotated[str, AfterValidator(_currency)]


class SourceSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SalesforceSource(SourceSection):
    """A Salesforce org. ``fields``: a field of ours = a column of ``lead`` (and ``contact``)."""

    system: System = "sales"
    lead_status: dict[str, Stage] = {
        "New": "",
        "Open": "",
        "Open - Not Contacted": "",
        "MQL": "mql",
        "Marketing Qualified": "mql",
        "SAL": "sal",
        "Sales Accepted": "sal",
        "Working": "sal",
        "Working - Contacted": "sal",
        "Contacted": "sal",
        "SQL": "sql",
        "Sales Qualified": "sql",
        "Qualified": "sql",
        "Converted": "sql",
        "Closed - Converted": "sql",
        "Unqualified": "rejected",
        "Disqualified": "rejected",
        "Closed - Not Converted": "rejected",
        "Nurture": "recycled",
        "Nurturing": "recycled",
        "Recycled": "recycled",
    }
    converted_stage: Stage = "sql"
    contacts_without_lead: Literal["leads", "leave_out"] = "leads"
    fields: dict[LeadField, str] = {}
    opportunity_fields: dict[DealField, str] = {}
    account_fields: dict[AccountField, str] = {}
    activity_fields: dict[ActivityField, str] = {}
    channels: dict[str, str] = {}
    touch_types: dict[str, str] = {
        "call": "call",
        "email": "email",
        "listemail": "email",
        "meeting": "meeting",
        "linkedin": "social",
    }
    automated_types: tuple[str, ...] = ("listemail",)
    automated_field: str = ""
    no_show_field: str = ""
    teams: dict[str, Team] = {}
    default_team: Team = "sales"
    opportunity_kinds: dict[str, Kind] = {
        "New Business": "new",
        "New Customer": "new",
        "Existing Business": "expansion",
        "Existing Customer - Upgrade": "expansion",
        "Existing Customer - Replacement": "expansion",
        "Existing Customer - Downgrade": "renewal",
        "Renewal": "renewal",
    }
    qualified_stages: tuple[str, ...] = ()


class HubspotSource(SourceSection):
    """A HubSpot portal. ``fields``: a field of ours = a column of ``contact``."""

    system: Annotated[str, _one_of("system", SYSTEMS, empty=True)] = ""
    lifecycle_stages: dict[str, Stage] = {
        "subscriber": "",
        "lead": "",
        "marketingqualifiedlead": "mql",
        "salesqualifiedlead": "sql",
        "opportunity": "opportunity",
        "customer": "customer",
        "evangelist": "",
        "other": "",
    }
    lead_status: dict[str, Stage] = {
        "NEW": "",
        "OPEN": "",
        "IN_PROGRESS": "sal",
        "OPEN_DEAL": "",
        "UNQUALIFIED": "rejected",
        "ATTEMPTED_TO_CONTACT": "",
        "CONNECTED": "sal",
        "BAD_TIMING": "recycled",
    }
    fields: dict[LeadField, str] = {}
    deal_fields: dict[DealField, str] = {}
    channels: dict[str, str] = {}
    sent_events: tuple[str, ...] = ("DELIVERED",)
    answer_events: tuple[str, ...] = ("CLICK", "REPLY")
    missed_meetings: tuple[str, ...] = ("NO_SHOW",)
    cancelled_meetings: tuple[str, ...] = ("CANCELED", "CANCELLED", "RESCHEDULED")
    teams: dict[str, Team] = {}
    default_team: Team = "sales"
    deal_kinds: dict[str, Kind] = {
        "newbusiness": "new",
        "existingbusiness": "expansion",
        "renewal": "renewal",
    }
    qualified_stages: tuple[str, ...] = ()


class MarketoSource(SourceSection):
    """A Marketo instance. ``attributes``: a field of ours = an attribute of its activities."""

    system: System = "marketing"
    stage_attribute: str = "Lead Status"
    stages: dict[str, Stage] = {
        "Known": "",
        "Engaged": "",
        "MQL": "mql",
        "Marketing Qualified": "mql",
        "SAL": "sal",
        "SQL": "sql",
        "Recycled": "recycled",
        "Disqualified": "rejected",
    }
    fields: dict[LeadField, str] = {}
    attributes: dict[LeadField, str] = {"score": "Lead Score"}
    channels: dict[str, str] = {}


class Sources(SourceSection):
    """What ``python -m data build`` is told of the systems."""

    rates: dict[Currency, Rate] = {}
    match_by_email: bool = True
    test_addresses: tuple[str, ...] = ()
    opportunities_from: Product = ""
    stages_from: dict[Annotated[str, _one_of("stage", STAGES)], System] = {
        "mql": "marketing",
        "sal": "sales",
        "sql": "sales",
        "opportunity": "sales",
        "customer": "sales",
        "rejected": "sales",
        "recycled": "sales",
    }
    opportunity_stage: Literal["contacts", "primary"] = "contacts"
    executive_roles: tuple[str, ...] = ("AE", "Account Executive", "account_executive")
    executive_priority: str = ""
    salesforce: SalesforceSource = SalesforceSource()
    hubspot: HubspotSource = HubspotSource()
    marketo: MarketoSource = MarketoSource()
