"""Parts of a page that draw themselves anew while the rest stands (Streamlit's fragments).

A control in a part runs the part alone. The part is drawn for whoever is signed in then and from
the address as it is then, by the rules of a whole run: where the account, the data, the review or
any setting that is not its own has changed since the page was drawn, the whole page is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

import streamlit as st

from metrics.review.meetings import find_review
from pages.view import auth, last_known, links, presence, telemetry
from pages.view.request import OF_PARTS, Request, address, set_current, with_address
from pages.view.walk import Walk, current_walk, set_walk

Query = Mapping[str, list[str]]
_WHOLE = "whole-page"
Show = Callable[[Request], None]


@dataclass
class _Shown:
    """The page as it stands: drawn by a whole run, its parts by their own since.

    ``query`` is the address that all of it shows, kept up by the parts.
    """

    path: str
    query: dict[str, list[str]]
    pages: Mapping[str, st.Page]
    walk: Walk | None
    is_silent: bool = field(default_factory=last_known.is_silent)

    def stands(self, request: Request, query: Query, own: Collection[str]) -> bool:
        """Whether all but a part's ``own`` settings is as it would be drawn now."""
        if self.is_silent or auth.current_viewer() != request.viewer:
            return False
        if _without(query, own) != _without(self.query, own):
            return False
        # What a link asked for in vain is said above the page, until something else is asked for.
        if request.notices and query != self.query:
            return False
        return self.walk is None or find_review(self.walk.meeting.id) == self.walk.meeting


_shown: ContextVar[_Shown | None] = ContextVar("shown", default=None)


def _without(query: Query, own: Collection[str]) -> dict[str, list[str]]:
    return {name: values for name, values in query.items() if name not in own}


def begin_page(path: str, query: Query, pages: Mapping[str, st.Page]) -> None:
    """A whole run draws the page at ``path``: to be said before its parts are drawn."""
    st.session_state.pop(_WHOLE, None)
    _shown.set(_Shown(path, dict(query), pages, current_walk()))


def redraw_page() -> None:
    """For callbacks: what was done shows elsewhere on the page too, so draw all of it."""
    st.session_state[_WHOLE] = True


def show_part(
    name: str,
    request: Request,
    show: Show,
    own: Collection[str] = (),
    every_seconds: float | None = None,
) -> None:
    """Draw ``show(request)`` here, and again by itself whenever a control in it is used, and every
    so many seconds.

    ``own`` are those settings of the address (of ``OF_PARTS``) from which nothing outside the part
    is drawn. What ``show`` draws it takes from the request that it is given.
    """
    assert set(own) <= set(OF_PARTS), own
    shown = _shown.get()
    if shown is None:  # a frozen page has nothing to ask
        show(request)
        return
    is_drawn = False

    @st.fragment(run_every=every_seconds)
    def part() -> None:
        nonlocal is_drawn
        if not is_drawn:
            is_drawn = True
            show(request)
        else:
            _draw_again(name, shown, request, show, own)

    part()


def _draw_again(
    name: str, shown: _Shown, request: Request, show: Show, own: Collection[str]
) -> None:
    with telemetry.observed_run(part=name) as run:
        query = address()
        if st.session_state.get(_WHOLE) or not shown.stands(request, query, own):
            st.rerun()
        username = request.viewer.username
        presence.note(username)
        telemetry.note_page(run, shown.path, auth.log_name_of(username))
        links.set_pages(shown.pages)
        set_walk(shown.walk)
        _shown.set(shown)
        with last_known.in_part(request, shown.path, query):
            again = with_address(request, query)
            set_current(again)
            show(again)
            shown.query = dict(query)
