"""Single sign-on within a run: who the identity provider says is here, the way in, the way out.

Streamlit leads the browser through the provider and back, checks what comes back and keeps its
claims in a signed cookie (``st.login``, ``st.user``). Whether they let somebody in, and for how
long, is decided in ``data/sso.py`` on every run.
"""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

from data.config import load_config
from data.errors import WarehouseError
from data.oidc_settings import oidc_client
from data.secrets import has_demo_key
from data.sign_in_config import SignIn
from data.sso import Identity, end_sso_session, read_identity, sso_account, sso_session
from data.users import Account
from data.warehouse import last_warehouse, open_warehouse

LABEL = "Use single sign-on"


def settings() -> SignIn:
    """How people sign in here. Raises ``ConfigError``."""
    try:
        return (last_warehouse() or open_warehouse()).config.sign_in
    except WarehouseError:
        return load_config(demo=has_demo_key()).sign_in


def sso_time() -> timedelta:
    """For how long a sign-in at the provider is good. Raises ``ConfigError``."""
    return timedelta(hours=settings().session_hours)


def _identity() -> Identity | None:
    """Who the provider says is here; None when nobody has signed in there."""
    claims = st.user.to_dict()
    if claims.get("is_logged_in") is not True:
        return None
    return read_identity(claims, settings().groups_claim)


def signed_in_account() -> Account | None:
    """The account of whoever has signed in at the provider; None when nobody has.

    Raises ``SignInRefused`` for somebody who may not come in, or not any more.
    """
    identity = _identity()
    return None if identity is None else sso_account(identity, settings())


def current_sign_in() -> str | None:
    """The id of this run's sign-in at the provider, for ``session_account``; None without one."""
    if not settings().takes_sso:
        return None
    identity = _identity()
    return None if identity is None else identity.sign_in_id


def session_account(sign_in_id: str) -> Account | None:
    """The account of a sign-in, outside any run; None when its session has ended."""
    now_set = settings()
    return sso_session(sign_in_id, now_set) if now_set.takes_sso else None


def show_button() -> None:
    """The way to the provider. Raises ``ConfigError`` when there is none to lead to."""
    oidc_client()
    # Not type="primary": on the dark theme's light colour its text cannot be read.
    st.button(LABEL, key="sso_sign_in", on_click=st.login, width="stretch")


def sign_out() -> bool:
    """End this sign-in, here and at the provider; False when there is none. For callbacks."""
    sign_in_id = current_sign_in()
    if sign_in_id is None:
        return False
    try:
        end_sso_session(sign_in_id)
    finally:
        # The browser's cookie goes, whatever the state database says.
        st.logout()
    return True
