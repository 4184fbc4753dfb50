"""The handbook: every KPI's definition and the rules for all, to look up and to project."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from data.errors import WarehouseError
from metrics.handbook import all_entries, find, not_fed
from metrics.handbook_rules import company_facts, find_rules
from pages.view.agreements.in_handbook import agreed_in_book
from pages.view.handbook import SCROLL_TO_CHOSEN, Book, handbook_html
from pages.view.parts import show_part
from pages.view.request import Request, current
from pages.view.review_bar import go_to
from pages.view.state import MAX_ID

FIND = "handbook-find"


def show_handbook() -> None:
    show_part("book", current(), _show_book, ["find", "metric"])


def _show_book(request: Request) -> None:
    wanted = request.view.find or ""
    _show_search(request, wanted)
    book = Book(
        entries=find(all_entries(request.config), wanted),
        rules=find_rules(wanted),
        not_fed=_not_fed(request),
        decided=company_facts(request.config),
        chosen=request.view.metric,
    )
    if agreed := agreed_in_book(wanted, request):
        st.html(agreed)
    st.html(handbook_html(book))
    if book.chosen is not None:
        st.html(SCROLL_TO_CHOSEN, unsafe_allow_javascript=True)


def _not_fed(request: Request) -> dict[str, str] | None:
    """Why KPIs have no data; None while the warehouse does not answer: definitions need none."""
    try:
        return not_fed(request.warehouse)
    except WarehouseError:
        return None


def _show_search(request: Request, wanted: str) -> None:
    st.session_state[FIND] = wanted
    st.text_input(
        "Find a KPI or a rule",
        key=FIND,
        max_chars=MAX_ID,
        type="search",
        icon=":material/search:",
        placeholder="Find a KPI: name, id, any words",
        label_visibility="collapsed",
        on_change=_look_for,
        args=(request,),
    )


def _look_for(request: Request) -> None:
    # The box shows what is in the link, so a search is a link as well; it lets a chosen KPI go.
    text = " ".join(st.session_state[FIND].split())
    go_to(replace(request.view, find=text or None, metric=None), request)
