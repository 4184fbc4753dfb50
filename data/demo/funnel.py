"""What became of the leads: MQLs, their handoffs and answers, acceptance, SQLs, second passes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from data.demo.clock import COMPANY_ZONE, Clock, Window, utc
from data.demo.columns import Columns
from data.demo.company import CHANNELS, LEAVER, REGIONS, REJECT_SHARES, SDRS
from data.demo.draws import (
    NEVER,
    Bools,
    Draws,
    Floats,
    Ints,
    Times,
    around,
    days,
    evenly,
    pick,
    seconds,
)
from data.demo.leads import Leads
from data.demo.roster import REP_ZONES, in_turn
from data.demo.stories import (
    ATTENTION,
    MQL_LIFT,
    SHOW_MQL_SHARE,
    SHOW_READY,
    SLIP_FACTOR,
    SLIP_REGION,
    SLIP_STILL_ROUTED,
    SLIP_UNANSWERED,
    WEAK_TO_SQL,
    Stories,
)

LEAD_TO_MQL = 0.238  # under the old definition, before duplicates are left out
MQL_TO_SQL = 0.335  # within any time, before the change
ACCEPTED_ONLY = 0.27  # accepted, but no SQL came of it
WEAK_ACCEPTED_ONLY = 0.22
REJECTED, WEAK_REJECTED = 0.15, 0.40
ROUTED = 0.96
UNANSWERED = 0.012
OWN_RESPONSE = 0.55  # handoffs whose system noted the first response itself
PRIORITIES = ("P1", "P2", "P3")
PRIORITY_SHARES = [0.34, 0.36, 0.30]
WEAK_PRIORITY_SHARES = [0.08, 0.30, 0.62]
RESPONSE_HOURS = np.array([0.30, 1.45, 7.5])  # median business hours by priority
RESPONSE_SPREAD = np.array([0.72, 0.56, 0.66])
OUTBOUND_DIRECT = 0.20  # outbound SQLs that sales qualified without an MQL
SAL_SKIPPED = 0.03
RECYCLED, RE_MQL, RE_MQL_TO_SQL = 0.35, 0.45, 0.12
SYNC_ARTEFACTS = 0.006  # SQLs that one system dates before their MQL


@dataclass(frozen=True)
class Passes(Columns):
    """One row a pass of a lead through the funnel, first passes first; NaT is never.

    ``direct`` passes began with sales: they have neither an MQL entry nor a handoff.
    """

    lead: Ints
    mql: Times
    weak: Bools  # in only because the threshold was lowered
    again: Bools  # a second pass
    direct: Bools
    handed: Times
    priority: Ints
    rep: Ints
    response: Times
    own_response: Bools  # the handoff itself holds the response
    sal: Times
    sal_noted: Bools
    sql: Times
    sql_noted: Times  # as the systems date it: a sync artefact lies before the MQL
    rejected: Times
    reason: Ints
    recycled: Times


def _factors(codes: Ints, values: list[float]) -> Floats:
    return np.array(values)[codes]


def _qualify(draws: Draws, leads: Leads, stories: Stories) -> tuple[Ints, Times, Bools]:
    """Which leads become MQLs, when, and whether only the lower threshold let them in."""
    rng = draws.named("mql")
    size = len(leads)
    factor = _factors(leads.channel, [channel.mql for channel in CHANNELS])
    odds = LEAD_TO_MQL * factor / factor[~leads.is_show].mean()
    draw = evenly(rng, leads.channel)
    lag = around(rng, _factors(leads.channel, [c.lag_days for c in CHANNELS]), 0.9, size)
    moment = leads.created + days(np.minimum(lag + 0.004, 75.0))
    changed = moment >= utc(stories.definition_changes, COMPANY_ZONE)
    strong = (draw < odds) & ~leads.is_show
    weak = (draw >= odds) & (draw < odds * MQL_LIFT) & changed & ~leads.is_show
    # The show's badges are scored in one import the week after.
    show = leads.is_show & (draw < SHOW_MQL_SHARE)
    moment = np.where(show, leads.created + days(4 + 4 * rng.random(size)), moment)
    chosen = np.flatnonzero((strong | weak | show) & ~leads.duplicate)
    chosen = chosen[np.argsort(moment[chosen], kind="stable")]
    return chosen, moment[chosen], weak[chosen]


def _route(draws: Draws, stories: Stories, name: str, office: Ints, handed: Times) -> Ints:
    """The SDR of each handoff. For a fortnight the queue of the one who left still fills."""
    rng = draws.named(f"{name} routing")
    rep = in_turn(rng, SDRS, office, handed, stories)
    slip, slip_ends = (utc(d, COMPANY_ZONE) for d in (stories.slip_starts, stories.slip_ends))
    desk = next(desk for desk in SDRS if LEAVER in desk)
    colleague = np.array(desk[1:])[(rng.random(len(office)) * (len(desk) - 1)).astype(np.int64)]
    rep = np.where((rep == LEAVER) & (handed >= slip), colleague, rep)
    still = rng.random(len(office)) < SLIP_STILL_ROUTED
    still &= (office == SDRS.index(desk)) & (handed >= slip) & (handed < slip_ends)
    return np.where(still, LEAVER, rep)


def _answer(
    draws: Draws, clock: Clock, stories: Stories, name: str, office: Ints, passes: Passes
) -> Passes:
    """First responses in business hours of the assigned rep, with the fortnight's slip."""
    rng = draws.named(f"{name} answers")
    size = len(passes)
    hours = around(rng, 1.0, 1.0, size) ** RESPONSE_SPREAD[passes.priority]
    hours *= RESPONSE_HOURS[passes.priority]
    starts, ends = (utc(d, COMPANY_ZONE) for d in (stories.slip_starts, stories.slip_ends))
    slips = (passes.handed >= starts) & (passes.handed < ends)
    slips &= office == REGIONS.index(SLIP_REGION)
    slow = np.array([SLIP_FACTOR[priority] for priority in PRIORITIES])[passes.priority]
    hours = np.where(slips, hours * slow, hours)
    silent = rng.random(size) < np.where(slips, SLIP_UNANSWERED, UNANSWERED)
    zone = REP_ZONES[np.maximum(passes.rep, 0)]
    response = clock.after_hours(passes.handed, zone, hours)
    response = np.where(np.isnat(passes.handed) | silent, NEVER, response)
    own = passes.again | (rng.random(size) < OWN_RESPONSE)
    return replace(passes, response=response, own_response=own)


def _decide(draws: Draws, clock: Clock, name: str, leads: Leads, passes: Passes, odds: Floats,
            accepted: Floats, turned_down: Floats, quality: Ints) -> Passes:  # fmt: skip
    """Acceptance, SQL or rejection of each answered handoff, each after the one before."""
    rng = draws.named(f"{name} outcomes")
    size = len(passes)
    draw = evenly(rng, quality)
    answered = ~np.isnat(passes.response)
    is_sql = answered & (draw < odds)
    is_sal = answered & (draw < odds + accepted)
    is_rejected = answered & ~is_sal & (draw < odds + accepted + turned_down)
    zone = REP_ZONES[np.maximum(passes.rep, 0)]
    started = np.where(answered, passes.response, passes.mql)
    sal = clock.after_hours(started, zone, around(rng, 5.0, 0.7, size))
    sql = clock.after_hours(sal, zone, around(rng, 36.0, 0.75, size))
    rejected = clock.after_hours(started, zone, around(rng, 9.0, 0.8, size))
    outbound = leads.channel[passes.lead] == [c.name for c in CHANNELS].index("outbound")
    direct = is_sql & outbound & (rng.random(size) < OUTBOUND_DIRECT) & ~passes.again
    sql = np.where(is_sql, sql, NEVER)
    mql_age = (passes.mql - leads.created[passes.lead]).astype(np.int64) / 1e6
    early = passes.mql - seconds(np.minimum(mql_age / 2, 20 * 3600))
    noted = ~(is_sql & (rng.random(size) < SAL_SKIPPED))
    swapped = is_sql & noted & (rng.random(size) < SYNC_ARTEFACTS) & ~passes.again & ~direct
    return replace(
        passes,
        direct=direct,
        sal=np.where(is_sal, sal, NEVER),
        sal_noted=noted,
        sql=sql,
        sql_noted=np.where(swapped, early, sql),
        rejected=np.where(is_rejected, rejected, NEVER),
        reason=np.where(is_rejected, pick(rng.random(size), REJECT_SHARES), -1),
    )


def blank_passes(lead: Ints, mql: Times, weak: Bools, again: bool = False) -> Passes:
    """Passes of which no more is known than their MQL."""
    size = len(lead)
    no, never = np.zeros(size, dtype=bool), np.full(size, NEVER)
    return Passes(
        lead=lead, mql=mql, weak=weak, again=np.full(size, again), direct=no, handed=never,
        priority=np.full(size, 2), rep=np.full(size, -1), response=never, own_response=no,
        sal=never, sal_noted=no, sql=never, sql_noted=never, rejected=never,
        reason=np.full(size, -1), recycled=never,
    )  # fmt: skip


def _hand_over(draws: Draws, clock: Clock, stories: Stories, name: str, leads: Leads,
               passes: Passes) -> Passes:  # fmt: skip
    """Routing to an SDR minutes after the MQL, with a priority, and the first answer."""
    rng = draws.named(f"{name} handoffs")
    size = len(passes)
    office = leads.office[passes.lead]
    routed = evenly(rng, passes.weak.astype(np.int64), 25) < ROUTED
    handed = passes.mql + seconds(around(rng, 900.0, 0.8, size))
    strong = pick(evenly(rng, office), PRIORITY_SHARES)
    late = pick(evenly(rng, office), WEAK_PRIORITY_SHARES)
    hesitant = passes.weak | leads.is_show[passes.lead]
    passes = replace(
        passes,
        handed=np.where(routed, handed, NEVER),
        priority=np.where(hesitant, late, strong),
        rep=np.where(routed, _route(draws, stories, name, office, handed), -1),
    )
    return _answer(draws, clock, stories, name, office, passes)


def _only_ready(leads: Leads, stories: Stories, passes: Passes, odds: Floats) -> Floats:
    """Of the show's answered MQLs exactly the planned number is ready to buy."""
    show = leads.is_show[passes.lead]
    answered = np.flatnonzero(show & ~np.isnat(passes.response))
    odds = np.where(show, 0.0, odds)
    odds[answered[: stories.scaled(SHOW_READY)]] = 1.0
    return odds


def _first_passes(draws: Draws, clock: Clock, window: Window, stories: Stories,
                  leads: Leads) -> Passes:  # fmt: skip
    lead, mql, weak = _qualify(draws, leads, stories)
    inside = mql < window.end
    passes = blank_passes(lead[inside], mql[inside], weak[inside], again=False)
    passes = _hand_over(draws, clock, stories, "first", leads, passes)
    factor = _factors(leads.channel[passes.lead], [channel.sql for channel in CHANNELS])
    usual = ~leads.is_show[passes.lead]
    factor = factor / factor[usual & ~passes.weak].mean()
    changed = passes.mql >= utc(stories.definition_changes, COMPANY_ZONE)
    odds = MQL_TO_SQL * factor * np.where(changed, ATTENTION, 1.0)
    odds = np.where(passes.weak, WEAK_TO_SQL * factor, odds)
    odds = _only_ready(leads, stories, passes, odds)
    weak_or_show = passes.weak | ~usual
    accepted = np.where(weak_or_show, WEAK_ACCEPTED_ONLY, ACCEPTED_ONLY)
    turned_down = np.where(weak_or_show, WEAK_REJECTED, REJECTED)
    quality = leads.channel[passes.lead] * 3 + passes.weak + 2 * leads.is_show[passes.lead]
    return _decide(draws, clock, "first", leads, passes, odds, accepted, turned_down, quality)


def _recycle(draws: Draws, passes: Passes) -> Passes:
    """Rejected and forgotten leads go back to marketing weeks later."""
    rng = draws.named("recycling")
    size = len(passes)
    draw = rng.random(size)
    asleep = np.isnat(passes.sal) & np.isnat(passes.rejected)
    back = np.where(asleep, passes.mql + days(60 + 30 * rng.random(size)), NEVER)
    back = np.where(~np.isnat(passes.rejected), passes.rejected + days(7 + 40 * rng.random(size)),
                    back)  # fmt: skip
    chance = np.where(asleep, RECYCLED / 3, RECYCLED)
    return replace(passes, recycled=np.where(draw < chance, back, NEVER))


def _second_passes(draws: Draws, clock: Clock, window: Window, stories: Stories, leads: Leads,
                   first: Passes) -> Passes:  # fmt: skip
    rng = draws.named("second passes")
    size = len(first)
    mql = first.recycled + days(10 + 50 * rng.random(size))
    rows = np.flatnonzero((rng.random(size) < RE_MQL) & (mql < window.end))
    passes = blank_passes(first.lead[rows], mql[rows], first.weak[rows], again=True)
    passes = _hand_over(draws, clock, stories, "second", leads, passes)
    # A lead has one priority; the answer is drawn for it below.
    passes = replace(passes, priority=first.priority[rows])
    passes = _answer(draws, clock, stories, "second", leads.office[passes.lead], passes)
    odds = np.where(leads.is_show[passes.lead], 0.0, RE_MQL_TO_SQL)
    return _decide(
        draws, clock, "second", leads, passes, odds, np.full(len(rows), ACCEPTED_ONLY),
        np.full(len(rows), WEAK_REJECTED), leads.channel[passes.lead],
    )  # fmt: skip


def build_passes(
    draws: Draws, clock: Clock, window: Window, stories: Stories, leads: Leads
) -> Passes:
    """Every pass that begins inside the window; its later moments may lie beyond the end."""
    first = _recycle(draws, _first_passes(draws, clock, window, stories, leads))
    return first.then(_second_passes(draws, clock, window, stories, leads, first))
