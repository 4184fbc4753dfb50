"""The web application: ``streamlit run app.py`` (or any ASGI server with ``app:app``).

Here is what lives as long as the process: start-up, the readiness route, the last resort for
errors. What a visitor sees starts in ``pages/view/frame.py``.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from data.errors import ScorecardError
from data.warehouse import open_warehouse
from pages.view.failure import show_failure

FRAME = Path(__file__).resolve().parent / "pages" / "view" / "frame.py"


def _warm_up() -> None:
    """Import what every run needs, then take it out of the garbage collector's way.

    Streamlit collects after each run; over the libraries' own objects that costs more than the
    run itself.
    """
    importlib.import_module("pages.view.frame")
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    await to_thread.run_sync(_warm_up)
    yield {}


def _readiness() -> tuple[int, dict[str, str]]:
    """HTTP status and body: 200 while the warehouse answers, else 503.

    The route is open to everyone, so it says that something is wrong, not what.
    """
    try:
        return 200, {"status": "ready", "data_version": open_warehouse().data_version}
    except ScorecardError:
        return 503, {"status": "unavailable", "reason": "The warehouse does not answer."}


async def ready(request: Request) -> JSONResponse:
    status, body = await to_thread.run_sync(_readiness)
    return JSONResponse(body, status_code=status, headers={"Cache-Control": "no-store"})


app = st.App(
    FRAME,
    lifespan=lifespan,
    routes=[Route("/ready", ready)],
    on_script_error=show_failure,
)
