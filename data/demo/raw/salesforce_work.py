"""Salesforce's work: opportunities with their versions and contacts, tasks, events, campaigns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import CONTACT, DEAL, ids, joined
from data.demo.draws import Times, days, seconds
from data.demo.known import numbers
from data.demo.raw.columns import landed_twice, moments, one, raw_table, stacked, where
from data.demo.raw.salesforce import ROBOT, Salesforce, source_names

KIND_NAMES = {"new": "New Business", "expansion": "Existing Business", "renewal": "Renewal"}
TASK_TYPES = {"email": "Email", "call": "Call", "ad": "Ad", "web": "Web Visit", "form": "Form",
              "event": "Event", "content": "Content"}  # fmt: skip
LETTER = "HubSpot Email"  # a letter that HubSpot's sync logs once more


def _renamed(values: pa.ChunkedArray, names: dict[str, str]) -> pa.Array:
    return pc.take(pa.array(list(names.values())), pc.index_in(values, pa.array(list(names))))


def opportunity_tables(org: Salesforce) -> dict[str, pa.Table]:
    world = org.world
    deals = world.tables["opportunities"]
    size = deals.num_rows
    status = deals["status"]
    handoffs = world.tables["handoffs"].filter(pc.equal(world.tables["handoffs"]["leg"], "to_ae"))
    lead = numbers(handoffs["lead_id"])
    opened = np.flatnonzero(world.deals.from_sql & (world.deals.kind == 0))
    deal_of = np.full(len(world.leads), -1)
    deal_of[world.deals.lead[opened]] = opened
    response, accepted = (np.full(size, np.datetime64("NaT", "us")) for _ in range(2))
    response[deal_of[lead]] = handoffs["first_response_at"].to_numpy()
    accepted[deal_of[lead]] = handoffs["disposed_at"].to_numpy()
    table = raw_table({
        "id": deals["opportunity_id"],
        "account_id": deals["account_id"],
        "owner_id": deals["owner_id"],
        "name": joined(source_names(deals["product_line"]), " for ", deals["account_id"]),
        "created_date": deals["created_at"],
        "close_date": deals["expected_close_on"],
        "amount": deals["amount_original"].cast(pa.float64()),
        "currency_iso_code": deals["currency"],
        "stage_name": deals["stage"],
        "type": _renamed(deals["kind"], KIND_NAMES),
        "is_closed": pc.not_equal(status, "open"),
        "is_won": pc.equal(status, "won"),
        "is_deleted": False,
        "lead_source": source_names(deals["channel"]),
        "pipeline_c": deals["pipeline"],
        "sourced_by_c": deals["sourced_by"],
        "region_c": deals["region"],
        "segment_c": deals["segment"],
        "product_c": deals["product_line"],
        "loss_reason_c": deals["loss_reason"],
        "executive_responded_c": moments(response),
        "executive_accepted_c": moments(accepted),
        "_fivetran_synced": org.stamp(size),
    })  # fmt: skip
    # Opened by mistake, and deleted.
    wrong = table.take(pa.array(np.arange(0, size, 61)))
    wrong = wrong.set_column(0, "id", ids(DEAL, size + np.arange(wrong.num_rows)))
    place = wrong.column_names.index("is_deleted")
    wrong = wrong.set_column(place, "is_deleted", one(True, wrong.num_rows))
    return {
        "opportunity": stacked(table, wrong),
        "opportunity_history": _versions(org),
        "opportunity_contact_role": _roles(org),
    }


def _versions(org: Salesforce) -> pa.Table:
    """Every version of every opportunity, as Fivetran's history mode keeps them."""
    stages, deals = org.world.tables["opportunity_stages"], org.world.tables["opportunities"]
    deal = numbers(stages["opportunity_id"])
    starts = stages["entered_at"].to_numpy()
    last = np.ones(len(deal), dtype=bool)
    last[:-1] = deal[1:] != deal[:-1]
    ends = np.full(len(deal), np.datetime64("9999-12-31T23:59:59", "us"))
    ends[:-1] = np.where(last[:-1], ends[:-1], starts[1:] - np.timedelta64(1, "ms"))
    rate = (deals["amount_original"].cast(pa.float64()).to_numpy(zero_copy_only=False)
            / deals["amount"].cast(pa.float64()).to_numpy(zero_copy_only=False))  # fmt: skip
    currency = deals["currency"].to_numpy(zero_copy_only=False)
    per_usd = {code: np.nanmedian(rate[currency == code]) for code in set(currency)}
    factor = np.array([per_usd[code] for code in currency])[deal]
    amount = stages["amount"].cast(pa.float64()).to_numpy(zero_copy_only=False) * factor
    return raw_table({
        "id": stages["opportunity_id"],
        "stage_name": stages["stage"],
        "amount": np.round(amount, 2),
        "close_date": stages["expected_close_on"],
        "owner_id": stages["owner_id"],
        "_fivetran_start": moments(starts),
        "_fivetran_end": moments(ends),
        "_fivetran_active": last,
        "_fivetran_synced": org.stamp(len(deal)),
    })  # fmt: skip


def _roles(org: Salesforce) -> pa.Table:
    """Who stands on which deal, since when; primary is the lead with which it was opened."""
    contacts, deals, joining = org.world.contacts, org.world.deals, org.world.joining
    table = org.world.tables["opportunity_contacts"]
    since = np.maximum(deals.created[contacts.deal], org.world.leads.created[contacts.lead])
    size = len(org.world.leads)
    order = np.argsort(contacts.deal * size + contacts.lead)
    keys = (contacts.deal * size + contacts.lead)[order]
    joined_in = joining.joined < org.world.window.end
    wanted = joining.deal[joined_in] * size + joining.lead[joined_in]
    place = order[np.searchsorted(keys, wanted)]
    since[place] = joining.joined[joined_in]
    return raw_table({
        "id": ids("00K", np.arange(len(since))),
        "opportunity_id": table["opportunity_id"],
        "contact_id": ids(CONTACT, contacts.lead),
        "role": table["role"],
        "is_primary": deals.lead[contacts.deal] == contacts.lead,
        "created_date": moments(since),
        "is_deleted": False,
        "_fivetran_synced": org.stamp(len(since)),
    })  # fmt: skip


def activity_tables(org: Salesforce) -> dict[str, pa.Table]:
    """Tasks and events; letters are HubSpot's, and logged here once more by its sync."""
    touches = org.world.tables["touches"]
    is_letter = pc.starts_with(touches["touch_id"], "hubspot-")
    is_event = pc.equal(touches["kind"], "meeting")
    tasks = touches.filter(pc.and_(pc.invert(is_letter), pc.invert(is_event)))
    rng = org.draws.named("tasks landed twice")
    written = _activities(org, tasks, "task")
    twice = np.flatnonzero(rng.random(written.num_rows) < 0.001)
    parts = [landed_twice(written, twice), _letters(org, touches.filter(is_letter)),
             _undone(org, written)]  # fmt: skip
    meetings = _activities(org, touches.filter(is_event), "event")
    return {"task": stacked(*parts), "event": stacked(meetings, _planned(org, meetings))}


def _activities(org: Salesforce, touches: pa.Table, what: str) -> pa.Table:
    at = touches["occurred_at"].to_numpy()
    size = len(at)
    common = {
        "id": touches["touch_id"],
        "who_id": org.person_ids(numbers(touches["lead_id"])),
        "owner_id": pc.coalesce(touches["rep_id"], pa.scalar(ROBOT)),
        "subject": joined("Activity ", touches["touch_id"]),
        "is_deleted": False,
        "team_c": touches["team"],
        "channel_c": touches["channel"],
        "direction_c": touches["direction"],
        "responded_c": touches["responded"],
        "campaign_c": touches["campaign_id"],
        "asset_c": touches["asset"],
        "_fivetran_synced": org.stamp(size),
    }
    if what == "event":
        more = {
            "type": "Meeting",
            "created_date": moments(at - np.timedelta64(3, "D")),
            "start_date_time": moments(at),
            "activity_date_time": moments(at),
            "is_child": False,
        }
    else:
        more = {
            "type": _renamed(touches["kind"], TASK_TYPES),
            "task_subtype": "Task",
            "created_date": moments(at),
            "completed_date_time": moments(at),
            "activity_date": moments(at).cast(pa.date32()),
            "is_closed": True,
            "automated_c": touches["automated"],
        }
    return raw_table({**common, **more})


def _letters(org: Salesforce, letters: pa.Table) -> pa.Table:
    """Some of HubSpot's letters, logged as tasks: the same touch once more, which is none."""
    some = letters.take(pa.array(np.arange(0, letters.num_rows, 29)))
    lead = numbers(some["lead_id"])
    some = some.take(pa.array(np.flatnonzero(~org.world.systems.alone[lead])))
    written = _activities(org, some, "task")
    number = ids("00T", 900_000_000 + np.arange(some.num_rows))
    table = written.set_column(0, "id", number)
    return table.set_column(table.column_names.index("type"), "type", one(LETTER, some.num_rows))


def _undone(org: Salesforce, tasks: pa.Table) -> pa.Table:
    """Tasks that nobody has done yet, that were deleted, or whose lead is gone for good."""
    some = tasks.take(pa.array(np.arange(0, tasks.num_rows, 41)))
    size = some.num_rows
    fate = np.arange(size) % 3
    columns = {name: some[name] for name in some.column_names}
    columns |= {
        "id": ids("00T", 950_000_000 + np.arange(size)),
        "is_closed": fate != 0,
        "completed_date_time": where(fate == 0, pa.nulls(size, pa.timestamp("us")),
                                     some["completed_date_time"].combine_chunks()),
        "is_deleted": fate == 1,
        "who_id": where(fate == 2, ids("00Q", 990_000_000 + np.arange(size)),
                        some["who_id"].combine_chunks()),
    }  # fmt: skip
    return raw_table(columns)


def _planned(org: Salesforce, meetings: pa.Table) -> pa.Table:
    """Meetings still to come."""
    some = meetings.take(pa.array(np.arange(max(meetings.num_rows - 25, 0), meetings.num_rows)))
    size = some.num_rows
    now: Times = np.full(size, org.synced)
    ahead: Times = now + days(1 + np.arange(size) % 9) + seconds(np.full(size, 7.0))
    columns = {name: some[name] for name in some.column_names}
    columns |= {
        "id": ids("00U", 900_000_000 + np.arange(size)),
        "start_date_time": moments(ahead),
        "activity_date_time": moments(ahead),
    }
    return raw_table(columns)


def campaign_table(org: Salesforce) -> pa.Table:
    campaigns = org.world.tables["campaigns"]
    own = campaigns.filter(pc.starts_with(campaigns["campaign_id"], "701"))
    return raw_table({
        "id": own["campaign_id"],
        "name": own["name"],
        "type": source_names(own["channel"]),
        "start_date": own["starts_on"],
        "end_date": own["ends_on"],
        "is_deleted": False,
        "_fivetran_synced": org.stamp(own.num_rows),
    })  # fmt: skip
