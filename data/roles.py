"""The roles of accounts and what each may do beyond reading."""

from __future__ import annotations

ROLES = ("viewer", "editor_marketing", "editor_sales", "admin")
