"""The line between the program and its PostgreSQL, which a test can slow down or cut."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from sqlalchemy.engine import URL, make_url


class Line:
    """A port of this machine behind which the server of ``url`` stands.

    ``delay_seconds``: before each part of an answer. ``cut()``: every connection ends and none is
    taken. ``cut_after``: so many parts of answers from now on. ``mend()``: all is well again.
    ``answered``: how many parts of answers it has carried.
    """

    def __init__(self, url: str) -> None:
        self._server = make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._is_cut = False
        self.delay_seconds = 0.0
        self.cut_after: int | None = None
        self.is_mute = False
        self.answered = 0
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        port = self._listener.getsockname()[1]
        kept = {k: v for k, v in self._server.query.items() if k != "host"}
        through: URL = self._server.set(host="127.0.0.1", port=port, query=kept)
        return through.render_as_string(hide_password=False)

    def cut(self) -> None:
        with self._lock:
            self._is_cut = True
            ending, self._open = self._open, set()
        for one in ending:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def mend(self) -> None:
        self.delay_seconds, self.cut_after, self.is_mute, self._is_cut = 0.0, None, False, False

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _take(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                client.close()
                continue
            server = self._dial()
            with self._lock:
                self._open |= {client, server}
            for source, target, answers in ((client, server, False), (server, client, True)):
                job: tuple[Any, ...] = (source, target, answers)
                threading.Thread(target=self._carry, args=job, daemon=True).start()

    def _dial(self) -> socket.socket:
        folder = self._server.query.get("host") or self._server.host
        assert folder is not None
        if not str(folder).startswith("/"):
            return socket.create_connection((str(folder), self._server.port or 5432))
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{folder}/.s.PGSQL.{self._server.port or 5432}")
        return server

    def _carry(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while part := source.recv(65_536):
                if answers:
                    self.answered += 1
                    time.sleep(self.delay_seconds)
                    if self.cut_after is not None:
                        self.cut_after -= 1
                        if self.cut_after < 0:
                            self.cut()
                            return
                while self.is_mute and not self._is_cut:
                    time.sleep(0.05)
                target.sendall(part)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
