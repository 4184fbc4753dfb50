"""MQLs against the signed rule in one sentence, which leads to their records."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.agreements.on_tiles import CHECK, Checked
from pages.view.links import link_to_kpi
from pages.view.request import Request
from pages.view.review_bar import go_to


def show_check(
    found: Checked | None, period: str, request: Request, *, is_on_kpi: bool = False
) -> None:
    """``12 of 95 MQLs of W46 do not meet the signed rule``; nothing where no rule is signed."""
    if found is None:
        return
    of = f"{found.of:,.0f} MQLs of {period}"
    label = f"{found.off:,.0f} of {of} do not meet the signed rule"
    if not found.off:
        label = f"All {of} meet the signed rule"
    with st.container(key="agreed-check"):
        if is_on_kpi:  # a page link to the page itself would leave the address as it is
            view = replace(request.view, metric=CHECK, by=None)
            st.button(label, type="tertiary", on_click=go_to, args=(view, request))
        else:
            link_to_kpi(CHECK, label, request)
