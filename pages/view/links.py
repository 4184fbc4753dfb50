"""Links between pages that keep the view and do not reload the app."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace

import streamlit as st

from pages.view.request import Request
from pages.view.state import ViewState, to_query

_pages: ContextVar[Mapping[str, st.Page]] = ContextVar("pages")


def set_pages(pages: Mapping[str, st.Page]) -> None:
    """The pages of this run by their path; the frame says so before it runs one."""
    _pages.set(pages)


def link(path: str, label: str, view: ViewState, request: Request) -> None:
    """A link to the page at ``path`` in a view."""
    query = to_query(view, request.bounds)
    st.page_link(_pages.get()[path], label=label, query_params=query, width="stretch")


def link_to_kpi(metric_id: str, label: str, request: Request) -> None:
    """A link to a KPI's page, with the view as it is."""
    link("kpi", label, replace(request.view, metric=metric_id, by=None, lead=None), request)
