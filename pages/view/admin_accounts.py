"""Accounts on the admin page: who there is, and the forms that change them.

What is pressed is done in the run that it causes, after the frame has looked up who is signed in;
``data/users.py`` asks once more, in the transaction of the change.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from data import users
from data.account_activity import Activity, account_activity
from data.audit import Actor
from data.passwords import random_password
from data.roles import ROLES
from data.users import Account
from pages.view.admin_actions import (
    first_password,
    show_actions,
    show_first_password,
    show_role,
    show_scope,
    try_to,
)
from pages.view.admin_html import NOTHING, e, heading, moment, table, words
from pages.view.popover import show_said
from pages.view.request import Request
from pages.view.session_token import COOKIE_TIME
from pages.view.sso import sso_time

KEY = "admin"
ROLE_NAMES = {
    "viewer": "Viewer",
    "editor_marketing": "Editor, marketing",
    "editor_sales": "Editor, sales",
    "admin": "Admin",
}
_CHOSEN = "admin-account"


def show_accounts(request: Request) -> None:
    """The table, then the account to change beside the form for a new one."""
    accounts = users.list_accounts()
    activity = account_activity(lasting=COOKIE_TIME, sso_lasting=sso_time())
    show_said(KEY)
    show_first_password(request)
    active = sum(account.is_active for account in accounts)
    admins = sum(account.is_active and account.role == "admin" for account in accounts)
    told = f"{len(accounts):,} in all, {active:,} active, {admins:,} of them admins"
    st.html(heading("Accounts", told) + accounts_html(accounts, activity, request))
    with st.container(key="admin-forms"):
        change, add = st.columns(2, gap="large")
        with change:
            _show_change(accounts, activity, request)
        with add:
            _show_add(request)


def accounts_html(
    accounts: list[Account], activity: Mapping[str, Activity], request: Request
) -> str:
    """A row an account."""
    return table(
        "accounts",
        ["Name", "Role", "Sees", "State", "Last sign-in", "#Open sign-ins"],
        [
            _row(account, activity.get(account.username, Activity()), request)
            for account in accounts
        ],
    )


def _row(account: Account, activity: Activity, request: Request) -> list[str]:
    email = f" · {account.email}" if account.email else ""
    return [
        f"<b>{e(account.full_name)}</b><small>{e(account.username)}{e(email)}</small>",
        e(ROLE_NAMES[account.role]),
        e(account.scope.words or "everything"),
        e(state_words(account, activity, request)),
        e(moment(activity.last_sign_in, request)),
        e(activity.open_sign_ins or NOTHING),
    ]


def state_words(account: Account, activity: Activity, request: Request) -> str:
    """ "active", "disabled", "active · locked until 12:30 · first password"."""
    parts = ["active" if account.is_active else "disabled"]
    if activity.locked_until is not None:
        until = request.bounds.calendar.local(activity.locked_until)
        parts.append(f"locked until {until:%H:%M}")
    if account.must_change_password:
        parts.append("has a first password")
    if account.issuer is not None:
        parts.append("single sign-on")
    return " · ".join(parts)


def _show_change(
    accounts: list[Account], activity: Mapping[str, Activity], request: Request
) -> None:
    st.html(heading("Change an account"))
    by_name = {account.username: account for account in accounts}
    if st.session_state.get(_CHOSEN) not in by_name:
        st.session_state[_CHOSEN] = None
    chosen = st.selectbox(
        "Account",
        list(by_name),
        index=None,
        key=_CHOSEN,
        format_func=lambda name: f"{by_name[name].full_name} ({name})",
        placeholder="Choose one",
    )
    if chosen is None:
        return
    account = by_name[chosen]
    if account.issuer is None:
        show_role(account, ROLE_NAMES, request)
        show_scope(account, request)
    else:
        st.html(words("Signs in at the identity provider; the groups there give role and scope."))
    show_actions(account, activity.get(chosen, Activity()), request)


def _show_add(request: Request) -> None:
    st.html(heading("Add an account"))
    if not request.config.sign_in.takes_passwords:
        st.html(words("The identity provider alone signs people in: whoever it lets in gets one."))
        return
    with st.form("admin-add", border=False, clear_on_submit=True):
        username = st.text_input("User name", max_chars=64)
        full_name = st.text_input("Full name", max_chars=200)
        email = st.text_input("E-mail (optional)", max_chars=320)
        role = st.selectbox("Role", ROLES, format_func=ROLE_NAMES.__getitem__)
        st.html(
            words("A first password is made and shown once; they replace it when they sign in.")
        )
        sent = st.form_submit_button("Add account")
    if not sent:
        return
    password = random_password()

    def add(by: Actor) -> str:
        added = users.add_account(
            username,
            password,
            role=role,
            full_name=full_name,
            email=email.strip() or None,
            must_change_password=True,
            by=by,
        )
        first_password(added.username, password, by)
        return f"Added {added.username}, {ROLE_NAMES[added.role].lower()}."

    try_to(add, request)
