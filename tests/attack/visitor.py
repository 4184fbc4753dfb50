"""A visitor without a browser: speaks Streamlit's own protocol over a WebSocket.

What a browser would draw comes back as messages; everything that leaves the server for one run of
a page can be looked at, byte by byte, in a tenth of the time of a browser.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

RUN_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """All that the server sent for one run of a page."""

    raw: bytes
    messages: tuple[ForwardMsg, ...]

    def holds(self, text: str) -> bool:
        """Whether a text is anywhere in what was sent, in whatever message."""
        return text.encode() in self.raw

    @property
    def markup(self) -> list[str]:
        """Everything that a browser would take for HTML."""
        found = []
        for message in self.messages:
            element = message.delta.new_element
            if element.HasField("html"):
                found.append(element.html.body)
            if element.HasField("markdown") and element.markdown.allow_html:
                found.append(element.markdown.body)
        return found

    @property
    def words(self) -> str:
        """Every text in it, for a person to read."""
        return "\n".join(text for message in self.messages for text in _texts(message))

    @property
    def tracebacks(self) -> list[str]:
        found = [m.delta.new_element.exception for m in self.messages]
        return [one.message for one in found if one.message or one.stack_trace]

    @property
    def is_sign_in(self) -> bool:
        """Whether it is the sign-in page and nothing else."""
        labels = [m.delta.new_element.text_input.label for m in self.messages]
        return "Password" in labels and not any('class="company"' in html for html in self.markup)


def _is_end(message: ForwardMsg) -> bool:
    """Whether a run is over, and none follows that shows another page."""
    over = message.WhichOneof("type") == "script_finished"
    return over and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN


def _texts(message: Any) -> list[str]:
    """Every text in a message and in the messages within it."""
    found: list[str] = []
    for _, value in message.ListFields():
        is_one = isinstance(value, str | bytes) or hasattr(value, "ListFields")
        for one in [value] if is_one or not hasattr(value, "__iter__") else value:
            if hasattr(one, "ListFields"):
                found += _texts(one)
            elif isinstance(one, str):
                found.append(one)
    return found


def _answer(socket: ClientConnection) -> Answer:
    """All that comes until a run is over."""
    parts: list[bytes] = []
    deadline = time.monotonic() + RUN_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        part = socket.recv(timeout=left)
        assert isinstance(part, bytes)
        parts.append(part)
        if _is_end(ForwardMsg.FromString(part)):
            break
    return Answer(b"\n".join(parts), tuple(map(ForwardMsg.FromString, parts)))


class Visitor:
    """Somebody with these cookies; every ``open`` is a new session, as a new tab is."""

    def __init__(
        self, address: str, cookies: Mapping[str, str], *, resume: str = "", origin: str = ""
    ) -> None:
        """``resume`` is the id of a session, as a browser names the one that it had; ``origin``
        another site whose page it is on."""
        self._origin = origin or address
        self._host = urlsplit(address).netloc
        self._protocols = ["streamlit", "no-token", resume] if resume else ["streamlit"]
        self._headers = {}
        if cookies:
            self._headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in cookies.items())

    def open(self, path: str = "", query: str = "") -> Answer:
        return self.click_through(path, [query])

    def click_through(
        self, path: str, queries: Sequence[str], pause_seconds: float = 0.0
    ) -> Answer:
        """Ask for one view after the other in one session, without waiting for any but the last;
        all that came."""
        with self._connected() as socket:
            for number, query in enumerate(queries):
                time.sleep(pause_seconds if number else 0)
                socket.send(self._asked(path, query))
            return _answer(socket)

    @contextmanager
    def staying(self, path: str, query: str) -> Iterator[tuple[Answer, Callable[[str], Answer]]]:
        """A page, and a function that has one of its parts (by its id) draw itself anew."""
        with self._connected() as socket:
            socket.send(self._asked(path, query))
            answer = _answer(socket)
            page = [m.navigation.page_script_hash for m in answer.messages]

            def press(part: str) -> Answer:
                socket.send(self._asked(path, query, part, max(page)))
                return _answer(socket)

            yield answer, press

    def press(self, path: str, query: str, part: str) -> Answer:
        """What a part of a page answers that this session has not opened."""
        with self._connected() as socket:
            socket.send(self._asked(path, query, part))
            return _answer(socket)

    def _connected(self) -> ClientConnection:
        return connect(
            f"ws://{self._host}/_stcore/stream",
            additional_headers=self._headers,
            origin=Origin(self._origin),
            subprotocols=[Subprotocol(name) for name in self._protocols],
            max_size=None,
        )

    def _asked(self, path: str, query: str, part: str = "", page: str = "") -> bytes:
        asked = BackMsg()
        asked.rerun_script.fragment_id = part
        asked.rerun_script.page_script_hash = page
        asked.rerun_script.page_name = path
        asked.rerun_script.query_string = query
        asked.rerun_script.context_info.url = f"http://{self._host}/{path}"
        asked.rerun_script.context_info.timezone = "UTC"
        return bytes(asked.SerializeToString())
