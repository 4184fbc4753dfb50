"""The next item of an agenda is warm before it is shown: its questions are asked ahead.

One thread of the process does it, after the page that is shown; what it finds goes to the one
cache of results, where the page looks. Nobody waits for it, and nothing depends on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from data.errors import ScorecardError
from metrics.attribution.board import build_credit
from metrics.drivers import cause_of_tile
from metrics.exceptions import find_exceptions
from metrics.funnel import build_funnel
from metrics.kpi import build_kpi
from metrics.review.wins import joint_wins
from metrics.scorecard import build_scorecard
from metrics.sla import build_sla
from pages.view.credit_controls import asked_of
from pages.view.request import Request
from pages.view.state import parse
from pages.view.walk import Walk, address_of

log = logging.getLogger(__name__)
_ahead = ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-item")


def _scorecard(request: Request) -> None:
    card = build_scorecard(request.warehouse, request.question)
    find_exceptions(card, cause_of_tile(request.warehouse, request.question))


def _kpi(request: Request) -> None:
    if request.view.metric is not None:
        build_kpi(request.warehouse, request.question, request.view.metric, request.view.by)


_BUILDERS: dict[str, Callable[[Request], object]] = {
    "scorecard": _scorecard,
    "kpi": _kpi,
    "sla": lambda request: build_sla(request.warehouse, request.question),
    "funnel": lambda request: build_funnel(
        request.warehouse, request.question, request.view.metric
    ),
    "attribution": lambda request: build_credit(
        request.warehouse, request.question, asked_of(request)
    ),
    "review": lambda request: joint_wins(request.warehouse, request.question),
}


def warm_next(walk: Walk, request: Request) -> Future[None] | None:
    """Ask what the next item will ask; None at the end, and for a page that asks nothing."""
    if walk.following is None:
        return None
    build = _BUILDERS.get(walk.meeting.agenda[walk.following - 1].path)
    if build is None:
        return None
    address = address_of(walk, walk.following, request)
    view = parse(address.settings, request.bounds)[0]
    return _ahead.submit(_quietly, build, replace(request, view=view))


def _quietly(build: Callable[[Request], object], request: Request) -> None:
    try:
        build(request)
    except ScorecardError as error:
        log.info("the next item is not warm: %s", error)
