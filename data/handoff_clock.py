"""Every handoff's clock as one SELECT: when it was due, when it was answered (handbook §4)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)

from data.config import Config
from data.dialects.functions import add_microseconds, least_of, microseconds_between
from data.tables import BLOCK_SECONDS, business_days, handoffs, reps, touches

MICROSECONDS = 1_000_000


def target_seconds_of(config: Config) -> dict[str, int]:
    """Response targets in whole business seconds by priority, "default" among them."""
    priorities = {"default": None} | {name: name for name in config.sla.response_hours}
    hours = {name: config.sla.target_hours(priority) for name, priority in priorities.items()}
    return {name: max(1, round(value * 3600)) for name, value in hours.items()}


def clock_rows(config: Config, calendars: Sequence[str]) -> Select:
    """The rows of ``handoff_clock``, one a handoff.

    ``calendars`` are those that ``business_days`` holds; the first one is for handoffs whose rep
    has none of them. A moment outside the calendars (a defect of the source) has plain time.
    """
    clock = _answered(config, calendars).cte("answered")
    handed, own, found, due = (
        business_days.alias(name) for name in ("handed", "own", "found", "due")
    )
    position = position_of(handed, clock.c.handed_at).label("position")
    placed = (
        select(
            clock,
            position,
            position_of(own, clock.c.own_response_at).label("own_position"),
            position_of(found, clock.c.found_response_at).label("found_position"),
            (position + clock.c.target_seconds * MICROSECONDS).label("due_position"),
        )
        .outerjoin_from(clock, handed, holds(handed, clock.c.calendar, clock.c.handed_at))
        .outerjoin(own, holds(own, clock.c.calendar, clock.c.own_response_at))
        .outerjoin(found, holds(found, clock.c.calendar, clock.c.found_response_at))
    ).cte("placed")
    p = placed.c
    due_at = add_microseconds(due.c.opens_at, p.due_position - due.c.seconds_before * MICROSECONDS)
    plain_due_at = add_microseconds(p.handed_at, p.target_seconds * MICROSECONDS)
    return select(
        p.handoff_id,
        p.calendar,
        p.target_seconds,
        func.coalesce(due_at, plain_due_at).label("due_at"),
        p.own_response_at,
        _elapsed(p.handed_at, p.position, p.own_response_at, p.own_position),
        p.found_response_at,
        _elapsed(p.handed_at, p.position, p.found_response_at, p.found_position),
        p.found_response_kind,
    ).outerjoin_from(placed, due, _reaches(due, p.calendar, p.due_position))


def _answered(config: Config, calendars: Sequence[str]) -> Select:
    """One row a handoff: its calendar, target and answers, own and found."""
    handed_at = handoffs.c.handed_at
    # A warehouse filled by others may list a rep twice; a handoff must still have one row.
    rep = (
        select(reps.c.rep_id, func.min(reps.c.timezone).label("timezone"))
        .group_by(reps.c.rep_id)
        .subquery("rep")
    )
    calendar = case(
        (rep.c.timezone.in_(calendars), rep.c.timezone), else_=literal(calendars[0], Text)
    )
    targets = target_seconds_of(config)
    default = targets.pop("default")
    target = (
        case(targets, value=handoffs.c.priority, else_=default) if targets else literal(default)
    )
    own = case((handoffs.c.first_response_at >= handed_at, handoffs.c.first_response_at))
    is_rejected = and_(
        handoffs.c.disposition == "rejected",
        handoffs.c.reason.is_not(None),
        handoffs.c.disposed_at >= handed_at,
    )
    rejected_at = case((is_rejected, handoffs.c.disposed_at))
    contact = _first_contacts().subquery("contact")
    touched_at, met_at = contact.c.touched_at, contact.c.met_at
    found_at = least_of(touched_at, met_at, rejected_at)
    kind = case(
        (touched_at == found_at, "touch"),
        (met_at == found_at, "meeting"),
        (rejected_at == found_at, "rejection"),
    )
    return (
        select(
            handoffs.c.handoff_id,
            handed_at,
            calendar.label("calendar"),
            cast(target, BigInteger).label("target_seconds"),
            own.label("own_response_at"),
            found_at.label("found_response_at"),
            kind.label("found_response_kind"),
        )
        .outerjoin_from(handoffs, rep, rep.c.rep_id == handoffs.c.assigned_to)
        .outerjoin(contact, contact.c.handoff_id == handoffs.c.handoff_id)
    )


def _first_contacts() -> Select:
    """By handoff with any: the first sales touch by a person, and the first meeting, since."""
    by_sales = and_(touches.c.team == "sales", touches.c.automated.is_not(True))
    is_meeting = touches.c.kind == "meeting"
    return (
        select(
            handoffs.c.handoff_id,
            func.min(case((by_sales, touches.c.occurred_at))).label("touched_at"),
            func.min(case((is_meeting, touches.c.occurred_at))).label("met_at"),
        )
        .join_from(
            handoffs,
            touches,
            and_(
                touches.c.lead_id == handoffs.c.lead_id,
                touches.c.occurred_at >= handoffs.c.handed_at,
            ),
        )
        .where(or_(by_sales, is_meeting))
        .group_by(handoffs.c.handoff_id)
    )


def holds(row: FromClause, calendar: ColumnElement, moment: ColumnElement) -> ColumnElement[bool]:
    """Whether a row of ``business_days`` is the one that holds a moment."""
    return and_(
        row.c.calendar == calendar,
        row.c.day == cast(moment, Date),
        row.c.opens_at <= moment,
        row.c.next_opens_at > moment,
    )


def position_of(row: FromClause, moment: ColumnElement) -> ColumnElement[int]:
    """Business microseconds of the calendar up to a moment that the row holds."""
    within = microseconds_between(row.c.opens_at, least_of(moment, row.c.closes_at))
    return row.c.seconds_before * MICROSECONDS + within


def _reaches(
    row: FromClause, calendar: ColumnElement, position: ColumnElement
) -> ColumnElement[bool]:
    """Whether a row is the one in which business time first reaches a position."""
    before = row.c.seconds_before * MICROSECONDS
    block = func.floor((cast(position, Double) - 1) / float(BLOCK_SECONDS * MICROSECONDS))
    return and_(
        row.c.calendar == calendar,
        row.c.block == cast(block, BigInteger),
        before < position,
        before + microseconds_between(row.c.opens_at, row.c.closes_at) >= position,
    )


def _elapsed(
    start: ColumnElement,
    start_position: ColumnElement,
    end: ColumnElement,
    end_position: ColumnElement,
) -> ColumnElement[int]:
    """Business seconds between two moments, a fraction rounded up; NULL without an end."""
    elapsed = func.coalesce(end_position - start_position, microseconds_between(start, end))
    return cast(func.ceil(cast(elapsed, Double) / float(MICROSECONDS)), BigInteger)
