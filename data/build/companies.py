"""``accounts``, ``reps`` and ``campaigns``: one row each, whichever systems know them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, Text, and_, case, cast, func, null, select

from data.build import feeds
from data.build.context import Context
from data.build.names import account_of, rep_of
from data.build.people import prefixed


def accounts(context: Context) -> Select:
    name = account_of("own_name")
    a = feeds.accounts.c
    here = and_(name.c.product == a.product, name.c.account_ref == a.account_ref)
    columns = {n: a[n] for n in ("name", "industry", "region", "segment", "employees",
                                 "created_at")}  # fmt: skip
    rows = feeds.accounts.join(name, here)
    return _first_of(context, rows, feeds.accounts, "account_id", name.c.account_id, columns)


def reps(context: Context) -> Select:
    name, boss = rep_of("own_name"), feeds.reps.alias("boss")
    r = feeds.reps.c
    here = and_(name.c.product == r.product, name.c.owner_ref == r.owner_ref)
    above = and_(boss.c.product == r.product, boss.c.owner_ref == r.manager_ref)
    columns = {n: r[n] for n in ("name", "email", "team", "role", "region", "timezone")}
    rows = feeds.reps.join(name, here).outerjoin(boss, above)
    return _first_of(
        context, rows, feeds.reps, "rep_id", name.c.rep_id, {**columns, "manager": boss.c.name}
    )


def campaigns(context: Context) -> Select:
    c = feeds.campaigns.c
    columns = {n: c[n] for n in ("name", "channel", "starts_on", "ends_on")}
    own = prefixed(context, c.product, c.campaign_ref)
    return _first_of(context, feeds.campaigns, feeds.campaigns, "campaign_id", own, columns)


def _first_of(
    context: Context, rows: Any, feed: Any, key: str, own: Any, columns: dict[str, Any]
) -> Select:
    """One row a key, as the first system tells it; a further system's row is known by it."""
    place = case({p: n for n, p in enumerate(context.products)}, value=feed.c.product)
    nth = func.row_number().over(partition_by=own, order_by=place)
    told = (
        select(
            feed.c.product,
            own.label(key),
            *(value.label(name) for name, value in columns.items()),
            nth.label("nth"),
        )
        .select_from(rows)
        .subquery("told")
    )
    return select(
        told.c.product,
        cast(null(), Text).label("raw_table"),
        cast(null(), Text).label("problem"),
        told.c[key],
        *(told.c[name] for name in columns),
    ).where(told.c.nth == 1)
