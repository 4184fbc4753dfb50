"""Sessions on the admin page: who may be signed in, and ending it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import streamlit as st

from data import users
from data.account_activity import Activity, account_activity
from data.users import Account
from pages.view import presence
from pages.view.admin_actions import KEY, show_action, sign_out_action
from pages.view.admin_html import NOTHING, e, heading, moment, table, words
from pages.view.popover import show_said
from pages.view.request import Request
from pages.view.review_bar import age
from pages.view.session_token import COOKIE_DAYS, COOKIE_TIME
from pages.view.sso import sso_time

_CHOSEN = "admin-session"


def show_sessions(request: Request) -> None:
    """Accounts with open sign-ins or a click lately, the latest first, and one to sign out."""
    activity = account_activity(lasting=COOKIE_TIME, sso_lasting=sso_time())
    clicks = presence.last_clicks()
    known = [
        account
        for account in users.list_accounts()
        if account.username in clicks or activity.get(account.username, Activity()).open_sign_ins
    ]
    known.sort(key=lambda account: clicks.get(account.username, datetime.min), reverse=True)
    show_said(KEY)
    told = f"of {len(known):,} {'account' if len(known) == 1 else 'accounts'}"
    st.html(heading("Sessions", told) + sessions_html(known, activity, clicks, request))
    st.html(
        words(
            "A session is a signed cookie in a browser; no list of them is kept. Open sign-ins "
            f"are those of the last {COOKIE_DAYS} days, for so long a cookie is good (of single "
            f"sign-on: {request.config.sign_in.session_hours} hours), that were "
            "not signed out, and that no change of the account has ended. Last click: in this "
            f"process, which started {moment(presence.STARTED, request)}; what other processes "
            "of the app have seen is not known here."
        )
    )
    _show_ending(known, request)


def sessions_html(
    accounts: list[Account],
    activity: Mapping[str, Activity],
    clicks: Mapping[str, datetime],
    request: Request,
) -> str:
    """A row an account."""

    def row(account: Account) -> list[str]:
        found = activity.get(account.username, Activity())
        clicked = clicks.get(account.username)
        ago = NOTHING if clicked is None else f"{age(clicked, presence.now())} ago"
        return [
            f"<b>{e(account.full_name)}</b><small>{e(account.username)}</small>",
            e(moment(found.last_sign_in, request)),
            e(found.open_sign_ins or NOTHING),
            e(ago),
        ]

    columns = ["Name", "Last sign-in", "#Open sign-ins", "#Last click"]
    return table("sessions", columns, map(row, accounts))


def _show_ending(accounts: list[Account], request: Request) -> None:
    by_name = {account.username: account for account in accounts}
    if st.session_state.get(_CHOSEN) not in by_name:
        st.session_state[_CHOSEN] = None
    with st.container(horizontal=True, vertical_alignment="bottom", key="admin-ending"):
        chosen = st.selectbox(
            "Sign somebody out",
            list(by_name),
            index=None,
            key=_CHOSEN,
            format_func=lambda name: f"{by_name[name].full_name} ({name})",
            placeholder="Choose an account",
            width=320,
        )
    if chosen is not None:
        show_action(sign_out_action(by_name[chosen]), by_name[chosen], request)
