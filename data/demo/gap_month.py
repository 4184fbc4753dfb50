"""The month in which marketing counts 100 SQLs and sales 75: record by record, with a reason each.

A system counts its active records dated inside the month (company time). Every record that only
one side counts is planted for one reason of the handbook's list.
"""

from __future__ import annotations

import numpy as np

from data.demo.clock import COMPANY_ZONE, utc
from data.demo.draws import Bools, Draws, Ints, Times, seconds
from data.demo.funnel import Passes
from data.demo.leads import Leads
from data.demo.stories import GAP_MARKETING, GAP_SALES, GAP_STAGE, Stories
from data.demo.systems import (
    DELETED,
    ERROR,
    EXCLUDED,
    LEAD_KEY,
    MARKETING,
    MERGED,
    NO_KEY,
    PENDING,
    SALES,
    SALES_KEY,
    SYNCED,
    TEST_KEY,
    TEST_RECORD,
    Records,
)

# Why only marketing counts a record: weights, shared out by largest remainder.
MARKETING_ONLY = {
    "rejected": 8, "sync_pending": 4, "stage_differs": 4, "duplicate": 3, "sync_error": 3,
    "merged": 2, "deleted": 2, "filtered": 2, "sync_excluded": 2, "unrouted": 2,
    "period_differs": 2, "no_key": 1, "not_found": 1,
}  # fmt: skip
MOST_MATCHED = 0.92  # of sales' count; the rest are sales' own


def gap_span(stories: Stories) -> tuple[np.datetime64, np.datetime64]:
    """The month in UTC."""
    return utc(stories.gap_month, COMPANY_ZONE), utc(stories.gap_month_ends, COMPANY_ZONE)


def share_out(total: int, weights: dict[str, int]) -> dict[str, int]:
    """``total`` split by weights into whole parts that add up to it."""
    exact = {name: total * weight / sum(weights.values()) for name, weight in weights.items()}
    parts = {name: int(value) for name, value in exact.items()}
    by_rest = sorted(exact, key=lambda name: parts[name] - exact[name])
    for name in by_rest[: total - sum(parts.values())]:
        parts[name] += 1
    return parts


class _Pools:
    """Leads that fit a reason; each is handed out once."""

    def __init__(self, leads: Leads, passes: Passes, span: tuple[np.datetime64, np.datetime64]):
        self._passes, self._span = passes, span
        self._used = np.zeros(len(leads), dtype=bool)
        once = ~passes.again & ~passes.direct
        was_sql = np.zeros(len(leads), dtype=bool)
        was_sql[passes.lead[~np.isnat(passes.sql)]] = True
        never_sql = once & ~was_sql[passes.lead]
        asleep = never_sql & np.isnat(passes.sal) & np.isnat(passes.rejected)
        handed = ~np.isnat(passes.handed)
        self._found = {
            "rejected": never_sql & self._within(passes.rejected),
            "stage_differs": never_sql & self._within(passes.sal),
            "unrouted": asleep & ~handed & self._within(passes.mql),
            "asleep": asleep & handed & self._within(passes.mql),
            "qualified": never_sql & self._within(passes.mql),
        }

    def _within(self, moments: Times) -> Bools:
        return (moments >= self._span[0]) & (moments < self._span[1])

    def take(self, reason: str, count: int) -> Ints:
        """Leads for a reason; where too few fit, others of the month's MQLs, then any MQL."""
        pool = reason if reason in self._found else "asleep"
        everyone = np.full(len(self._passes), True)
        chosen: list[int] = []
        for fits in (self._found[pool], self._found["qualified"], everyone):
            for lead in self._passes.lead[np.flatnonzero(fits)]:
                if len(chosen) == count:
                    return np.array(chosen, dtype=np.int64)
                if not self._used[lead]:
                    self._used[lead] = True
                    chosen.append(int(lead))
        return np.array(chosen, dtype=np.int64)

    def use(self, leads: Ints) -> None:
        self._used[leads] = True


def plant_gap(draws: Draws, stories: Stories, leads: Leads, passes: Passes,
              records: Records) -> dict[str, int]:  # fmt: skip
    """Add the month's records; returns how many each reason explains."""
    rng = draws.named("gap month")
    span = gap_span(stories)
    marketing, sales = stories.scaled(GAP_MARKETING), stories.scaled(GAP_SALES)
    usual = np.flatnonzero(~passes.again & ~passes.direct & ~np.isnat(passes.sql))
    usual = usual[np.argsort(passes.sql[usual], kind="stable")]
    at = passes.sql[usual]
    here = usual[(at >= span[0]) & (at < span[1])]
    matched = min(len(here), int(sales * MOST_MATCHED))
    both = here[:matched]
    records.add(MARKETING, passes.lead[both], _inside(span, passes.sql[both], rng), GAP_STAGE)
    tags = records.add(SALES, passes.lead[both], passes.sql[both], GAP_STAGE)
    # More than sales may count: both systems noted them late, in the next month.
    late = here[matched:]
    next_month = np.full(len(late), span[1]) + seconds(3600 + 86_400 * rng.random(len(late)))
    records.add(MARKETING, passes.lead[late], next_month, GAP_STAGE)
    records.add(SALES, passes.lead[late], next_month, GAP_STAGE)

    pools = _Pools(leads, passes, span)
    pools.use(passes.lead[here])
    parts = share_out(marketing - matched, MARKETING_ONLY)
    for reason, count in parts.items():
        _plant(rng, span, pools, records, reason, count, both, tags, passes)
    own = np.arange(sales - matched)
    records.add(SALES, own, _moments(rng, span, len(own)), GAP_STAGE, key=SALES_KEY,
                linked=False, team=1)  # fmt: skip
    return {**parts, "created_by_sales": len(own)}


def _moments(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64],
             count: int) -> Times:  # fmt: skip
    length = float((span[1] - span[0]) / np.timedelta64(1, "s"))
    return np.full(count, span[0]) + seconds(length * (0.04 + 0.9 * rng.random(count)))


def _inside(span: tuple[np.datetime64, np.datetime64], at: Times,
            rng: np.random.Generator) -> Times:  # fmt: skip
    """A little later, as marketing's system learns of it, and still in the month."""
    return np.minimum(
        at + seconds(300 + 900 * rng.random(len(at))), span[1] - np.timedelta64(1, "s")
    )


def _plant(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64], pools: _Pools,
           records: Records, reason: str, count: int, both: Ints, tags: Ints,
           passes: Passes) -> None:  # fmt: skip
    """Marketing's active records of one reason, and sales' side of it where there is one."""
    at = _moments(rng, span, count)
    if reason == "duplicate" and len(both):
        twice = passes.lead[both[np.arange(count) % len(both)]]
        records.add(MARKETING, twice, at, GAP_STAGE, linked=False)
        return
    if reason == "filtered":
        records.add(MARKETING, pools.take(reason, count), at, GAP_STAGE, sync=EXCLUDED,
                    error=TEST_RECORD, key=TEST_KEY, linked=False)  # fmt: skip
        return
    lead = pools.take(reason, count)
    sync = {"sync_pending": PENDING, "sync_error": ERROR, "sync_excluded": EXCLUDED}
    error = 0 if reason == "sync_error" else -1
    # Not found: an address that no other record has, and no link to a lead.
    unlinked = {"no_key": (NO_KEY, False), "not_found": (SALES_KEY, False)}
    key, linked = unlinked.get(reason, (LEAD_KEY, True))
    records.add(MARKETING, lead, at, GAP_STAGE, sync=sync.get(reason, SYNCED), error=error,
                key=key, linked=linked)  # fmt: skip
    if reason == "merged" and len(tags):
        into = tags[np.arange(len(lead)) % len(tags)]
        records.add(SALES, lead, at, GAP_STAGE, status=MERGED, into=into)
    elif reason == "deleted":
        records.add(SALES, lead, at, GAP_STAGE, status=DELETED)
    elif reason == "period_differs":
        later = np.full(len(lead), span[1]) + seconds(4 * 3600 + 86_400 * rng.random(len(lead)))
        records.add(SALES, lead, later, GAP_STAGE)
