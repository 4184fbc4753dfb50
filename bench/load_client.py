"""Visitors without a browser: many sessions that click, each over a WebSocket of its own.

What a browser sends with a click is sent here too: the address of the page, and the hashes of the
large messages that it still has and need not get again.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

RUN_SECONDS = 120
# For how many runs a browser keeps a message that no run has sent again.
CACHED_RUNS = 2


@dataclass(frozen=True)
class Run:
    """One click: seconds from sending it to the end of its run; what came over the wire."""

    seconds: float
    wire_bytes: int
    elements: int
    words: frozenset[str]  # the kinds of messages and elements in it


class _Counted(ClientConnection):
    """A connection that counts what comes in, as it came: compressed, with its framing."""

    wire_bytes = 0

    def data_received(self, data: bytes) -> None:
        self.wire_bytes += len(data)
        super().data_received(data)


class Session:
    """One open tab: to be used in ``async with``."""

    def __init__(self, address: str, cookies: dict[str, str]) -> None:
        self._address, self._host = address, urlsplit(address).netloc
        self._cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        self._kept: dict[str, int] = {}  # by hash: the run that last sent it
        self._runs = 0

    async def __aenter__(self) -> Session:
        socket = await connect(
            f"ws://{self._host}/_stcore/stream",
            create_connection=_Counted,
            additional_headers={"Cookie": self._cookie},
            origin=Origin(self._address),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            ping_interval=None,
        )
        assert isinstance(socket, _Counted)
        self._socket = socket
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._socket.close()

    async def run(self, path: str, query: str) -> Run:
        """Open an address in this tab, and wait for the end of the run that shows it."""
        asked = BackMsg()
        asked.rerun_script.page_name = path
        asked.rerun_script.query_string = query
        asked.rerun_script.cached_message_hashes.extend(self._kept)
        asked.rerun_script.context_info.url = f"{self._address}/{path}"
        asked.rerun_script.context_info.timezone = "UTC"
        self._runs += 1
        elements, words = 0, set()
        before, start = self._socket.wire_bytes, perf_counter()
        await self._socket.send(asked.SerializeToString())
        while True:
            part = await asyncio.wait_for(self._socket.recv(), RUN_SECONDS)
            message = ForwardMsg.FromString(part)
            kind = message.WhichOneof("type")
            if kind == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    break
                continue
            elements += kind in ("delta", "ref_hash")
            words.add(self._kind_of(message, kind))
            self._keep(message)
        seconds = perf_counter() - start
        self._kept = {h: n for h, n in self._kept.items() if self._runs - n <= CACHED_RUNS}
        return Run(seconds, self._socket.wire_bytes - before, elements, frozenset(words))

    @staticmethod
    def _kind_of(message: Any, kind: str) -> str:
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            return str(message.delta.new_element.WhichOneof("type"))
        return kind

    def _keep(self, message: Any) -> None:
        if message.metadata.cacheable:
            self._kept[message.hash] = self._runs
        elif message.ref_hash:
            self._kept[message.ref_hash] = self._runs


@dataclass(frozen=True)
class Crowd:
    """So many sessions at once, each clicking through the same addresses so many times."""

    address: str
    cookies: dict[str, str]
    views: Sequence[tuple[str, str]]

    async def open_at_once(self, sessions: int, view: tuple[str, str]) -> float:
        """So many new tabs open one address together; the seconds until the last has all of it."""

        async def visit() -> None:
            async with Session(self.address, self.cookies) as session:
                await session.run(*view)

        start = perf_counter()
        await asyncio.gather(*(visit() for _ in range(sessions)))
        return perf_counter() - start

    async def click(self, sessions: int, clicks: int, think_seconds: float = 0.0) -> list[Run]:
        """Every click of all sessions, their first one left out; ``think_seconds`` pass on average
        between a session's clicks, a fifth more or less at random."""
        chance = random.Random(8)
        pauses = [[chance.uniform(0.8, 1.2) for _ in range(clicks + 1)] for _ in range(sessions)]
        ready = asyncio.Barrier(sessions)

        async def visit(number: int) -> list[Run]:
            async with Session(self.address, self.cookies) as session:
                await session.run(*self.views[number % len(self.views)])
                await ready.wait()
                # Nobody thinks in step: each begins at another moment of the first pause.
                await asyncio.sleep(think_seconds * number / sessions)
                runs = []
                for click in range(1, clicks + 1):
                    await asyncio.sleep(think_seconds * pauses[number][click])
                    runs.append(await session.run(*self.views[(number + click) % len(self.views)]))
                await ready.wait()
                return runs

        every = await asyncio.gather(*(visit(number) for number in range(sessions)))
        return [run for runs in every for run in runs]
