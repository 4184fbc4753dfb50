"""Opportunities: new business out of SQLs, renewals and expansions of customers, old deals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.demo.clock import Clock, Window
from data.demo.columns import Columns
from data.demo.company import (
    CHANNELS,
    EXECUTIVES,
    REGION_SHARES,
    SEGMENT_CYCLE_DAYS,
    SEGMENT_DEAL_USD,
    SEGMENT_SHARES,
)
from data.demo.draws import (
    Bools,
    Draws,
    Floats,
    Ints,
    Times,
    around,
    days,
    evenly,
    pick,
)
from data.demo.funnel import Passes
from data.demo.leads import Accounts, Leads
from data.demo.roster import REP_ZONES, in_turn
from data.demo.stories import SLOW_CHANNEL, SLOW_DAYS, Stories

NEW, EXPANSION, RENEWAL = range(3)
KINDS = ("new", "expansion", "renewal")
SQL_TO_OPPORTUNITY = 0.71
WIN = 0.245
SEGMENT_WIN = (1.10, 1.0, 0.75)
SAME_DEAL_DAYS = 60  # a colleague's SQL within this time joins the deal
LINGERING = 0.05  # lost deals that nobody closed for long
OLD_CUSTOMERS, OLD_DEALS = 140, 80
RENEWAL_WIN, RENEWAL_SIZE = 0.88, 0.72
EXPANDS, EXPANSION_WIN, EXPANSION_SIZE, EXPANSION_CYCLE_DAYS = 0.45, 0.48, 0.40, 38.0
DEAL_SPREAD = 0.42
DAY_US = 86_400e6


@dataclass(frozen=True)
class Deals(Columns):
    """One row a deal of the simulated world; ``closes`` may lie beyond the window's end."""

    lead: Ints  # -1: none
    from_sql: Bools  # opened by that lead's SQL, and not in its wake
    account: Ints
    kind: Ints
    created: Times
    closes: Times
    won: Bools
    amount: Floats
    owner: Ints
    region: Ints
    segment: Ints
    product: Ints
    channel: Ints

    def first_wins(self) -> Bools:
        """The deal with which each account became a customer."""
        wins = np.flatnonzero(self.won & (self.kind == NEW))
        wins = wins[np.lexsort((self.closes[wins], self.account[wins]))]
        opening = np.ones(len(wins), dtype=bool)
        opening[1:] = self.account[wins][1:] != self.account[wins][:-1]
        result = np.zeros(len(self), dtype=bool)
        result[wins[opening]] = True
        return result


@dataclass(frozen=True)
class Joining:
    """SQLs of colleagues that joined a running deal: one row a lead and deal."""

    lead: Ints
    deal: Ints
    joined: Times


def _cycle(rng: np.random.Generator, segment: Ints, won: Bools) -> Floats:
    size = len(segment)
    cycle = around(rng, np.array(SEGMENT_CYCLE_DAYS)[segment], 0.42, size)
    lingers = ~won & (rng.random(size) < LINGERING)
    return np.maximum(cycle * np.where(won, 1.0, 0.85) * np.where(lingers, 3.0, 1.0), 6.0)


def _rush(draws: Draws, name: str, created: Times, closes: Times, won: Bools) -> Times:
    """Won deals near a quarter's end are pulled or pushed into its last fortnight."""
    rng = draws.named(f"{name} quarter ends")
    month = closes.astype("datetime64[M]").astype(np.int64)
    quarter_ends = ((month // 3 + 1) * 3).astype("datetime64[M]").astype("datetime64[us]")
    wait = (quarter_ends - closes).astype(np.int64) / 86_400e6
    rushed = won & (wait < 40) & (rng.random(len(won)) < 0.6)
    early = np.minimum(rng.exponential(4.0, len(won)), 13.0)
    late = np.subtract(quarter_ends, days(early + 0.3))
    in_time = (late - created).astype(np.int64) > 7 * DAY_US
    return np.where(rushed & in_time, late, closes)


def _at_work(clock: Clock, moments: Times, owner: Ints) -> Times:
    """Nobody signs at night: the moment, or the next business minute of the owner."""
    return clock.after_hours(moments, REP_ZONES[owner], np.full(len(moments), 0.05))


def _from_sqls(draws: Draws, clock: Clock, stories: Stories, leads: Leads,
               passes: Passes) -> tuple[Deals, Joining]:  # fmt: skip
    """New business, by creation, and the colleagues who joined it."""
    rng = draws.named("opportunities")
    rows = np.flatnonzero(~np.isnat(passes.sql))
    rows = rows[evenly(rng, leads.channel[passes.lead[rows]]) < SQL_TO_OPPORTUNITY]
    lead = passes.lead[rows]
    office = leads.office[lead]
    owner = in_turn(rng, EXECUTIVES, office, passes.sql[rows], stories)
    wait = around(rng, 22.0, 0.7, len(rows))
    created = clock.after_hours(passes.sql[rows], REP_ZONES[owner], wait)

    account = leads.account[lead]
    order = np.lexsort((created, account))
    gap = np.diff(created[order].astype(np.int64)) / DAY_US
    opens = np.ones(len(order), dtype=bool)
    opens[1:] = (np.diff(account[order]) != 0) | (gap > SAME_DEAL_DAYS)
    opener = order[opens]
    deal_of = np.cumsum(opens) - 1  # in the order of openers
    by_time = np.argsort(created[opener], kind="stable")
    place = np.empty(len(opener), dtype=np.int64)
    place[by_time] = np.arange(len(opener))
    joins = order[~opens]
    joining = Joining(lead[joins], place[deal_of[~opens]], created[joins])
    first = opener[by_time]
    deals = _play(draws, clock, leads, lead[first], created[first], owner[first])
    return deals, joining


def _play(draws: Draws, clock: Clock, leads: Leads, lead: Ints, created: Times,
          owner: Ints) -> Deals:  # fmt: skip
    """How each new deal ends, when, and for how much."""
    rng = draws.named("outcomes of deals")
    size = len(lead)
    segment, channel = np.maximum(leads.segment[lead], 0), leads.channel[lead]
    odds = np.array([c.win for c in CHANNELS])[channel] * np.array(SEGMENT_WIN)[segment]
    won = evenly(rng, np.zeros(size, dtype=np.int64)) < WIN * odds / odds.mean()
    closes = created + days(_cycle(rng, segment, won))
    closes = _rush(draws, "new", created, closes, won)
    slow = channel == [c.name for c in CHANNELS].index(SLOW_CHANNEL)
    low, high = SLOW_DAYS
    late = leads.created[lead] + days(low + (high - low - 4) * rng.random(size))
    closes = np.where(slow, np.maximum(late, created + days(np.full(size, 20.0))), closes)
    amount = around(rng, np.array(SEGMENT_DEAL_USD)[segment], DEAL_SPREAD, size)
    return Deals(
        lead=lead,
        from_sql=np.full(size, True),
        account=leads.account[lead],
        kind=np.full(size, NEW),
        created=created,
        closes=_at_work(clock, closes, owner),
        won=won,
        amount=amount * np.array([c.deal for c in CHANNELS])[channel],
        owner=owner,
        region=leads.region[lead],
        segment=leads.segment[lead],
        product=leads.product[lead],
        channel=channel,
    )


def _old_deals(draws: Draws, clock: Clock, window: Window, stories: Stories,
               first_account: int) -> Deals:  # fmt: skip
    """Deals that were open when the window begins; their leads were never recorded."""
    rng = draws.named("old deals")
    size = stories.scaled(OLD_DEALS)
    region, segment = pick(rng.random(size), REGION_SHARES), pick(rng.random(size), SEGMENT_SHARES)
    won = evenly(rng, np.zeros(size, dtype=np.int64)) < WIN
    cycle, done = _cycle(rng, segment, won), rng.random(size)
    created = window.start - days(cycle * done)
    owner = in_turn(rng, EXECUTIVES, region, created, stories)
    created = _at_work(clock, created, owner)
    closes = _rush(draws, "old", created, window.start + days(cycle * (1 - done) + 1), won)
    return Deals(
        lead=np.full(size, -1), from_sql=np.full(size, False),
        account=first_account + np.arange(size), kind=np.full(size, NEW),
        created=created, closes=_at_work(clock, closes, owner), won=won,
        amount=around(rng, np.array(SEGMENT_DEAL_USD)[segment], DEAL_SPREAD, size),
        owner=owner, region=region, segment=segment, product=rng.integers(0, 3, size),
        channel=np.full(size, -1),
    )  # fmt: skip


def _old_customers(draws: Draws, window: Window, stories: Stories, first_account: int) -> Deals:
    """Contracts won in the year before the window: the ground of renewals, no deals themselves."""
    rng = draws.named("old customers")
    size = stories.scaled(OLD_CUSTOMERS)
    region, segment = pick(rng.random(size), REGION_SHARES), pick(rng.random(size), SEGMENT_SHARES)
    since = window.start - days(365 * (np.arange(size) + rng.random(size)) / size)
    return Deals(
        lead=np.full(size, -1), from_sql=np.full(size, False),
        account=first_account + np.arange(size), kind=np.full(size, NEW),
        created=since, closes=since, won=np.full(size, True),
        amount=around(rng, np.array(SEGMENT_DEAL_USD)[segment], DEAL_SPREAD, size),
        owner=in_turn(rng, EXECUTIVES, region, since, stories), region=region, segment=segment,
        product=rng.integers(0, 3, size), channel=np.full(size, -1),
    )  # fmt: skip


def _renewals(draws: Draws, clock: Clock, window: Window, year: int, contracts: Deals) -> Deals:
    """One renewal a contract, a year on; a second year only where the first was renewed."""
    rng = draws.named(f"renewals {year}")
    size = len(contracts)
    due = contracts.closes + days(np.full(size, 365.0))
    closes = _at_work(clock, due + days(rng.normal(-4, 9, size)), contracts.owner)
    created = _at_work(clock, due - days(70 + 20 * rng.random(size)), contracts.owner)
    factor = RENEWAL_SIZE if year == 1 else 1.0
    renewals = replace(
        contracts, kind=np.full(size, RENEWAL), from_sql=np.full(size, False),
        created=created, closes=closes,
        won=evenly(rng, np.zeros(size, dtype=np.int64)) < RENEWAL_WIN,
        amount=contracts.amount * factor * around(rng, 1.03, 0.06, size),
    )  # fmt: skip
    return renewals.take(np.flatnonzero(created < window.end))


def _expansions(draws: Draws, clock: Clock, window: Window, contracts: Deals) -> Deals:
    rng = draws.named("expansions")
    rows = np.flatnonzero(evenly(rng, np.zeros(len(contracts), dtype=np.int64)) < EXPANDS)
    base = contracts.take(rows)
    size = len(base)
    created = base.closes + days(60 + 400 * rng.random(size))
    won = evenly(rng, np.zeros(size, dtype=np.int64)) < EXPANSION_WIN
    closes = created + days(around(rng, EXPANSION_CYCLE_DAYS, 0.4, size))
    closes = _rush(draws, "expansion", created, closes, won)
    deals = replace(
        base, kind=np.full(size, EXPANSION), from_sql=np.full(size, False),
        created=_at_work(clock, created, base.owner),
        closes=_at_work(clock, closes, base.owner), won=won,
        amount=base.amount * EXPANSION_SIZE * around(rng, 1.0, 0.35, size),
    )  # fmt: skip
    return deals.take(np.flatnonzero(deals.created < window.end))


def build_deals(draws: Draws, clock: Clock, window: Window, stories: Stories, leads: Leads,
                accounts: Accounts, passes: Passes) -> tuple[Deals, Joining, Accounts]:  # fmt: skip
    """All deals (the leads' own first, in their order), who joined them, and all accounts."""
    new, joining = _from_sqls(draws, clock, stories, leads, passes)
    customers = _old_customers(draws, window, stories, len(accounts))
    old = _old_deals(draws, clock, window, stories, len(accounts) + len(customers))
    deals = new.then(old)
    contracts = customers.then(deals.take(np.flatnonzero(deals.first_wins())))
    first = _renewals(draws, clock, window, 1, contracts)
    second = _renewals(draws, clock, window, 2, first.take(np.flatnonzero(first.won)))
    deals = deals.then(first).then(second).then(_expansions(draws, clock, window, contracts))
    # A deal opened with an account that already was a customer is no new business.
    wins = np.flatnonzero(deals.first_wins())
    since = np.full(int(deals.account.max()) + 1, np.datetime64("2200-01-01", "us"))
    since[deals.account[wins]] = deals.closes[wins]
    again = (deals.kind == NEW) & (deals.created > since[deals.account])
    deals = replace(deals, kind=np.where(again, EXPANSION, deals.kind))
    # What began before the window and ended before it is not in this company's records.
    gone = (deals.closes < window.start) | (deals.created >= window.end)
    kept = np.flatnonzero(~gone)
    place = np.full(len(deals), -1)
    place[kept] = np.arange(len(kept))
    open_joins = (place[joining.deal] >= 0) & (joining.joined < deals.closes[joining.deal])
    joining = Joining(
        joining.lead[open_joins], place[joining.deal][open_joins], joining.joined[open_joins]
    )
    return deals.take(kept), joining, _with_old(draws, window, accounts, customers.then(old))


def _with_old(draws: Draws, window: Window, accounts: Accounts, old: Deals) -> Accounts:
    rng = draws.named("old accounts")
    size = len(old)
    created = np.minimum(old.created, window.start) - days(20 + 900 * rng.random(size))
    return Accounts(
        region=np.concatenate([accounts.region, old.region]),
        segment=np.concatenate([accounts.segment, old.segment]),
        industry=np.concatenate([accounts.industry, rng.integers(0, 8, size)]),
        created=np.concatenate([accounts.created, created]),
    )
