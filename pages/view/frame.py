"""The page frame, run on every visit and every click: navigation, sign-in, review bar, page.

``st.navigation`` comes first, signed in or not: so Streamlit never runs a page by itself, and
path and query of a link are still there after the sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from pages.lead.page import show_lead
from pages.scorecard.page import show_scorecard
from pages.view import auth, review_bar
from pages.view.request import read_request, set_current
from pages.view.state import to_query
from pages.view.style import apply_style


@dataclass(frozen=True)
class Section:
    """One page: its name, its path and the function that shows it."""

    title: str
    path: str
    show: Callable[[], None]


# The navigation: a new page is one line here. The first stands at the root.
SECTIONS = (
    Section("Scorecard", "scorecard", show_scorecard),
    Section("Leads", "lead", show_lead),
)


def build_pages() -> list[st.Page]:
    """Every section at its path, and before them the first one at the root as well."""
    home = st.Page(SECTIONS[0].show, title=SECTIONS[0].title, default=True)
    return [home, *(st.Page(s.show, title=s.title, url_path=s.path) for s in SECTIONS)]


def show_frame() -> None:
    st.set_page_config(page_title="Shared Scorecard", page_icon="◧", layout="wide")
    apply_style()
    pages = build_pages()
    chosen = st.navigation(pages, position="hidden")
    viewer = auth.sign_in()
    if viewer is None:
        st.stop()
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    request = read_request(viewer, query)
    set_current(request)
    if request.view.present:
        review_bar.show_presenting(chosen.title, request)
    else:
        review_bar.show_masthead(pages[1:], chosen, to_query(request.view, request.bounds), request)
        review_bar.show_controls(request)
    review_bar.show_notices(request)
    chosen.run()


if __name__ == "__main__":
    show_frame()
