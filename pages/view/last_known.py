"""Any page's last known numbers, for when the warehouse fails: at once, slowly, or in its midst.

A page that has been shown whole is noted with its address, the warehouse and the moment. When the
warehouse does not answer, the same address is drawn again from the rows that it had then, all of
one version of the data, and says so; nothing of it is asked anew, so that old and new never stand
side by side. Every click asks again, and while nobody clicks the page does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from data.errors import ScorecardError, WarehouseError
from data.instruments import LAST_KNOWN, kind_of
from data.readiness import warehouse_version
from data.running import Asking, Superseded, asking
from data.warehouse import Warehouse, open_warehouse, warehouse_url
from metrics.cache import LastGood
from pages.view.auth import Viewer
from pages.view.request import Request, last_bounds, open_request, read_request
from pages.view.review_bar import age
from pages.view.state import Bounds
from pages.view.waiting import is_over_now

log = logging.getLogger(__name__)
# For how long a page that has something to show waits for the warehouse, all statements together;
# and how long after that it is left alone before somebody waits for it again.
PATIENCE_SECONDS = 15.0
RETRY_SECONDS = 10.0
_A_DAY = timedelta(days=1)
_NEXT = "last-known-next"
_SINCE = "last-known-since"
Query = Mapping[str, Sequence[str]]


@dataclass
class _Page:
    """The page of this run, and what it is shown from."""

    key: Hashable
    path: str
    request: Request | None = None
    is_silent: bool = False


_KNOWN: LastGood[tuple[Warehouse, Bounds]] = LastGood(entries=500)
_page: ContextVar[_Page | None] = ContextVar("page", default=None)


class _Trouble:
    """The last failure of the warehouse in this process: for a while nobody waits for it again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[float, WarehouseError] | None = None

    def note(self, error: WarehouseError) -> None:
        with self._lock:
            self._last = time.monotonic(), error

    def over(self) -> None:
        with self._lock:
            self._last = None

    def lately(self) -> WarehouseError | None:
        with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > RETRY_SECONDS:
                return None
            return self._last[1]


TROUBLE = _Trouble()


def _key(viewer: Viewer, path: str, query: Query) -> Hashable:
    settings = tuple(sorted((name, tuple(values)) for name, values in query.items()))
    return warehouse_url(), viewer.scope, viewer.role, path, settings


def read(viewer: Viewer, path: str, query: Query) -> Request:
    """The request of this run; of the last known numbers where the warehouse fails.

    Raises ``WarehouseError`` when it does not answer and never has.
    """
    key = _key(viewer, path, query)
    page = _Page(key, path)
    _page.set(page)
    known = _KNOWN.find(key)
    asking.set(Asking(is_over_now(), PATIENCE_SECONDS if known else None))
    failed = st.session_state.pop(_NEXT, None)
    error = failed[1] if failed is not None and failed[0] == key else TROUBLE.lately()
    if error is None:
        try:
            page.request = read_request(viewer, query)
            return page.request
        except WarehouseError as silent:
            TROUBLE.note(silent)
            error = silent
    page.is_silent = True
    asking.set(None)
    if known is not None:
        (warehouse, bounds), shown_at = known
        request = open_request(viewer, query, warehouse.silent(error), bounds)
    else:
        request, shown_at = _without_this_page(viewer, query, error)
    LAST_KNOWN.labels(path).inc()
    log.warning("last known numbers", extra={"kind": kind_of(error), "why": error.message})
    notices = (_words(request, shown_at), *request.notices)
    return replace(request, notices=notices)


def _without_this_page(
    viewer: Viewer, query: Query, error: WarehouseError
) -> tuple[Request, datetime]:
    """What others have asked of the same data may do for a page that nobody has opened yet."""
    found = last_bounds(viewer.scope)
    if found is None:
        raise error
    (warehouse, bounds), reached_at = found
    return open_request(viewer, query, warehouse.silent(error), bounds), reached_at


def _words(request: Request, shown_at: datetime) -> str:
    now = datetime.now(UTC).replace(tzinfo=None)
    at = request.bounds.calendar.local(shown_at)
    when = f"{at:%H:%M}" if now - shown_at < _A_DAY else f"{at:%Y-%m-%d %H:%M}"
    return (
        "The warehouse does not answer. These are the last known numbers, of "
        f"{when}, {age(shown_at, now)} ago; every click asks again."
    )


@contextmanager
def instead() -> Iterator[None]:
    """Around a run of the frame: a page that the warehouse leaves in its midst is drawn again with
    its last known numbers, and one that was shown whole is noted."""
    with _drawn(None, fall_back):
        yield


@contextmanager
def _drawn(page: _Page | None, left: Callable[[WarehouseError], None]) -> Iterator[None]:
    """Around what draws a page or a part of one: noted when it was shown whole; ``left`` is called
    when the warehouse fails in its midst, and need not return."""
    _page.set(page)
    try:
        yield
        _note()
    except WarehouseError as error:
        left(error)
        raise
    except Superseded:
        # Streamlit ends the run at the next element and begins the one that was asked for.
        st.empty()
        st.rerun()
    finally:
        asking.set(None)
        _page.set(None)


def fall_back(error: WarehouseError) -> None:
    """Draw this page, left by the warehouse now, with its last known numbers; then this does not
    return. It does where there are none."""
    page = _page.get()
    if page is None or page.is_silent or _KNOWN.find(page.key) is None:
        return
    TROUBLE.note(error)
    st.session_state[_NEXT] = page.key, error
    st.rerun()


def is_silent() -> bool:
    """Whether the page of this run is drawn with its last known numbers."""
    page = _page.get()
    return page is not None and page.is_silent


@contextmanager
def in_part(request: Request, path: str, query: Query) -> Iterator[None]:
    """Around a part, at the address that it has now, of a page that was drawn with ``request``.
    Where the warehouse fails or has other data, the whole page is drawn again."""
    page = _Page(_key(request.viewer, path, query), path, request)
    with _drawn(page, _draw_page_again):
        asking.set(Asking(is_over_now(), PATIENCE_SECONDS if _KNOWN.find(page.key) else None))
        if TROUBLE.lately() or open_warehouse().data_version != request.warehouse.data_version:
            st.rerun()
        yield


def _draw_page_again(error: WarehouseError) -> None:
    TROUBLE.note(error)
    st.rerun()


def _note() -> None:
    page = _page.get()
    if page is None or page.request is None or page.is_silent:
        return
    TROUBLE.over()
    warehouse = page.request.warehouse
    if warehouse.dialect.swaps_in_place and _data_version() != warehouse.data_version:
        # Loaded in its midst: a part of it may be of the data before, and a part of those after.
        st.rerun()
    _KNOWN.keep(page.key, (warehouse, page.request.bounds))


def _data_version() -> str | None:
    try:
        return open_warehouse().data_version
    except WarehouseError:
        return None


def watch() -> None:
    """While last known numbers are shown: ask again by and by, and show the new ones."""
    page = _page.get()
    if page is None or not page.is_silent:
        return
    st.session_state[_SINCE] = time.monotonic()

    @st.fragment(run_every=RETRY_SECONDS)
    def ask_again() -> None:
        if time.monotonic() - st.session_state.get(_SINCE, 0.0) < RETRY_SECONDS / 2:
            return  # this is the run that has drawn the page
        try:
            warehouse_version()
        except ScorecardError:
            return
        TROUBLE.over()
        st.rerun(scope="app")

    ask_again()
