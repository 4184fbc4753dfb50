"""``system_records``: what HubSpot and Salesforce each count, and where they disagree."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import contract_table, ids, joined, words
from data.demo.clock import Window
from data.demo.draws import Bools, Draws, Ints, Times, evenly, seconds
from data.demo.funnel import Passes
from data.tables import STAGES

SYSTEMS, PRODUCTS = ("marketing", "sales"), ("hubspot", "salesforce")
MARKETING, SALES = 0, 1
STATUSES = ("active", "merged", "deleted", "archived")
ACTIVE, MERGED, DELETED, ARCHIVED = range(4)
SYNCS = ("synced", "pending", "error", "excluded")
SYNCED, PENDING, ERROR, EXCLUDED = range(4)
SYNC_ERRORS = (
    "REQUIRED_FIELD_MISSING: Country", "DUPLICATES_DETECTED", "FIELD_CUSTOM_VALIDATION_EXCEPTION",
    "test record",
)  # fmt: skip
TEST_RECORD = SYNC_ERRORS.index("test record")
LEAD_KEY, TEST_KEY, SALES_KEY, NO_KEY = range(4)
# Shares of the records of an ordinary month on which the two systems differ.
UNSYNCED, SALES_MERGED, SALES_DELETED, DOUBLED, TESTS = 0.024, 0.006, 0.005, 0.008, 0.004
LATE_SYNC = 0.02


class Records:
    """Records as they are found; each gets a tag by which another can be merged into it."""

    def __init__(self) -> None:
        self._parts: list[list[np.ndarray]] = []
        self._size = 0

    def add(self, system: int, lead: Ints, at: Times, stage: str, *, status: int | Ints = ACTIVE,
            sync: int | Ints = SYNCED, error: int | Ints = -1, into: int | Ints = -1,
            key: int = LEAD_KEY, linked: bool | Bools = True,
            team: int | Bools = 0) -> Ints:  # fmt: skip
        """Add records of one system and stage; returns their tags.

        ``lead`` also gives the match key; without ``linked`` the record knows only the key.
        """
        size = len(lead)
        tags = self._size + np.arange(size)
        self._size += size
        given = (system, STAGES.index(stage), status, sync, error, into, key, linked, team)
        spread = [np.broadcast_to(np.asarray(v, dtype=np.int64), size) for v in given]
        self._parts.append([tags, lead, at, *spread])
        return tags

    @property
    def next_tag(self) -> int:
        """The tag that the next record gets."""
        return self._size

    def columns(self) -> list[np.ndarray]:
        """Tag, lead, moment, system, stage, status, sync, error, into, key, linked, team."""
        return [np.concatenate(column) for column in zip(*self._parts, strict=True)]


def stage_events(passes: Passes, stage: str) -> tuple[np.ndarray, Times]:
    """The passes that reached a stage, and when."""
    moments = {"mql": passes.mql, "sal": passes.sal, "sql": passes.sql}[stage]
    reached = ~np.isnat(moments) & ~((stage == "mql") & passes.direct)
    return np.flatnonzero(reached), moments


def ordinary_records(draws: Draws, passes: Passes, records: Records, stage: str,
                     skipped: tuple[np.datetime64, np.datetime64] | None) -> None:  # fmt: skip
    """Both systems' records of a stage, with the small differences of every month.

    ``skipped`` is a span whose records are told elsewhere: nothing is counted inside it.
    """
    rng = draws.named(f"systems {stage}")
    rows, moments = stage_events(passes, stage)
    size = len(rows)
    lead, at = passes.lead[rows], moments[rows]
    lag = seconds(np.where(rng.random(size) < LATE_SYNC, 86400 * 3 * rng.random(size),
                           300 + 900 * rng.random(size)))  # fmt: skip
    later = at + lag
    marketing_at, sales_at = (at, later) if stage == "mql" else (later, at)
    again, direct = passes.again[rows], passes.direct[rows]
    draw = evenly(rng, np.zeros(size, dtype=np.int64), 100)
    unsynced = ~again & ~direct & (draw < UNSYNCED)
    why = rng.integers(PENDING, EXCLUDED + 1, size)
    error = np.where(unsynced & (why == ERROR), rng.integers(0, TEST_RECORD, size), -1)
    merged = ~unsynced & (draw < UNSYNCED + SALES_MERGED) & (np.arange(size) > 0)
    deleted = ~unsynced & ~merged & (draw < UNSYNCED + SALES_MERGED + SALES_DELETED)

    def told(at: Times) -> Bools:
        """Whether a moment is this function's to count."""
        if skipped is None:
            return np.full(len(at), True)
        return (at < skipped[0]) | (at >= skipped[1])

    ours = np.flatnonzero(~direct & told(marketing_at))
    records.add(MARKETING, lead[ours], marketing_at[ours], stage,
                sync=np.where(unsynced, why, SYNCED)[ours], error=error[ours])  # fmt: skip
    theirs = np.flatnonzero(~unsynced & ~again & told(sales_at))
    status = np.where(merged, MERGED, np.where(deleted, DELETED, ACTIVE))[theirs]
    survivors = np.flatnonzero(status == ACTIVE)
    if len(survivors):
        before = survivors[np.maximum(np.searchsorted(survivors, np.arange(len(theirs))) - 1, 0)]
    else:
        before = np.zeros(len(theirs), dtype=np.int64)
    start = records.next_tag
    records.add(SALES, lead[theirs], sales_at[theirs], stage, status=status,
                into=np.where(status == MERGED, start + before, -1),
                team=direct[theirs])  # fmt: skip
    double = ours[rng.random(len(ours)) < DOUBLED]
    double_at = marketing_at[double] + seconds(600 + 80_000 * rng.random(len(double)))
    kept = told(double_at)
    records.add(MARKETING, lead[double][kept], double_at[kept], stage, linked=False)
    tests = ours[rng.random(len(ours)) < TESTS]
    records.add(MARKETING, lead[tests], marketing_at[tests], stage, sync=EXCLUDED,
                error=TEST_RECORD, key=TEST_KEY, linked=False)  # fmt: skip


def _match_keys(kind: Ints, lead: Ints, tag: Ints, emails: pa.ChunkedArray) -> pa.Array:
    """E-mail as each system wrote it; a third in another case or with a blank behind it."""
    texts = emails.combine_chunks() if isinstance(emails, pa.ChunkedArray) else emails
    plain = texts.take(pa.array(np.maximum(lead, 0)))
    sloppy = pc.utf8_capitalize(joined(plain, " "))
    number = pa.array(tag).cast(pa.string())
    tests = joined("qa.test+", number, "@example.com")
    own = joined("contact.", number, "@prospect-", number, ".example.org")
    key = pc.if_else(pa.array(tag % 9 == 4), sloppy, plain)
    key = pc.if_else(pa.array(kind == TEST_KEY), tests, key)
    key = pc.if_else(pa.array(kind == SALES_KEY), own, key)
    return pc.if_else(pa.array(kind == NO_KEY), pa.scalar(None, pa.string()), key)


def record_table(window: Window, records: Records, emails: pa.ChunkedArray) -> pa.Table:
    """The ``system_records`` table: records counted inside the window, by system and moment."""
    tag, lead, at, system, stage, status, sync, error, into, key, linked, team = records.columns()
    inside = np.flatnonzero((at < window.end) & (at >= window.start))
    order = inside[np.lexsort((tag[inside], at[inside], system[inside]))]
    number = np.full(len(tag), -1)
    number[tag[order]] = np.arange(len(order))
    into_number = np.where(into >= 0, number[np.maximum(into, 0)], -1)[order]
    # A record merged into one that is not there yet is still waiting for it.
    status = np.where((status[order] == MERGED) & (into_number < 0), ARCHIVED, status[order])
    return contract_table(
        "system_records",
        {
            "system": words(SYSTEMS, system[order]),
            "product": words(PRODUCTS, system[order]),
            "record_id": _record_ids(system[order], np.arange(len(order))),
            "lead_id": ids("L", np.where(linked[order] > 0, lead[order], -1)),
            "match_key": _match_keys(key[order], lead[order], tag[order], emails),
            "stage": words(STAGES, stage[order]),
            "counted_at": at[order],
            "status": words(STATUSES, status),
            "merged_into": pc.if_else(
                pa.array(into_number >= 0),
                _record_ids(system[order], into_number),
                pa.scalar(None, pa.string()),
            ),
            "sync_status": words(SYNCS, sync[order]),
            "sync_error": words(SYNC_ERRORS, error[order]),
            "created_by_team": words(("marketing", "sales"), team[order]),
        },
    )


def _record_ids(system: Ints, number: Ints) -> pa.Array:
    return joined(words(("HS-", "SF-"), system), ids("", number))
