"""``lead_changes``: what was known of a lead, and when; and what that makes today's view."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.config import FACTS
from data.demo.arrow import ACCOUNT, LEAD, REP, contract_table, ids, words
from data.demo.clock import COMPANY_ZONE, Window, utc
from data.demo.company import LEAVER, REGIONS, SDRS
from data.demo.deals import NEW, Deals
from data.demo.draws import Bools, Draws, Floats, Ints, Times, around, days, evenly, seconds
from data.demo.endings import Endings
from data.demo.funnel import Passes
from data.demo.lead_tables import Knowledge
from data.demo.leads import Leads
from data.demo.stories import NEW_THRESHOLD, OLD_THRESHOLD, Stories

FIELDS = ("score", *FACTS, "owner_id", "account_id")
SYSTEMS = ("hubspot", "salesforce")
TEAMS = ("marketing", "sales")
MARKETING, SALES = 0, 1
COMPLETE_AT_ENTRY = 0.76
KNOWN_EARLY, KNOWN_LATER = 0.70, 0.5  # each fact of an MQL that was not complete
FACT_IS_TRUE = (0.62, 0.48, 0.55, 0.86)
TOP_SCORE = 100


class Journal:
    """Changes as they are found; ``rows`` puts those inside the window in order."""

    def __init__(self) -> None:
        self._parts: list[tuple[Ints, Ints, Ints, Times, Ints]] = []

    def add(self, lead: Ints, field: str, value: Ints, at: Times, by: int) -> None:
        size = len(lead)
        self._parts.append((lead, np.full(size, FIELDS.index(field)), value, at, np.full(size, by)))

    @property
    def leads_with_facts(self) -> Ints:
        """The leads of which any fact becomes known."""
        first = FIELDS.index(FACTS[0])
        found = [lead[(field >= first) & (field < first + len(FACTS))]
                 for lead, field, *_ in self._parts]  # fmt: skip
        return np.unique(np.concatenate(found))

    def rows(self, window: Window, alone: Bools) -> list[np.ndarray]:
        """Lead, field, value, moment and side, by moment. Of leads that are in HubSpot ``alone``
        sales has told nothing."""
        lead, field, value, at, by = (
            np.concatenate(column) for column in zip(*self._parts, strict=True)
        )
        inside = np.flatnonzero((at < window.end) & ((by == MARKETING) | ~alone[lead]))
        order = inside[np.lexsort((field[inside], lead[inside], at[inside]))]
        return [column[order] for column in (lead, field, value, at, by)]


def _scores(draws: Draws, window: Window, stories: Stories, leads: Leads, passes: Passes,
            journal: Journal) -> None:  # fmt: skip
    """A first score at creation, a higher one later; an MQL's crosses the threshold of its day."""
    rng = draws.named("scores")
    size = len(leads)
    changed = utc(stories.definition_changes, COMPANY_ZONE)
    start = 4 + 30 * rng.beta(2, 2.5, size)
    journal.add(np.arange(size), "score", start.astype(np.int64), leads.created, MARKETING)
    qualified = np.zeros(size, dtype=bool)
    qualified[passes.lead] = True
    later = leads.created + days(around(rng, 6.0, 0.9, size))
    # Before the change a lead could come close to the old threshold and stay below it; after it
    # only one below the new threshold stays out.
    room = np.where(later < changed, OLD_THRESHOLD, NEW_THRESHOLD) - 1.0
    near = start + (room - start) * rng.beta(1.2, 2.2, size)
    rows = np.flatnonzero(~qualified & (rng.random(size) < 0.55))
    journal.add(rows, "score", near[rows].astype(np.int64), later[rows], MARKETING)
    rows = np.flatnonzero(~passes.again)
    peak = OLD_THRESHOLD + (TOP_SCORE - OLD_THRESHOLD) * rng.beta(1.4, 2.2, len(rows))
    low = NEW_THRESHOLD + (OLD_THRESHOLD - NEW_THRESHOLD) * rng.random(len(rows))
    peak = np.where(passes.weak[rows], low, peak)
    journal.add(passes.lead[rows], "score", peak.astype(np.int64), passes.mql[rows], MARKETING)
    again = np.flatnonzero(passes.again)
    climbed = OLD_THRESHOLD + 30 * rng.random(len(again))
    journal.add(passes.lead[again], "score", climbed.astype(np.int64), passes.mql[again], MARKETING)


def _facts(draws: Draws, leads: Leads, passes: Passes, journal: Journal) -> None:
    """Facts of MQLs: all known at entry for most, else some then, some in the first calls."""
    rng = draws.named("qualification facts")
    first = np.flatnonzero(~passes.again)
    lead, mql = passes.lead[first], passes.mql[first]
    complete = evenly(rng, np.zeros(len(first), dtype=np.int64)) < COMPLETE_AT_ENTRY
    age = (mql - leads.created[lead]).astype(np.int64) / 1e6
    for field, share in zip(FACTS, FACT_IS_TRUE, strict=True):
        early = complete | (rng.random(len(first)) < KNOWN_EARLY)
        late = ~early & (rng.random(len(first)) < KNOWN_LATER)
        value = (rng.random(len(first)) < share).astype(np.int64)
        before = mql - seconds(age * 0.7 * rng.random(len(first)))
        after = mql + days(1 + rng.exponential(6.0, len(first)))
        journal.add(lead[early], field, value[early], before[early], MARKETING)
        journal.add(lead[late], field, value[late], after[late], SALES)
    rest = np.ones(len(leads), dtype=bool)
    rest[lead] = False
    rows = np.flatnonzero(rest & (rng.random(len(leads)) < 0.06))
    journal.add(rows, FACTS[3], (rng.random(len(rows)) < 0.4).astype(np.int64),
                leads.created[rows] + days(rng.exponential(5.0, len(rows))), MARKETING)  # fmt: skip


def _owners(draws: Draws, window: Window, stories: Stories, leads: Leads, passes: Passes,
            deals: Deals, journal: Journal) -> None:  # fmt: skip
    """The SDR from the handoff, the executive from the deal; the leaver's leads move on."""
    handed = np.flatnonzero(~np.isnat(passes.handed) & ~passes.direct)
    lead, rep = passes.lead[handed], passes.rep[handed]
    journal.add(lead, "owner_id", rep, passes.handed[handed], SALES)
    opened = np.flatnonzero(deals.from_sql & (deals.kind == NEW))
    journal.add(deals.lead[opened], "owner_id", deals.owner[opened],
                deals.created[opened] + seconds(np.full(len(opened), 30.0)), SALES)  # fmt: skip
    left = utc(stories.slip_ends, COMPANY_ZONE)
    orphaned = handed[(rep == LEAVER) & (passes.handed[handed] < left)]
    back = np.flatnonzero(~np.isnat(passes.handed) & (passes.recycled < window.end))
    orphaned = np.setdiff1d(passes.lead[orphaned], deals.lead[opened])
    orphaned = np.setdiff1d(orphaned, passes.lead[back])
    desk = SDRS[REGIONS.index("EMEA")]
    heirs = np.array(desk[1:])[np.arange(len(orphaned)) % (len(desk) - 1)]
    pause = seconds(draws.named("owners").random(len(orphaned)) * 7200 + 9 * 3600)
    journal.add(orphaned, "owner_id", heirs, left + pause, SALES)
    # What is recycled belongs to nobody until it is handed over again.
    journal.add(passes.lead[back], "owner_id", np.full(len(back), -1), passes.recycled[back], SALES)


def _latest(lead: Ints, value: Ints, size: int) -> Ints:
    """The last value of each lead among rows in order of time; -1 where there is none."""
    result = np.full(size, -1)
    result[lead] = value  # numpy keeps the last of repeated indices
    return result


def gather(draws: Draws, window: Window, stories: Stories, leads: Leads, passes: Passes,
           deals: Deals) -> Journal:  # fmt: skip
    """Everything that becomes known of the leads."""
    journal = Journal()
    _scores(draws, window, stories, leads, passes, journal)
    _facts(draws, leads, passes, journal)
    _owners(draws, window, stories, leads, passes, deals, journal)
    rng = draws.named("account changes")
    moved = np.flatnonzero(rng.random(len(leads)) < 0.01)
    found_out = leads.created[moved] + days(rng.exponential(3.0, len(moved)))
    journal.add(moved, "account_id", leads.account[moved], found_out, SALES)
    return journal


def changes_of(journal: Journal, window: Window, leads: Leads, endings: Endings,
               alone: Bools) -> tuple[pa.Table, Knowledge]:  # fmt: skip
    """The ``lead_changes`` table, and today's knowledge: its last value a lead and field.

    ``alone``: which leads only HubSpot knows.
    """
    lead, field, value, at, by = journal.rows(window, alone)

    def latest(name: str) -> Ints:
        rows = field == FIELDS.index(name)
        return _latest(lead[rows], value[rows], len(leads))

    score: Floats = latest("score").astype(float)
    known = Knowledge(
        facts={name: latest(name) for name in FACTS},
        score=np.where(score < 0, np.nan, score),
        owner=latest("owner_id"),
    )
    return _table(lead, field, value, at, by), known


def _table(lead: Ints, field: Ints, value: Ints, at: Times, by: Ints) -> pa.Table:
    is_score, is_fact = field == 0, (field >= 1) & (field <= len(FACTS))
    is_owner: Bools = field == FIELDS.index("owner_id")
    written = pa.array(value).cast(pa.string())
    for rows, texts in (
        (is_fact, words(("false", "true"), np.where(is_fact, value, -1))),
        (is_owner, ids(REP, np.where(is_owner, value, -1))),
        (~is_score & ~is_fact & ~is_owner, ids(ACCOUNT, value)),
    ):
        written = pc.if_else(pa.array(rows), texts, written)
    return contract_table(
        "lead_changes",
        {
            "lead_id": ids(LEAD, lead),
            "field": words(FIELDS, field),
            "value": written,
            "changed_at": at,
            "system": words(SYSTEMS, by),
            "team": words(TEAMS, by),
        },
    )
