"""Sign-in and roles: who is looking, and the page for whoever is not signed in.

People sign in with a password kept here (``authenticator.py``) or at an identity provider
(``sso.py``), as the configuration says. Either way the account in the state database is looked at
on every run: a session whose account was disabled, or whose password or role was changed, has
ended at its next interaction.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data import users
from data.audit import Event, person, record
from data.errors import AccountError, ScorecardError, WarehouseError
from data.group_roles import SignInRefused
from data.logs import log_name
from data.row_scope import EVERYTHING, RowScope
from data.secrets import cookie_key, has_demo_key
from data.users import Account
from data.warehouse import last_warehouse, open_warehouse
from pages.view import sso
from pages.view.authenticator import (
    COOKIE_NAME,
    EPOCH,
    Authenticator,
    forget_session,
    is_own_connection,
)

log = logging.getLogger(__name__)
PRODUCT = "Shared Scorecard"
_FIELDS = {
    "Form name": "Sign in",
    "Username": "User name",
    "Password": "Password",
    "Login": "Sign in",
}
# Session keys of our own.
_SIGN_OUT = "sign_out_requested"
_NOTICE = "sign_in_notice"
_ENDED = "Your session has ended because the account was changed. Please sign in again."
# One text for every failure: which of the reasons it was would tell who has an account.
_REFUSED = (
    "The user name or the password is not right, or the account is locked or disabled. "
    f"After {users.MAX_FAILURES} failures in a row a name is locked for "
    f"{int(users.LOCK_TIME.total_seconds() // 60)} minutes."
)
# White space makes the structure, not the form's frame.
_STYLE = """<style>
.st-key-sign_in_page { padding-top: 12vh; }
.st-key-sign_in_page [data-testid="stForm"] { border: 0; padding: 0; }
.st-key-sign_in_page [data-testid="stFormSubmitButton"] button,
.st-key-sso_sign_in button { min-height: 44px; }
</style>"""


@dataclass(frozen=True)
class Viewer:
    """Who is looking."""

    username: str
    full_name: str
    role: str
    scope: RowScope = EVERYTHING


def current_viewer() -> Viewer | None:
    """Who is signed in, by this session or by the cookie; draws nothing and raises nothing.

    May be called before ``st.navigation``. When it cannot be known nobody is; ``sign_in`` says why.
    """
    try:
        return _viewer()
    except ScorecardError:
        return None


def _viewer() -> Viewer | None:
    """Raises ``SignInRefused`` for somebody whom the provider knows and we do not let in."""
    settings = sso.settings()
    account: Account | None = None
    if settings.takes_passwords:
        account = _session_account() or _cookie_account()
    if account is None and settings.takes_sso:
        account = sso.signed_in_account()
    if account is None or account.must_change_password:
        return None
    return viewer_of(account)


def viewer_of(account: Account) -> Viewer:
    """An account as somebody who looks."""
    return Viewer(account.username, account.full_name, account.role, account.scope)


def log_name_of(username: str) -> str | None:
    """What the log calls somebody; None where there is no key to hide the name with."""
    try:
        return log_name(username, _key())
    except ScorecardError:
        return None


def sign_in() -> Viewer | None:
    """Who is signed in; with nobody signed in, draws the sign-in page and returns None.

    To be called on every run, after ``st.navigation``, or a link would not survive the sign-in.
    Trouble with the state database or the secrets is shown in words.
    """
    try:
        viewer, refusal = _viewer(), None
    except SignInRefused as refused:
        viewer, refusal = None, str(refused)
    except ScorecardError as error:
        st.error(str(error))
        return None
    if viewer is None:
        _sign_in_page(refusal)
    return viewer


def sign_out_button(label: str = "Sign out", *, key: str = "sign_out") -> None:
    """A button that ends the session in this browser."""
    st.button(label, key=key, on_click=_request_sign_out)


def _request_sign_out() -> None:
    try:
        if st.session_state.get("username") is None and sso.sign_out():
            return
    except ScorecardError as error:
        log.warning("a sign-out is not in the state database: %s", error)
    st.session_state[_SIGN_OUT] = True
    username = st.session_state.get("username")
    if username is None:
        return
    try:
        record(Event.SIGN_OUT, by=person(username), about=username)
    except ScorecardError as error:
        # Whoever wants to leave is let out all the same.
        log.warning("a sign-out is missing in the audit log: %s", error)


def _session_account() -> Account | None:
    session = st.session_state
    if session.get(_SIGN_OUT) or not session.get("authentication_status"):
        return None
    username, epoch = session.get("username"), session.get(EPOCH)
    if username is None or epoch is None:
        return None
    if not is_own_connection(_key):
        forget_session()
        return None
    return users.session_account(username, epoch)


def _cookie_account() -> Account | None:
    session = st.session_state
    if session.get(_SIGN_OUT) or session.get("authentication_status") or session.get("logout"):
        return None
    if COOKIE_NAME not in st.context.cookies:
        return None
    return _session_account() if _authenticator().enter_by_cookie() else None


def _authenticator(cookies: DeltaGenerator | None = None) -> Authenticator:
    return Authenticator(_key(), cookies)


def _key() -> str:
    """The key that signs the cookie. Raises ``ConfigError``."""
    try:
        demo = (last_warehouse() or open_warehouse()).is_demo
    except WarehouseError:
        demo = has_demo_key()
    return cookie_key(demo=demo)


@dataclass(frozen=True)
class _Layout:
    """The places of the sign-in page.

    They stay where they are from run to run: an element that came and went above the form would
    make it a second form for a moment.
    """

    notice: DeltaGenerator
    form: DeltaGenerator
    provider: DeltaGenerator
    cookies: DeltaGenerator


def _layout() -> _Layout:
    st.html(_STYLE)
    page = st.container(key="sign_in_page", horizontal_alignment="center").container(width=380)
    page.title(PRODUCT, anchor=False)
    return _Layout(*(page.container() for _ in range(4)))


def _sign_in_page(refusal: str | None) -> None:
    """The ways in; ``refusal`` is why somebody who has signed in at the provider is not let in."""
    layout = _layout()
    try:
        settings = sso.settings()
        if settings.takes_passwords and _password_part(layout):
            return
        if refusal is not None:
            layout.notice.info(refusal)
        if settings.takes_sso:
            with layout.provider:
                sso.show_button()
    except ScorecardError as error:
        layout.notice.error(str(error))


def _password_part(layout: _Layout) -> bool:
    """The form for an account with a password; True when there is no other way to be shown."""
    session = st.session_state
    authenticator = _authenticator(layout.cookies)
    if session.get("authentication_status"):
        account = _session_account()
        if account is not None:
            with layout.form:
                _new_password_form(authenticator, account)
            return True
        session[_NOTICE] = "You are signed out." if session.get(_SIGN_OUT) else _ENDED
        authenticator.logout(location="unrendered")
    elif COOKIE_NAME in st.context.cookies and not session.get("logout"):
        # Forged, expired, or of an account that has changed: nobody needs it any more.
        session["logout"] = True
        authenticator.cookie_controller.delete_cookie()
    session.pop(_SIGN_OUT, None)
    if _NOTICE in session:
        layout.notice.info(session[_NOTICE])
    with layout.form:
        _login_form(authenticator)
    return False


def _login_form(authenticator: Authenticator) -> None:
    authenticator.login(fields=_FIELDS, key="sign_in_form")
    status = st.session_state.get("authentication_status")
    if status is not None:
        st.session_state.pop(_NOTICE, None)
    if status is False:
        st.error(_REFUSED)
    elif status and authenticator.must_change_password:
        # No cookie is on its way that a rerun could lose: it waits for the new password.
        st.rerun()


def _new_password_form(authenticator: Authenticator, account: Account) -> None:
    st.write("This is your first sign-in with a password that somebody else chose.")
    with st.form("new_password_form"):
        st.subheader("Choose a new password")
        password = st.text_input("New password", type="password", autocomplete="new-password")
        again = st.text_input("The same again", type="password", autocomplete="new-password")
        sent = st.form_submit_button("Set password")
    if not sent:
        return
    if password != again:
        st.error("The two passwords differ.")
        return
    try:
        changed = users.set_password(
            account.username, password, must_differ=True, by=person(account.username)
        )
    except AccountError as error:
        st.error(str(error))
        return
    authenticator.keep(changed)
