"""Streamlit's files over the wire: compressed once, and the same files as without it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
import streamlit
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from pages.view import compressed_files
from pages.view.compressed_files import CompressedFiles

SCRIPT = "const answer = 42;\n" * 200


class Files:
    """A server of two scripts, a font and a page, behind the middleware; counts what reaches it."""

    def __init__(self, folder: Path) -> None:
        (folder / "js").mkdir()
        (folder / "js" / "long.js").write_text(SCRIPT, encoding="utf-8")
        (folder / "js" / "short.js").write_text("1", encoding="utf-8")
        (folder / "font.woff2").write_bytes(bytes(range(256)) * 16)
        routes = [Mount("/app/static", StaticFiles(directory=folder)), Mount("/", self._page)]
        self._inner = Starlette(routes=routes)
        self.app = CompressedFiles(self._count, root=lambda: "/app/")
        self.asked = 0

    async def _count(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await anyio.sleep(0.01)
        await self._inner(scope, receive, send)

    @staticmethod
    async def _page(scope: Scope, receive: Receive, send: Send) -> None:
        page = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": page})
        await send({"type": "http.response.body", "body": b"<p>page</p>" * 200})

    async def get(
        self, path: str, headers: Mapping[str, str] | None = None, *, leaves: bool = False
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Message] = []

        async def receive() -> Message:
            if leaves:
                return {"type": "http.disconnect"}
            await anyio.sleep_forever()
            raise AssertionError("unreachable")

        async def send(message: Message) -> None:
            sent.append(message)

        given = {"accept-encoding": "gzip, deflate, br"} if headers is None else headers
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "root_path": "",
            "query_string": b"",
            "headers": [(n.encode(), v.encode()) for n, v in given.items()],
        }
        await self.app(scope, receive, send)
        told = {n.decode(): v.decode() for n, v in sent[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in sent[1:])
        return sent[0]["status"], told, body


def _run(ask: Any, *args: Any) -> Any:
    """In a thread of its own: in this one the browser of another test may have a loop running."""
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(anyio.run, ask, *args).result()


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


LONG = "/app/static/js/long.js"


def test_a_script_comes_compressed_and_says_so(files: Files):
    status, headers, body = _run(files.get, LONG)
    assert status == 200
    assert gzip.decompress(body).decode() == SCRIPT
    assert headers["content-encoding"] == "gzip"
    assert headers["content-length"] == str(len(body))
    assert headers["vary"].lower() == "accept-encoding"
    assert headers["content-type"].startswith("text/javascript")
    assert headers["etag"].startswith("W/")


def test_a_browser_that_leaves_halfway_leaves_no_half_file(files: Files):
    _run(lambda: files.get(LONG, leaves=True))
    assert gzip.decompress(_run(files.get, LONG)[2]).decode() == SCRIPT


def test_whoever_does_not_ask_for_it_gets_the_file_as_it_is(files: Files):
    _run(files.get, LONG)
    _, headers, body = _run(files.get, LONG, {})
    assert body.decode() == SCRIPT
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    "path", ["/app/static/js/short.js", "/app/static/font.woff2", "/app/page", "/static/js/long.js"]
)
def test_what_gains_nothing_or_is_none_of_ours_is_left_alone(files: Files, path: str):
    status, headers, body = _run(files.get, path)
    assert (status, "content-encoding" in headers) == (200, False)
    assert body


def test_a_part_and_a_question_whether_it_has_changed_are_answered_by_the_file(files: Files):
    _, first, _ = _run(files.get, LONG)
    accept = {"accept-encoding": "gzip"}
    status, _, body = _run(files.get, LONG, accept | {"range": "bytes=0-4"})
    assert (status, body) == (206, b"const")
    status, _, body = _run(files.get, LONG, accept | {"if-none-match": first["etag"]})
    assert (status, body) == (304, b"")


def test_there_is_no_file_to_be_had_that_was_not_there(files: Files):
    for path in ("/app/static/js/none.js", "/app/static/../../secret", "/app/static/js"):
        assert _run(files.get, path)[0] in (404, 405), path


def test_thirty_browsers_at_once_cost_one_compression(files: Files, monkeypatch):
    made: list[int] = []
    compress = gzip.compress

    def counted(data: bytes, *rest: int, **more: int) -> bytes:
        made.append(len(data))
        return compress(data, *rest, **more)

    monkeypatch.setattr(compressed_files.gzip, "compress", counted)
    bodies: list[bytes] = []

    async def one() -> None:
        bodies.append((await files.get(LONG))[2])

    async def all_at_once() -> None:
        async with anyio.create_task_group() as browsers:
            for _ in range(30):
                browsers.start_soon(one)

    _run(all_at_once)
    assert made == [len(SCRIPT)]
    assert files.asked == 1
    assert {gzip.decompress(body).decode() for body in bodies} == {SCRIPT}


def test_what_is_kept_is_bounded(files: Files, monkeypatch):
    size = len(_run(files.get, LONG)[2])
    kept = files.app._kept
    monkeypatch.setattr(kept, "_Cache__maxsize", 3 * size)
    for n in range(20):  # one file, written in twenty ways
        _run(files.get, f"/app/static/js/{'./' * n}long.js")
    assert kept.currsize <= 3 * size


def test_the_scripts_of_streamlit_are_of_a_kind_that_is_compressed():
    folder = Path(streamlit.__file__).parent / "static" / "static"
    kinds = {path.suffix for path in folder.rglob("*") if path.stat().st_size > 100_000}
    assert {".js", ".css"} & kinds
