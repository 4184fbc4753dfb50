"""HubSpot: contacts with the history of their properties, companies, owners, letters, deals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.config import FACTS
from data.demo.arrow import ACCOUNT, LEAD, ids, joined, words
from data.demo.build import World
from data.demo.campaigns import FIRST_LETTER
from data.demo.company import REPS
from data.demo.draws import Draws, Ints, Times, seconds
from data.demo.known import numbers
from data.demo.raw.columns import ZONED, landed_twice, moments, one, raw_table, stacked, where
from data.demo.systems import FIRST_CONTACT, SYNC_ERRORS, SYNCED, SYNCS, second_addresses
from data.tables import STAGES

FIRST_COMPANY, FIRST_OWNER = 400_000_000, 600
# HubSpot's own words for the sources of contacts; what it has no word for, the company added.
SOURCE_NAMES = {
    "paid_search": "PAID_SEARCH", "organic_search": "ORGANIC_SEARCH", "paid_social": "PAID_SOCIAL",
    "email": "EMAIL_MARKETING", "referral": "REFERRALS",
}  # fmt: skip
PROPERTIES = {
    "mql": ("lifecyclestage", "marketingqualifiedlead"),
    "sal": ("hs_lead_status", "IN_PROGRESS"),
    "sql": ("lifecyclestage", "salesqualifiedlead"),
}
WITHOUT_LINK = 0.03  # contacts that hold no id of Salesforce, and are found by their address
DELETED_HERE = 0.003


def source_names(channel: pa.Array) -> pa.Array:
    place = pc.index_in(channel, pa.array(list(SOURCE_NAMES)))
    return pc.coalesce(pc.take(pa.array(list(SOURCE_NAMES.values())), place), channel)


class Portal:
    """What the tables of one portal have in common."""

    def __init__(self, draws: Draws, world: World, synced: np.datetime64) -> None:
        self.draws, self.world, self.synced = draws, world, synced
        size = len(world.leads)
        lag = seconds(60 + 600 * draws.named("sync of contacts").random(size))
        by_sales = world.systems.by_sales
        self.created = world.leads.created + np.where(by_sales, lag, seconds(np.zeros(size)))
        # Duplicates are merged in both; what sales has merged by itself is two contacts here.
        self.merged = (world.endings.into >= 0) & world.leads.duplicate
        self.numbers = FIRST_CONTACT + np.arange(size + len(world.systems.extra_of))

    def stamp(self, size: int) -> pa.Array:
        return moments(np.full(size, self.synced), ZONED)


def contact_table(portal: Portal) -> pa.Table:
    world, systems = portal.world, portal.world.systems
    rows = np.flatnonzero(~portal.merged)
    take = pa.array(rows)
    size, count = len(world.leads), len(rows)
    rng = portal.draws.named("contacts")
    deleted = ~np.isnat(world.endings.deleted)
    quiet = np.ones(size, dtype=bool)
    quiet[systems.marketing.who[systems.marketing.who < size]] = False
    only_here = quiet & ~deleted & ~systems.alone & (world.endings.into < 0)
    only_here &= rng.random(size) < DELETED_HERE
    found = np.ones(size, dtype=bool)  # by its address alone, which nobody else has
    found[world.leads.parent[world.leads.duplicate]] = False
    found[world.endings.into[world.endings.into >= 0]] = False
    found &= (world.endings.into < 0) & ~world.leads.duplicate & ~systems.alone
    found[systems.extra_of[systems.extra_of >= 0]] = False
    loose = found & (rng.random(size) < WITHOUT_LINK)
    loose &= (
        world.tables["leads"]["email"].combine_chunks().is_valid().to_numpy(zero_copy_only=False)
    )

    def today(name: str) -> pa.Array:
        return world.tables["leads"][name].combine_chunks().take(take)

    full_name = today("full_name")
    parts = pc.split_pattern(full_name, " ", max_splits=1)
    gone = np.where(deleted, world.endings.deleted, np.datetime64("NaT", "us"))[rows]
    link = np.where(systems.alone | loose, -1, np.arange(size))[rows]
    # Of two systems that know a lead, the warehouse has the address as Salesforce spells it.
    sloppy = pa.array((rows % 9 == 4) & ~systems.alone[rows])
    email = today("email")
    email = pc.if_else(sloppy, joined(pc.utf8_capitalize(email), " "), email)
    sync = systems.sync[rows]
    columns = {
        "id": portal.numbers[rows],
        "_fivetran_deleted": (deleted | only_here)[rows],
        "_fivetran_synced": portal.stamp(count),
        "property_createdate": moments(portal.created[rows], ZONED),
        "property_lastmodifieddate": moments(np.where(np.isnat(gone), portal.synced, gone), ZONED),
        "property_email": email,
        "property_firstname": pc.list_element(parts, 0),
        "property_lastname": pc.list_element(parts, 1),
        "property_associatedcompanyid": (FIRST_COMPANY + world.leads.account[rows]).astype(str),
        "property_hubspot_owner_id": _owner_numbers(today("owner_id")),
        "property_hs_analytics_source": source_names(today("channel")),
        "property_hs_analytics_source_data_1": where(
            systems.by_sales[rows], one("SALESFORCE", count)
        ),
        "property_country": today("region"),
        "property_hubspotscore": today("score"),
        "property_salesforceleadid": ids(LEAD, link),
        "property_salesforcecontactid": pa.nulls(count, pa.string()),
        "property_segment": today("segment"),
        "property_persona": today("persona"),
        "property_product_interest": today("product_line"),
        "property_sync_state": words(SYNCS, np.where(sync == SYNCED, -1, sync)),
        "property_sync_error": words(SYNC_ERRORS, systems.error[rows]),
        **{f"property_{fact}": today(fact) for fact in FACTS},
    }
    table = landed_twice(raw_table(columns), np.flatnonzero(rng.random(count) < 0.004))
    return stacked(table, _further(portal))


def _further(portal: Portal) -> pa.Table:
    """Second contacts of a person, who hold the same id of Salesforce; and tests."""
    systems = portal.world.systems
    whose = systems.extra_of
    size = len(whose)
    return raw_table({
        "id": portal.numbers[len(portal.world.leads):],
        "_fivetran_deleted": False,
        "_fivetran_synced": portal.stamp(size),
        "property_createdate": moments(systems.extra_since, ZONED),
        "property_lastmodifieddate": moments(systems.extra_since, ZONED),
        "property_email": second_addresses(whose, size),
        "property_salesforceleadid": ids(LEAD, whose),
    })  # fmt: skip


def _owner_numbers(rep: pa.Array) -> pa.Array:
    return pc.add(pc.cast(pc.utf8_slice_codeunits(rep, 3), pa.int64()), FIRST_OWNER)


def history_table(portal: Portal) -> pa.Table:
    """Stages, statuses, scores and facts as they changed; of merged contacts under their number."""
    world = portal.world
    told = world.systems.marketing
    parts = []
    for stage, (name, value) in PROPERTIES.items():
        rows = np.flatnonzero(told.stage == STAGES.index(stage))
        parts.append(_history(portal, told.who[rows], told.at[rows], name, value))
    passes, end = world.passes, world.window.end
    back = np.flatnonzero(passes.recycled < end)
    parts.append(
        _history(portal, passes.lead[back], passes.recycled[back], "hs_lead_status", "BAD_TIMING")
    )
    lost = np.flatnonzero((passes.rejected < end - np.timedelta64(10, "m")) & ~passes.direct)
    later = passes.rejected[lost] + np.timedelta64(6, "m")
    parts.append(_history(portal, passes.lead[lost], later, "hs_lead_status", "UNQUALIFIED"))
    everyone = np.arange(len(world.leads))
    parts.append(_history(portal, everyone, portal.created, "lifecyclestage", "lead"))
    changes = world.tables["lead_changes"]
    changes = changes.filter(pc.equal(changes["team"], "marketing"))
    theirs = {"score": "hubspotscore"}
    for field in ("score", *FACTS):
        some = changes.filter(pc.equal(changes["field"], field))
        who, at = numbers(some["lead_id"]), some["changed_at"].to_numpy()
        value = some["value"].combine_chunks()
        parts.append(_history(portal, who, at, theirs.get(field, field), value))
    return stacked(*parts)


def _history(portal: Portal, who: Ints, at: Times, name: str, value: str | pa.Array) -> pa.Table:
    return raw_table({
        "contact_id": portal.numbers[who],
        "name": name,
        "value": value,
        "timestamp": moments(at, ZONED),
        "source": "CRM_UI",
        "_fivetran_synced": portal.stamp(len(who)),
    })  # fmt: skip


def other_tables(portal: Portal) -> dict[str, pa.Table]:
    world = portal.world
    merged = np.flatnonzero(portal.merged)
    accounts, reps = world.tables["accounts"], world.tables["reps"]
    account = numbers(accounts["account_id"])
    size = len(account)
    teams = sorted({rep.team for rep in REPS})
    first = pc.split_pattern(reps["name"].combine_chunks(), " ", max_splits=1)
    owner = FIRST_OWNER + np.arange(len(REPS))
    return {
        "contact_merge_audit": raw_table({
            "canonical_vid": portal.numbers[world.endings.into[merged]],
            "vid_to_merge": portal.numbers[merged],
            "timestamp": moments(world.endings.merged[merged], ZONED),
            "_fivetran_synced": portal.stamp(len(merged)),
        }),
        "company": raw_table({
            "id": FIRST_COMPANY + account,
            "is_deleted": False,
            "property_name": accounts["name"],
            "property_industry": accounts["industry"],
            "property_country": accounts["region"],
            "property_createdate": moments(accounts["created_at"].to_numpy(), ZONED),
            "property_numberofemployees": accounts["employees"],
            "property_salesforceaccountid": ids(ACCOUNT, account),
            "_fivetran_synced": portal.stamp(size),
        }),
        "owner": raw_table({
            "owner_id": owner,
            "email": reps["email"],
            "first_name": pc.list_element(first, 0),
            "last_name": pc.list_element(first, 1),
            "_fivetran_synced": portal.stamp(len(REPS)),
        }),
        "owner_team": raw_table({
            "owner_id": owner,
            "team_id": np.array([teams.index(rep.team) + 1 for rep in REPS]),
            "is_team_primary": True,
            "_fivetran_synced": portal.stamp(len(REPS)),
        }),
        "team": raw_table({
            "id": 1 + np.arange(len(teams)),
            "name": pa.array([team.title() for team in teams]),
            "_fivetran_synced": portal.stamp(len(teams)),
        }),
        "email_event": _letters(portal),
        "email_campaign": _letter_campaigns(portal),
        **_deals(portal),
    }  # fmt: skip


def _letters(portal: Portal) -> pa.Table:
    """Letters sent, opened and answered, by address."""
    touches, leads = portal.world.tables["touches"], portal.world.tables["leads"]
    some = touches.filter(pc.starts_with(touches["touch_id"], "hubspot-"))
    lead = numbers(some["lead_id"])
    number = pc.cast(pc.replace_substring(some["touch_id"], "hubspot-email-", ""), pa.int64())
    answered = pc.equal(some["direction"], "inbound")
    recipient = leads["email"].combine_chunks().take(pa.array(lead))
    campaign = pc.cast(pc.replace_substring(some["campaign_id"], "hubspot-email-", ""), pa.int64())
    at = some["occurred_at"].to_numpy()
    table = raw_table({
        "id": pc.cast(number, pa.string()),
        "created": moments(at, ZONED),
        "type": pc.if_else(answered, "CLICK", "DELIVERED"),
        "recipient": pc.if_else(pa.array(lead % 5 == 2), pc.utf8_upper(recipient), recipient),
        "email_campaign_id": campaign,
        "filtered_event": False,
        "_fivetran_synced": portal.stamp(len(lead)),
    })  # fmt: skip
    opened = table.take(pa.array(np.arange(0, len(lead), 7)))
    columns = {name: opened[name] for name in opened.column_names}
    robots = np.arange(opened.num_rows) % 5 == 0
    columns |= {
        "id": joined("o", opened["id"]),
        "type": pc.if_else(pa.array(robots), "CLICK", "OPEN"),
        "filtered_event": robots,
    }
    return stacked(table, raw_table(columns))


def _letter_campaigns(portal: Portal) -> pa.Table:
    rows = portal.world.campaigns.letters
    names = portal.world.tables["campaigns"]["name"].combine_chunks()
    return raw_table({
        "id": FIRST_LETTER + rows,
        "name": joined("Letter: ", names.take(pa.array(rows))),
        "_fivetran_synced": portal.stamp(len(rows)),
    })  # fmt: skip


def _deals(portal: Portal) -> dict[str, pa.Table]:
    """HubSpot's copies of Salesforce's opportunities, which must not count once more."""
    deals = portal.world.tables["opportunities"]
    size = deals.num_rows
    stage = deals["status"]
    return {
        "deal": raw_table({
            "deal_id": 800_000_000 + np.arange(size),
            "deal_pipeline_id": "default",
            "deal_pipeline_stage_id": pc.replace_substring(
                pc.binary_join_element_wise("closed", stage, ""), "closedopen", "open"
            ),
            "owner_id": _owner_numbers(deals["owner_id"].combine_chunks()),
            "is_deleted": False,
            "property_createdate": moments(deals["created_at"].to_numpy(), ZONED),
            "property_amount": deals["amount_original"].cast(pa.float64()),
            "property_deal_currency_code": deals["currency"],
            "_fivetran_synced": portal.stamp(size),
        }),
        "deal_pipeline_stage": raw_table({
            "stage_id": pa.array(["open", "closedwon", "closedlost"]),
            "label": pa.array(["Open", "Closed won", "Closed lost"]),
            "pipeline_id": "default",
            "closed_won": np.array([False, True, False]),
            "is_closed": np.array([False, True, True]),
            "_fivetran_synced": portal.stamp(3),
        }),
    }  # fmt: skip
