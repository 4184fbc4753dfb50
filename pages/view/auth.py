"""Sign-in and roles; the only importer of streamlit_authenticator.

The package draws the form and carries the cookie. Version 0.4.2 keeps users in a dict and a cookie
that names the user alone; here users come from the state database, and the cookie carries the
account's session epoch. Both are checked on every run: a session whose account was disabled, or
whose password or role was changed, has ended at its next interaction.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import extra_streamlit_components as stx
import streamlit as st
from extra_streamlit_components.CookieManager import _component_func
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator
from streamlit_authenticator import Authenticate
from streamlit_authenticator.controllers import AuthenticationController, CookieController
from streamlit_authenticator.models import AuthenticationModel, CookieModel
from streamlit_authenticator.utilities import Encryptor, LoginError

from data import users
from data.audit import Event, person, record
from data.errors import AccountError, ScorecardError, WarehouseError
from data.row_scope import EVERYTHING, RowScope
from data.secrets import cookie_key, has_demo_key
from data.users import Account
from data.warehouse import open_warehouse
from pages.view.session_token import COOKIE_DAYS, make_token, read_token

log = logging.getLogger(__name__)
COOKIE_NAME = "scorecard"
PRODUCT = "Shared Scorecard"
_FIELDS = {
    "Form name": "Sign in",
    "Username": "User name",
    "Password": "Password",
    "Login": "Sign in",
}
# Session keys of our own, beside the package's 'username', 'name', 'roles', 'email',
# 'authentication_status' and 'logout'.
EPOCH = "session_epoch"
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
.st-key-sign_in_page [data-testid="stFormSubmitButton"] button { min-height: 44px; }
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
    account = _session_account() or _cookie_account()
    if account is None or account.must_change_password:
        return None
    return viewer_of(account)


def viewer_of(account: Account) -> Viewer:
    """An account as somebody who looks."""
    return Viewer(account.username, account.full_name, account.role, account.scope)


def sign_in() -> Viewer | None:
    """Who is signed in; with nobody signed in, draws the sign-in page and returns None.

    To be called on every run, after ``st.navigation``, or a link would not survive the sign-in.
    Trouble with the state database or the secrets is shown in words.
    """
    try:
        viewer = _viewer()
        if viewer is None:
            _sign_in_page(_layout())
        return viewer
    except ScorecardError as error:
        st.error(str(error))
        return None


def sign_out_button(label: str = "Sign out", *, key: str = "sign_out") -> None:
    """A button that ends the session in this browser."""
    st.button(label, key=key, on_click=_request_sign_out)


def _request_sign_out() -> None:
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
    return users.session_account(username, epoch)


def _cookie_account() -> Account | None:
    session = st.session_state
    if session.get(_SIGN_OUT) or session.get("authentication_status") or session.get("logout"):
        return None
    if COOKIE_NAME not in st.context.cookies:
        return None
    try:
        _authenticator().login(location="unrendered")
    except LoginError:
        return None
    return _session_account()


def _authenticator(cookies: DeltaGenerator | None = None) -> Authenticator:
    try:
        demo = open_warehouse().is_demo
    except WarehouseError:
        demo = has_demo_key()
    return Authenticator(cookie_key(demo=demo), cookies)


@dataclass(frozen=True)
class _Layout:
    """The places of the sign-in page.

    They stay where they are from run to run: an element that came and went above the form would
    make it a second form for a moment.
    """

    notice: DeltaGenerator
    form: DeltaGenerator
    cookies: DeltaGenerator


def _layout() -> _Layout:
    st.html(_STYLE)
    page = st.container(key="sign_in_page", horizontal_alignment="center").container(width=380)
    page.title(PRODUCT, anchor=False)
    return _Layout(notice=page.container(), form=page.container(), cookies=page.container())


def _sign_in_page(layout: _Layout) -> None:
    session = st.session_state
    try:
        authenticator = _authenticator(layout.cookies)
        if session.get("authentication_status"):
            account = _session_account()
            if account is not None:
                with layout.form:
                    _new_password_form(authenticator, account)
                return
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
    except ScorecardError as error:
        layout.notice.error(str(error))


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


class _CookieWriter(stx.CookieManager):
    """Sets and deletes cookies in the browser.

    Does not read them, as its base class does when made: what the reader sends back reruns the
    script, which can take a cookie that is being set off the page before it is set. Streamlit
    itself gives us the cookies.
    """

    def __init__(self, place: DeltaGenerator | None) -> None:
        # A component declared outside a run, as when start-up imports this module, is not known
        # to the server: it would never load, and the cookie never be set.
        if runtime.exists():
            runtime.get_instance().component_registry.register_component(_component_func)
        self.cookie_manager = _component_func
        self.cookies: dict[str, str] = {}
        self._place = place

    def set(self, cookie: str, val: str, **options: Any) -> None:
        with self._place or nullcontext():
            super().set(cookie, val, **options)

    def delete(self, cookie: str, key: str = "delete") -> None:
        # The base class forgets its own copy too, and fails when it has none.
        self.cookies[cookie] = ""
        with self._place or nullcontext():
            super().delete(cookie, key)


class SessionCookie(CookieModel):
    """The signed cookie: user name, session epoch, times of issue and expiry."""

    def __init__(self, key: str, accounts: AccountModel, place: DeltaGenerator | None) -> None:
        # Not super().__init__(): it would put the reading component on every page.
        self.cookie_name = COOKIE_NAME
        self.cookie_key = key
        self.cookie_expiry_days = COOKIE_DAYS
        self.cookie_manager = _CookieWriter(place)
        self.token = None
        self.exp_date = None
        self._accounts = accounts

    def get_cookie(self) -> dict[str, Any] | None:
        """The claims of a cookie whose session is still on, else None."""
        if st.session_state.get("logout"):
            return None
        claims = read_token(st.context.cookies.get(COOKIE_NAME), self.cookie_key)
        if claims is None:
            return None
        account = users.session_account(claims["username"], claims["epoch"])
        if account is None or account.must_change_password:
            return None
        self._accounts.admit(account)
        return claims

    def set_cookie(self) -> None:
        """Send the browser a cookie for the session; none before a first password is replaced."""
        if self._accounts.must_change_password:
            return
        now = datetime.now(UTC)
        expires = now + timedelta(days=COOKIE_DAYS)
        token = make_token(
            st.session_state["username"], st.session_state[EPOCH], self.cookie_key, now=now
        )
        self.cookie_manager.set(
            COOKIE_NAME,
            token,
            expires_at=expires,
            # A Secure cookie would not be kept on plain http, as on one's own machine.
            secure=str(st.context.url or "").startswith("https://"),
            same_site="strict",
        )

    def delete_cookie(self) -> None:
        """Have the browser forget the cookie."""
        self.cookie_manager.delete(self.cookie_name)


class AccountModel(AuthenticationModel):
    """The package's model, with the accounts of the state database in place of its dict."""

    def __init__(self, key: str) -> None:
        super().__init__(credentials={"usernames": {}}, auto_hash=False, secret_key=key)
        self.must_change_password = False

    def check_credentials(self, username: str, password: str) -> bool:
        account = users.verify(username, password)
        if account is None:
            return False
        self.admit(account)
        return True

    def admit(self, account: Account) -> None:
        """Make one account known to the package, and its epoch to the session."""
        self.credentials["usernames"][account.username] = {
            "name": account.full_name,
            "email": account.email,
            "roles": [account.role],
        }
        self.must_change_password = account.must_change_password
        st.session_state[EPOCH] = account.session_epoch


class Authenticator(Authenticate):
    """The package's form and cookie, with our accounts and our cookie behind them.

    ``place`` is where the component that writes the cookie goes, out of the form's way.
    """

    def __init__(self, key: str, place: DeltaGenerator | None = None) -> None:
        # Not super().__init__(): it would make the parts that are replaced here, and with them
        # the reading component. What the package's login and logout use is set instead.
        self.api_key = None
        self.path = None
        self.attrs = {"login_sleep_time": 0}
        self.secret_key = key
        self.encryptor = Encryptor(key)
        self.accounts = AccountModel(key)
        self.authentication_controller = _AccountController(self.accounts)
        self.cookie_controller = _SessionCookieController(SessionCookie(key, self.accounts, place))

    @property
    def must_change_password(self) -> bool:
        return self.accounts.must_change_password

    def keep(self, account: Account) -> None:
        """Keep an account signed in whose session epoch has just changed."""
        self.accounts.admit(account)
        self.cookie_controller.set_cookie()


class _AccountController(AuthenticationController):
    def __init__(self, model: AccountModel) -> None:
        super().__init__(
            credentials={"usernames": {}}, auto_hash=False, secret_key=model.secret_key
        )
        self.authentication_model = model


class _SessionCookieController(CookieController):
    def __init__(self, model: SessionCookie) -> None:
        self.cookie_model = model
