"""The dimensions that KPIs are filtered and split by, and that a row scope limits."""

from __future__ import annotations

DIMENSIONS = (
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
    "priority",
    "sourced_by",
    "kind",
    "pipeline",
)
