"""The warehouse contract as SQLAlchemy tables.

Ids are text; timestamps are TIMESTAMP without zone, in UTC; days are DATE; money is
NUMERIC(18,2) in one reporting currency; a missing value is NULL. Tables are declared here and
never reflected. ``CONTRACT`` holds the company's facts, ``DERIVED`` what the program computes
from them (docs/warehouse.md).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
)

metadata = MetaData()

MONEY = Numeric(18, 2)

STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer", "rejected", "recycled")
# The order in which a lead can skip stages; rejected and recycled stand outside it.
STAGE_ORDER = STAGES[:6]
TEAMS = ("sales", "marketing", "partner", "success")

# Closed lists of values, by table and column. A load refuses anything else.
ENUMS: dict[tuple[str, str], tuple[str, ...]] = {
    ("reps", "team"): TEAMS,
    ("spend", "cost_type"): ("media", "tools", "people", "other"),
    ("lead_stages", "stage"): STAGES,
    ("handoffs", "leg"): ("to_sdr", "to_ae"),
    ("handoffs", "disposition"): ("accepted", "rejected"),
    ("touches", "team"): TEAMS,
    ("touches", "direction"): ("inbound", "outbound"),
    ("opportunities", "kind"): ("new", "expansion", "renewal"),
    ("opportunities", "status"): ("open", "won", "lost"),
    ("opportunities", "sourced_by"): (
        "marketing",
        "sdr",
        "sales",
        "partner",
        "success",
        "self_serve",
    ),
    ("targets", "grain"): ("week", "month", "quarter", "year"),
    ("system_records", "system"): ("marketing", "sales"),
    ("system_records", "status"): ("active", "merged", "deleted", "archived"),
    ("system_records", "sync_status"): ("synced", "pending", "error", "excluded"),
}


def _key(name: str) -> Column:
    return Column(name, Text, primary_key=True, nullable=False)


def _required(name: str, kind) -> Column:
    return Column(name, kind, nullable=False)


accounts = Table(
    "accounts",
    metadata,
    _key("account_id"),
    Column("name", Text),
    Column("industry", Text),
    Column("region", Text),
    Column("segment", Text),
    Column("employees", Integer),
    Column("created_at", DateTime),
)

reps = Table(
    "reps",
    metadata,
    _key("rep_id"),
    Column("name", Text),
    Column("email", Text),
    Column("team", Text),
    Column("role", Text),
    Column("manager", Text),
    Column("region", Text),
    Column("timezone", Text),
)

campaigns = Table(
    "campaigns",
    metadata,
    _key("campaign_id"),
    Column("name", Text),
    Column("channel", Text),
    Column("starts_on", Date),
    Column("ends_on", Date),
)

spend = Table(
    "spend",
    metadata,
    _required("day", Date),
    _required("channel", Text),
    Column("campaign_id", Text),
    Column("cost_type", Text),
    _required("amount", MONEY),
)

leads = Table(
    "leads",
    metadata,
    _key("lead_id"),
    Column("account_id", Text),
    Column("email", Text),
    Column("full_name", Text),
    _required("created_at", DateTime),
    Column("channel", Text),
    Column("campaign_id", Text),
    Column("region", Text),
    Column("segment", Text),
    Column("persona", Text),
    Column("product_line", Text),
    Column("owner_id", Text),
    Column("has_budget", Boolean),
    Column("has_authority", Boolean),
    Column("has_timeline", Boolean),
    Column("has_interest", Boolean),
    Column("score", Double),
    Column("merged_into", Text),
    Column("merged_at", DateTime),
    Column("deleted_at", DateTime),
)

lead_changes = Table(
    "lead_changes",
    metadata,
    _required("lead_id", Text),
    _required("field", Text),
    Column("value", Text),
    _required("changed_at", DateTime),
    Column("system", Text),
    Column("team", Text),
)

lead_stages = Table(
    "lead_stages",
    metadata,
    _required("lead_id", Text),
    _required("stage", Text),
    _required("entered_at", DateTime),
    Column("source_system", Text),
    Column("actor_id", Text),
    Column("reason", Text),
)

handoffs = Table(
    "handoffs",
    metadata,
    _key("handoff_id"),
    _required("lead_id", Text),
    Column("account_id", Text),
    Column("leg", Text),
    _required("handed_at", DateTime),
    Column("priority", Text),
    Column("assigned_to", Text),
    Column("first_response_at", DateTime),
    Column("disposition", Text),
    Column("disposed_at", DateTime),
    Column("reason", Text),
)

touches = Table(
    "touches",
    metadata,
    _key("touch_id"),
    _required("lead_id", Text),
    _required("occurred_at", DateTime),
    _required("team", Text),
    _required("channel", Text),
    Column("kind", Text),
    Column("direction", Text),
    Column("responded", Boolean),
    Column("automated", Boolean),
    Column("campaign_id", Text),
    Column("asset", Text),
    Column("rep_id", Text),
)

opportunities = Table(
    "opportunities",
    metadata,
    _key("opportunity_id"),
    Column("account_id", Text),
    Column("lead_id", Text),
    Column("owner_id", Text),
    Column("kind", Text),
    Column("pipeline", Text),
    _required("created_at", DateTime),
    Column("qualified_at", DateTime),
    Column("closed_at", DateTime),
    _required("status", Text),
    Column("stage", Text),
    Column("amount", MONEY),
    Column("currency", Text),
    Column("amount_original", MONEY),
    Column("sourced_by", Text),
    Column("expected_close_on", Date),
    Column("channel", Text),
    Column("region", Text),
    Column("segment", Text),
    Column("product_line", Text),
    Column("loss_reason", Text),
)

opportunity_stages = Table(
    "opportunity_stages",
    metadata,
    _required("opportunity_id", Text),
    _required("stage", Text),
    _required("entered_at", DateTime),
    Column("amount", MONEY),
    Column("expected_close_on", Date),
    Column("owner_id", Text),
)

opportunity_contacts = Table(
    "opportunity_contacts",
    metadata,
    _required("opportunity_id", Text),
    _required("lead_id", Text),
    Column("role", Text),
)

targets = Table(
    "targets",
    metadata,
    _required("metric", Text),
    _required("grain", Text),
    _required("period_start", Date),
    Column("dimension", Text),
    Column("member", Text),
    _required("value", Double),
    Column("set_at", DateTime),
)

system_records = Table(
    "system_records",
    metadata,
    _required("system", Text),
    Column("product", Text),
    _required("record_id", Text),
    Column("lead_id", Text),
    Column("match_key", Text),
    _required("stage", Text),
    _required("counted_at", DateTime),
    _required("status", Text),
    Column("merged_into", Text),
    Column("sync_status", Text),
    Column("sync_error", Text),
    Column("created_by_team", Text),
)

loads = Table(
    "loads",
    metadata,
    _required("load_id", Text),
    _required("source", Text),
    _required("table_name", Text),
    _required("loaded_at", DateTime),
    _required("row_count", BigInteger),
    Column("data_through", DateTime),
)

CONTRACT: dict[str, Table] = {table.name: table for table in metadata.sorted_tables}

# Columns whose newest value says how far a source's data reach; planned dates are not events.
EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts": ("created_at",),
    "spend": ("day",),
    "leads": ("created_at", "merged_at", "deleted_at"),
    "lead_changes": ("changed_at",),
    "lead_stages": ("entered_at",),
    "handoffs": ("handed_at", "first_response_at", "disposed_at"),
    "touches": ("occurred_at",),
    "opportunities": ("created_at", "qualified_at", "closed_at"),
    "opportunity_stages": ("entered_at",),
    "system_records": ("counted_at",),
}

# How business time runs in a calendar (named by its time zone). The rows of a calendar cover time
# without gap or overlap: a row holds the moments opens_at <= t < next_opens_at, its business
# time runs from opens_at to closes_at (none where they are equal), and seconds_before counts the
# business seconds of earlier rows. Business seconds up to t: seconds_before +
# (least(t, closes_at) - opens_at).
# So that both look-ups are equalities, rows are cut at every UTC midnight (day is the UTC day of
# opens_at: "which row holds t" joins on calendar and day) and at every BLOCK_SECONDS of business
# time (block = seconds_before / BLOCK_SECONDS: "when have n seconds run" joins on calendar and
# block). A row is therefore not a working day.
business_days = Table(
    "business_days",
    metadata,
    _required("calendar", Text),
    _required("day", Date),
    _required("opens_at", DateTime),
    _required("closes_at", DateTime),
    _required("next_opens_at", DateTime),
    _required("seconds_before", BigInteger),
    _required("block", Integer),
)
BLOCK_SECONDS = 86_400

# One row a handoff: its clock, free of any as-of moment. "own" is the handoff's own
# first_response_at where it is not before the handoff, "found" the earliest response found
# elsewhere at or after it (kind: "touch", "meeting" or "rejection"). Seconds are business seconds
# since the handoff, a fraction rounded up, so that "within target_seconds" and "not after due_at"
# are the same.
handoff_clock = Table(
    "handoff_clock",
    metadata,
    _key("handoff_id"),
    _required("calendar", Text),
    _required("target_seconds", BigInteger),
    _required("due_at", DateTime),
    Column("own_response_at", DateTime),
    Column("own_response_seconds", BigInteger),
    Column("found_response_at", DateTime),
    Column("found_response_seconds", BigInteger),
    Column("found_response_kind", Text),
)

# What the warehouse says of itself: schema version, demo or not, what the derived tables were
# derived from.
scorecard_meta = Table(
    "scorecard_meta",
    metadata,
    _key("key"),
    Column("value", Text),
)

DERIVED: dict[str, Table] = {
    table.name: table for table in (business_days, handoff_clock, scorecard_meta)
}
SCHEMA_VERSION = "1"
