"""Who is in which system, and what each of the two counts: the demo's ``system_records``.

Every lead is a contact in HubSpot and a lead in Salesforce, but for a few that never got across.
Salesforce counts what its statuses say; HubSpot learns of SALs and SQLs a little later, and has
records of its own: second contacts of one person, tests, stages that Salesforce does not confirm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import LEAD, contract_table, ids, joined, words
from data.demo.clock import Window
from data.demo.draws import NEVER, Bools, Draws, Ints, Times, days, seconds
from data.demo.endings import Endings
from data.demo.funnel import Passes
from data.demo.gap_month import Gap, gap_span, within
from data.demo.leads import Leads
from data.demo.stories import GAP_STAGE, Stories
from data.tables import STAGES

SYSTEMS, PRODUCTS = ("marketing", "sales"), ("hubspot", "salesforce")
MARKETING, SALES = 0, 1
SYNCS = ("synced", "pending", "error", "excluded")
SYNCED, PENDING, ERROR, EXCLUDED = range(4)
SYNC_ERRORS = (
    "REQUIRED_FIELD_MISSING: Country", "DUPLICATES_DETECTED", "FIELD_CUSTOM_VALIDATION_EXCEPTION",
)  # fmt: skip
TEST_RECORD, TEST_ADDRESS = "test record", "qa.test+*"
FIRST_CONTACT = 100_000  # HubSpot's number of the first lead's contact
# Shares on which the two differ in an ordinary month.
UNSYNCED, SALES_DELETED, DOUBLED, TESTS, LATE_SYNC = 0.5, 0.006, 0.008, 0.004, 0.02


@dataclass(frozen=True)
class Events:
    """Entries into a stage as one system notes them; ``who`` is a lead or a contact."""

    who: Ints
    stage: Ints
    at: Times

    def then(self, *others: Events) -> Events:
        every = (self, *others)
        return Events(*(np.concatenate([getattr(e, name) for e in every])
                        for name in ("who", "stage", "at")))  # fmt: skip

    def before(self, end: np.datetime64) -> Events:
        rows = np.flatnonzero(self.at < end)
        return Events(self.who[rows], self.stage[rows], self.at[rows])


def events(who: Ints, stage: str, at: Times) -> Events:
    told = np.flatnonzero(~np.isnat(at))
    return Events(who[told], np.full(len(told), STAGES.index(stage)), at[told])


@dataclass(frozen=True)
class Systems:
    """``contacts`` of HubSpot beyond those of the leads: whose (-1: a test), and since when."""

    alone: Bools  # which leads only HubSpot knows
    sync: Ints  # of each lead's contact
    error: Ints
    sales_deleted: Times  # of each lead's record in Salesforce
    extra_of: Ints
    extra_since: Times
    marketing: Events  # who: the place of a contact, the leads' first
    sales: Events  # who: the lead
    by_sales: Bools  # which leads sales created itself

    @property
    def contact_ids(self) -> pa.Array:
        """HubSpot's number of each contact, as text: of the leads', then of the others."""
        size = len(self.alone) + len(self.extra_of)
        return pa.array(FIRST_CONTACT + np.arange(size)).cast(pa.string())

    @property
    def lead_ids(self) -> pa.Array:
        """The id of each lead in the warehouse."""
        size = len(self.alone)
        salesforce = ids(LEAD, np.arange(size))
        hubspot = joined("hubspot-", self.contact_ids.slice(0, size))
        return pc.if_else(pa.array(self.alone), hubspot, salesforce)


def build_alone(draws: Draws, leads: Leads, passes: Passes, gap: Gap, on_deals: Ints) -> Bools:
    """The leads that never got across: MQLs given to nobody, and those that the month plants."""
    rng = draws.named("unsynced")
    single = np.bincount(passes.lead, minlength=len(leads))[passes.lead] == 1
    forgotten = single & np.isnat(passes.handed) & np.isnat(passes.sal) & ~passes.direct
    forgotten &= rng.random(len(passes)) < UNSYNCED
    alone = np.zeros(len(leads), dtype=bool)
    alone[passes.lead[forgotten]] = True
    alone[on_deals] = False
    alone[leads.parent[leads.duplicate]] = False
    alone[gap.used] = False
    alone[gap.alone[0]] = True
    return alone


def build_systems(draws: Draws, window: Window, stories: Stories, leads: Leads, endings: Endings,
                  passes: Passes, gap: Gap, alone: Bools, on_deals: Ints) -> Systems:  # fmt: skip
    """Everything that the two systems tell of stages."""
    rng = draws.named("systems")
    size = len(leads)
    sync = np.full(size, SYNCED)
    sync[alone] = rng.integers(PENDING, EXCLUDED + 1, int(alone.sum()))
    sync[gap.alone[0]] = SYNCED
    for name, chosen in gap.sync.items():
        sync[chosen] = SYNCS.index(name)
    error = np.where(sync == ERROR, rng.integers(0, len(SYNC_ERRORS), size), -1)

    deleted = np.full(size, NEVER)
    busy = np.zeros(size, dtype=bool)
    busy[gap.used] = busy[on_deals] = True
    busy |= alone | leads.duplicate | leads.is_show
    single = np.bincount(passes.lead, minlength=size)[passes.lead] == 1
    quiet = single & ~passes.direct & np.isnat(passes.sql) & ~busy[passes.lead]
    gone = passes.lead[quiet & (rng.random(len(passes)) < SALES_DELETED)]
    mql = np.full(size, NEVER)
    mql[passes.lead] = passes.mql
    moment = mql[gone] + days(20 + 60 * rng.random(len(gone)))
    deleted[gone] = np.where(moment < window.end, moment, NEVER)
    deleted[gap.deleted[0]] = gap.deleted[1]
    busy[gone] = True

    own, theirs = _ordinary(rng, stories, passes, gap, alone)
    merged, _, at = gap.merged
    theirs = theirs.then(events(merged, GAP_STAGE, at))
    own = own.then(
        events(merged, GAP_STAGE, np.minimum(at + np.timedelta64(9, "m"),
                                             gap_span(stories)[1] - np.timedelta64(1, "s"))),
        *(events(lead, GAP_STAGE, moment) for lead, moment in gap.counted),
        events(gap.alone[0], GAP_STAGE, gap.alone[1]),
    )  # fmt: skip
    # Second contacts and tests, of the month and of any other.
    span = gap_span(stories)
    plain = ~passes.direct & ~passes.again & np.isnat(passes.rejected) & ~busy[passes.lead]
    usual = np.flatnonzero(plain & (rng.random(len(passes)) < 2 * DOUBLED))
    half = rng.random(len(usual)) < 0.5
    is_sql = half & ~np.isnat(passes.sql[usual]) & (passes.sql_noted == passes.sql)[usual]
    base: Times = np.where(is_sql, passes.sql[usual], passes.mql[usual])
    double_at: Times = base + seconds(300 + 1200 * rng.random(len(usual)))
    kept = ~(is_sql & (within(base, span) | within(double_at, span)))
    usual, is_sql, double_at = usual[kept], is_sql[kept], double_at[kept]
    tested = np.flatnonzero(~passes.direct & (rng.random(len(passes)) < TESTS))
    parts = (
        (passes.lead[usual], np.where(is_sql, STAGES.index("sql"), STAGES.index("mql")), double_at),
        (gap.twice[0], np.full(len(gap.twice[0]), STAGES.index(GAP_STAGE)), gap.twice[1]),
        (np.full(len(tested), -1), np.full(len(tested), STAGES.index("mql")), passes.mql[tested]),
        (np.full(len(gap.tests), -1), np.full(len(gap.tests), STAGES.index(GAP_STAGE)), gap.tests),
    )
    whose, stage = (np.concatenate([part[n] for part in parts]) for n in (0, 1))
    when: Times = np.concatenate([part[2] for part in parts])
    inside = np.flatnonzero(when < window.end)
    extra = Events(size + np.arange(len(inside)), stage[inside], when[inside])
    by_sales = np.zeros(size, dtype=bool)
    by_sales[passes.lead[passes.direct]] = True
    return Systems(
        alone=alone, sync=sync, error=error, sales_deleted=deleted, extra_of=whose[inside],
        extra_since=when[inside] - seconds(60 + 200 * rng.random(len(inside))),
        marketing=own.then(extra).before(window.end), sales=theirs.before(window.end),
        by_sales=by_sales,
    )  # fmt: skip


def _ordinary(rng: np.random.Generator, stories: Stories, passes: Passes, gap: Gap,
              alone: Bools) -> tuple[Events, Events]:  # fmt: skip
    """What both note of the passes, each with its own delay; by lead."""
    size = len(passes)
    span = gap_span(stories)

    def lag() -> np.ndarray:
        slow = rng.random(size) < LATE_SYNC
        return seconds(np.where(slow, 86400 * 3 * rng.random(size), 300 + 900 * rng.random(size)))

    sal = np.where(passes.sal_noted, passes.sal, NEVER)
    mql = np.where(passes.direct, NEVER, passes.mql)
    own_sal = np.where(passes.direct, NEVER, sal + lag())
    own_sql = np.where(passes.direct, NEVER, passes.sql + lag())
    # The months before and of the gap agree on which is which; a few are dated a zone too early.
    second = np.timedelta64(1, "s")
    own_sql = np.where((passes.sql < span[0]) & (own_sql >= span[0]), span[0] - second, own_sql)
    own_sql = np.where(within(passes.sql, span) & (own_sql >= span[1]), span[1] - second, own_sql)
    moved = np.full(len(alone), NEVER)
    moved[gap.moved[0]] = gap.moved[1]
    early = moved[passes.lead]
    own_sql = np.where(~np.isnat(early) & ~np.isnat(own_sql), early, own_sql)
    sales_mql = np.where(passes.again | alone[passes.lead], NEVER, mql + lag())
    own = events(passes.lead, "mql", mql).then(
        events(passes.lead, "sal", own_sal), events(passes.lead, "sql", own_sql)
    )
    theirs = events(passes.lead, "mql", sales_mql).then(
        events(passes.lead, "sal", sal), events(passes.lead, "sql", passes.sql_noted)
    )
    return own, theirs


def second_addresses(whose: Ints, count: int) -> pa.Array:
    """The addresses of HubSpot's further contacts: private ones, and those of tests."""
    number = pa.array(np.arange(count)).cast(pa.string())
    private = joined("private.", number, "@mail.example.org")
    tests = joined("qa.test+", number, "@example.com")
    return pc.if_else(pa.array(whose < 0), tests, private)


def record_table(systems: Systems, endings: Endings, email: pa.Array) -> pa.Table:
    """The ``system_records`` table: one row a record and stage that its system counts it for."""
    size = len(systems.alone)
    own, theirs = systems.marketing, systems.sales
    survivor = np.where(endings.into >= 0, endings.into, np.arange(size))
    lead_of = np.concatenate([survivor, np.where(systems.extra_of < 0, -1, systems.extra_of)])
    addresses = pa.concat_arrays([email, second_addresses(systems.extra_of, len(systems.extra_of))])
    both = len(own.who), len(theirs.who)
    system = np.repeat([MARKETING, SALES], both)
    who = np.concatenate([own.who, theirs.who])
    lead = np.concatenate([lead_of[own.who], survivor[theirs.who]])
    is_own = pa.array(system == MARKETING)
    extra = np.full(len(systems.extra_of), SYNCED)
    sync = np.concatenate([systems.sync, np.where(systems.extra_of < 0, EXCLUDED, extra)])
    error = np.concatenate([systems.error, np.where(systems.extra_of < 0, len(SYNC_ERRORS), -1)])
    known = np.concatenate([systems.alone & (systems.sync == SYNCED), extra != SYNCED])
    synced = np.where(system == MARKETING, np.where(known[who], -1, sync[who]), SYNCED)
    safe = np.minimum(who, size - 1)
    merged = (system == SALES) & (endings.into[safe] >= 0)
    gone = (system == SALES) & ~np.isnat(systems.sales_deleted[safe])
    nobody = pa.scalar(None, pa.string())
    salesforce = ids(LEAD, np.where(system == SALES, who, 0))
    creator = np.where(systems.by_sales[safe], 1, 0)
    return contract_table(
        "system_records",
        {
            "system": words(SYSTEMS, system),
            "product": words(PRODUCTS, system),
            "record_id": pc.if_else(is_own, systems.contact_ids.take(pa.array(who)), salesforce),
            "lead_id": pc.if_else(
                pa.array(lead >= 0), systems.lead_ids.take(pa.array(np.maximum(lead, 0))), nobody
            ),
            "match_key": pc.utf8_lower(addresses.take(pa.array(who))),
            "stage": words(STAGES, np.concatenate([own.stage, theirs.stage])),
            "counted_at": np.concatenate([own.at, theirs.at]),
            "status": words(("active", "merged", "deleted"), np.where(merged, 1, gone * 2)),
            "merged_into": pc.if_else(
                pa.array(merged), ids(LEAD, np.where(merged, endings.into[safe], 0)), nobody
            ),
            "sync_status": words(SYNCS, synced),
            "sync_error": words(
                (*SYNC_ERRORS, TEST_RECORD), np.where(system == MARKETING, error[who], -1)
            ),
            "created_by_team": words(
                ("marketing", "sales"), np.where(system == SALES, creator, -1)
            ),
        },
    )
