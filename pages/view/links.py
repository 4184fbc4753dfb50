"""Links from one page to another that keep the view's state."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from pages.view.request import Request
from pages.view.state import to_query

LEAD_PATH = "lead"


def _elsewhere() -> None:
    """Stands for a page that the navigation knows by its path; Streamlit never runs this one."""


def plain_label(text: str) -> str:
    """Text from the data as a label, which Streamlit reads as Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!:$~<>|&" else sign for sign in text)


def lead_link(request: Request, lead_id: str | None, label: str) -> None:
    """A link to a lead's page, or to the search; ``label`` is plain text."""
    query = to_query(replace(request.view, lead=lead_id), request.bounds)
    page = st.Page(_elsewhere, title="Leads", url_path=LEAD_PATH)
    st.page_link(page, label=plain_label(label), query_params=query)


def lead_address(request: Request, lead_id: str) -> str:
    """The address of a lead's page, relative to any other page of the app."""
    query = to_query(replace(request.view, lead=lead_id, metric=None, by=None), request.bounds)
    # The id comes first, so that what follows it can be told apart.
    ordered = {"lead": query.pop("lead"), **query}
    return f"{LEAD_PATH}?{urlencode(ordered, doseq=True)}"
