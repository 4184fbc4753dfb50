"""The SLA, both ways: what marketing delivers, how sales answers, and what is still waiting."""

from __future__ import annotations

import streamlit as st

from metrics.sla import SlaPage, build_sla
from pages.view import sla_parts as parts
from pages.view.request import Request, current
from pages.view.sla_queue import show_queue, show_top

MANY = 15


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
        # The names of many reps fill a column; without them the other parts share it.
        is_long = _lists_many(page, request)
        with left:
            parts.show_answerers(page, request)
            if not is_long:
                parts.show_cost(page, request)
        with right:
            if is_long:
                parts.show_cost(page, request)
            parts.show_channels(page, request)
            if is_long:
                parts.show_campaigns(page, request)
        if not is_long:
            parts.show_campaigns(page, request)
        if not request.view.present:
            show_queue(request)


def _lists_many(page: SlaPage, request: Request) -> bool:
    names = request.view.names or not request.view.present
    return names and page.answerers is not None and len(page.answerers.reps) > MANY
