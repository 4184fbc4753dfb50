"""Streamlit's own scripts and style sheets over the wire compressed, each compressed once.

They are 4 MB for a browser that has never been here, and Streamlit sends them as they are: its own
compression would begin anew for every request. What a file is and whether it may be had stays for
Streamlit to answer; what it answered is kept compressed.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from anyio import Lock, sleep_forever, to_thread
from cachetools import LRUCache
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = "static/"
TEXT = ("text/javascript", "application/javascript", "text/css", "application/json")
# Bytes kept: all that pages of ours load are a tenth of it. One path may be written in many ways.
MOST = 16_000_000
SMALLEST = 1_000
LEVEL = 6


@dataclass(frozen=True)
class _File:
    start: Message
    body: bytes


async def _wait() -> Message:
    """What comes from somebody who has asked, says no more and does not leave."""
    await sleep_forever()
    raise AssertionError("unreachable")


class CompressedFiles:
    """ASGI middleware; ``root`` gives the app's path, with a slash at both ends."""

    def __init__(self, app: ASGIApp, root: Callable[[], str]) -> None:
        self._app, self._root = app, root
        self._kept: LRUCache[str, _File] = LRUCache(MOST, getsizeof=lambda file: len(file.body))
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_ours(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        file = self._kept.get(path)
        if file is None:
            # Thirty browsers at once wait for one compression, not for thirty.
            lock = self._locks.setdefault(path, Lock())
            async with lock:
                file = self._kept.get(path) or await self._ask(scope)
        await send(file.start)
        await send({"type": "http.response.body", "body": file.body})

    def _is_ours(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        if not scope["path"].startswith(self._root() + FILES):
            return False
        asked = Headers(scope=scope)
        # A part of a file, or whether it has changed: of the file as it is.
        if "range" in asked or "if-none-match" in asked or "if-modified-since" in asked:
            return False
        return "gzip" in asked.get("accept-encoding", "")

    async def _ask(self, scope: Scope) -> _File:
        """The answer as it is to be sent; kept when it is a file that was worth compressing."""
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        # Not the browser's own ``receive``: if it left now, half a file would be kept for all.
        await self._app(scope, _wait, keep)
        plain = _File(start, b"".join(parts))
        headers = MutableHeaders(raw=start["headers"])
        is_text = headers.get("content-type", "").startswith(TEXT)
        if start["status"] != 200 or not is_text or len(plain.body) < SMALLEST:
            return plain
        if "content-encoding" in headers:
            return plain
        body = await to_thread.run_sync(lambda: gzip.compress(plain.body, LEVEL, mtime=0))
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(body))
        headers.add_vary_header("accept-encoding")
        if "etag" in headers:
            headers["etag"] = f"W/{headers['etag'].removeprefix('W/')}"
        file = self._kept[scope["path"]] = _File(start, body)
        return file
