"""The settings of single sign-on that are secret or the machine's own: environment or secrets file.

``.streamlit/secrets.toml`` has them under Streamlit's own names in ``[auth]``; a variable of the
environment holds against the file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from data.errors import ConfigError
from data.secrets import auth_section, cookie_key

# Key in the file → variable of the environment.
VARIABLES = {
    "client_id": "SCORECARD_OIDC_CLIENT_ID",
    "client_secret": "SCORECARD_OIDC_CLIENT_SECRET",
    "server_metadata_url": "SCORECARD_OIDC_METADATA_URL",
    "redirect_uri": "SCORECARD_OIDC_REDIRECT_URI",
    "scope": "SCORECARD_OIDC_SCOPE",
}
DEFAULT_SCOPE = "openid email profile"
CALLBACK = "/oauth2callback"
_HERE = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True)
class OidcClient:
    """This program as the provider knows it; ``cookie_secret`` signs Streamlit's own cookie."""

    client_id: str
    client_secret: str
    server_metadata_url: str
    redirect_uri: str
    scope: str
    cookie_secret: str

    def streamlit_secrets(self) -> dict[str, Any]:
        """As ``st.App(secrets=…)`` takes them. Tokens are not handed to the program."""
        return {
            "auth": {
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "server_metadata_url": self.server_metadata_url,
                "redirect_uri": self.redirect_uri,
                "cookie_secret": self.cookie_secret,
                "client_kwargs": {"scope": self.scope},
            }
        }


def is_configured() -> bool:
    """Whether any setting of single sign-on is given. Raises ``ConfigError`` for a broken file."""
    return any(value for key, value in _given().items() if key != "scope")


def oidc_client() -> OidcClient:
    """The settings. Raises ``ConfigError`` that names what is missing or would not be safe."""
    given = _given()
    missing = [key for key, value in given.items() if not value and key != "scope"]
    if missing:
        names = ", ".join(VARIABLES[key] for key in missing)
        raise ConfigError(
            f"Single sign-on lacks {names}.",
            remedy=f"Set them, or {', '.join(missing)} under [auth] in .streamlit/secrets.toml.",
        )
    _check_address("server_metadata_url", given["server_metadata_url"])
    _check_address("redirect_uri", given["redirect_uri"])
    if not given["redirect_uri"].endswith(CALLBACK):
        raise ConfigError(
            f"{VARIABLES['redirect_uri']} does not end in {CALLBACK}.",
            remedy=f"It is the app's own address with {CALLBACK} behind it.",
        )
    scope = given.pop("scope") or DEFAULT_SCOPE
    if "openid" not in scope.split():
        raise ConfigError(f"{VARIABLES['scope']} lacks the scope 'openid'.")
    return OidcClient(**given, scope=scope, cookie_secret=_cookie_secret())


def _given() -> dict[str, str]:
    section = auth_section()
    kwargs = section.get("client_kwargs")
    in_file = {**section, "scope": kwargs.get("scope") if isinstance(kwargs, dict) else None}
    found = {key: os.environ.get(name) or in_file.get(key) or "" for key, name in VARIABLES.items()}
    return {key: value.strip() if isinstance(value, str) else "" for key, value in found.items()}


def _check_address(key: str, address: str) -> None:
    """An https address; on this machine itself http will do."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)):
        raise ConfigError(
            f"{VARIABLES[key]} is no https:// address.",
            remedy="What is sent to it in the clear could be read and replaced on the way.",
        )


def _cookie_secret() -> str:
    """A key of its own for Streamlit's cookie, made from the program's, so that neither signs
    what is good for the other. There is no key of the demo's for it."""
    key = cookie_key(demo=False).encode("utf-8", "surrogateescape")
    return hmac.new(key, b"cookie of single sign-on", hashlib.sha256).hexdigest()
