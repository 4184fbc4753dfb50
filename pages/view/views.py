"""The Views popover: saved views to open, to save, to change, and to begin with."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from data import saved_views
from data.audit import person
from data.errors import ScorecardError
from data.saved_views import MAX_NAME, View
from data.view_address import ViewAddress
from pages.view.landing import Pages, go_next
from pages.view.links import plain_label
from pages.view.popover import say, show_heading, show_said
from pages.view.request import Request
from pages.view.state import to_query

KEY = "views"
SCORECARD = 0  # what visits begin with unless a view is chosen; no view has this number
_CHOSEN, _NAME, _START, _DELETING = "views-chosen", "views-name", "views-start", "views-deleting"


def show_views(path: str, pages: Pages, request: Request) -> None:
    """The popover for the page at ``path``, its content only while it is open."""
    with st.popover("Views", icon=":material/bookmark:", key=KEY, on_change="rerun") as popover:
        if not popover.open:
            return
        with st.container(key="views-body", gap="small", width=420):
            _show_body(path, pages, request)


def _show_body(path: str, pages: Pages, request: Request) -> None:
    known = saved_views.list_views(request.viewer.username)
    own = [view for view in known if _is_own(view, request)]
    others = [view for view in known if not _is_own(view, request)]
    show_said(KEY)
    _show_list("Your views", own, pages)
    _show_list("Shared by others", others, pages)
    show_heading("Save this view")
    _show_saving(path, request)
    if known:
        show_heading("Your visits begin with")
        _show_start(known, request)
    changeable = known if request.viewer.role == "admin" else own
    if changeable:
        show_heading("Change a view")
        _show_changes(changeable, path, request)


def _address(path: str, request: Request) -> ViewAddress:
    """The view that is shown. Raises ``LinkError`` when it is too long to be kept."""
    return ViewAddress.of(path, to_query(request.view, request.bounds))


def _is_own(view: View, request: Request) -> bool:
    return view.owner == request.viewer.username


def _show_list(title: str, views: list[View], pages: Pages) -> None:
    shown = [view for view in views if view.address.path in pages]
    if not shown:
        return
    show_heading(title)
    with st.container(key=f"views-list-{title.split()[0].lower()}", gap=None):
        for view in shown:
            st.button(
                plain_label(_label(view)),
                key=f"views-open-{view.id}",
                type="tertiary",
                on_click=_open,
                args=(view,),
            )


def _open(view: View) -> None:
    st.session_state[KEY] = False
    go_next(view.address)


def _label(view: View) -> str:
    return f"{view.name} (shared)" if view.is_shared else view.name


def _named(view: View, request: Request) -> str:
    """A view among those of several people."""
    return view.name if _is_own(view, request) else f"{view.name} ({view.owner})"


def _show_saving(path: str, request: Request) -> None:
    with st.form("views-save", border=False, clear_on_submit=True):
        name = st.text_input(
            "Name", max_chars=MAX_NAME, placeholder="Name", label_visibility="collapsed"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            shared = st.checkbox("Share with everybody")
            sent = st.form_submit_button("Save")
    if sent:
        by = person(request.viewer.username)
        _try(
            lambda: saved_views.save_view(name, _address(path, request), shared=shared, by=by),
            "Saved.",
        )
        st.rerun()


def _try(change: Callable[[], object], done: str) -> None:
    try:
        change()
        say(KEY, done)
    except ScorecardError as error:
        say(KEY, str(error))


def _show_start(known: list[View], request: Request) -> None:
    start = saved_views.start_view(request.viewer.username)
    names = {SCORECARD: "the scorecard"}
    names |= {view.id: _named(view, request) for view in known}
    st.session_state[_START] = start.id if start and start.id in names else SCORECARD
    st.selectbox(
        "Your visits begin with",
        list(names),
        key=_START,
        format_func=names.__getitem__,
        on_change=_set_start,
        args=(request,),
        label_visibility="collapsed",
    )


def _set_start(request: Request) -> None:
    chosen = st.session_state[_START]
    view_id = None if chosen == SCORECARD else chosen
    _try(
        lambda: saved_views.set_start_view(request.viewer.username, view_id),
        "Your next visit begins there.",
    )


# -- changes --------------------------------------------------------------------------------------


def _show_changes(views: list[View], path: str, request: Request) -> None:
    by_id = {view.id: view for view in views}
    if st.session_state.get(_CHOSEN) not in by_id:
        st.session_state[_CHOSEN] = None
    chosen = st.selectbox(
        "Change a view",
        list(by_id),
        index=None,
        key=_CHOSEN,
        format_func=lambda number: _named(by_id[number], request),
        placeholder="Choose one",
        label_visibility="collapsed",
    )
    if chosen is None:
        return
    seen = by_id[chosen]
    # What a button does is bound to the view as it stands here: if somebody has changed it in the
    # meantime, it is refused.
    name_key = f"{_NAME}-{seen.id}-{seen.revision}"
    st.text_input("New name", value=seen.name, max_chars=MAX_NAME, key=name_key)
    with st.container(horizontal=True, gap="small", key="views-changes"):
        st.button("Rename", key="views-rename", on_click=_rename, args=(seen, name_key, request))
        st.button(
            "Replace by this view",
            key="views-replace",
            on_click=_change,
            args=(seen, request),
            kwargs={"path": path},
        )
        st.button(
            "Keep to myself" if seen.is_shared else "Share with everybody",
            key="views-shared",
            on_click=_change,
            args=(seen, request),
            kwargs={"shared": not seen.is_shared},
        )
        st.button("Delete", key="views-delete", on_click=_ask, args=(seen,))
    if st.session_state.get(_DELETING) == (seen.id, seen.revision):
        question = f"Delete “{seen.name}” for good?"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.text(question)
            st.button("Yes, delete", key="views-yes", on_click=_delete, args=(seen, request))


def _change(
    seen: View,
    request: Request,
    *,
    name: str | None = None,
    path: str | None = None,
    shared: bool | None = None,
) -> None:
    viewer = request.viewer
    _try(
        lambda: saved_views.change_view(
            seen,
            by=person(viewer.username),
            is_admin=viewer.role == "admin",
            name=name,
            address=None if path is None else _address(path, request),
            shared=shared,
        ),
        "Changed.",
    )


def _rename(seen: View, name_key: str, request: Request) -> None:
    _change(seen, request, name=st.session_state[name_key])


def _ask(seen: View) -> None:
    st.session_state[_DELETING] = (seen.id, seen.revision)


def _delete(seen: View, request: Request) -> None:
    viewer = request.viewer
    _try(
        lambda: saved_views.delete_view(
            seen, by=person(viewer.username), is_admin=viewer.role == "admin"
        ),
        "Deleted.",
    )
