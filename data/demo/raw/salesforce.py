"""Salesforce's people: leads with their history, contacts, accounts, users."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.config import FACTS
from data.demo.arrow import ACCOUNT, CONTACT, DEAL, LEAD, REP, ids, joined, words
from data.demo.build import World
from data.demo.company import MARKETER, REJECT_REASONS, REPS
from data.demo.draws import NEVER, Draws, Ints, Times, seconds
from data.demo.funnel import PRIORITIES
from data.demo.known import numbers
from data.demo.lead_tables import last_rejections
from data.demo.raw.columns import iso, landed_twice, moments, raw_table, stacked, where
from data.tables import STAGES

QUEUE = "00G000000000001"  # of leads that belong to nobody yet
ROBOT = "005999999999999"  # who writes what rules write: no rep
STATUSES = ("Open", "MQL", "SAL", "SQL", "Rejected", "Recycled", "Converted")
STATUS_OF_STAGE = ("mql", "sal", "sql")
SOURCE_NAMES = {
    "paid_search": "Paid Search", "organic_search": "Organic Search", "webinar": "Webinar",
    "content_syndication": "Content Syndication", "paid_social": "Paid Social", "email": "Email",
    "outbound": "Outbound", "podcast": "Podcast", "partner": "Partner", "referral": "Referral",
    "event": "Event", "trade_show": "Trade Show",
}  # fmt: skip
CUSTOM_FACTS = {name: f"{name.removeprefix('has_')}_confirmed_c" for name in FACTS}
API_NAMES = {name: f"{column.removesuffix('_c')}__c" for name, column in CUSTOM_FACTS.items()}


def source_names(channel: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Channels as Salesforce's pick list spells them; others as they are."""
    known = pa.array(list(SOURCE_NAMES))
    place = pc.index_in(channel, known)
    named = pc.take(pa.array(list(SOURCE_NAMES.values())), place)
    found = pc.coalesce(named, channel)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


class Salesforce:
    """What the tables of one org have in common: who is there, and who went on as a contact."""

    def __init__(self, draws: Draws, world: World, synced: np.datetime64) -> None:
        self.draws, self.world, self.synced = draws, world, synced
        size = len(world.leads)
        self.there = np.flatnonzero(~world.systems.alone)
        self.converted, self.deal_of = self._conversions(size)
        lag = seconds(90 + 600 * draws.named("sync of leads").random(size))
        # Sales types in its own leads, and the second records of buyers who are there already.
        typed = world.systems.by_sales | (world.endings.into >= 0)
        self.created = world.leads.created + np.where(typed, seconds(np.zeros(size)), lag)
        actor = np.full(size, MARKETER)
        actor[world.systems.by_sales] = REPS[-1].number
        sellers = np.array([rep.number for rep in REPS if rep.role == "sdr"])
        own = np.flatnonzero(world.systems.by_sales)
        actor[own] = sellers[own % len(sellers)]
        self.creator = actor

    def _conversions(self, size: int) -> tuple[Times, Ints]:
        """When each lead became a contact, and the deal that was opened, or joined, with it."""
        deals, contacts, joining = self.world.deals, self.world.contacts, self.world.joining
        at, deal = np.full(size, NEVER), np.full(size, -1)
        # The earliest deal of each: written last.
        order = np.argsort(-deals.created[contacts.deal].astype(np.int64), kind="stable")
        lead, of = contacts.lead[order], contacts.deal[order]
        at[lead] = np.maximum(deals.created[of], self.world.leads.created[lead])
        joined_in = joining.joined < self.world.window.end
        at[joining.lead[joined_in]] = joining.joined[joined_in]
        deal[joining.lead[joined_in]] = joining.deal[joined_in]
        opened = np.flatnonzero(deals.from_sql)
        at[deals.lead[opened]], deal[deals.lead[opened]] = deals.created[opened], opened
        return np.where(at < self.world.window.end, at, NEVER), deal

    def person_ids(self, lead: Ints) -> pa.Array:
        """Whom an activity is with: the contact that a lead has become, else the lead."""
        became = ~np.isnat(self.converted[lead])
        return where(became, ids(CONTACT, lead), ids(LEAD, lead))

    def stamp(self, size: int) -> pa.Array:
        return moments(np.full(size, self.synced))

    def statuses(self) -> tuple[Ints, Times, Ints, Ints, Ints]:
        """Every change of a lead's status, by lead and time: lead, moment, status, the one before,
        and who made it."""
        passes, sales = self.world.passes, self.world.systems.sales
        of_stage = np.array([STAGES.index(stage) for stage in STATUS_OF_STAGE])
        known = np.searchsorted(of_stage, sales.stage)  # mql, sal, sql: in the order of stages
        rep_of = np.full(len(self.world.leads), -1)
        rep_of[passes.lead] = passes.rep
        by = np.where(known == 0, -1, rep_of[sales.who])
        convert = np.flatnonzero(~np.isnat(self.converted))
        parts = (
            (sales.who, sales.at, known + STATUSES.index("MQL"), by),
            (passes.lead, passes.rejected, np.full(len(passes), STATUSES.index("Rejected")),
             passes.rep),
            (passes.lead, passes.recycled, np.full(len(passes), STATUSES.index("Recycled")),
             np.full(len(passes), -1)),
            (convert, self.converted[convert], np.full(len(convert), STATUSES.index("Converted")),
             np.full(len(convert), -1)),
        )  # fmt: skip
        lead, at, status, by = (np.concatenate(column) for column in zip(*parts, strict=True))
        told = np.flatnonzero((at < self.world.window.end) & ~self.world.systems.alone[lead])
        told = told[np.lexsort((status[told], at[told], lead[told]))]
        lead, at, status, by = lead[told], at[told], status[told], by[told]
        before = np.zeros(len(lead), dtype=np.int64)
        before[1:] = np.where(lead[1:] == lead[:-1], status[:-1], 0)
        return lead, at, status, before, by

    def own_responses(self) -> tuple[Ints, Times]:
        """First responses that the org notes itself, by time."""
        passes = self.world.passes
        noted = passes.own_response & ~passes.direct & (passes.response < self.world.window.end)
        rows = np.flatnonzero(noted & (passes.handed < self.world.window.end))
        rows = rows[np.argsort(passes.response[rows], kind="stable")]
        return passes.lead[rows], passes.response[rows]


def lead_table(org: Salesforce) -> pa.Table:
    world, rows = org.world, org.there
    take = pa.array(rows)
    endings, passes = world.endings, world.passes
    size = len(world.leads)
    merged, converted = endings.into[rows] >= 0, org.converted[rows]
    is_converted = ~np.isnat(converted)
    deleted = np.where(np.isnat(endings.deleted), world.systems.sales_deleted, endings.deleted)[
        rows
    ]
    ended = np.where(merged, endings.merged[rows], deleted)
    priority, reason = np.full(size, -1), np.full(size, -1)
    status, response = np.zeros(size, dtype=np.int64), np.full(size, NEVER)
    handed = np.flatnonzero(~passes.direct)
    priority[passes.lead[handed]] = passes.priority[handed]
    told = passes.rejected < world.window.end
    last = np.flatnonzero(last_rejections(world.window, passes) & told)
    reason[passes.lead[last]] = passes.reason[last]
    answered, at = org.own_responses()
    response[answered] = at  # of two passes the later
    changed, _, became, _, _ = org.statuses()
    status[changed] = became

    def today(name: str) -> pa.Array:
        return world.tables["leads"][name].combine_chunks().take(take)

    columns = {
        "id": ids(LEAD, rows),
        "created_date": moments(org.created[rows]),
        "created_by_id": ids(REP, org.creator[rows]),
        "last_modified_date": moments(np.where(np.isnat(ended), org.synced, ended)),
        "email": today("email"),
        "name": today("full_name"),
        "lead_source": source_names(today("channel")),
        "country": today("region"),
        "owner_id": pc.coalesce(today("owner_id"), pa.scalar(QUEUE)),
        "status": words(STATUSES, status[rows]),
        "is_deleted": merged | ~np.isnat(deleted),
        "master_record_id": ids(LEAD, np.where(merged, endings.into[rows], -1)),
        "is_converted": is_converted,
        "converted_date": moments(converted).cast(pa.date32()),
        "converted_contact_id": ids(CONTACT, np.where(is_converted, rows, -1)),
        "converted_account_id": ids(ACCOUNT, np.where(is_converted, world.leads.account[rows], -1)),
        "converted_opportunity_id": ids(DEAL, np.where(is_converted, org.deal_of[rows], -1)),
        "account_c": today("account_id"),
        "first_campaign_c": today("campaign_id"),
        "segment_c": today("segment"),
        "persona_c": today("persona"),
        "product_interest_c": today("product_line"),
        "priority_c": words(PRIORITIES, priority[rows]),
        "rejection_reason_c": words(REJECT_REASONS, reason[rows]),
        "first_response_c": moments(response[rows]),
        "marketing_score_c": today("score"),
        **{column: today(fact) for fact, column in CUSTOM_FACTS.items()},
        "_fivetran_synced": org.stamp(len(rows)),
    }
    rng = org.draws.named("leads landed twice")
    return landed_twice(raw_table(columns), np.flatnonzero(rng.random(len(rows)) < 0.004))


def contact_table(org: Salesforce) -> pa.Table:
    rows = np.flatnonzero(~np.isnat(org.converted))
    take = pa.array(rows)
    leads = org.world.tables["leads"]

    def today(name: str) -> pa.Array:
        return leads[name].combine_chunks().take(take)

    return raw_table({
        "id": ids(CONTACT, rows),
        "account_id": ids(ACCOUNT, org.world.leads.account[rows]),
        "created_date": moments(org.converted[rows]),
        "created_by_id": ids(REP, org.creator[rows]),
        "last_modified_date": moments(org.converted[rows]),
        "email": today("email"),
        "name": today("full_name"),
        "owner_id": pc.coalesce(today("owner_id"), pa.scalar(ROBOT)),
        "lead_source": source_names(today("channel")),
        "mailing_country": today("region"),
        "is_deleted": False,
        "master_record_id": ids(CONTACT, np.full(len(rows), -1)),
        "_fivetran_synced": org.stamp(len(rows)),
    })  # fmt: skip


def lead_history_table(org: Salesforce) -> pa.Table:
    """Changes of status, owner, account, facts and first response; names and ids of references."""
    lead, at, status, before, by = org.statuses()
    parts = [
        _changes(org, lead, at, "Status", words(STATUSES, before), words(STATUSES, status), by)
    ]
    convert = np.flatnonzero(~np.isnat(org.converted))
    nothing = words((None,), np.full(len(convert), -1))
    parts.append(_changes(org, convert, org.converted[convert], "leadConverted", nothing, nothing))
    answered, when = org.own_responses()
    nothing = words((None,), np.full(len(answered), -1))
    parts.append(_changes(org, answered, when, "First_Response__c", nothing, iso(when)))

    changes = org.world.tables["lead_changes"]
    changes = changes.filter(pc.equal(changes["team"], "sales"))
    who, moment = numbers(changes["lead_id"]), changes["changed_at"].to_numpy()
    names = changes["field"].to_numpy(zero_copy_only=False)
    value = changes["value"].combine_chunks()
    for field, theirs in {"owner_id": "Owner", "account_id": "Account__c", **API_NAMES}.items():
        rows = np.flatnonzero(names == field)
        rows = rows[np.lexsort((moment[rows], who[rows]))]
        new = value.take(pa.array(rows))
        if field == "owner_id":
            new = pc.coalesce(new, pa.scalar(QUEUE))
        first = np.ones(len(rows), dtype=bool)
        first[1:] = who[rows][1:] != who[rows][:-1]
        shifted = new.take(pa.array(np.maximum(np.arange(len(rows)) - 1, 0)))
        start = pa.scalar(QUEUE if field == "owner_id" else None, pa.string())
        old = pc.if_else(pa.array(first), start, shifted)
        parts.append(_changes(org, who[rows], moment[rows], theirs, old, new))
        if field in ("owner_id", "account_id"):  # told twice: by id, and by name
            told = joined("the one called ", new)
            parts.append(_changes(org, who[rows], moment[rows], theirs, None, told))
    table = stacked(*parts)
    return table.append_column("id", ids("017", np.arange(table.num_rows)))


def _changes(org: Salesforce, lead: Ints, at: Times, field: str, old: pa.Array | None,
             new: pa.Array, by: Ints | None = None) -> pa.Table:  # fmt: skip
    size = len(lead)
    by = np.full(size, -1) if by is None else by
    return raw_table({
        "lead_id": ids(LEAD, lead),
        "created_date": moments(at),
        "created_by_id": pc.coalesce(ids(REP, by), pa.scalar(ROBOT)),
        "field": field,
        "old_value": words((None,), np.full(size, -1)) if old is None else old,
        "new_value": new,
        "is_deleted": False,
        "_fivetran_synced": org.stamp(size),
    })  # fmt: skip


def account_table(org: Salesforce) -> pa.Table:
    """The accounts, and some that were merged into one of them."""
    accounts = org.world.tables["accounts"]
    size = accounts.num_rows
    columns = {
        "id": accounts["account_id"],
        "name": accounts["name"],
        "industry": accounts["industry"],
        "billing_country": accounts["region"],
        "segment_c": accounts["segment"],
        "number_of_employees": accounts["employees"],
        "created_date": accounts["created_at"],
        "is_deleted": False,
        "master_record_id": ids(ACCOUNT, np.full(size, -1)),
        "_fivetran_synced": org.stamp(size),
    }
    table = raw_table(columns)
    twice = np.arange(0, size, 97)
    again = table.take(pa.array(twice))
    merged = {
        **{name: again[name] for name in again.column_names},
        "id": ids(ACCOUNT, size + np.arange(len(twice))),
        "is_deleted": True,
        "master_record_id": again["id"],
    }
    return stacked(table, raw_table(merged))


def user_tables(org: Salesforce) -> dict[str, pa.Table]:
    reps = org.world.tables["reps"]
    roles = sorted({rep.role for rep in REPS})
    number = np.array([roles.index(rep.role) for rep in REPS])
    boss = np.array([-1 if rep.manager is None else rep.manager for rep in REPS])
    return {
        "user": raw_table({
            "id": reps["rep_id"],
            "name": reps["name"],
            "email": reps["email"],
            "user_role_id": ids("00E", number),
            "manager_id": ids(REP, boss),
            "time_zone_sid_key": reps["timezone"],
            "country": reps["region"],
            "is_active": True,
            "_fivetran_synced": org.stamp(len(REPS)),
        }),
        "user_role": raw_table({
            "id": ids("00E", np.arange(len(roles))),
            "name": pa.array(roles),
            "_fivetran_synced": org.stamp(len(roles)),
        }),
    }  # fmt: skip
