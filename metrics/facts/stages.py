"""Leads by their first entry into a stage, and what became of them (handbook §2 and §3).

A stage that a lead skipped counts as reached with the earliest later one; a lead that has rows of
its own for the stage is counted by those. By account, a buying group counts once, by its first
lead in the stage, and converts when any of its leads does.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.types import Double

from data.dialects.functions import days_later, least_of, seconds_between
from data.tables import STAGE_ORDER, lead_stages, leads
from metrics.facts.base import Column, Context, Count, Fact, Links, Record, Shown

SECONDS_A_DAY = 86_400.0


def later_stages(stage: str) -> tuple[str, ...]:
    """The stages that come after one, in order."""
    return STAGE_ORDER[STAGE_ORDER.index(stage) + 1 :]


def stage_label(stage: str) -> str:
    """A stage as people write it: MQL, SAL, SQL; the others are words."""
    return stage.upper() if stage in ("mql", "sal", "sql") else stage


def own_entry(stage: str) -> str:
    """The column that holds a lead's first own entry into a stage."""
    return f"own_{stage}"


def first_entries(context: Context, since: str = STAGE_ORDER[0]) -> Select:
    """Per lead: its first own entry into each stage from ``since`` on, by the as-of moment.

    Leads that reached none of them have no row.
    """
    s, stages = lead_stages.c, (since, *later_stages(since))
    return (
        select(
            s.lead_id,
            *(
                func.min(case((s.stage == stage, s.entered_at))).label(own_entry(stage))
                for stage in stages
            ),
        )
        .where(s.entered_at <= context.as_of, s.stage.in_(stages))
        .group_by(s.lead_id)
    )


def reached(entries: FromClause, stage: str) -> Column:
    """When a lead reached a stage: its first own entry, else, where skipped, the next later one."""
    own = entries.c[own_entry(stage)]
    later = [entries.c[own_entry(name)] for name in later_stages(stage)]
    if not later:
        return own
    return func.coalesce(own, func.least(*later) if len(later) > 1 else later[0])


def _members(context: Context, stage: str) -> FromClause:
    """One row a lead that reached the stage: its unit, when, and its place within the unit."""
    # Most leads never get beyond the first stage: only who counts them reads their rows.
    since = stage if stage == STAGE_ORDER[0] else "mql"
    name = f"first_entries_since_{since}"
    entries = context.shared.rows(name, lambda: first_entries(context, since))
    at = reached(entries, stage)
    columns = [
        reached(entries, "mql").label("mql_at"),
        *(entries.c[own_entry(name)] for name in (since, *later_stages(since))),
    ]
    if context.unit == "lead":
        return (
            select(entries.c.lead_id, entries.c.lead_id.label("unit"), at.label("at"), *columns)
            .select_from(entries)
            .subquery("members")
        )
    account = leads.alias("unit_lead")
    unit = func.coalesce(account.c.account_id, literal("lead:").concat(entries.c.lead_id))
    return (
        select(
            entries.c.lead_id,
            unit.label("unit"),
            at.label("at"),
            func.row_number()
            .over(partition_by=unit, order_by=(at.asc().nulls_last(), entries.c.lead_id))
            .label("place"),
            *columns,
        )
        .select_from(entries.outerjoin(account, account.c.lead_id == entries.c.lead_id))
        .subquery("members")
    )


def _first_of_unit(context: Context, members: FromClause, name: str) -> Subquery:
    """The members by which their units are counted."""
    first = select(members).where(members.c.at.is_not(None))
    if context.unit != "lead":
        first = first.where(members.c.place == 1)
    return first.subquery(name)


def counted_entries(context: Context, stage: str) -> Subquery:
    """The counted units by their first entry into a stage: ``lead_id`` and ``at``."""
    return _first_of_unit(context, _members(context, stage), "counted")


def _followed(context: Context, members: FromClause, targets: tuple[str, ...]) -> FromClause:
    """The counted units with the first entry into each target stage at or after their own."""
    if context.unit == "lead":
        return _followed_by_lead(context, members, targets)
    counted = _first_of_unit(context, members, "counted")
    s = lead_stages.alias("later_entry")
    member = members.alias("unit_member")
    source = counted.join(member, member.c.unit == counted.c.unit)
    source = source.join(s, s.c.lead_id == member.c.lead_id)

    def first_entry(stage: str) -> ColumnElement:
        skipped = and_(
            member.c[own_entry(stage)].is_(None), s.c.stage.in_(later_stages(stage) or ("",))
        )
        return func.min(case((or_(s.c.stage == stage, skipped), s.c.entered_at)))

    kept = [counted.c.lead_id, counted.c.at, counted.c.mql_at]
    return (
        select(*kept, *(first_entry(stage).label(f"to_{stage}") for stage in targets))
        .select_from(source)
        .where(s.c.entered_at >= counted.c.at, s.c.entered_at <= context.as_of)
        .group_by(*kept)
        .subquery("followed")
    )


def _followed_by_lead(
    context: Context, members: FromClause, targets: tuple[str, ...]
) -> FromClause:
    """As ``_followed``. A lead's first own entry into a stage is the one looked for, but where it
    lies before the lead's own (an artefact of the sync): only then are its entries read again."""
    counted = _first_of_unit(context, members, "counted")
    stages = tuple(dict.fromkeys(s for to in targets for s in (to, *later_stages(to))))
    again = _entered_again(context, _first_of_unit(context, members, "early"), stages)

    def first_after(stage: str) -> Column:
        own = counted.c[own_entry(stage)]
        return case((own >= counted.c.at, own), else_=again.c[own_entry(stage)])

    def first_entry(stage: str) -> Column:
        later = [first_after(name) for name in later_stages(stage)]
        if not later:
            return first_after(stage)
        skipped = least_of(*later) if len(later) > 1 else later[0]
        is_skipped = counted.c[own_entry(stage)].is_(None)
        return case((is_skipped, skipped), else_=first_after(stage))

    return (
        select(
            counted.c.lead_id,
            counted.c.at,
            counted.c.mql_at,
            *(first_entry(stage).label(f"to_{stage}") for stage in targets),
        )
        .select_from(counted.outerjoin(again, again.c.lead_id == counted.c.lead_id))
        .subquery("followed")
    )


def _entered_again(context: Context, counted: FromClause, stages: tuple[str, ...]) -> FromClause:
    """Of the counted leads that had entered one of these stages before their own: their first
    entries into them from it on."""
    s = lead_stages.alias("later_entry").c
    is_early = or_(*(counted.c[own_entry(stage)] < counted.c.at for stage in stages))
    return (
        select(
            s.lead_id,
            *(
                func.min(case((s.stage == stage, s.entered_at))).label(own_entry(stage))
                for stage in stages
            ),
        )
        .join_from(counted, s.lead_id.table, s.lead_id == counted.c.lead_id)
        .where(is_early, s.entered_at >= counted.c.at, s.entered_at <= context.as_of)
        .group_by(s.lead_id)
        .subquery("again")
    )


def cohort_measures(
    metric_id: str, at: Column, converted_at: Column, days: int, context: Context
) -> dict[str, Count]:
    """What a cohort conversion needs per unit: converted, matured, both, and still maturing."""
    closes = days_later(at, days)
    converted = func.coalesce(converted_at <= closes, false())
    matured = closes <= context.as_of
    return {
        f"{metric_id}__converted": Count(converted),
        f"{metric_id}__matured": Count(matured),
        f"{metric_id}__converted_matured": Count(and_(converted, matured)),
        f"{metric_id}__maturing": Count(and_(~matured, ~converted)),
    }


def entered(stage: str) -> Callable[[Context], Fact]:
    """The fact of leads (or accounts) by their first entry into ``stage``."""

    def fact(context: Context) -> Fact:
        members = _members(context, stage)
        targets = tuple(sorted({to for to, _ in context.cohorts.values()}))
        if targets:
            counted = _followed(context, members, targets)
        else:
            counted = _first_of_unit(context, members, "counted")
        at = counted.c.at
        measures = {"n": Count()}
        for metric_id, (to, days) in context.cohorts.items():
            measures |= cohort_measures(metric_id, at, counted.c[f"to_{to}"], days, context)
        mql_at = counted.c.mql_at
        since_mql = cast(seconds_between(mql_at, at), Double) / SECONDS_A_DAY
        return Fact(
            source=counted,
            moment=at,
            links=Links(lead_id=counted.c.lead_id),
            measures=measures,
            values={"days_since_mql": case((mql_at <= at, since_mql))},
            record=Record(
                "leads" if context.unit == "lead" else "first leads of accounts",
                f"First {stage_label(stage)}",
                (counted.c.lead_id,),
                {
                    f"to_{to}": Shown(f"First {stage_label(to)}", counted.c[f"to_{to}"], "moment")
                    for to in targets
                },
            ),
        )

    return fact
