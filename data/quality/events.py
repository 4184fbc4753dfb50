"""Checks of what happened when: order, lags, the future; and of amounts and states of deals."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from sqlalchemy import ColumnElement, Date, Select, and_, case, cast, func, or_, select

from data.dialects.functions import days_later
from data.quality.model import Check, Level, rows_of
from data.quality.shape import row_name
from data.tables import (
    CONTRACT,
    EVENT_COLUMNS,
    STAGE_ORDER,
    lead_stages,
    leads,
    loads,
    opportunities,
)

# table → (earlier, later) columns of one row.
LAGS: dict[str, tuple[tuple[str, str], ...]] = {
    "campaigns": (("starts_on", "ends_on"),),
    "leads": (("created_at", "merged_at"), ("created_at", "deleted_at")),
    "handoffs": (("handed_at", "first_response_at"), ("handed_at", "disposed_at")),
    "opportunities": (("created_at", "qualified_at"), ("created_at", "closed_at")),
    "loads": (("data_through", "loaded_at"),),
}
AMOUNTS = (
    ("spend", "amount"),
    ("opportunities", "amount"),
    ("opportunities", "amount_original"),
    ("opportunity_stages", "amount"),
    ("targets", "value"),
    ("accounts", "employees"),
)


def event_checks() -> Iterator[Check]:
    yield _stage_order()
    for table, pairs in LAGS.items():
        for earlier, later in pairs:
            yield _lag(table, earlier, later)
    yield _before_lead("lead_stages", "entered_at")
    yield _before_lead("opportunities", "created_at")
    for table, columns in EVENT_COLUMNS.items():
        for column in columns:
            yield _future(table, column)
    for table, column in AMOUNTS:
        yield _negative(table, column)
    yield from _deal_states()


def _stage_order() -> Check:
    first = {
        stage: func.min(case((lead_stages.c.stage == stage, lead_stages.c.entered_at)))
        for stage in STAGE_ORDER
    }
    out_of_order = or_(
        *(first[later] < first[earlier] for earlier, later in combinations(first, 2))
    )
    return Check(
        id="stage_order.lead_stages",
        table="lead_stages",
        rule=f"a lead first enters {', '.join(STAGE_ORDER)} in this order",
        level=Level.WARNING,
        why="The lead does not count as converted from the later-dated stage to the earlier one.",
        remedy="Usually a sync that set one of the dates late: mend it in the source.",
        find=rows_of(
            select(lead_stages.c.lead_id).group_by(lead_stages.c.lead_id).having(out_of_order)
        ),
    )


def _lag(name: str, earlier: str, later: str) -> Check:
    table = CONTRACT[name]
    return Check(
        id=f"lag.{name}.{later}",
        table=name,
        rule=f"{later} is not before {earlier}",
        level=Level.WARNING,
        why="A negative duration: what happened before does not count as having come after.",
        remedy="Compare the two dates, and their time zones, in the source.",
        find=rows_of(select(row_name(table)).where(table.c[later] < table.c[earlier])),
    )


def _before_lead(name: str, column: str) -> Check:
    table = CONTRACT[name]
    before: Select = (
        select(row_name(table))
        .join_from(table, leads, leads.c.lead_id == table.c.lead_id)
        .where(table.c[column] < leads.c.created_at)
    )
    return Check(
        id=f"before_lead.{name}.{column}",
        table=name,
        rule=f"{column} is not before its lead's created_at",
        level=Level.WARNING,
        why="It happened before the lead is counted as created, so conversions leave it out.",
        remedy="Find out which of the two dates the sync has set, and load the true one.",
        find=rows_of(before),
    )


def _future(name: str, column: str) -> Check:
    table = CONTRACT[name]
    loaded_at: ColumnElement = (
        select(func.max(loads.c.loaded_at)).where(loads.c.table_name == name).scalar_subquery()
    )
    moment = table.c[column]
    # A day is the company's own: east of Greenwich it begins before the UTC day does.
    limit = cast(days_later(loaded_at, 1), Date) if isinstance(moment.type, Date) else loaded_at
    return Check(
        id=f"future.{name}.{column}",
        table=name,
        rule=f"{column} is not later than the table's load",
        level=Level.WARNING,
        why="It cannot have happened yet; it does not count before that moment has come.",
        remedy="A planned date, a time zone or a typing error: mend it in the source.",
        find=rows_of(select(row_name(table)).where(moment > limit)),
    )


def _negative(name: str, column: str) -> Check:
    table = CONTRACT[name]
    return Check(
        id=f"negative.{name}.{column}",
        table=name,
        rule=f"{column} is not negative",
        level=Level.WARNING,
        why="It takes from the sum. Right for a refund, wrong for a typing error.",
        remedy="Look at the rows; mend the wrong ones in the source.",
        find=rows_of(select(row_name(table)).where(table.c[column] < 0)),
    )


def _deal_states() -> Iterator[Check]:
    o = opportunities.c
    is_closed = o.status.in_(("won", "lost"))
    rules: tuple[tuple[str, str, ColumnElement[bool], str, str], ...] = (
        (
            "closed_at",
            "a won or lost deal has closed_at",
            and_(is_closed, o.closed_at.is_(None)),
            "Without a closing date it is in no period's bookings or win rate.",
            "Give the date on which it was closed.",
        ),
        (
            "open",
            "an open deal has no closed_at",
            and_(o.status == "open", o.closed_at.is_not(None)),
            "It is counted as open, although it seems to be closed.",
            "Mend status, or clear closed_at (a planned date belongs in expected_close_on).",
        ),
        (
            "amount",
            "a won deal has an amount",
            and_(o.status == "won", o.amount.is_(None)),
            "It counts as won but adds nothing to bookings; the mean deal leaves it out.",
            "Give the amount in the reporting currency.",
        ),
    )
    for name, rule, broken, why, remedy in rules:
        yield Check(
            id=f"deals.{name}",
            table="opportunities",
            rule=rule,
            level=Level.WARNING,
            why=why,
            remedy=remedy,
            find=rows_of(select(o.opportunity_id).where(broken)),
        )
