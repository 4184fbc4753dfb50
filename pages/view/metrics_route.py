"""``/metrics`` for Prometheus, for whoever shows the token; and the counting of what is asked.

Without ``SCORECARD_METRICS_TOKEN`` there is no such route: an address that a proxy passes on looks
as if it came from this machine, so that where a request comes from proves nothing.
"""

from __future__ import annotations

import hmac
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from anyio import move_on_after, to_thread
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import ConfigError, ScorecardError
from data.instruments import REGISTRY, REQUEST_SECONDS, REQUESTS, SESSIONS, metrics_text
from data.secrets import checked_key
from data.warehouse import Warehouse, last_warehouse, open_warehouse
from metrics.cache import RESULTS

TOKEN = "SCORECARD_METRICS_TOKEN"
REMEDY = (
    "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))', and show it as "
    "'Authorization: Bearer …'."
)
# A warehouse that is gone without a word must not keep the scraper waiting for the rest.
ANSWER_SECONDS = 3.0
KNOWN_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
log = logging.getLogger(__name__)


def metrics_token() -> str | None:
    """The token that whoever reads the metrics shows; None: there is none, or one that anybody
    could guess, which is told in the log."""
    given = os.environ.get(TOKEN)
    if not given:
        return None
    try:
        return checked_key(given, TOKEN, remedy=REMEDY)
    except ConfigError as error:
        log.error("%s", error)
        return None


async def metrics(request: Request) -> Response:
    """Everything that is counted, for the token; 401 without it, 404 where there is none."""
    token = metrics_token()
    headers = {"Cache-Control": "no-store"}
    if token is None:
        return PlainTextResponse("Not found.\n", status_code=404, headers=headers)
    shown = request.headers.get("authorization", "")
    if not hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        headers["WWW-Authenticate"] = "Bearer"
        return PlainTextResponse("Show the token.\n", status_code=401, headers=headers)
    with move_on_after(ANSWER_SECONDS):
        await to_thread.run_sync(DATA.ask, abandon_on_cancel=True)
    text = await to_thread.run_sync(metrics_text)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers=headers)


# -- what is asked of the app when the metrics are read --------------------------------------------


class CacheMetrics(Collector):
    """The cache of results, as it is now."""

    def collect(self) -> Iterator[Metric]:
        stats = RESULTS.stats()
        yield GaugeMetricFamily("scorecard_cache_entries", "Answers kept", stats.entries)
        yield GaugeMetricFamily("scorecard_cache_entries_most", "At most so many", stats.most)
        yield CounterMetricFamily("scorecard_cache_hits", "Answered from the cache", stats.hits)
        yield CounterMetricFamily("scorecard_cache_misses", "Had to be asked", stats.misses)


class DataMetrics(Collector):
    """The warehouse: whether it answers, which data it holds and how far they reach."""

    def __init__(self) -> None:
        self._answers = 0

    def ask(self) -> None:
        """Ask it anew; meanwhile, and where it says nothing, it does not answer."""
        self._answers = 0
        with suppress(ScorecardError):
            _ = open_warehouse().sources
            self._answers = 1

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("scorecard_warehouse_up", "Whether it answers", self._answers)
        known = last_warehouse()
        if known is None:
            return
        version = GaugeMetricFamily("scorecard_data", "The data's version", labels=["version"])
        version.add_metric([known.data_version], 1)
        yield version
        yield from _moments(known)


def _moments(warehouse: Warehouse) -> Iterator[Metric]:
    through = GaugeMetricFamily(
        "scorecard_source_through_seconds", "The newest event of a source", labels=["source"]
    )
    loaded = GaugeMetricFamily(
        "scorecard_source_loaded_seconds", "When a source was loaded last", labels=["source"]
    )
    for source in warehouse.sources:
        if source.data_through is not None:
            through.add_metric([source.name], _unix(source.data_through))
        loaded.add_metric([source.name], _unix(source.loaded_at))
    yield through
    yield loaded


def _unix(moment: datetime) -> float:
    return moment.replace(tzinfo=UTC).timestamp()


DATA = DataMetrics()
REGISTRY.register(CacheMetrics())
REGISTRY.register(DATA)


# -- what is asked of the server -------------------------------------------------------------------


class Counting:
    """ASGI middleware: counts and times requests by kind of route, and the tabs that are open."""

    def __init__(self, app: ASGIApp, root: Callable[[], str]) -> None:
        self._app = app
        self._root = root

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._tab(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _tab(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_open = False

        async def told(message: Message) -> None:
            nonlocal is_open
            if message["type"] == "websocket.accept" and not is_open:
                is_open = True
                SESSIONS.inc()
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            if is_open:
                SESSIONS.dec()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun, status = time.perf_counter(), 500

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, told)
        finally:
            route = route_of(scope["path"], self._root())
            method = scope["method"] if scope["method"] in KNOWN_METHODS else "other"
            REQUESTS.labels(route, method, str(status)).inc()
            REQUEST_SECONDS.labels(route).observe(time.perf_counter() - begun)


# The first part of a path → the route as it is counted; a path that anybody may make up must not
# become a label of its own.
ROUTES = {
    "": "page",
    "ready": "/ready",
    "metrics": "/metrics",
    "s": "/s",
    "auth": "/auth",
    "oauth2callback": "/oauth2callback",
    "static": "/static",
    "media": "/media",
    "component": "/component",
    "_stcore": "/_stcore",
}


def route_of(path: str, root: str) -> str:
    """The kind of route that a path is of: ``/ready``, ``/static``, ``page`` for all pages."""
    first = path.removeprefix(root).strip("/").partition("/")[0]
    return ROUTES.get(first, "page")
