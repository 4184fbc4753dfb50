"""The data on the admin page: how fresh they are, what the checks find, and the results' cache."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from data.derive import stale_reason
from data.errors import ScorecardError
from data.failures import public
from data.freshness import Source
from data.quality import Level, Result
from data.warehouse import STALE_AFTER
from metrics.cache import RESULTS, CacheStats
from metrics.data_check import CheckRun, check_as, last_check
from metrics.model import Unit
from pages.view import presence
from pages.view.admin_actions import KEY
from pages.view.admin_html import NOTHING, e, facts, heading, moment, table, words
from pages.view.admin_trust import show_trust
from pages.view.popover import say, show_said
from pages.view.request import Request
from pages.view.review_bar import age

LOADS_SHOWN = 40


def show_data(request: Request) -> None:
    """The warehouse and its sources, the checks, the loads, the cache."""
    show_said(KEY)
    left, right = st.columns(2, gap="large")
    with left:
        st.html(heading("Warehouse") + facts(_warehouse_facts(request)))
    with right:
        st.html(heading("Sources", _sources_words(request)) + sources_html(request))
    show_trust(request)
    _show_check(request)
    left, right = st.columns(2, gap="large")
    with left:
        st.html(heading("Last loads") + loads_html(request))
    with right:
        st.html(
            heading("Cache of results", "of this process") + cache_html(RESULTS.stats(), request)
        )


def _warehouse_facts(request: Request) -> list[tuple[str, str]]:
    warehouse = request.warehouse.whole
    derived = stale_reason(warehouse)
    since = warehouse.meta.get("derived_at")
    at = moment(datetime.fromisoformat(since), request) if since else NOTHING
    return [
        ("Engine", warehouse.dialect.name),
        ("Place", public(warehouse.url)),
        ("Data version", warehouse.data_version),
        ("As of", moment(warehouse.default_as_of, request)),
        ("Derived tables", derived or f"up to date, since {at}"),
        ("Tables", f"version {warehouse.meta['schema_version']}"),
    ]


def _newest(request: Request) -> datetime | None:
    reached = [s.data_through for s in request.warehouse.sources if s.data_through is not None]
    return max(reached, default=None)


def _sources_words(request: Request) -> str:
    stale = request.warehouse.stale_sources
    if not request.warehouse.sources:
        return "no load is recorded, so nothing is known of freshness"
    if not stale:
        return "none is more than a day behind the newest"
    return f"more than a day behind the newest: {', '.join(s.name for s in stale)}"


def sources_html(request: Request) -> str:
    """A row a source, the oldest data first."""
    newest = _newest(request)

    def behind(source: Source) -> str:
        if source.data_through is None or newest is None:
            return NOTHING
        late = newest - source.data_through
        text = age(source.data_through, newest) if late else "newest"
        return f'<span class="bad">✕ {e(text)}</span>' if late > STALE_AFTER else e(text)

    def old(source: Source) -> str:
        return NOTHING if source.data_through is None else age(source.data_through, presence.now())

    return table(
        "sources",
        ["Source", "Data through", "Loaded at", "#Old", "#Behind", "#Tables"],
        [
            [
                f"<b>{e(source.name)}</b>",
                e(moment(source.data_through, request)),
                e(moment(source.loaded_at, request)),
                e(old(source)),
                behind(source),
                e(len(source.tables)),
            ]
            for source in request.warehouse.sources
        ],
    )


def loads_html(request: Request) -> str:
    """A row a table that was loaded, the newest first."""
    loads = request.warehouse.newest_loads[:LOADS_SHOWN]
    return table(
        "loads",
        ["Table", "Source", "Loaded at", "#Rows"],
        [
            [
                e(load.table),
                e(load.source),
                e(moment(load.loaded_at, request)),
                e(request.formats.plain(load.rows)),
            ]
            for load in loads
        ],
    )


# -- the checks -----------------------------------------------------------------------------------


def _show_check(request: Request) -> None:
    run = last_check(request.warehouse)
    st.html(heading("Data check", _check_words(run, request)))
    if run is not None:
        st.html(findings_html(run, request))
        return
    if not st.button("Run the checks", key="admin-check"):
        return
    bar = st.progress(0.0, text="Checking …")

    def tell(check: str, share: float) -> None:
        bar.progress(share, text=f"Checking {check} …")

    try:
        check_as(request.warehouse, request.viewer.username, progress=tell)
    except ScorecardError as error:
        say(KEY, str(error))
    st.rerun()


def _check_words(run: CheckRun | None, request: Request) -> str:
    if run is None:
        return "not run in this process since these data were loaded; it takes some seconds"
    errors, warnings = run.count(Level.ERROR), run.count(Level.WARNING)
    passed = run.checks - errors - warnings
    return (
        f"{run.checks} checks: {errors} errors, {warnings} warnings, {passed} passed; "
        f"{moment(run.made_at, request)}"
    )


def findings_html(run: CheckRun, request: Request) -> str:
    """A row a failed check, errors first."""
    if not run.findings:
        return words("Every check has passed.")
    return table(
        "findings",
        ["Level", "What is not so", "#Rows", "For example", "What it does, and what to do"],
        [_finding(finding, request) for finding in run.findings],
    )


def _finding(finding: Result, request: Request) -> list[str]:
    check, found = finding.check, finding.found
    is_error = check.level is Level.ERROR
    level = '<span class="bad">✕ error</span>' if is_error else "○ warning"
    sample = ", ".join("(none)" if row is None else row for row in found.sample)
    more = ", …" if found.count > len(found.sample) and sample else ""
    return [
        level,
        f"{e(check.table)}: {e(check.rule)}<small>{e(check.id)}</small>",
        e(request.formats.plain(found.count)),
        e(sample + more or NOTHING),
        e(found.note or f"{check.why} {check.remedy}"),
    ]


# -- the cache ------------------------------------------------------------------------------------


def cache_html(stats: CacheStats, request: Request) -> str:
    """Its size and how often it had the answer."""
    plain = request.formats.plain

    def megabytes(size: int) -> str:
        return f"{plain(size / 1e6)} MB"

    rate = stats.hit_rate
    asked = stats.hits + stats.misses
    told = (
        "– (nothing was asked yet)"
        if rate is None
        else f"{request.formats.value(rate, Unit.SHARE)} of {plain(asked)} questions since "
        f"{moment(stats.since, request)}"
    )
    return facts(
        [
            ("Entries", f"{plain(stats.entries)} of at most {plain(stats.most)}"),
            ("Size", f"about {megabytes(stats.bytes)} of at most {megabytes(stats.most_bytes)}"),
            ("Answered from it", told),
            ("Asked anew after a load", f"{plain(stats.renewed)} times"),
            ("Kept", f"at most {plain(stats.seconds / 60)} min, while no load changes its tables"),
        ]
    )
