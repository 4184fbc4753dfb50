"""``opportunities``, ``opportunity_stages`` and ``opportunity_contacts`` as of the window's end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from data.demo.arrow import ACCOUNT, DEAL, LEAD, contract_table, ids, money, words
from data.demo.clock import Clock, Window
from data.demo.columns import Columns
from data.demo.company import (
    CHANNEL_NAMES,
    CHANNELS,
    CONTACT_ROLES,
    CURRENCIES,
    EXECUTIVES,
    LOSS_REASONS,
    LOSS_SHARES,
    PRODUCTS,
    REGIONS,
    SEGMENT_CYCLE_DAYS,
    SEGMENTS,
    STAGE_NAMES,
    USD_PER,
)
from data.demo.deals import KINDS, NEW, RENEWAL, Deals, Joining
from data.demo.draws import NEVER, Bools, Draws, Floats, Ints, Times, around, days, pick
from data.demo.endings import Endings
from data.demo.leads import Leads
from data.demo.roster import rep_ids

SOURCES = ("marketing", "sdr", "sales", "partner", "success", "self_serve")
PIPELINES = ("new_business", "customer_base")
STAGE_AT = (0.0, 0.14, 0.45, 0.72)  # share of the cycle at which each open stage begins
WON, LOST = STAGE_NAMES.index("closed_won"), STAGE_NAMES.index("closed_lost")
SLIPS, SLIP_DAYS = 8, 30  # how often and how far a missed closing date is moved
REASSIGNED = 0.04
AMOUNT_UNKNOWN = 0.06  # open deals that nobody has priced yet
CONTACT_NAMED = 0.6  # share of an account's leads that stand on its deal


@dataclass(frozen=True)
class History(Columns):
    """Every change of every deal inside the window, by deal and time."""

    deal: Ints
    at: Times
    stage: Ints
    amount: Floats
    expected: np.ndarray
    owner: Ints

    def differs(self) -> Bools:
        """Whether a row says anything that the one before, of the same deal, does not."""
        changed = np.ones(len(self), dtype=bool)
        cents = np.nan_to_num(self.amount, nan=-1.0)
        rows = (self.deal, self.stage, cents, self.expected, self.owner)
        changed[1:] = np.any([row[1:] != row[:-1] for row in rows], axis=0)
        return changed

    def last(self, size: int) -> Ints:
        """The row that holds of each deal at the end."""
        return np.searchsorted(self.deal, np.arange(size), side="right") - 1


def _events(draws: Draws, deals: Deals, plan: Floats) -> tuple[Ints, Times, Ints, Ints, Ints]:
    """Changes as (deal, moment, stage or -1, slips so far, owner changes so far)."""
    rng = draws.named("stages of deals")
    size, everyone = len(deals), np.arange(len(deals))
    cycle = (deals.closes - deals.created).astype(np.int64) / 86_400e6
    depth = np.where(deals.won, len(STAGE_AT), 1 + pick(rng.random(size), [0.3, 0.3, 0.25, 0.15]))
    found: list[tuple[Ints, Times, Ints, Ints, Ints]] = []

    def add(rows: np.ndarray, at: Times, stage: Ints | int, slip: int, owner: int) -> None:
        count = len(rows)
        filled = (np.full(count, stage) if np.isscalar(stage) else np.asarray(stage),)
        found.append((rows, at[rows], *filled, np.full(count, slip), np.full(count, owner)))

    for number, share in enumerate(STAGE_AT):
        moved = deals.created + days(cycle * share * (0.8 + 0.35 * rng.random(size)))
        add(everyone[depth > number], moved, number, 0, 0)
    ending = np.where(deals.won, WON, LOST)
    add(everyone, deals.closes, ending, 0, 0)
    for slip in range(1, SLIPS + 1):
        noticed = deals.created + days(plan + (slip - 1) * SLIP_DAYS - 2 * rng.random(size))
        noticed = np.maximum(noticed, deals.created)
        add(everyone[noticed < deals.closes], noticed, -1, slip, 0)
    handed = deals.created + days(cycle * (0.2 + 0.6 * rng.random(size)))
    add(everyone[rng.random(size) < REASSIGNED], handed, -1, 0, 1)
    parts = [np.concatenate(column) for column in zip(*found, strict=True)]
    return parts[0], parts[1], parts[2], parts[3], parts[4]


def build_history(draws: Draws, clock: Clock, window: Window, deals: Deals) -> History:
    """What each deal was at every change: stage, amount, expected close and owner carried on."""
    rng = draws.named("forecasts of deals")
    size = len(deals)
    usual = np.array(SEGMENT_CYCLE_DAYS)[np.maximum(deals.segment, 0)]
    cycle = (deals.closes - deals.created).astype(np.int64) / 86_400e6
    usual = np.where((deals.kind == RENEWAL) | (cycle > 150), cycle, usual)
    plan = np.maximum(around(rng, usual, 0.22, size), 5.0)
    deal, at, stage, slip, owner = _events(draws, deals, plan)
    inside = np.flatnonzero(at < window.end)
    order = inside[np.lexsort((stage[inside], at[inside], deal[inside]))]
    deal, at, stage, slip, owner = deal[order], at[order], stage[order], slip[order], owner[order]

    def carried(values: Ints) -> Ints:
        """The highest value so far within each deal: all three only ever grow."""
        return np.maximum.accumulate(deal * 16 + values) - deal * 16

    stage, slip, owner = carried(np.maximum(stage, 0)), carried(slip), carried(owner)
    first_guess = deals.amount * around(rng, 1.06, 0.16, size)
    priced = rng.random(size) >= AMOUNT_UNKNOWN
    amount = np.where(stage >= 2, deals.amount[deal], first_guess[deal])
    # A price is round in the currency of the deal, and so known in dollars to the cent.
    rate = np.array(USD_PER)[currency_of(deals)][deal]
    amount = np.round(np.round(amount / rate, -2) * rate, 2)
    is_open = deals.closes >= window.end
    amount = np.where(is_open[deal] & ~priced[deal], np.nan, amount)
    created_on = clock.company_day(deals.created)
    expected = created_on[deal] + np.rint(plan[deal] + slip * SLIP_DAYS).astype(np.int64)
    closed_on = clock.company_day(np.minimum(deals.closes, window.end))
    expected = np.where(stage >= WON, closed_on[deal], expected)
    desks = np.concatenate([np.array(desk) for desk in EXECUTIVES])
    colleague = np.array([_next(int(rep)) for rep in range(int(desks.max()) + 1)])
    person = np.where(owner > 0, colleague[deals.owner[deal]], deals.owner[deal])
    # What changes at one moment is one change, and what changes nothing is none.
    second = at.astype("datetime64[s]")
    last = np.ones(len(deal), dtype=bool)
    last[:-1] = (deal[1:] != deal[:-1]) | (second[1:] != second[:-1])
    history = History(deal, at, stage, amount, expected, person).take(np.flatnonzero(last))
    return history.take(np.flatnonzero(history.differs()))


def currency_of(deals: Deals) -> Ints:
    """The place of each deal's currency: that of its region, for new business."""
    return np.where(deals.kind == NEW, np.maximum(deals.region, 0), 0)


def _next(rep: int) -> int:
    """The colleague who takes a deal over."""
    desk = next((desk for desk in EXECUTIVES if rep in desk), [rep])
    return desk[(desk.index(rep) + 1) % len(desk)]


def _sources(draws: Draws, deals: Deals) -> Ints:
    """Who sourced each deal; -1 where nobody wrote it down."""
    rng = draws.named("sources of deals")
    size = len(deals)
    of_channel = np.array([SOURCES.index(c.sourced_by) if c.sourced_by else -1 for c in CHANNELS])
    code = np.where(deals.channel >= 0, of_channel[deals.channel], SOURCES.index("sales"))
    drawn = rng.random(size)
    code = np.where((code == SOURCES.index("sdr")) & (drawn < 0.25), SOURCES.index("sales"), code)
    code = np.where((code == SOURCES.index("marketing")) & (drawn < 0.06), -1, code)
    base = np.where((deals.kind == RENEWAL) | (drawn < 0.7), SOURCES.index("success"),
                    SOURCES.index("sales"))  # fmt: skip
    return np.where(deals.kind == NEW, code, base)


def opportunity_tables(
    draws: Draws, clock: Clock, window: Window, deals: Deals, history: History
) -> dict[str, pa.Table]:
    """``opportunities`` and ``opportunity_stages``."""
    size = len(deals)
    last = history.last(size)
    stage = history.stage[last]
    evaluated = np.full(size, NEVER)
    rows = np.flatnonzero((history.stage == 1) & (np.roll(history.stage, 1) == 0))
    evaluated[history.deal[rows]] = history.at[rows]
    currency = currency_of(deals)
    amount = history.amount[last]
    loss = pick(draws.named("losses").random(size), LOSS_SHARES)
    opportunities = {
        "opportunity_id": ids(DEAL, np.arange(size)),
        "account_id": ids(ACCOUNT, deals.account),
        "lead_id": ids(LEAD, deals.lead),
        "owner_id": rep_ids(history.owner[last]),
        "kind": words(KINDS, deals.kind),
        "pipeline": words(PIPELINES, (deals.kind > NEW).astype(np.int64)),
        "created_at": deals.created,
        "qualified_at": evaluated,
        "closed_at": np.where(deals.closes < window.end, deals.closes, NEVER),
        "status": words(("open", "won", "lost"), np.maximum(stage - WON + 1, 0)),
        "stage": words(STAGE_NAMES, stage),
        "amount": money(amount),
        "currency": words(CURRENCIES, currency),
        "amount_original": money(amount / np.array(USD_PER)[currency]),
        "sourced_by": words(SOURCES, _sources(draws, deals)),
        "expected_close_on": history.expected[last],
        "channel": words(CHANNEL_NAMES, deals.channel),
        "region": words(REGIONS, deals.region),
        "segment": words(SEGMENTS, deals.segment),
        "product_line": words(PRODUCTS, deals.product),
        "loss_reason": words(LOSS_REASONS, np.where(stage == LOST, loss, -1)),
    }
    stages = {
        "opportunity_id": ids(DEAL, history.deal),
        "stage": words(STAGE_NAMES, history.stage),
        "entered_at": history.at,
        "amount": money(history.amount),
        "expected_close_on": history.expected,
        "owner_id": rep_ids(history.owner),
    }
    return {
        "opportunities": contract_table("opportunities", opportunities),
        "opportunity_stages": contract_table("opportunity_stages", stages),
    }


@dataclass(frozen=True)
class Contacts:
    """Who stands on which deal: one row a deal and lead."""

    deal: Ints
    lead: Ints
    role: Ints


def build_contacts(
    draws: Draws, window: Window, leads: Leads, endings: Endings, deals: Deals, joining: Joining
) -> Contacts:
    """The primary lead, colleagues who joined, and others of the account known by the close."""
    rng = draws.named("contacts")
    by_account = np.argsort(leads.account, kind="stable")
    sorted_accounts = leads.account[by_account]
    with_lead = np.flatnonzero(deals.lead >= 0)
    low = np.searchsorted(sorted_accounts, deals.account[with_lead], side="left")
    count = np.searchsorted(sorted_accounts, deals.account[with_lead], side="right") - low
    deal = np.repeat(with_lead, count)
    within = np.arange(len(deal)) - np.repeat(np.cumsum(count) - count, count)
    lead = by_account[np.repeat(low, count) + within]
    known = leads.created[lead] < np.minimum(deals.closes[deal], window.end)
    known &= (
        (lead != deals.lead[deal])
        & ~leads.duplicate[lead]
        & np.isnat(endings.deleted[lead])
        & (rng.random(len(lead)) < CONTACT_NAMED)
    )
    joined = joining.joined < window.end
    deal = np.concatenate([with_lead, deal[known], joining.deal[joined]])
    lead = np.concatenate([deals.lead[with_lead], lead[known], joining.lead[joined]])
    _, first = np.unique(deal * len(leads) + lead, return_index=True)
    role = np.where(first < len(with_lead), 0, rng.integers(1, len(CONTACT_ROLES), len(first)))
    role = np.where(rng.random(len(first)) < 0.08, -1, role)
    return Contacts(deal[first], lead[first], role)


def contact_table(contacts: Contacts) -> pa.Table:
    return contract_table(
        "opportunity_contacts",
        {
            "opportunity_id": ids(DEAL, contacts.deal),
            "lead_id": ids(LEAD, contacts.lead),
            "role": words(CONTACT_ROLES, contacts.role),
        },
    )
