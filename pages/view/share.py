"""The Share popover: the view's address to copy, short links to make, one's own to revoke."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from html import escape

import streamlit as st
from babel.dates import format_date

from data.audit import person
from data.errors import ScorecardError
from data.short_links import Link, list_links, make_link, revoke_link
from data.view_address import ViewAddress, address_text
from metrics.catalog import CATALOG
from pages.view.landing import Pages
from pages.view.popover import say, show_heading, show_said
from pages.view.request import Request
from pages.view.review_bar import moment_label
from pages.view.state import frozen_query, to_query

KEY = "share"
SHOWN_LINKS = 3
NEVER, ON_A_DAY = "never", "on a day"
EXPIRIES = {NEVER: None, "in 30 days": 30, "in 7 days": 7, ON_A_DAY: None}


def base_address(path: str) -> str:
    """The app's own address in this browser, without the page's path and with a slash at its end.

    ``path`` is that of the page which is shown, "" at the root.
    """
    address = (st.context.url or "").rstrip("/")
    if path and address.endswith(f"/{path}"):
        address = address.removesuffix(f"/{path}")
    return f"{address}/"


def show_share(path: str, base: str, pages: Pages, request: Request) -> None:
    """The popover for the page at ``path``, its content only while it is open."""
    with st.popover("Share", icon=":material/link:", key=KEY, on_change="rerun") as popover:
        if not popover.open:
            return
        with st.container(key="share-body", gap="small", width=420):
            _show_body(path, base, pages, request)


def _show_body(path: str, base: str, pages: Pages, request: Request) -> None:
    show_heading("This view")
    _show_address(base + address_text(path, to_query(request.view, request.bounds)))
    st.html(f'<p class="pop-note">{escape(_what_it_shows(request))}</p>')
    show_heading("Short link")
    _show_new_link(path, request)
    show_said(KEY)
    _show_links(base, pages, request)


def _show_address(address: str) -> None:
    """An address with Streamlit's own button that copies it."""
    st.code(address, language=None, wrap_lines=True)


def _what_it_shows(request: Request) -> str:
    """What somebody who opens the plain link next week will see."""
    settings = to_query(request.view, request.bounds)
    if "period" not in settings:
        return (
            "Opens on the newest complete period of the day it is opened. To keep the numbers, "
            "freeze a short link."
        )
    if "as_of" not in settings:
        return f"Opens on {request.view.period.label}, with the data of the day it is opened."
    return f"Opens on {request.view.period.label}, as of the same moment."


def _show_new_link(path: str, request: Request) -> None:
    moment = moment_label(request.view.as_of or request.bounds.as_of, request)
    st.checkbox("Freeze the numbers", key="share-frozen")
    frozen = bool(st.session_state.get("share-frozen"))
    if frozen:
        words = f"Everybody sees {request.view.period.label}, as of {moment}."
        st.html(f'<p class="pop-note">{escape(words)}</p>')
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="share-new"):
        expiry = st.selectbox("Expires", list(EXPIRIES), key="share-expiry", width=150)
        if expiry == ON_A_DAY:
            tomorrow = _today(request) + timedelta(days=1)
            st.date_input(
                "Last day", key="share-day", min_value=tomorrow, value=tomorrow, width=150
            )
        st.button("Make a short link", on_click=_make, args=(path, request), key="share-make")


def _today(request: Request) -> date:
    now = datetime.now(request.bounds.calendar.zone)
    return now.date()


def _expires_at(request: Request) -> datetime | None:
    """When the link that is being made expires: at the end of a company day (naive UTC)."""
    chosen = st.session_state.get("share-expiry", NEVER)
    days = EXPIRIES[chosen]
    if chosen == ON_A_DAY:
        last = st.session_state.get("share-day") or _today(request)
    elif days is not None:
        last = _today(request) + timedelta(days=days)
    else:
        return None
    return request.bounds.calendar.starts_at(last + timedelta(days=1))


def _make(path: str, request: Request) -> None:
    view, bounds = request.view, request.bounds
    frozen = bool(st.session_state.get("share-frozen"))
    settings = frozen_query(view, bounds) if frozen else to_query(view, bounds)
    try:
        make_link(
            ViewAddress.of(path, settings),
            by=person(request.viewer.username),
            frozen_at=request.warehouse.data_version if frozen else None,
            expires_at=_expires_at(request),
        )
    except ScorecardError as error:
        say(KEY, str(error))


def _revoke(link: Link, request: Request) -> None:
    viewer = request.viewer
    try:
        revoke_link(link.id, by=person(viewer.username))
        say(KEY, "Revoked: that link opens nothing any more.")
    except ScorecardError as error:
        say(KEY, str(error))


def _show_links(base: str, pages: Pages, request: Request) -> None:
    links = list_links(request.viewer.username)
    if not links:
        return
    show_heading("Your short links")
    every = len(links) <= SHOWN_LINKS or st.session_state.get("share-all", False)
    for link in links if every else links[:SHOWN_LINKS]:
        with st.container(key=f"share-link-{link.id}", gap=None):
            _show_address(f"{base}s/{link.id}")
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.html(f'<p class="pop-note">{escape(_about(link, pages, request))}</p>')
                st.button(
                    "Revoke",
                    key=f"share-revoke-{link.id}",
                    type="tertiary",
                    on_click=_revoke,
                    args=(link, request),
                )
    if len(links) > SHOWN_LINKS:
        st.checkbox(f"Show all {len(links)}", key="share-all")


def _about(link: Link, pages: Pages, request: Request) -> str:
    """A link in words: "MQLs, frozen · made 21 Nov 2026 · until 28 Nov 2026"."""
    path, metric = link.address.path, link.address.settings.get("metric", [""])[0]
    name = CATALOG[metric].label if metric in CATALOG else None
    page = (name or (pages[path].title if path in pages else path)) + (
        ", frozen" if link.is_frozen else ""
    )
    made = f"made {_day(link.created_at, request)}"
    if link.expires_at is None:
        return f"{page} · {made}"
    return f"{page} · {made} · until {_day(link.expires_at - timedelta(seconds=1), request)}"


def _day(moment: datetime, request: Request) -> str:
    local = request.bounds.calendar.local(moment)
    return format_date(local.date(), "d MMM yyyy", locale=request.config.company.locale)
