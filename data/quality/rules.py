"""All checks, in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Select, and_, func, literal, select

from data.derive import stale_reason
from data.dialects.functions import days_later
from data.quality.events import event_checks
from data.quality.model import NOTHING, Check, Found, Level, rows_of
from data.quality.shape import shape_checks
from data.tables import leads, loads, reps, touches
from data.warehouse import Warehouse
from data.zones import known_zones

# Longer chains of merges than this are not followed when looking for circles.
LONGEST_CHAIN = 30


def _all() -> Iterator[Check]:
    yield from shape_checks()
    yield from event_checks()
    yield _same_email()
    yield _same_touch()
    yield _merge_circles()
    yield from _time_zones()
    yield _behind()
    yield _derived()


def _same_email() -> Check:
    email = func.lower(func.trim(leads.c.email))
    live = (
        select(leads.c.lead_id, func.count().over(partition_by=email).label("leads"))
        .where(leads.c.merged_into.is_(None), leads.c.deleted_at.is_(None), email != "")
        .subquery("live")
    )
    return Check(
        id="duplicate.leads.email",
        table="leads",
        rule="an e-mail address (trimmed, lower case) belongs to one live lead",
        level=Level.WARNING,
        why="One person counts as several leads, and converts as one at most.",
        remedy="Merge them in the source, so that merged_into names the one that stays.",
        find=rows_of(select(live.c.lead_id).where(live.c.leads > 1)),
    )


def _same_touch() -> Check:
    content = [column for column in touches.columns if column is not touches.c.touch_id]
    twice: Select = select(func.max(touches.c.touch_id)).group_by(*content).having(func.count() > 1)
    return Check(
        id="duplicate.touches",
        table="touches",
        rule="no two touches agree in everything but their id",
        level=Level.WARNING,
        why="One contact carries credit twice. Each group of copies is named by one id.",
        remedy="Two integrations log the same activity: keep one.",
        find=rows_of(twice),
    )


def _merge_circles() -> Check:
    # One row a lead: a lead_id that occurs twice would double the rows at every step.
    merged_into = func.min(leads.c.merged_into).label("merged_into")
    step = (
        select(leads.c.lead_id, merged_into)
        .where(leads.c.merged_into.is_not(None))
        .group_by(leads.c.lead_id)
        .cte("step")
    )
    chain = select(
        step.c.lead_id, step.c.merged_into.label("reached"), literal(1).label("steps")
    ).cte("chain", recursive=True)
    chain = chain.union_all(
        select(chain.c.lead_id, step.c.merged_into, chain.c.steps + 1)
        .join_from(chain, step, step.c.lead_id == chain.c.reached)
        .where(
            and_(
                chain.c.reached != chain.c.lead_id,
                chain.c.steps < LONGEST_CHAIN,
            )
        )
    )
    return Check(
        id="merge_circles.leads",
        table="leads",
        rule="following merged_into never leads back to the lead itself",
        level=Level.WARNING,
        why="None of the leads in the circle is the one that stays.",
        remedy="Clear merged_into of the lead that stays.",
        find=rows_of(select(chain.c.lead_id).where(chain.c.reached == chain.c.lead_id).distinct()),
    )


def _time_zones() -> Iterator[Check]:
    zone = reps.c.timezone
    why = "Response times of the rep's handoffs run in the company's time zone."
    yield Check(
        id="reps.timezone.missing",
        table="reps",
        rule="a rep has a time zone",
        level=Level.WARNING,
        why=why,
        remedy="Fill timezone with an IANA name such as Europe/Berlin.",
        find=rows_of(select(reps.c.rep_id).where(zone.is_(None))),
    )
    yield Check(
        id="reps.timezone.unknown",
        table="reps",
        rule="a rep's time zone is an IANA name",
        level=Level.WARNING,
        why=why,
        remedy="Write it as the IANA list does: America/New_York, not EST or 'New York'.",
        find=rows_of(select(reps.c.rep_id).where(zone.not_in(sorted(known_zones())))),
    )


def _behind() -> Check:
    reached = (
        select(loads.c.source, func.max(loads.c.data_through).label("moment"))
        .group_by(loads.c.source)
        .subquery("reached")
    )
    newest = select(func.max(loads.c.data_through)).scalar_subquery()
    return Check(
        id="freshness.loads",
        table="loads",
        rule="every source reaches to within 24 h of the newest",
        level=Level.WARNING,
        why="The scorecard is as of the source that lies furthest behind.",
        remedy="Load the source again, or look why its sync has stopped.",
        find=rows_of(select(reached.c.source).where(days_later(reached.c.moment, 1) < newest)),
    )


def _derived() -> Check:
    return Check(
        id="derived.handoff_clock",
        table="handoff_clock",
        rule="response clocks are derived from the present data and configuration",
        level=Level.ERROR,
        why="Response times and the SLA would be those of other data or other hours.",
        remedy="Run 'python -m data derive'.",
        find=_stale,
    )


def _stale(warehouse: Warehouse) -> Found:
    if warehouse.row_counts["handoffs"] == 0:
        return NOTHING
    reason = stale_reason(warehouse)
    return NOTHING if reason is None else Found(warehouse.row_counts["handoffs"], (), reason)


CHECKS: tuple[Check, ...] = tuple(_all())
