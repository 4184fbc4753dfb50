"""A link survives single sign-on: where the visitor was going is kept while they are away.

Streamlit's sign-in always comes back to the app's root. This ASGI middleware notes, in a cookie of
a few minutes, which page of this app the visitor was on when they left for the provider, and sends
them there when they come back. It knows pages and settings of this app alone: nothing in it can
lead anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAVE, RETURN = "auth/login", "oauth2callback"
COOKIE = "scorecard_return"
SECONDS = 600
MAX_BYTES = 3_000
# What Streamlit keeps its claims and tokens in.
STREAMLIT_COOKIE = "_streamlit_user"
NO_PROVIDER = (
    b"The identity provider does not answer, or refuses this app. "
    b"Go back and try again; if it stays so, tell whoever looks after the scorecard.\n"
)
_PAGE = re.compile(r"[a-z0-9_-]{0,64}")


def destination(address: str, host: str, root: str) -> str | None:
    """A page of this app with its settings, ``"funnel?region=EMEA"``; None for anything else.

    ``address`` is where the visitor was, ``host`` this app's own, ``root`` its path, ``"/"`` or
    ``"/under/"``.
    """
    try:
        parts = urlsplit(address)
        settings = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    page = parts.path.removeprefix(root)
    is_ours = parts.netloc == host and parts.path.startswith(root)
    if not is_ours or _PAGE.fullmatch(page) is None:
        return None
    # Written anew: what a browser sends need not be fit for a header.
    query = urlencode(settings, errors="replace")
    found = f"{page}?{query}" if query else page
    return found if 0 < len(found) <= MAX_BYTES else None


class SignInReturn:
    """The middleware. ``root`` gives the app's path when it is asked for, ``is_secure`` whether
    its visitors come over https."""

    def __init__(
        self, app: ASGIApp, root: Callable[[], str], is_secure: Callable[[], bool]
    ) -> None:
        self._app = app
        self._root = root
        self._is_secure = is_secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = self._root()
        path = scope["path"] if scope["type"] == "http" else ""
        if path == f"{root}{LEAVE}":
            await self._app(scope, receive, _Leaving(self, Headers(scope=scope), root, send))
        elif path == f"{root}{RETURN}":
            await self._app(scope, receive, _Returning(self, Headers(scope=scope), root, send))
        else:
            await self._app(scope, receive, send)

    def cookie(self, value: str, root: str) -> str:
        """The header that sets the cookie, or with nothing in it removes it."""
        age = SECONDS if value else 0
        parts = [f"{COOKIE}={value}", f"Max-Age={age}", f"Path={root}", "HttpOnly", "SameSite=Lax"]
        return "; ".join([*parts, "Secure"] if self._is_secure() else parts)

    def secured(self, cookies: Iterable[str]) -> list[str]:
        """Cookies as Streamlit sets them, kept to https where visitors come over https."""
        return [
            f"{cookie}; Secure"
            if self._is_secure() and cookie.startswith(STREAMLIT_COOKIE)
            else cookie
            for cookie in cookies
        ]


class _Leaving:
    """Sends the answer that leads to the provider, with the cookie that remembers the page."""

    def __init__(self, owner: SignInReturn, asked: Headers, root: str, send: Send) -> None:
        where = destination(asked.get("referer", ""), asked.get("host", ""), root)
        self._cookie = owner.cookie(where or "", root)
        self._send = send
        self._has_failed = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.append("set-cookie", self._cookie)
            if message["status"] >= 400:
                self._has_failed = True
                headers["content-type"] = "text/plain; charset=utf-8"
                headers["content-length"] = str(len(NO_PROVIDER))
        elif self._has_failed:
            message = {**message, "body": b"" if message.get("more_body") else NO_PROVIDER}
        await self._send(message)


class _Returning:
    """Sends the answer that leads back into the app, to the page that was remembered."""

    def __init__(self, owner: SignInReturn, asked: Headers, root: str, send: Send) -> None:
        kept = cookie_parser(asked.get("cookie", "")).get(COOKIE, "")
        host = asked.get("host", "")
        # A cookie is the browser's word: it is looked at like the address it was made of.
        self._where = destination(f"//{host}{root}{kept}", host, root)
        self._owner, self._root, self._send = owner, root, send

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            cookies = self._owner.secured(headers.getlist("set-cookie"))
            del headers["set-cookie"]
            for cookie in [*cookies, self._owner.cookie("", self._root)]:
                headers.append("set-cookie", cookie)
            at_root = headers.get("location", "").rstrip("/") == self._root.rstrip("/")
            if self._where is not None and at_root:
                headers["location"] = f"{self._root}{self._where}"
        await self._send(message)
