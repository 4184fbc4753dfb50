"""The dimensions that KPIs are filtered and split by, and that a row scope limits."""

from __future__ import annotations

# Of a lead, and so of whatever hangs on one.
LEAD_DIMENSIONS = (
    "channel",
    "campaign",
    "region",
    "segment",
    "persona",
    "industry",
    "product_line",
    "rep",
    "manager",
    "team",
)
DIMENSIONS = (*LEAD_DIMENSIONS, "priority", "sourced_by", "kind", "pipeline")
