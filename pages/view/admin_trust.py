"""Data trust on the admin page: loads and builds as they went, matches, and what is not in sync."""

from __future__ import annotations

import streamlit as st

from data.attempts import Attempt, TableRows, last_attempts
from data.errors import ScorecardError
from metrics.data_trust import Matched, Unsynced, match_rates, unsynced
from metrics.model import Unit
from pages.view.admin_html import NOTHING, e, heading, moment, table
from pages.view.request import Request

ATTEMPTS_SHOWN = 8
KINDS = {"load": "load of files", "build": "build", "demo": "demo company", "derive": "derivation"}
OUTCOMES = {
    "good": "✓ good",
    "unchanged": "✓ good, nothing new",
    "refused": "✕ refused",
    "broken": "✕ broken off",
}
STATUSES = {"error": "✕ error", "pending": "◔ pending", "excluded": "○ excluded"}
NO_END = "◔ not ended: it runs, or was killed"


def show_trust(request: Request) -> None:
    """How the last loads went, what the last good one read, and how the systems agree."""
    try:
        attempts = last_attempts(request.warehouse.url)
    except ScorecardError as error:
        st.html(heading("Loads and builds", str(error)))
        attempts = []
    else:
        shown = attempts_html(attempts[:ATTEMPTS_SHOWN], request) if attempts else ""
        st.html(heading("Loads and builds", attempts_words(attempts, request)) + shown)
    _show_rows(attempts, request)
    matched, found = match_rates(request.warehouse), unsynced(request.warehouse)
    left, right = st.columns(2, gap="large")
    with left:
        shown = matched_html(matched, request) if matched else ""
        st.html(heading("Records with a counterpart", _matched_words(matched)) + shown)
    with right:
        shown = unsynced_html(found, request) if found else ""
        st.html(heading("Not in sync", _unsynced_words(found, matched, request)) + shown)


# -- loads and builds ------------------------------------------------------------------------------


def attempts_words(attempts: list[Attempt], request: Request) -> str:
    """The last good one and the last failed one; a failed one that a good one followed is over."""
    if not attempts:
        return "none of this warehouse is noted in the state database"
    good = next((one for one in attempts if one.is_good), None)
    failed = next((one for one in attempts if one.outcome is not None and not one.is_good), None)
    told = f"last good {moment(good.ended_at, request)}" if good else "none was good"
    if failed is None:
        return f"{told}; none failed"
    is_over = attempts.index(failed) > (attempts.index(good) if good else len(attempts))
    since = "" if is_over else "; the data are still those of the last good one"
    return f"{told}; last failed {moment(failed.ended_at, request)}{since}"


def attempts_html(attempts: list[Attempt], request: Request) -> str:
    """A row an attempt, the newest first."""

    def row(one: Attempt) -> list[str]:
        outcome = OUTCOMES.get(one.outcome or "", NO_END)
        read = sum(table.rows for table in one.rows)
        aside = sum(sum(table.aside.values()) for table in one.rows)
        return [
            e(moment(one.begun_at, request)),
            e(KINDS.get(one.kind, one.kind)),
            f'<span class="bad">{e(outcome)}</span>' if outcome[0] == "✕" else e(outcome),
            e(request.formats.plain(read) if one.rows else NOTHING),
            e(request.formats.plain(aside) if one.rows else NOTHING),
            e(one.words or NOTHING),
        ]

    columns = ["Begun", "What", "How it ended", "#Rows in", "#Set aside", "In its own words"]
    return table("attempts", columns, map(row, attempts))


def _show_rows(attempts: list[Attempt], request: Request) -> None:
    good = next((one for one in attempts if one.is_good and one.rows), None)
    if good is None:
        return
    what = KINDS.get(good.kind, good.kind)
    with st.expander(f"What was read last, table by table ({what})", key="admin-rows"):
        st.html(rows_html(good.rows, request))


def rows_html(rows: tuple[TableRows, ...], request: Request) -> str:
    """A row a table that was read: rows in, used, and those set aside by reason."""
    plain = request.formats.plain

    def reasons(one: TableRows) -> str:
        told = sorted(one.aside.items(), key=lambda item: (-item[1], item[0]))
        return "<br>".join(f"{e(plain(count))} {e(reason)}" for reason, count in told) or NOTHING

    return table(
        "read",
        ["Source", "Table", "#Rows in", "#Used", "Set aside"],
        [
            [e(one.source), e(one.table), e(plain(one.rows)), e(plain(one.used)), reasons(one)]
            for one in rows
        ],
    )


# -- how the systems agree -------------------------------------------------------------------------


def _matched_words(found: tuple[Matched, ...]) -> str:
    if not found:
        return "no system's records are in the warehouse (system_records)"
    return "active records, by lead or by e-mail address"


def matched_html(found: tuple[Matched, ...], request: Request) -> str:
    """A row a product: its records, and the share that the other side has too."""
    plain = request.formats.plain

    def row(one: Matched) -> list[str]:
        share = NOTHING if one.rate is None else request.formats.value(one.rate, Unit.SHARE)
        return [
            f"<b>{e(one.product or '(none)')}</b>",
            e(one.system),
            e(plain(one.records)),
            e(plain(one.records - one.matched)),
            e(share),
        ]

    columns = ["Product", "Side", "#Records", "#Without", "#Match rate"]
    return table("matched", columns, map(row, found))


def _unsynced_words(
    found: tuple[Unsynced, ...], matched: tuple[Matched, ...], request: Request
) -> str:
    if not found:
        return "every active record that says so is in sync" if matched else "nothing to sync"
    errors = sum(one.records for one in found if one.status == "error")
    every = sum(one.records for one in found)
    plain = request.formats.plain
    return f"{plain(every)} active records, {plain(errors)} of them with an error"


def unsynced_html(found: tuple[Unsynced, ...], request: Request) -> str:
    """A row a reason, the most records first."""

    def row(one: Unsynced) -> list[str]:
        status = STATUSES.get(one.status or "", one.status or NOTHING)
        return [
            f"<b>{e(one.product or one.system or '(rest)')}</b>",
            f'<span class="bad">{e(status)}</span>' if one.status == "error" else e(status),
            e(one.error or NOTHING),
            e(request.formats.plain(one.records)),
            e(moment(one.newest, request)),
        ]

    return table("unsynced", ["Product", "Status", "Reason", "#Records", "Newest"], map(row, found))
