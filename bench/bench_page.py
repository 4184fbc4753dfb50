"""The pages as visitors get them: clicks of 1, 10 and 30 sessions, a real browser, a cold start.

The load client and the browser run on the same machine as the app. ``BENCH_PAGE_LEADS`` sets the
size of the demo company (20,000 unless given), ``BENCH_PAGE_PARTS`` which parts run (``start
clicks viewers pages browser``). A click changes the view between four that are warm. The goals of
viewers are what Apache Superset 6.1 took for a board of 20 charts on the same rows, on two cores.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter

from bench.load_client import Crowd, Run, Session
from bench.measured_app import Company, build_company, memory_mb

Figure = tuple[str, float, str, str]  # what, how much, in which unit, its goal ("" without one)
PARTS = ("start", "clicks", "viewers", "pages", "browser")
SCORECARD = [
    ("scorecard", ""),
    ("scorecard", "cadence=monthly"),
    ("scorecard", "compare=year"),
    ("scorecard", "region=EMEA"),
]
THINK_SECONDS = 5.0
VIEWERS = 30
# Views that nobody has asked for: each is good for one measurement without the cache.
UNASKED = [
    f"region={r}&segment={s}" for s in ("smb", "mid_market") for r in ("EMEA", "APAC", "AMER")
]
# By page: addresses between which a click alternates.
PAGES = {
    "kpi": [("kpi", "metric=mqls"), ("kpi", "metric=win_rate"), ("kpi", "metric=mql_to_sql")],
    "funnel": [("funnel", ""), ("funnel", "cadence=monthly")],
    "credit": [("attribution", ""), ("attribution", "cadence=monthly")],
    "sla": [("sla", ""), ("sla", "cadence=monthly")],
    "reconciliation": [("reconciliation", ""), ("reconciliation", "cadence=monthly")],
    "review": [("review", ""), ("review", "cadence=monthly")],
    "lead": [("lead", ""), ("lead", "cadence=monthly")],
    "handbook": [("handbook", ""), ("handbook", "find=lead")],
}


def run() -> Iterable[Figure]:
    leads = int(os.environ.get("BENCH_PAGE_LEADS", "20000"))
    parts = os.environ.get("BENCH_PAGE_PARTS", " ".join(PARTS)).split()
    with tempfile.TemporaryDirectory() as folder:
        company = build_company(Path(folder), leads)
        yield "leads", leads, "", ""
        if "start" in parts:
            yield from _cold_start(company)
        with company.app() as (server, _):
            crowd = Crowd(server.url, company.cookies, SCORECARD)
            asyncio.run(crowd.click(1, 4))
            if "clicks" in parts:
                yield from _clicks(crowd, server.pid)
            if "viewers" in parts:
                yield from _viewers(crowd, server.pid)
            if "pages" in parts:
                yield from _pages(crowd)
            if "browser" in parts:
                # Imported here: the other parts need no browser.
                from bench.page_in_browser import measure

                yield from measure(server.url, company.cookies)


def _cold_start(company: Company) -> Iterable[Figure]:
    """From the start of the process to the end of the first visitor's run."""

    async def first(address: str) -> Run:
        async with Session(address, company.cookies) as session:
            return await session.run("scorecard", "")

    taken = []
    for _ in range(3):
        with company.app() as (server, begun):
            up = perf_counter() - begun
            shown = asyncio.run(first(server.url))
            taken.append((perf_counter() - begun, up, shown.seconds))
    total, up, seconds = sorted(taken)[1]
    yield "cold start to the first full scorecard", total, "s", "≤ 4"
    yield "  of it until the server answers", up, "s", ""
    yield "  of it the first run", seconds, "s", ""


def _clicks(crowd: Crowd, pid: int) -> Iterable[Figure]:
    alone = asyncio.run(crowd.click(1, 40))
    memory = memory_mb(pid)
    yield from _told("1 session", alone, "≤ 0.10")
    yield "messages a run", median(run.elements for run in alone), "", ""
    yield "over the wire a run", median(run.wire_bytes for run in alone) / 1e3, "kB", "≤ 300"
    thirty = asyncio.run(crowd.click(30, 8))
    # At once: a session that has ended is kept for two minutes, in case its browser comes back.
    much = memory_mb(pid)
    yield from _told("10 sessions", asyncio.run(crowd.click(10, 12)), "")
    yield from _told("30 sessions", thirty, "≤ 1.2")
    thinking = asyncio.run(crowd.click(30, 4, THINK_SECONDS))
    yield from _told("30 sessions, 5 s of thinking", thinking, "≤ 0.3")
    if memory is not None and much is not None:
        yield "memory with 30 sessions", much, "MB", "≤ 400"
        yield "memory a session", (much - memory) / 29, "MB", "≤ 1"


def _viewers(crowd: Crowd, pid: int) -> Iterable[Figure]:
    """A link opened by one and by thirty at once, from nothing to the whole page for the last."""

    def opened(viewers: int, query: str) -> float:
        return asyncio.run(crowd.open_at_once(viewers, ("scorecard", query)))

    fresh = iter(UNASKED)
    alone = median(opened(1, next(fresh)) for _ in range(3))
    again = median(opened(1, UNASKED[0]) for _ in range(5))
    many = median(opened(VIEWERS, next(fresh)) for _ in range(3))
    cached = median(opened(VIEWERS, UNASKED[0]) for _ in range(3))
    yield "a viewer, cached", again, "s", "< 0.85"
    yield "a viewer, nothing cached", alone, "s", "< 1.70"
    yield f"{VIEWERS} viewers at once, cached: the last", cached, "s", "< 23"
    yield f"{VIEWERS} viewers at once, nothing cached: the last", many, "s", "< 83"
    if (memory := memory_mb(pid)) is not None:
        yield f"memory after {VIEWERS} viewers three times over", memory, "MB", "< 780"


def _told(who: str, runs: list[Run], goal: str) -> Iterable[Figure]:
    seconds = [run.seconds for run in runs]
    yield f"scorecard, {who}: median", median(seconds), "s", goal
    yield f"scorecard, {who}: 95th percentile", quantiles(seconds, n=20)[-1], "s", ""


def _pages(crowd: Crowd) -> Iterable[Figure]:
    for name, views in PAGES.items():
        own = Crowd(crowd.address, crowd.cookies, views)
        asyncio.run(own.click(1, len(views)))
        runs = asyncio.run(own.click(1, 12))
        yield f"{name}, 1 session: median", median(run.seconds for run in runs), "s", "≤ 0.10"
        yield f"{name}: messages a run", median(run.elements for run in runs), "", ""
        size = median(run.wire_bytes for run in runs) / 1e3
        yield f"{name}: over the wire a run", size, "kB", "≤ 300"
