"""What the server sends to a browser, message by message: which runs, and of what."""

from __future__ import annotations

from playwright.sync_api import Page, WebSocket
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# Stands at the head of every page, and in no part of one.
HEAD = 'class="company"'


class WireLog:
    """To be made before the page is opened; ``clear`` begins anew."""

    def __init__(self, page: Page) -> None:
        self.messages: list[ForwardMsg] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._note)

    def _note(self, frame: bytes | str) -> None:
        if isinstance(frame, bytes):
            self.messages.append(ForwardMsg.FromString(frame))

    def clear(self) -> None:
        self.messages.clear()

    @property
    def elements(self) -> int:
        """Messages that draw something."""
        return sum(m.WhichOneof("type") in ("delta", "ref_hash") for m in self.messages)

    @property
    def runs(self) -> int:
        return sum(m.WhichOneof("type") == "script_finished" for m in self.messages)

    @property
    def whole_runs(self) -> int:
        """Runs that drew the head of the page."""
        return sum(HEAD in m.delta.new_element.html.body for m in self.messages)
