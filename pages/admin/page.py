"""The admin page: accounts, sessions, the data and the audit log; for admins alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from pages.view.admin_accounts import show_accounts
from pages.view.admin_audit import show_audit
from pages.view.admin_data import show_data
from pages.view.admin_sessions import show_sessions
from pages.view.parts import show_part
from pages.view.request import Request, current
from pages.view.review_bar import go_to, show_strip
from pages.view.state import ADMIN_SECTIONS

PARTS: dict[str, tuple[str, Callable[[Request], None]]] = {
    "accounts": ("Accounts", show_accounts),
    "sessions": ("Sessions", show_sessions),
    "data": ("Data", show_data),
    "audit": ("Audit log", show_audit),
}
_CHOSEN = "admin-section"


def show_admin() -> None:
    request = current()
    if request.viewer.role != "admin":
        show_strip("This page is for admins. Ask one of them for what you need of it.")
        return
    show_part("admin", request, _show_section, ["section"])


def _show_section(request: Request) -> None:
    section = request.view.section or ADMIN_SECTIONS[0]
    st.session_state[_CHOSEN] = section
    with st.container(key="admin"):
        st.segmented_control(
            "Part",
            list(PARTS),
            key=_CHOSEN,
            format_func=lambda name: PARTS[name][0],
            required=True,
            on_change=_choose,
            args=(request,),
            label_visibility="collapsed",
        )
        PARTS[section][1](request)


def _choose(request: Request) -> None:
    chosen = st.session_state[_CHOSEN]
    section = None if chosen == ADMIN_SECTIONS[0] else chosen
    go_to(replace(request.view, section=section), request)
