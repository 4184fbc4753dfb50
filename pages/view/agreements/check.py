"""MQLs against the signed rule in one sentence, which leads to their records."""

from __future__ import annotations

import streamlit as st

from metrics.agreements.on_tiles import CHECK, Checked
from pages.view.links import link_to_kpi
from pages.view.request import Request


def show_check(found: Checked | None, period: str, request: Request) -> None:
    """``12 of 95 MQLs of W46 do not meet the signed rule``; nothing where no rule is signed."""
    if found is None:
        return
    of = f"{found.of:,.0f} MQLs of {period}"
    label = f"{found.off:,.0f} of {of} do not meet the signed rule"
    if not found.off:
        label = f"All {of} meet the signed rule"
    with st.container(key="agreed-check"):
        link_to_kpi(CHECK, label, request)
