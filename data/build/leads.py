"""``leads`` and ``lead_changes``: what all records of a person together say of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, null, select

from data.build import feeds
from data.build.context import Context
from data.build.feeds import ATTRIBUTES, FACTS, MARKETING_FIRST, where
from data.build.names import account_of, campaign_id, campaign_of, rep_of
from data.build.people import MERGED, SAME, edges, is_test, lead_of

# So many records of a person are read; what a further one says is said by those before it.
RECORDS_READ = 4
FIRST_RESPONSE = "first_response_at"  # of a handoff, not of a lead
A_TEST = "an address of [sources] test_addresses"
NO_LEAD = "a contact without a lead, which [sources.salesforce] contacts_without_lead leaves out"


def leads(context: Context) -> Select:
    """One row a person, and one a record that was merged into it; columns as in ``leads``."""
    people = _by_person(context).subquery("persons")
    own = _by_record(context).subquery("records_of_their_own")
    return select(people).union_all(select(own))  # type: ignore[return-value]


def record_problems(context: Context) -> Select:
    """``records``, each with why it is not used; columns product, raw_table, problem."""
    r = feeds.records.c
    here = and_(lead_of.c.product == r.product, lead_of.c.record_id == r.record_id)
    is_none = lead_of.c.survivor_id.is_(None)
    problem = case(
        (and_(is_none, is_test(context, r.email)), literal(A_TEST, Text)),
        (is_none, literal(NO_LEAD, Text)),
    )
    return select(r.product, r.raw_table, problem.label("problem")).outerjoin_from(
        feeds.records, lead_of, here
    )


def responses_told() -> Select:
    """``history`` of first responses, which the handoffs read; columns product, raw_table,
    problem."""
    h = feeds.history.c
    nothing = cast(null(), Text).label("problem")
    return select(h.product, h.raw_table, nothing).where(h.field == FIRST_RESPONSE)


def _by_person(context: Context) -> Select:
    r = feeds.records.c
    order = [
        case((lead_of.c.role == SAME, 1), else_=0),
        case({p: n for n, p in enumerate(context.products)}, value=r.product),
        case((r.deleted_at.is_(None), 0), else_=1),
        r.created_at,
        r.record_id,
    ]
    # Marketing's systems come after those of sales; among its records the order is the same.
    backwards = case({p: n for n, p in enumerate(reversed(context.products))}, value=r.product)
    by_lead = lead_of.c.survivor_id
    nth = func.row_number().over(partition_by=by_lead, order_by=order)
    last = func.row_number().over(partition_by=by_lead, order_by=[backwards, *order[2:]])
    members = (
        select(feeds.records, by_lead, lead_of.c.role, nth.label("nth"), last.label("nth_last"))
        .join_from(
            lead_of,
            feeds.records,
            and_(lead_of.c.product == r.product, lead_of.c.record_id == r.record_id),
        )
        .where(lead_of.c.role != MERGED)
        .subquery("members")
    )
    m = members.c
    live = func.count(case((m.deleted_at.is_(None), 1)))
    whole = (
        select(
            m.survivor_id,
            func.min(m.product).label("any_product"),
            func.min(m.created_at).label("created_at"),
            case((live == 0, func.max(m.deleted_at))).label("deleted_at"),
            *(_said(members, name).label(name) for name in ATTRIBUTES),
            *(_said_by(members, name).label(f"{name}_by") for name in ("account_ref", "owner_ref",
                                                                       "campaign_ref")),
        )
        .group_by(m.survivor_id)
        .subquery("whole")
    )  # fmt: skip
    return _lead_row(
        context,
        whole,
        lead_id=whole.c.survivor_id,
        by={name: whole.c[f"{name}_by"] for name in ("account_ref", "owner_ref", "campaign_ref")},
        merged_into=cast(null(), Text),
        merged_at=cast(null(), feeds.records.c.next_at.type),
    )


def _said(members: Any, name: str) -> ColumnElement[Any]:
    """The first record's word on an attribute that says anything."""
    m = members.c
    place = m.nth_last if name in MARKETING_FIRST else m.nth
    word = func.bool_or if name in FACTS else func.max
    return func.coalesce(*(word(case((place == n, m[name]))) for n in range(1, RECORDS_READ + 1)))


def _said_by(members: Any, name: str) -> ColumnElement[Any]:
    """Whose word it is: the product, whose ids these are."""
    m = members.c
    place = m.nth_last if name in MARKETING_FIRST else m.nth
    said = [
        func.max(case((and_(place == n, m[name].is_not(None)), m.product)))
        for n in range(1, RECORDS_READ + 1)
    ]
    return func.coalesce(*said)


def _by_record(context: Context) -> Select:
    r = feeds.records
    here = and_(lead_of.c.product == r.c.product, lead_of.c.record_id == r.c.record_id)
    edge = and_(edges.c.product == r.c.product, edges.c.record_id == r.c.record_id)
    own = (
        select(r, lead_of.c.lead_id, lead_of.c.survivor_id, edges.c.at.label("merged_at"))
        .join_from(lead_of, r, here)
        .outerjoin(edges, edge)
        .where(lead_of.c.role == MERGED)
        .subquery("merged_records")
    )
    return _lead_row(
        context,
        own,
        lead_id=own.c.lead_id,
        by=dict.fromkeys(("account_ref", "owner_ref", "campaign_ref"), own.c.product),
        merged_into=own.c.survivor_id,
        merged_at=own.c.merged_at,
    )


def _lead_row(
    context: Context,
    rows: Any,
    *,
    lead_id: ColumnElement[Any],
    by: dict[str, ColumnElement[Any]],
    merged_into: ColumnElement[Any],
    merged_at: ColumnElement[Any],
) -> Select:
    account, rep = account_of("lead_account"), rep_of("lead_owner")
    campaign = campaign_of("lead_campaign")
    c = rows.c
    taken = {
        "lead_id": lead_id,
        "account_id": account.c.account_id,
        "owner_id": rep.c.rep_id,
        "campaign_id": campaign_id(context, campaign),
        "merged_into": merged_into,
        "merged_at": merged_at,
    }
    product = c.any_product if "any_product" in c else c.product
    same = ("email", "full_name", "created_at", "channel", "region", "segment", "persona",
            "product_line", *FACTS, "score", "deleted_at")  # fmt: skip
    columns = {**taken, **{name: c[name] for name in same}}
    return (
        select(product.label("product"), *(value.label(n) for n, value in columns.items()))
        .outerjoin_from(
            rows,
            account,
            and_(account.c.product == by["account_ref"], account.c.account_ref == c.account_ref),
        )
        .outerjoin(
            campaign,
            and_(
                campaign.c.product == by["campaign_ref"],
                campaign.c.campaign_ref == c.campaign_ref,
            ),
        )
        .outerjoin(rep, and_(rep.c.product == by["owner_ref"], rep.c.owner_ref == c.owner_ref))
    )


def changes(context: Context) -> Select:
    """``history`` of the fields of ``leads``: columns as in ``lead_changes``, with product and
    problem."""
    h = feeds.history.c
    rep, account = rep_of("changed_owner"), account_of("changed_account")
    here = and_(lead_of.c.product == h.product, lead_of.c.record_id == h.record_id)
    is_owner, is_account = h.field == "owner_id", h.field == "account_id"
    value = case((is_owner, rep.c.rep_id), (is_account, account.c.account_id), else_=h.value)
    return (
        select(
            h.product,
            h.raw_table,
            where(lead_of.c.survivor_id.is_(None), "its lead is not in the data").label("problem"),
            lead_of.c.survivor_id.label("lead_id"),
            h.field,
            value.label("value"),
            h.at.label("changed_at"),
            h.product.label("system"),
            case(
                {p: literal(context.system(p), Text) for p in context.products}, value=h.product
            ).label("team"),
        )
        .select_from(feeds.history)
        .outerjoin(lead_of, here)
        .outerjoin(
            rep, and_(rep.c.product == h.product, rep.c.owner_ref == case((is_owner, h.value)))
        )
        .outerjoin(
            account,
            and_(
                account.c.product == h.product,
                account.c.account_ref == case((is_account, h.value)),
            ),
        )
        .where(h.field.not_in(("stage", FIRST_RESPONSE)))
    )
