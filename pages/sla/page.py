"""The SLA, both ways: what marketing delivers, how sales answers, and what is still waiting."""

from __future__ import annotations

import streamlit as st

from metrics.sla import build_sla
from pages.view import sla_parts as parts
from pages.view.request import current
from pages.view.sla_queue import show_queue, show_top


def show_sla() -> None:
    request = current()
    page = build_sla(request.warehouse, request.question)
    with st.container(key="sla"):
        left, right = st.columns(2, gap="large")
        with left:
            parts.show_marketing(page, request)
        with right:
            parts.show_sales(page, request)
        left, middle, right = st.columns(3, gap="large")
        with left:
            parts.show_responses(page, request)
        with middle:
            parts.show_heat(page, request)
        with right:
            show_top(request)
        left, right = st.columns(2, gap="large")
        with left:
            parts.show_answerers(page, request)
            # Projected, the reps' names are not there to fill the column.
            if request.view.present:
                parts.show_cost(page, request)
        with right:
            if not request.view.present:
                parts.show_cost(page, request)
            parts.show_rejections(page, request)
        if not request.view.present:
            show_queue(request)
