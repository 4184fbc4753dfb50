"""Where a visit begins: at a short link's view, on one's start page, or where the address says.

An address that names a view always wins: only a visit to the bare root begins on the start page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from data.saved_views import start_view
from data.short_links import LINK, Link, open_link
from data.view_address import ViewAddress
from pages.view.auth import Viewer
from pages.view.parts import redraw_page
from pages.view.request import Request

# One text for every reason: which it was would tell what links there are.
NO_SUCH_LINK = (
    "This link does not work: there is no such link, or it has expired or was revoked. "
    "Ask whoever sent it for a new one."
)
_ARRIVED = "arrived"
_OPENED = "opened_link"
_NEXT = "next_address"

Pages = Mapping[str, st.Page]
Query = Mapping[str, Sequence[str]]


def land(viewer: Viewer, chosen: st.Page, query: Query, pages: Pages) -> bool:
    """Go where the visit of somebody signed in is to begin; then this does not return.

    False when the address names a short link that does not work. ``pages`` are by path.
    """
    arriving = st.session_state.get(_ARRIVED) != viewer.username
    st.session_state[_ARRIVED] = viewer.username
    chosen_view: ViewAddress | None = st.session_state.pop(_NEXT, None)
    if chosen_view is not None and chosen_view.path in pages:
        _go(chosen_view, pages)
    at_root = not chosen.url_path
    if at_root and LINK in query:
        return _follow(query[LINK], pages)
    if at_root and arriving and not query:
        start = start_view(viewer.username)
        if start is not None and start.address.path in pages:
            _go(start.address, pages)
    return True


def forget_arrival() -> None:
    """The next to sign in arrives anew."""
    st.session_state.pop(_ARRIVED, None)


def go_next(address: ViewAddress) -> None:
    """Have the next run show a page in a view; for callbacks, which cannot leave a page."""
    st.session_state[_NEXT] = address
    redraw_page()


def _go(address: ViewAddress, pages: Pages) -> None:
    """Show a page in a view, its whole address in the address bar; does not return."""
    st.switch_page(pages[address.path], query_params=address.settings)


def _follow(ids: Sequence[str], pages: Pages) -> bool:
    link = open_link(ids[0]) if len(ids) == 1 else None
    if link is None or link.address.path not in pages:
        return False
    st.session_state[_OPENED] = link
    _go(link.address, pages)
    return True


def with_frozen_notice(request: Request, query: Query) -> Request:
    """The request, with a word where it shows a frozen link over data that were loaded since."""
    link: Link | None = st.session_state.get(_OPENED)
    if link is None or not link.is_frozen or link.address.settings != dict(query):
        return request
    if link.data_version == request.warehouse.data_version:
        return request
    notice = (
        "The data have been loaded anew since this link was made: where the sources have changed "
        "the past, its figures have changed too."
    )
    return replace(request, notices=(*request.notices, notice))
