"""The web application: ``streamlit run app.py`` (or any ASGI server with ``app:app``).

Here is what lives as long as the process: start-up, the routes for readiness and short links, the
last resort for errors. What a visitor sees starts in ``pages/view/frame.py``.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from anyio import CapacityLimiter, create_task_group, move_on_after, to_thread
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from data import readiness
from data.errors import ScorecardError
from data.oidc_settings import is_configured, oidc_client
from data.short_links import LINK, is_link_id
from data.state import open_state
from data.warehouse import open_warehouse
from metrics.agreements.signing import register_agreements
from metrics.definitions import register_definitions
from pages.view.compressed_files import CompressedFiles
from pages.view.failure import show_failure
from pages.view.garbage import keep_collections_short, share_one_heap
from pages.view.metrics_route import Counting, metrics
from pages.view.sso_return import SignInReturn
from pages.view.telemetry import start_logs

share_one_heap()
log = logging.getLogger(__name__)
T = TypeVar("T")
# A load balancer asks every few seconds; a server that is gone must not keep it waiting.
READY_SECONDS = 4.0
ENTRY = Path(__file__).resolve().parent / "pages" / "view" / "entry.py"


# What every run needs, and takes long to import.
WARM = ("metrics.tiles", "pages.view.frame")


def _warm_up() -> None:
    """Migrate the state database and record the KPIs' definitions; load the libraries."""
    start_logs()
    # The sign-in's packages ask Streamlit for the visitor while they are imported: there is none.
    runless = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
    runless.setLevel(logging.ERROR)
    for module in WARM:
        importlib.import_module(module)
    runless.setLevel(logging.NOTSET)
    try:
        open_state()
        config = open_warehouse().config
        register_definitions(config)
        register_agreements(config)
    except ScorecardError as error:
        # The server starts all the same: every visitor reads what is wrong, and /ready answers.
        # A definition that is not recorded now is when its KPI's page is first opened.
        log.error("%s", error)
    keep_collections_short()


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    await to_thread.run_sync(_warm_up)
    yield {}


async def _answer(ask: Callable[[], T]) -> T | None:
    """What a database says; None when it has trouble, or says nothing in time.

    A thread that waits for a dead server is left behind; there are few of them, and none of
    the app's own.
    """
    with move_on_after(READY_SECONDS):
        try:
            return await to_thread.run_sync(ask, abandon_on_cancel=True, limiter=_probes())
        except ScorecardError as error:
            log.warning("not ready: %s", error)
    return None


@lru_cache(maxsize=1)
def _probes() -> CapacityLimiter:
    return CapacityLimiter(4)  # made in the server's own event loop


def _state_answers() -> bool:
    readiness.check_state()
    return True


async def ready(request: Request) -> JSONResponse:
    """200 while both databases answer, else 503 within ``READY_SECONDS``.

    The route is open to everyone, so it says that something is wrong, not what.
    """
    answers: dict[str, object] = {}

    async def ask(name: str, question: Callable[[], object]) -> None:
        answers[name] = await _answer(question)

    async with create_task_group() as both:
        both.start_soon(ask, "warehouse", readiness.warehouse_version)
        both.start_soon(ask, "state database", _state_answers)
    silent = [name for name in ("warehouse", "state database") if answers[name] is None]
    headers = {"Cache-Control": "no-store"}
    if silent:
        reason = " ".join(f"The {name} does not answer." for name in silent)
        body = {"status": "unavailable", "reason": reason}
        return JSONResponse(body, status_code=503, headers=headers)
    body = {"status": "ready", "data_version": str(answers["warehouse"])}
    return JSONResponse(body, headers=headers)


async def short_link(request: Request) -> Response:
    """Send whoever opens a short link into the app, which knows who they are; this does not.

    Every id of the right form is answered alike, whether or not there is such a link.
    """
    link_id = request.path_params["link_id"]
    headers = {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    if not is_link_id(link_id):
        return PlainTextResponse("This is no short link.\n", status_code=404, headers=headers)
    return RedirectResponse(f"{_root()}?{LINK}={link_id}", status_code=303, headers=headers)


def _root() -> str:
    """The app's path, with a slash at both ends."""
    under = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{under}/" if under else "/"


def _sign_in_secrets() -> dict[str, Any] | None:
    """What Streamlit needs to know of the identity provider; None where there is none."""
    try:
        return oidc_client().streamlit_secrets() if is_configured() else None
    except ScorecardError as error:
        # Whoever wants to sign in reads it too; the server starts all the same.
        log.error("%s", error)
        return None


SECRETS = _sign_in_secrets()


def _is_secure() -> bool:
    """Whether visitors come over https, by the address that the identity provider sends them to."""
    return SECRETS is not None and SECRETS["auth"]["redirect_uri"].startswith("https://")


app = st.App(
    ENTRY,
    secrets=SECRETS,
    lifespan=lifespan,
    routes=[
        Route("/ready", ready),
        Route("/metrics", metrics),
        Route("/s/{link_id}", short_link),
    ],
    middleware=[
        Middleware(Counting, root=_root),
        Middleware(SignInReturn, root=_root, is_secure=_is_secure),
        Middleware(CompressedFiles, root=_root),
    ],
    on_script_error=show_failure,
)
