"""The choice of the dimension that a KPI is split by; it stands in the URL as ``by``."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.model import Metric
from pages.view.request import Request
from pages.view.review_bar import go_to

KEY = "kpi-by"


def dimension_label(name: str) -> str:
    return name.replace("_", " ")


def show_split_control(metric: Metric, chosen: str, request: Request) -> None:
    """``chosen`` is the dimension that the page is split by now."""
    st.session_state[KEY] = chosen
    st.selectbox(
        "Split by",
        list(metric.dimensions),
        key=KEY,
        format_func=lambda name: f"By {dimension_label(name)}",
        on_change=_change,
        args=(request, metric.dimensions[0]),
        label_visibility="collapsed",
        width=220,
    )


def _change(request: Request, default: str) -> None:
    by = st.session_state[KEY]
    go_to(replace(request.view, by=None if by == default else by), request)
