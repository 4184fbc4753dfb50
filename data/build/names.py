"""What reps, accounts and campaigns of the systems are called in the warehouse.

An owner in HubSpot with a Salesforce user's e-mail address is that user; a company in HubSpot that
holds the id of a Salesforce account is that account. Everything else is itself.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Table,
    Text,
    and_,
    case,
    func,
    insert,
    select,
)
from sqlalchemy.sql.selectable import NamedFromClause

from data.build import feeds
from data.build.context import Context
from data.build.feeds import metadata
from data.build.people import email_key, prefixed
from data.dialects import dialect_of

rep_names = Table(
    "build_rep_names",
    metadata,
    Column("product", Text),
    Column("owner_ref", Text),
    Column("rep_id", Text),
    Column("team", Text),
    Column("role", Text),
    prefixes=["TEMPORARY"],
)
account_names = Table(
    "build_account_names",
    metadata,
    Column("product", Text),
    Column("account_ref", Text),
    Column("account_id", Text),
    prefixes=["TEMPORARY"],
)


def name(connection: Connection, context: Context) -> None:
    """Fill the tables of this module from the feeds ``reps`` and ``accounts``."""
    for table, statement in (
        (rep_names, _rep_names(context)),
        (account_names, _account_names(context)),
    ):
        connection.execute(insert(table).from_select(table.c.keys(), statement))
        dialect_of(connection.engine.url).analyze(connection, table)


def rep_of(alias: str) -> NamedFromClause:
    return rep_names.alias(alias)


def account_of(alias: str) -> NamedFromClause:
    return account_names.alias(alias)


def campaign_of(alias: str) -> NamedFromClause:
    """The campaigns that are in the data."""
    return feeds.campaigns.alias(alias)


def campaign_id(context: Context, campaign: FromClause) -> ColumnElement[str]:
    """A campaign's id in the warehouse, NULL where the join has found none."""
    return case(
        (
            campaign.c.campaign_ref.is_not(None),
            prefixed(context, campaign.c.product, campaign.c.campaign_ref),
        )
    )


def _order(context: Context, product: ColumnElement[str]) -> ColumnElement[int]:
    return case({p: n for n, p in enumerate(context.products)}, value=product)


def _rep_names(context: Context) -> Select:
    """By address: the first system's rep of that address is the rep of all."""
    r = feeds.reps.c
    own = prefixed(context, r.product, r.owner_ref)
    key = func.coalesce(email_key(r.email), own)
    order = [_order(context, r.product), r.owner_ref]
    first = func.first_value(own).over(partition_by=key, order_by=order)
    team = func.first_value(r.team).over(partition_by=key, order_by=order)
    role = func.first_value(r.role).over(partition_by=key, order_by=order)
    # Two users of one system are two reps, even with one address.
    nth = func.row_number().over(partition_by=[key, r.product], order_by=r.owner_ref)
    named = select(
        r.product,
        r.owner_ref,
        first.label("first"),
        own.label("own"),
        team.label("team"),
        r.team.label("own_team"),
        role.label("role"),
        r.role.label("own_role"),
        nth.label("nth"),
    ).subquery("named")
    n = named.c
    return select(
        n.product,
        n.owner_ref,
        case((n.nth == 1, n.first), else_=n.own),
        case((n.nth == 1, n.team), else_=n.own_team),
        case((n.nth == 1, n.role), else_=n.own_role),
    )


def _account_names(context: Context) -> Select:
    a = feeds.accounts.c
    theirs = feeds.accounts.alias("salesforce_accounts")
    same = and_(theirs.c.product == "salesforce", theirs.c.account_ref == a.sales_ref)
    known = case(
        (theirs.c.account_ref.is_not(None), prefixed(context, theirs.c.product, a.sales_ref))
    )
    own = prefixed(context, a.product, a.account_ref)
    return select(a.product, a.account_ref, func.coalesce(known, own)).outerjoin_from(
        feeds.accounts, theirs, same
    )
