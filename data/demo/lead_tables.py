"""``accounts``, ``leads``, ``lead_stages`` and ``handoffs`` as of the window's end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import ACCOUNT, CAMPAIGN, LEAD, contract_table, flags, ids, joined, words
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
from data.demo.deals import NEW, Deals, Joining
from data.demo.draws import NEVER, Bools, Draws, Floats, Ints, Times, around
from data.demo.endings import Endings
from data.demo.funnel import PRIORITIES, Passes
from data.demo.leads import Accounts, Leads
from data.demo.roster import REP_ZONES, rep_ids
from data.tables import STAGES


@dataclass(frozen=True)
class Noted:
    """SQLs that HubSpot notes of leads that Salesforce does not know; and who those leads are."""

    lead: Ints
    at: Times
    is_alone: Bools  # one a lead


@dataclass(frozen=True)
class Knowledge:
    """What ``leads`` says today; ``changes`` (its own table) says since when."""

    facts: dict[str, Ints]  # has_*: 1, 0, -1 not known
    score: Floats
    owner: Ints

    def owned_by(self, lead: Ints, rep: int) -> Knowledge:
        """The same, where some leads belong to a rep."""
        owner = self.owner.copy()
        owner[lead] = rep
        return Knowledge(self.facts, self.score, owner)


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
            "account_id": ids(ACCOUNT, number),
            "name": name,
            "industry": words(INDUSTRIES, np.where(holes[0] < 0.05, -1, accounts.industry)),
            "region": words(REGIONS, np.where(holes[1] < 0.01, -1, accounts.region)),
            "segment": words(SEGMENTS, accounts.segment),
            "employees": pa.array(employees.astype(np.int64), mask=holes[2] < 0.08),
            "created_at": accounts.created,
        },
    )


def people_of(draws: Draws, leads: Leads, endings: Endings,
              without: Ints) -> tuple[pa.Array, pa.Array]:  # fmt: skip
    """Names and addresses; a duplicate that was found bears its original's, once in capitals, once
    not. ``without``: leads that have no address."""
    rng = draws.named("names")
    size = len(leads)
    first, last = rng.integers(0, len(FIRST_NAMES), size), rng.integers(0, len(LAST_NAMES), size)
    found = leads.duplicate & (endings.into >= 0)
    who = np.where(found, leads.parent, np.arange(size))
    first, last = first[who], last[who]
    name = joined(words(FIRST_NAMES, first), " ", words(LAST_NAMES, last))
    account = leads.account
    domain = joined(
        words(COMPANY_FIRST, account % 32), words(COMPANY_SECOND, account // 32 % 23), "-",
        pa.array(account).cast(pa.string()), words((".example.com", ".example.org"), account % 2),
    )  # fmt: skip
    # Two people of one name at one account are two people: the number keeps them apart.
    local = joined(words(FIRST_NAMES, first), ".", words(LAST_NAMES, last), ".",
                   pa.array(who).cast(pa.string()))  # fmt: skip
    email = pc.utf8_lower(joined(local, "@", domain))
    shouted = pa.array(found & (rng.random(size) < 0.5))
    email = pc.if_else(shouted, pc.utf8_upper(email), email)
    nobody = (rng.random(size) < 0.008) & ~leads.duplicate
    nobody[without] = True
    nobody[leads.parent[found]] = False
    missing = pa.array(nobody)
    return name, pc.if_else(missing, pa.scalar(None, pa.string()), email)


def lead_table(leads: Leads, endings: Endings, known: Knowledge, name: pa.Array,
               email: pa.Array) -> pa.Table:  # fmt: skip
    """The ``leads`` table: today's view of every lead."""
    columns = {
        "lead_id": ids(LEAD, np.arange(len(leads))),
        "account_id": ids(ACCOUNT, leads.account),
        "email": email,
        "full_name": name,
        "created_at": leads.created,
        "channel": words(CHANNEL_NAMES, leads.channel),
        "campaign_id": ids(CAMPAIGN, leads.campaign),
        "region": words(REGIONS, leads.region),
        "segment": words(SEGMENTS, leads.segment),
        "persona": words(PERSONAS, leads.persona),
        "product_line": words(PRODUCTS, leads.product),
        "owner_id": rep_ids(known.owner),
        "score": known.score,
        "merged_into": ids(LEAD, endings.into),
        "merged_at": endings.merged,
        "deleted_at": endings.deleted,
    }
    columns |= {field: flags(values) for field, values in known.facts.items()}
    return contract_table("leads", columns)


def stage_table(window: Window, leads: Leads, endings: Endings, passes: Passes, deals: Deals,
                joining: Joining, owner: Ints, noted: Noted) -> pa.Table:  # fmt: skip
    """``lead_stages``: every entry inside the window, by moment.

    ``owner``: whose each deal is today; ``noted``: SQLs of leads that only HubSpot knows.
    """
    own = np.flatnonzero(endings.into < 0)
    joined = deals.kind[joining.deal] == NEW
    last = last_rejections(window, passes)
    nobody = np.full(len(passes), -1)
    noted_mql = np.where(passes.direct, NEVER, passes.mql)
    noted_sal = np.where(passes.sal_noted, passes.sal, NEVER)
    opened = np.flatnonzero(deals.from_sql & (deals.kind == NEW))
    won = np.flatnonzero(deals.first_wins() & (deals.lead >= 0))
    parts = (
        (own, leads.created[own], "lead", np.full(len(own), -1), None),
        (passes.lead, noted_mql, "mql", nobody, None),
        (passes.lead, noted_sal, "sal", passes.rep, None),
        (passes.lead, passes.sql_noted, "sql", passes.rep, None),
        (passes.lead, passes.rejected, "rejected", passes.rep, np.where(last, passes.reason, -1)),
        (passes.lead, passes.recycled, "recycled", nobody, None),
        (deals.lead[opened], deals.created[opened], "opportunity", owner[opened], None),
        (
            joining.lead[joined],
            joining.joined[joined],
            "opportunity",
            owner[joining.deal[joined]],
            None,
        ),
        (deals.lead[won], deals.closes[won], "customer", owner[won], None),
        (noted.lead, noted.at, "sql", np.full(len(noted.lead), -1), None),
    )
    lead = np.concatenate([part[0] for part in parts])
    at = np.concatenate([part[1] for part in parts])
    stage = np.concatenate([np.full(len(part[0]), STAGES.index(part[2])) for part in parts])
    actor = np.concatenate([part[3] for part in parts])
    reason = np.concatenate([np.full(len(p[0]), -1) if p[4] is None else p[4] for p in parts])
    rows = np.flatnonzero(at < window.end)
    rows = rows[np.lexsort((stage[rows], lead[rows], at[rows]))]
    by_sales = ~np.isin(stage[rows], [STAGES.index(s) for s in ("mql", "recycled")])
    by_sales &= ~noted.is_alone[lead[rows]]
    return contract_table(
        "lead_stages",
        {
            "lead_id": ids(LEAD, lead[rows]),
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
    place = np.flatnonzero(deals.from_sql & (deals.kind == NEW))
    handed = deals.created[place]
    hours = around(rng, 1.2, 0.6, len(place))
    answered = clock.after_hours(handed, REP_ZONES[deals.owner[place]], hours)
    taken = clock.after_hours(answered, REP_ZONES[deals.owner[place]], np.full(len(place), 0.3))

    def until_end(moments: Times) -> Times:
        return np.where(moments < window.end, moments, NEVER)

    # An SAL that nobody noted was accepted when it was an SQL.
    taken_on = np.where(passes.sal_noted, passes.sal, passes.sql_noted)[sdr]
    rejected, accepted = until_end(passes.rejected[sdr]), until_end(taken_on)
    disposed = np.where(np.isnat(accepted), rejected, accepted)
    verdict = np.where(~np.isnat(accepted), 0, np.where(~np.isnat(rejected), 1, -1))
    own = np.where(passes.own_response[sdr], passes.response[sdr], NEVER)
    lead = np.concatenate([passes.lead[sdr], deals.lead[place]])
    at = np.concatenate([passes.handed[sdr], handed])
    leg = np.repeat([0, 1], [len(sdr), len(place)])
    order = np.lexsort((leg, lead, at))
    verdict = np.concatenate([verdict, np.where(taken < window.end, 0, -1)])[order]
    held = np.where(last_rejections(window, passes), passes.reason, -1)[sdr]
    reason = np.concatenate([held, np.full(len(place), -1)])[order]
    priority = np.concatenate([passes.priority[sdr], np.full(len(place), 1)])
    inside = at[order] < window.end
    columns = {
        "lead_id": ids(LEAD, lead[order]),
        "account_id": ids(ACCOUNT, leads.account[lead[order]]),
        "leg": words(("to_sdr", "to_ae"), leg[order]),
        "handed_at": at[order],
        "priority": words(PRIORITIES, priority[order]),
        "assigned_to": rep_ids(np.concatenate([passes.rep[sdr], deals.owner[place]])[order]),
        "first_response_at": np.concatenate([until_end(own), until_end(answered)])[order],
        "disposition": words(("accepted", "rejected"), verdict),
        "disposed_at": np.concatenate([disposed, until_end(taken)])[order],
        "reason": words(REJECT_REASONS, np.where(verdict == 1, reason, -1)),
        "handoff_id": _handoff_ids(lead[order], leg[order]),
    }
    return contract_table("handoffs", columns).filter(pa.array(inside)).combine_chunks()


def _handoff_ids(lead: Ints, leg: Ints) -> pa.Array:
    """The lead's id and which handoff of its leg it is; rows in order of time."""
    key = lead * 2 + leg
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    number = np.empty(len(key), dtype=np.int64)
    number[order] = np.arange(len(key)) - np.repeat(starts, np.diff(starts, append=len(key))) + 1
    return joined(ids(LEAD, lead), words(("-", "-ae-"), leg), pa.array(number).cast(pa.string()))


def last_rejections(window: Window, passes: Passes) -> Bools:
    """Which rejections are their lead's last: a record holds the reason of that one only."""
    told = passes.rejected < window.end
    when = np.where(told, passes.rejected, np.datetime64(0, "us"))
    order = np.lexsort((when, passes.lead))
    last = np.ones(len(order), dtype=bool)
    last[:-1] = passes.lead[order][1:] != passes.lead[order][:-1]
    result = np.empty(len(order), dtype=bool)
    result[order] = last
    return result
