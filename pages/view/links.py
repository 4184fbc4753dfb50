"""Links between pages that keep the view and do not reload the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import replace
from urllib.parse import urlencode

import streamlit as st

from pages.view.request import Request
from pages.view.state import ViewState, to_query

LEAD_PATH = "lead"

_pages: ContextVar[Mapping[str, st.Page]] = ContextVar("pages")


def set_pages(pages: Mapping[str, st.Page]) -> None:
    """The pages of this run by their path; the frame says so before it runs one."""
    _pages.set(pages)


def known_paths() -> tuple[str, ...]:
    """The paths of the pages of this run."""
    return tuple(_pages.get())


def encoded(query: Mapping[str, Sequence[str]]) -> str:
    """A query string as it stands in an address."""
    return urlencode(query, doseq=True, errors="replace")


def link(path: str, label: str, view: ViewState, request: Request) -> None:
    """A link to the page at ``path`` in a view."""
    query = to_query(view, request.bounds)
    st.page_link(_pages.get()[path], label=label, query_params=query, width="stretch")


def link_to_kpi(metric_id: str, label: str, request: Request) -> None:
    """A link to a KPI's page, with the view as it is."""
    link("kpi", label, replace(request.view, metric=metric_id, by=None, lead=None), request)


def plain_label(text: str) -> str:
    """Text from the data as a label, which Streamlit reads as Markdown."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()#+-.!:$~<>|&" else sign for sign in text)


def lead_link(request: Request, lead_id: str | None, label: str) -> None:
    """From the lead page to another lead, or to the search; ``label`` is plain text.

    A button: a ``page_link`` to the page that is shown leaves the address bar as it was.
    """
    query = to_query(replace(request.view, lead=lead_id), request.bounds)
    st.button(
        plain_label(label),
        key=f"lead-link-{lead_id or 'search'}",
        type="tertiary",
        on_click=st.query_params.from_dict,
        args=(query,),
    )


def lead_address(request: Request, lead_id: str) -> str:
    """The address of a lead's page, relative to any other page of the app."""
    query = to_query(replace(request.view, lead=lead_id, metric=None, by=None), request.bounds)
    # The id comes first, so that what follows it can be told apart.
    ordered = {"lead": query.pop("lead"), **query}
    return f"{LEAD_PATH}?{urlencode(ordered, doseq=True)}"
