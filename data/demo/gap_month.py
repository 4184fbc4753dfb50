"""The month in which marketing counts 100 SQLs and sales 75: record by record, with a reason each.

A system counts its active records dated inside the month (company time). Salesforce counts what its
statuses say, so ``fit_month`` settles before anything follows from them how many leads become SQLs
in the month. HubSpot's own records of the month are planted for the reasons of the handbook's list.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from data.demo.clock import COMPANY_ZONE, Window, utc
from data.demo.company import CHANNEL_NAMES, CHANNELS
from data.demo.draws import Bools, Draws, Ints, Times, days, seconds
from data.demo.endings import Endings
from data.demo.funnel import Passes, blank_passes
from data.demo.leads import Leads
from data.demo.stories import GAP_MARKETING, GAP_SALES, Stories

# Why only marketing counts a record: weights, shared out by largest remainder.
MARKETING_ONLY = {
    "rejected": 8, "sync_pending": 4, "stage_differs": 4, "duplicate": 3, "sync_error": 3,
    "merged": 2, "deleted": 2, "filtered": 2, "sync_excluded": 2, "unrouted": 2,
    "period_differs": 2, "not_found": 2,
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


def within(moments: Times, span: tuple[np.datetime64, np.datetime64]) -> Bools:
    return (moments >= span[0]) & (moments < span[1])


def fit_month(draws: Draws, stories: Stories, leads: Leads, passes: Passes) -> Passes:
    """As many SQLs in the month as sales is to count, some of them its own.

    The others that would have come in the month come in the weeks after it.
    """
    rng = draws.named("gap month")
    span = gap_span(stories)
    swapped = (passes.sql != passes.sql_noted) & ~np.isnat(passes.sql)
    near = swapped & (within(passes.sql_noted, span) | within(passes.sql, span))
    passes = replace(passes, sql_noted=np.where(near, passes.sql, passes.sql_noted))
    inside = np.flatnonzero(within(passes.sql, span))
    usual = inside[~passes.again[inside] & ~passes.direct[inside]]
    # The trade show's own come first: their number is a story of its own.
    usual = usual[np.lexsort((passes.sql[usual], ~leads.is_show[passes.lead[usual]]))]
    sales = stories.scaled(GAP_SALES)
    late = np.setdiff1d(inside, usual[: int(sales * MOST_MATCHED)])
    later = np.full(len(late), span[1]) + days(1 + 20 * rng.random(len(late)))
    sql, noted = passes.sql.copy(), passes.sql_noted.copy()
    sql[late] = later
    noted[late] = later
    passes = replace(passes, sql=sql, sql_noted=noted)
    return passes.then(_own(rng, span, leads, passes, sales - (len(inside) - len(late))))


def _own(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64], leads: Leads,
         passes: Passes, count: int) -> Passes:  # fmt: skip
    """Leads that sales found and qualified itself, outbound ones above all."""
    free = np.ones(len(leads), dtype=bool)
    free[passes.lead] = False
    known = leads.created < span[0] - np.timedelta64(5, "D")
    free &= ~leads.duplicate & ~leads.is_show
    outbound = leads.channel == CHANNEL_NAMES.index("outbound")
    order = np.lexsort((-np.arange(len(leads)), ~outbound, ~known, ~free))
    lead = np.sort(order[:count])
    length = float((span[1] - span[0]) / np.timedelta64(1, "s"))
    sql = np.full(count, span[0]) + seconds(length * (0.04 + 0.9 * rng.random(count)))
    sql = np.maximum(sql, leads.created[lead] + days(np.full(count, 2.0)))
    own = blank_passes(lead, sql - days(np.full(count, 1.5)), np.zeros(count, dtype=bool))
    return replace(
        own, direct=np.full(count, True), sal=sql - days(np.full(count, 1.0)),
        sal_noted=np.full(count, True), sql=sql, sql_noted=sql,
    )  # fmt: skip


@dataclass
class Gap:
    """What is planted in the month. Times are HubSpot's; ``lead`` and times of equal length."""

    parts: dict[str, int] = field(default_factory=dict)
    counted: list[tuple[Ints, Times]] = field(default_factory=list)  # SQLs of HubSpot alone
    moved: tuple[Ints, Times] = (np.array([], np.int64), np.array([], "datetime64[us]"))
    sync: dict[str, Ints] = field(default_factory=dict)  # pending, error, excluded
    deleted: tuple[Ints, Times] = (np.array([], np.int64), np.array([], "datetime64[us]"))
    twice: tuple[Ints, Times] = (np.array([], np.int64), np.array([], "datetime64[us]"))
    tests: Times = field(default_factory=lambda: np.array([], "datetime64[us]"))
    alone: tuple[Ints, Times] = (np.array([], np.int64), np.array([], "datetime64[us]"))
    # Leads merged in Salesforce into a counted one, with their SQL there and its moment.
    merged: tuple[Ints, Ints, Times] = (
        np.array([], np.int64), np.array([], np.int64), np.array([], "datetime64[us]"),
    )  # fmt: skip
    used: Ints = field(default_factory=lambda: np.array([], np.int64))


class _Pools:
    """Leads that fit a reason; each is handed out once."""

    def __init__(self, leads: Leads, endings: Endings, passes: Passes, on_deals: Ints,
                 span: tuple[np.datetime64, np.datetime64]) -> None:  # fmt: skip
        size = len(leads)
        count = np.bincount(passes.lead, minlength=size)
        self._taken = np.zeros(size, dtype=bool)
        self._taken[on_deals] = True
        self._taken[leads.parent[leads.duplicate]] = True
        self._taken |= leads.duplicate | ~np.isnat(endings.deleted)
        single = (count[passes.lead] == 1) & ~passes.direct & np.isnat(passes.sql)
        asleep = single & np.isnat(passes.sal) & np.isnat(passes.rejected)
        handed = ~np.isnat(passes.handed)
        qualified = single & within(passes.mql, span)
        team = np.array([c.sourced_by == "marketing" for c in CHANNELS])[leads.channel]
        plain = np.flatnonzero((count == 0) & team & ~leads.is_show & (leads.created < span[0]))
        self._found = {
            "rejected": passes.lead[single & handed & within(passes.rejected, span)],
            "stage_differs": passes.lead[single & within(passes.sal, span)],
            "unrouted": passes.lead[asleep & ~handed & within(passes.mql, span)],
            "asleep": passes.lead[asleep & handed & within(passes.mql, span)],
            "qualified": passes.lead[qualified & ~(single & within(passes.rejected, span))],
            "plain": plain[::-1],
        }

    def take(self, pool: str, count: int) -> Ints:
        """Leads for a reason: as many as fit it, at most ``count``."""
        found = self._found[pool]
        chosen = found[~self._taken[found]][:count]
        self._taken[chosen] = True
        return chosen

    def take_between(self, created: Times, first: np.datetime64, last: np.datetime64) -> int | None:
        """One plain lead that was created between two moments."""
        plain = self._found["plain"]
        fits = plain[~self._taken[plain] & (created[plain] > first) & (created[plain] < last)]
        if not len(fits):
            return None
        self._taken[fits[0]] = True
        return int(fits[0])

    def use(self, leads: Ints) -> None:
        self._taken[leads] = True


def plan_gap(draws: Draws, window: Window, stories: Stories, leads: Leads, endings: Endings,
             passes: Passes, on_deals: Ints, facts: Ints) -> Gap:  # fmt: skip
    """The records that HubSpot counts and Salesforce does not; a reason that too few leads fit
    gives the rest of its share to "not_found".

    ``on_deals``: leads that stand on a deal; ``facts``: those of which any fact is known.
    """
    rng = draws.named("gap records")
    span = gap_span(stories)
    inside = within(passes.sql, span) & ~passes.direct
    here = passes.lead[inside]
    parts = share_out(stories.scaled(GAP_MARKETING) - len(here), MARKETING_ONLY)
    pools = _Pools(leads, endings, passes, on_deals, span)
    pools.use(here)
    gap = Gap()
    pool = {"rejected": "rejected", "stage_differs": "stage_differs", "unrouted": "unrouted"}
    for reason in ("rejected", "stage_differs", "unrouted", "sync_pending", "sync_error",
                   "sync_excluded", "deleted"):  # fmt: skip
        lead = pools.take(pool.get(reason, "asleep"), parts[reason])
        at = _after(rng, span, _last_event(passes, lead), len(lead))
        gap.counted.append((lead, at))
        gap.parts[reason] = len(lead)
        if reason.startswith("sync_"):
            gap.sync[reason.removeprefix("sync_")] = lead
        if reason == "deleted":
            gone = np.minimum(
                at + days(1 + 5 * rng.random(len(lead))), window.end - np.timedelta64(1, "h")
            )
            gap.deleted = (lead, gone)
    gap.parts["filtered"] = parts["filtered"]
    gap.tests = _moments(rng, span, parts["filtered"])
    _twice(rng, span, gap, parts["duplicate"], here)
    _slips(rng, span, gap, passes, parts["period_differs"])
    _merge(rng, window, span, gap, leads, passes, inside, pools, facts, parts["merged"])
    rest = sum(parts.values()) - sum(gap.parts.values())
    lead = pools.take("plain", rest)
    gap.alone = (lead, _moments(rng, span, len(lead)))
    gap.parts["not_found"] = len(lead)
    # A company too small for that counts more tests.
    more = rest - len(lead)
    gap.tests = np.concatenate([gap.tests, _moments(rng, span, more)])
    gap.parts["filtered"] += more
    gap.used = np.concatenate([here, *(lead for lead, _ in gap.counted), gap.moved[0], gap.alone[0],
                               gap.merged[0], gap.merged[1]])  # fmt: skip
    return gap


def _last_event(passes: Passes, lead: Ints) -> Times:
    """When the only pass of each lead had its last event before an SQL."""
    place = np.full(int(passes.lead.max()) + 1, -1)
    place[passes.lead] = np.arange(len(passes))
    rows = place[lead]
    moments = [passes.mql[rows], passes.handed[rows], passes.sal[rows], passes.rejected[rows]]
    return np.max([np.where(np.isnat(m), passes.mql[rows], m) for m in moments], axis=0)


def _after(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64], start: Times,
           count: int) -> Times:  # fmt: skip
    """Some hours after a moment, and in the month."""
    at = start + seconds(3600 + 40 * 3600 * rng.random(count))
    return np.minimum(at, span[1] - seconds(60 + 3000 * rng.random(count)))


def _moments(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64],
             count: int) -> Times:  # fmt: skip
    length = float((span[1] - span[0]) / np.timedelta64(1, "s"))
    return np.full(count, span[0]) + seconds(length * (0.04 + 0.9 * rng.random(count)))


def _twice(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64], gap: Gap,
           count: int, here: Ints) -> None:  # fmt: skip
    """A second contact in HubSpot of someone whom both count."""
    lead = here[:count]
    gap.twice = (lead, _moments(rng, span, len(lead)))
    gap.parts["duplicate"] = len(lead)


def _slips(rng: np.random.Generator, span: tuple[np.datetime64, np.datetime64], gap: Gap,
           passes: Passes, count: int) -> None:  # fmt: skip
    """SQLs of the first days after the month that HubSpot's zone still dates inside it."""
    fits = ~passes.again & ~passes.direct & (passes.sql >= span[1])
    fits &= (passes.sql == passes.sql_noted) & (passes.mql < span[1] - np.timedelta64(1, "D"))
    rows = np.flatnonzero(fits)
    rows = rows[np.argsort(passes.sql[rows], kind="stable")][:count]
    at = np.full(len(rows), span[1]) - seconds(1800 + 4 * 3600 * rng.random(len(rows)))
    gap.moved = (passes.lead[rows], at)
    gap.parts["period_differs"] = len(rows)


def _merge(rng: np.random.Generator, window: Window, span: tuple[np.datetime64, np.datetime64],
           gap: Gap, leads: Leads, passes: Passes, inside: Bools, pools: _Pools, facts: Ints,
           count: int) -> None:  # fmt: skip
    """The same buyer twice in both systems; sales merges its two, marketing does not."""
    twice = gap.twice[0]
    rows = np.flatnonzero(inside & ~np.isin(passes.lead, twice) & ~passes.again)
    pools.use(facts)
    chosen: list[tuple[int, int, np.datetime64]] = []
    for row in rows[::-1]:
        if len(chosen) == count:
            break
        into = int(passes.lead[row])
        free = pools.take_between(leads.created, leads.created[into], passes.sql[row])
        if free is not None and passes.sql[row] < span[1] - np.timedelta64(6, "h"):
            chosen.append((free, into, passes.sql[row] + np.timedelta64(20, "m")))
    gap.merged = (
        np.array([c[0] for c in chosen], np.int64),
        np.array([c[1] for c in chosen], np.int64),
        np.array([c[2] for c in chosen], "datetime64[us]"),
    )
    gap.parts["merged"] = len(chosen)
