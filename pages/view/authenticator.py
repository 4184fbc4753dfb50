"""The accounts of the state database behind streamlit_authenticator's form and cookie.

The package draws the form and carries the cookie. Version 0.4.2 keeps users in a dict and a cookie
that names the user alone; here users come from the state database, and the cookie carries the
account's session epoch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import extra_streamlit_components as stx
import streamlit as st
from extra_streamlit_components.CookieManager import _component_func
from streamlit import runtime
from streamlit.delta_generator import DeltaGenerator

from data import users
from data.users import Account
from pages.view.session_token import COOKIE_DAYS, make_token, read_token


@contextmanager
def _without(*modules: str) -> Iterator[None]:
    """Import a package without these modules of others: it finds an empty one in their place."""
    spared = [name for name in modules if name not in sys.modules]
    sys.modules.update({name: _Nothing(name) for name in spared})
    try:
        yield
    finally:
        for name in spared:
            del sys.modules[name]


class _Nothing(ModuleType):
    ImageCaptcha = None


# Its captchas draw pictures, its two-factor codes go through its author's server. Neither is used
# here, and neither is loaded: 9 MB.
with _without("captcha", "captcha.image", "requests"):
    from streamlit_authenticator import Authenticate
    from streamlit_authenticator.controllers import AuthenticationController, CookieController
    from streamlit_authenticator.models import AuthenticationModel, CookieModel
    from streamlit_authenticator.utilities import Encryptor, LoginError

COOKIE_NAME = "scorecard"
# Session keys of our own, beside the package's.
EPOCH = "session_epoch"
_CONNECTION = "signed_in_on"
_PACKAGE_KEYS = ("authentication_status", "username", "name", "email", "roles")


def is_own_connection(key: Callable[[], str]) -> bool:
    """Whether this session is on the connection that it was signed in on, or shows its cookie.

    Streamlit hands a session on to any connection that names it, as a browser does that was cut
    off; knowing the name is not enough. ``key`` gives the one that cookies are signed with.
    """
    session, connection = st.session_state, _connection()
    if session.get(_CONNECTION) == connection:
        return True
    claims = read_token(st.context.cookies.get(COOKIE_NAME), key())
    shown = claims and (claims["username"], claims["epoch"])
    if shown != (session.get("username"), session.get(EPOCH)):
        return False
    session[_CONNECTION] = connection
    return True


def forget_session() -> None:
    """Have nobody be signed in to this session; the browser's cookie is left as it is."""
    for name in (*_PACKAGE_KEYS, EPOCH, _CONNECTION):
        st.session_state[name] = None


def _connection() -> str | None:
    """What tells this WebSocket from every other; None without one."""
    return st.context.headers.get("Sec-WebSocket-Key")


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
        st.session_state[_CONNECTION] = _connection()


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

    def enter_by_cookie(self) -> bool:
        """Let in whoever the cookie is of; False when the package refuses it."""
        try:
            self.login(location="unrendered")
        except LoginError:
            return False
        return True

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
