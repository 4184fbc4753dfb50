"""A relay between a browser and the app that counts what passes: bytes as they are on the wire."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class Relay:
    """``received`` bytes have come from the app so far; ``address`` is where to reach it."""

    def __init__(self, address: str) -> None:
        there = urlsplit(address)
        self._host, self._port = there.hostname, there.port
        self.received = 0
        self.address = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        app_reader, app_writer = await asyncio.open_connection(self._host, self._port)
        up = asyncio.create_task(self._pass_on(reader, app_writer, counts=False))
        await self._pass_on(app_reader, writer, counts=True)
        up.cancel()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, counts: bool
    ) -> None:
        try:
            while data := await source.read(65_536):
                self.received += len(data) if counts else 0
                sink.write(data)
                await sink.drain()
        except OSError:
            pass  # one side has gone away
        finally:
            sink.close()

    async def run(self, up: threading.Event, stop: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        up.set()
        await stop.wait()
        server.close()
        open_still = asyncio.all_tasks() - {asyncio.current_task()}
        # What a connection says of being cut off is no news.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)


@contextmanager
def relay(address: str) -> Iterator[Relay]:
    """A relay to ``address``, in a thread of its own."""
    made, up = Relay(address), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(made.run(up, stop)))
    thread.start()
    up.wait()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
