"""``system_records``: what each system counts by itself, whatever the other one says."""

from __future__ import annotations

from sqlalchemy import Select, Text, and_, case, cast, func, literal, null, or_, select

from data.build import feeds
from data.build.context import Context
from data.build.names import rep_of
from data.build.people import edges, email_key, is_test, lead_of
from data.build.stages import ENDS_A_PASS
from data.config_sources import SYSTEMS
from data.tables import STAGES

# What a record is counted for; being a lead is not something that two systems argue about.
COUNTED = ("mql", "sal", "sql", "opportunity", "customer")
TEST_RECORD = "test record"


def system_records(context: Context) -> Select:
    """One row a record and stage that its own system counts it for; columns as in the contract."""
    h, r = feeds.history.c, feeds.records.c
    ends = case((h.value.in_(ENDS_A_PASS), 1), else_=0)
    order = [h.at, case({s: n for n, s in enumerate(STAGES)}, value=h.value)]
    passes = func.sum(ends).over(
        partition_by=[h.product, h.record_id], order_by=order, rows=(None, -1)
    )
    own = (
        select(h.product, h.record_id, h.value, h.at, func.coalesce(passes, 0).label("pass"))
        .where(h.field == "stage")
        .subquery("own_entries")
    )
    first = (
        select(own.c.product, own.c.record_id, own.c.value, func.min(own.c.at).label("at"))
        .where(own.c.value.in_(COUNTED))
        .group_by(own.c.product, own.c.record_id, own.c.value, own.c["pass"])
        .subquery("first_entries")
    )
    f = first.c
    is_merged = func.coalesce(or_(r.is_merged, edges.c.is_merged), False)
    status = case(
        (is_merged, "merged"),
        (r.deleted_at.is_not(None), "deleted"),
        else_="active",
    )
    other, creator = _other_system(context).subquery("other_system"), rep_of("creator")
    system = case({p: literal(context.system(p), Text) for p in context.products}, value=f.product)
    given = func.lower(r.sync_status)
    known = given.in_(("synced", "pending", "error", "excluded"))
    sync = case(
        (known, given),
        (r.sync_error.is_not(None), "error"),
        (is_test(context, r.email), "excluded"),
        (other.c.systems > 1, "synced"),
    )
    return (
        select(
            f.product,
            cast(null(), Text).label("raw_table"),
            cast(null(), Text).label("problem"),
            system.label("system"),
            f.record_id,
            lead_of.c.survivor_id.label("lead_id"),
            email_key(r.email).label("match_key"),
            f.value.label("stage"),
            f.at.label("counted_at"),
            status.label("status"),
            case((is_merged, func.coalesce(edges.c.next_id, r.next_id))).label("merged_into"),
            sync.label("sync_status"),
            case((is_test(context, r.email), func.coalesce(r.sync_error, TEST_RECORD)),
                 else_=r.sync_error).label("sync_error"),
            func.coalesce(r.created_by_team, case((creator.c.team.in_(SYSTEMS), creator.c.team)))
            .label("created_by_team"),
        )
        .outerjoin_from(
            first,
            feeds.records,
            and_(r.product == f.product, r.record_id == f.record_id),
        )
        .outerjoin(edges, and_(edges.c.product == f.product, edges.c.record_id == f.record_id))
        .outerjoin(
            creator,
            and_(creator.c.product == r.product, creator.c.owner_ref == r.created_by_ref),
        )
        .outerjoin(
            lead_of, and_(lead_of.c.product == f.product, lead_of.c.record_id == f.record_id)
        )
        .outerjoin(other, other.c.person == lead_of.c.person)
        # A record that was merged away need not be there any more.
        .where(or_(r.record_id.is_not(None), edges.c.is_merged))
    )  # fmt: skip


def _other_system(context: Context) -> Select:
    """Per person: in how many of the two systems it has a record."""
    system = case(
        {p: literal(context.system(p), Text) for p in context.products}, value=lead_of.c.product
    )
    return select(lead_of.c.person, func.count(system.distinct()).label("systems")).group_by(
        lead_of.c.person
    )
