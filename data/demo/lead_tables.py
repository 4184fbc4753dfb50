"""``accounts``, ``leads``, ``lead_stages`` and ``handoffs`` as of the window's end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import contract_table, flags, ids, joined, words
from data.demo.clock import Clock, Window
from data.demo.company import (
    CHANNEL_NAMES,
    COMPANY_FIRST,
    COMPANY_SECOND,
    COMPANY_SUFFIX,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    PERSONAS,
    PRODUCTS,
    REGIONS,
    REJECT_REASONS,
    SEGMENT_EMPLOYEES,
    SEGMENTS,
)
from data.demo.deals import Deals, Joining
from data.demo.draws import NEVER, Draws, Floats, Ints, Times, around, days, seconds
from data.demo.funnel import PRIORITIES, Passes
from data.demo.leads import Accounts, Leads
from data.demo.roster import REP_ZONES, rep_ids
from data.tables import STAGES

DELETED = 0.009


@dataclass(frozen=True)
class Knowledge:
    """What ``leads`` says today; ``changes`` (its own table) says since when."""

    facts: dict[str, Ints]  # has_*: 1, 0, -1 not known
    score: Floats
    owner: Ints


@dataclass(frozen=True)
class Endings:
    """When a lead's record ceased to be one of its own; NaT is never."""

    merged: Times
    deleted: Times

    @property
    def ended(self) -> Times:
        far = np.datetime64("2200-01-01", "us")
        merged = np.where(np.isnat(self.merged), far, self.merged)
        return np.minimum(merged, np.where(np.isnat(self.deleted), far, self.deleted))


def build_endings(draws: Draws, window: Window, leads: Leads, passes: Passes) -> Endings:
    """Duplicates are merged within weeks; a few leads that never qualified are deleted."""
    rng = draws.named("endings")
    size = len(leads)
    merged = leads.created + days(0.2 + rng.exponential(12.0, size))
    deleted = leads.created + days(1 + rng.exponential(30.0, size))
    never_qualified = np.ones(size, dtype=bool)
    never_qualified[passes.lead] = False
    gone = (rng.random(size) < DELETED) & never_qualified & ~leads.duplicate & ~leads.is_show
    return Endings(
        np.where(leads.duplicate & (merged < window.end), merged, NEVER),
        np.where(gone & (deleted < window.end), deleted, NEVER),
    )


def account_table(draws: Draws, accounts: Accounts) -> pa.Table:
    """The ``accounts`` table; names repeat with a number once the words run out."""
    rng = draws.named("accounts")
    size = len(accounts)
    number = np.arange(size)
    first, second = number % 32, number // 32 % 23
    suffix = number // (32 * 23) % 9
    lap = number // (32 * 23 * 9)
    name = joined(words(COMPANY_FIRST, first), words(COMPANY_SECOND, second), " ",
                  words(COMPANY_SUFFIX, suffix))  # fmt: skip
    again = pa.array(lap > 0)
    name = pc.if_else(again, joined(name, " ", pa.array(lap + 1).cast(pa.string())), name)
    holes = rng.random((3, size))
    employees = around(rng, np.array(SEGMENT_EMPLOYEES)[accounts.segment], 0.5, size)
    return contract_table(
        "accounts",
        {
            "account_id": ids("A", number, 6),
            "name": name,
            "industry": words(INDUSTRIES, np.where(holes[0] < 0.05, -1, accounts.industry)),
            "region": words(REGIONS, np.where(holes[1] < 0.01, -1, accounts.region)),
            "segment": words(SEGMENTS, accounts.segment),
            "employees": pa.array(employees.astype(np.int64), mask=holes[2] < 0.08),
            "created_at": accounts.created,
        },
    )


def _people(draws: Draws, leads: Leads) -> tuple[pa.Array, pa.Array]:
    """Names and addresses; a duplicate bears its original's, once in capitals, once not."""
    rng = draws.named("names")
    size = len(leads)
    first, last = rng.integers(0, len(FIRST_NAMES), size), rng.integers(0, len(LAST_NAMES), size)
    who = np.where(leads.duplicate, leads.parent, np.arange(size))
    first, last = first[who], last[who]
    name = joined(words(FIRST_NAMES, first), " ", words(LAST_NAMES, last))
    account = leads.account
    domain = joined(
        words(COMPANY_FIRST, account % 32), words(COMPANY_SECOND, account // 32 % 23), "-",
        pa.array(account).cast(pa.string()), words((".example.com", ".example.org"), account % 2),
    )  # fmt: skip
    # Two people of one name at one account are two people: the number keeps them apart.
    local = joined(words(FIRST_NAMES, first), ".", words(LAST_NAMES, last), ".",
                   pa.array(who % 1000).cast(pa.string()))  # fmt: skip
    email = pc.utf8_lower(joined(local, "@", domain))
    shouted = pa.array(leads.duplicate & (rng.random(size) < 0.5))
    email = pc.if_else(shouted, pc.utf8_upper(email), email)
    missing = pa.array((rng.random(size) < 0.008) & ~leads.duplicate)
    return name, pc.if_else(missing, pa.scalar(None, pa.string()), email)


def lead_table(draws: Draws, leads: Leads, endings: Endings, known: Knowledge) -> pa.Table:
    """The ``leads`` table: today's view of every lead."""
    name, email = _people(draws, leads)
    merged = ~np.isnat(endings.merged)
    columns = {
        "lead_id": ids("L", np.arange(len(leads))),
        "account_id": ids("A", leads.account, 6),
        "email": email,
        "full_name": name,
        "created_at": leads.created,
        "channel": words(CHANNEL_NAMES, leads.channel),
        "campaign_id": ids("C", leads.campaign, 4),
        "region": words(REGIONS, leads.region),
        "segment": words(SEGMENTS, leads.segment),
        "persona": words(PERSONAS, leads.persona),
        "product_line": words(PRODUCTS, leads.product),
        "owner_id": rep_ids(known.owner),
        "score": known.score,
        "merged_into": ids("L", np.where(merged, leads.parent, -1)),
        "merged_at": endings.merged,
        "deleted_at": endings.deleted,
    }
    columns |= {field: flags(values) for field, values in known.facts.items()}
    return contract_table("leads", columns)


def stage_table(window: Window, leads: Leads, passes: Passes, deals: Deals,
                joining: Joining) -> pa.Table:  # fmt: skip
    """``lead_stages``: every entry inside the window, by moment."""
    nobody = np.full(len(passes), -1)
    noted_mql = np.where(passes.direct, NEVER, passes.mql)
    noted_sal = np.where(passes.sal_noted, passes.sal, NEVER)
    opened = np.flatnonzero(deals.from_sql)
    won = np.flatnonzero(deals.first_wins() & (deals.lead >= 0))
    parts = (
        (np.arange(len(leads)), leads.created, "lead", np.full(len(leads), -1), None),
        (passes.lead, noted_mql, "mql", nobody, None),
        (passes.lead, noted_sal, "sal", passes.rep, None),
        (passes.lead, passes.sql_noted, "sql", passes.rep, None),
        (passes.lead, passes.rejected, "rejected", passes.rep, passes.reason),
        (passes.lead, passes.recycled, "recycled", nobody, None),
        (deals.lead[opened], deals.created[opened], "opportunity", deals.owner[opened], None),
        (joining.lead, joining.joined, "opportunity", deals.owner[joining.deal], None),
        (deals.lead[won], deals.closes[won], "customer", deals.owner[won], None),
    )
    lead = np.concatenate([part[0] for part in parts])
    at = np.concatenate([part[1] for part in parts])
    stage = np.concatenate([np.full(len(part[0]), STAGES.index(part[2])) for part in parts])
    actor = np.concatenate([part[3] for part in parts])
    reason = np.concatenate([np.full(len(p[0]), -1) if p[4] is None else p[4] for p in parts])
    rows = np.flatnonzero(at < window.end)
    rows = rows[np.lexsort((stage[rows], lead[rows], at[rows]))]
    by_sales = ~np.isin(stage[rows], [STAGES.index(s) for s in ("lead", "mql", "recycled")])
    return contract_table(
        "lead_stages",
        {
            "lead_id": ids("L", lead[rows]),
            "stage": words(STAGES, stage[rows]),
            "entered_at": at[rows],
            "source_system": words(("hubspot", "salesforce"), by_sales.astype(np.int64)),
            "actor_id": rep_ids(actor[rows]),
            "reason": words(REJECT_REASONS, reason[rows]),
        },
    )


def handoff_table(draws: Draws, clock: Clock, window: Window, leads: Leads, passes: Passes,
                  deals: Deals) -> pa.Table:  # fmt: skip
    """To the SDR at the MQL, to the account executive when the lead became an opportunity."""
    rng = draws.named("handoffs to executives")
    sdr = np.flatnonzero(~np.isnat(passes.handed) & ~passes.direct & (passes.handed < window.end))
    place = np.flatnonzero(deals.from_sql)
    handed = deals.created[place] + seconds(60 + 300 * rng.random(len(place)))
    hours = around(rng, 1.2, 0.6, len(place))
    answered = clock.after_hours(handed, REP_ZONES[deals.owner[place]], hours)
    taken = clock.after_hours(answered, REP_ZONES[deals.owner[place]], np.full(len(place), 0.3))

    def until_end(moments: Times) -> Times:
        return np.where(moments < window.end, moments, NEVER)

    rejected, accepted = until_end(passes.rejected[sdr]), until_end(passes.sal[sdr])
    disposed = np.where(np.isnat(accepted), rejected, accepted)
    verdict = np.where(~np.isnat(accepted), 0, np.where(~np.isnat(rejected), 1, -1))
    own = np.where(passes.own_response[sdr], passes.response[sdr], NEVER)
    lead = np.concatenate([passes.lead[sdr], deals.lead[place]])
    at = np.concatenate([passes.handed[sdr], handed])
    leg = np.repeat([0, 1], [len(sdr), len(place)])
    order = np.lexsort((leg, lead, at))
    verdict = np.concatenate([verdict, np.where(taken < window.end, 0, -1)])[order]
    reason = np.concatenate([passes.reason[sdr], np.full(len(place), -1)])[order]
    priority = np.concatenate([passes.priority[sdr], np.full(len(place), 1)])
    inside = at[order] < window.end
    columns = {
        "lead_id": ids("L", lead[order]),
        "account_id": ids("A", leads.account[lead[order]], 6),
        "leg": words(("to_sdr", "to_ae"), leg[order]),
        "handed_at": at[order],
        "priority": words(PRIORITIES, priority[order]),
        "assigned_to": rep_ids(np.concatenate([passes.rep[sdr], deals.owner[place]])[order]),
        "first_response_at": np.concatenate([until_end(own), until_end(answered)])[order],
        "disposition": words(("accepted", "rejected"), verdict),
        "disposed_at": np.concatenate([disposed, until_end(taken)])[order],
        "reason": words(REJECT_REASONS, np.where(verdict == 1, reason, -1)),
        "handoff_id": ids("H", np.arange(len(order))),
    }
    return contract_table("handoffs", columns).filter(pa.array(inside)).combine_chunks()
