"""What the lead page asks of the warehouse: one statement a function; no I/O."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CompoundSelect,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from data.tables import (
    STAGES,
    accounts,
    handoff_clock,
    handoffs,
    lead_changes,
    lead_stages,
    leads,
    opportunities,
    opportunity_contacts,
    opportunity_stages,
    reps,
    system_records,
    touches,
)
from metrics.facts.base import Column
from metrics.facts.handoffs import response_at, response_seconds
from metrics.facts.opportunities import amount_then
from metrics.personal import personal

ESCAPE = "\\"


def _known_then(lead_id: str, field: str, as_of: datetime) -> Any:
    """The last value of a field that changed by a moment; NULL where none is on record."""
    c = lead_changes.c
    return (
        select(c.value)
        .where(c.lead_id == lead_id, c.field == field, c.changed_at <= as_of)
        .order_by(c.changed_at.desc())
        .limit(1)
        .scalar_subquery()
    )


def person(lead_id: str, as_of: datetime, shows_people: bool) -> Select:
    """The lead itself with company and owner; owner and score as they were known then."""
    c = leads.c
    owner_id = func.coalesce(_known_then(lead_id, "owner_id", as_of), c.owner_id)
    score = func.coalesce(_known_then(lead_id, "score", as_of), cast(c.score, Text))
    merged = c.merged_at <= as_of
    return (
        select(
            personal(c.full_name, shows_people).label("full_name"),
            personal(c.email, shows_people).label("email"),
            c.account_id,
            accounts.c.name.label("company"),
            func.coalesce(c.region, accounts.c.region).label("region"),
            func.coalesce(c.segment, accounts.c.segment).label("segment"),
            c.channel,
            c.persona,
            c.created_at,
            func.coalesce(reps.c.name, owner_id).label("owner"),
            score.label("score"),
            case((merged, c.merged_into)).label("merged_into"),
            case((merged, c.merged_at)).label("merged_at"),
            case((c.deleted_at <= as_of, c.deleted_at)).label("deleted_at"),
        )
        .select_from(
            leads.outerjoin(accounts, accounts.c.account_id == c.account_id).outerjoin(
                reps, reps.c.rep_id == owner_id
            )
        )
        .where(c.lead_id == lead_id, c.created_at <= as_of)
    )


def _text(value: str | None = None) -> Column:
    return cast(null(), Text) if value is None else literal(value, Text)


def _event(kind: str, at: Column, what: Column, key: Column, **fields: Column) -> list[Column]:
    """The columns of one kind of event, in the order that all kinds share."""
    blank: dict[str, Column] = {
        "lane": _text(),
        "detail": _text(),
        "who": _text(),
        "channel": _text(),
        "responded": cast(null(), Boolean),
        "automated": cast(null(), Boolean),
        "amount": cast(null(), Numeric(18, 2)),
        "ref": _text(),
    }
    columns: dict[str, Column] = {"at": at, "kind": literal(kind, Text), "what": what}
    columns |= blank | fields | {"place": key}
    return [column.label(name) for name, column in columns.items()]


def _stages(lead_id: str, as_of: datetime) -> Select:
    s = lead_stages.c
    # Of stages at one moment the later one comes first, as the newer one does.
    place = case({stage: str(9 - n) for n, stage in enumerate(STAGES)}, value=s.stage)
    pass_number = func.row_number().over(partition_by=s.stage, order_by=s.entered_at)
    columns = _event(
        "stage",
        s.entered_at,
        s.stage,
        place,
        detail=s.reason,
        who=func.coalesce(reps.c.name, s.actor_id),
        channel=s.source_system,
        ref=cast(pass_number, Text),
    )
    source = lead_stages.outerjoin(reps, reps.c.rep_id == s.actor_id)
    return select(*columns).select_from(source).where(s.lead_id == lead_id, s.entered_at <= as_of)


def _touches(lead_id: str, as_of: datetime) -> Select:
    t = touches.c
    columns = _event(
        "touch",
        t.occurred_at,
        func.coalesce(t.kind, "touch"),
        t.touch_id,
        lane=t.team,
        detail=t.asset,
        who=func.coalesce(reps.c.name, t.rep_id),
        channel=t.channel,
        responded=t.responded,
        automated=t.automated,
        ref=t.direction,
    )
    source = touches.outerjoin(reps, reps.c.rep_id == t.rep_id)
    return select(*columns).select_from(source).where(t.lead_id == lead_id, t.occurred_at <= as_of)


def _changes(lead_id: str, as_of: datetime) -> Select:
    c = lead_changes.c
    is_owner = c.field == "owner_id"
    columns = _event(
        "change",
        c.changed_at,
        c.field,
        c.field,
        lane=c.team,
        detail=func.coalesce(reps.c.name, c.value),
        channel=c.system,
    )
    source = lead_changes.outerjoin(reps, and_(is_owner, reps.c.rep_id == c.value))
    return select(*columns).select_from(source).where(c.lead_id == lead_id, c.changed_at <= as_of)


def _deal_ids(lead_id: str) -> Select:
    """The opportunities that the lead is the primary lead or a contact of."""
    o, c = opportunities.c, opportunity_contacts.c
    contact = select(c.opportunity_id).where(c.lead_id == lead_id)
    return select(o.opportunity_id).where(or_(o.lead_id == lead_id, o.opportunity_id.in_(contact)))


def _deal_moves(lead_id: str, as_of: datetime) -> Select:
    s = opportunity_stages.c
    columns = _event(
        "deal",
        s.entered_at,
        s.stage,
        s.opportunity_id,
        who=func.coalesce(reps.c.name, s.owner_id),
        amount=s.amount,
        ref=s.opportunity_id,
    )
    source = opportunity_stages.outerjoin(reps, reps.c.rep_id == s.owner_id)
    mine = s.opportunity_id.in_(_deal_ids(lead_id))
    return select(*columns).select_from(source).where(mine, s.entered_at <= as_of)


def events(lead_id: str, as_of: datetime) -> CompoundSelect:
    """Everything dated that happened to a lead, newest first."""
    parts = (part(lead_id, as_of) for part in (_stages, _touches, _changes, _deal_moves))
    every = union_all(*parts)
    columns = every.selected_columns
    return every.order_by(columns.at.desc(), columns.kind, columns.place)


def handed(lead_id: str, as_of: datetime) -> Select:
    """The lead's handoffs with their clock, newest first; one without a clock has no state."""
    h, c = handoffs.c, handoff_clock.c
    seconds = response_seconds(as_of)
    in_time = func.coalesce(seconds <= c.target_seconds, false())
    state = case((c.due_at > as_of, "pending"), (in_time, "met"), (c.due_at <= as_of, "breached"))
    was_disposed = h.disposed_at <= as_of
    source = handoffs.outerjoin(handoff_clock, c.handoff_id == h.handoff_id)
    return (
        select(
            h.handoff_id,
            h.handed_at,
            c.due_at,
            response_at(as_of).label("answered_at"),
            seconds.label("seconds"),
            c.target_seconds,
            state.label("state"),
            h.priority,
            h.leg,
            func.coalesce(reps.c.name, h.assigned_to).label("owner"),
            case((was_disposed, h.disposition)).label("disposition"),
            case((was_disposed, h.reason)).label("reason"),
        )
        .select_from(source.outerjoin(reps, reps.c.rep_id == h.assigned_to))
        .where(h.lead_id == lead_id, h.handed_at <= as_of)
        .order_by(h.handed_at.desc(), h.handoff_id)
    )


def deals(lead_id: str, as_of: datetime) -> Select:
    """The lead's opportunities as they were then: one closed later is open, at its amount then."""
    o = opportunities.c
    source, amount = amount_then(as_of)
    is_closed = func.coalesce(and_(o.status != "open", o.closed_at <= as_of), false())
    contact = opportunity_contacts.alias("contact")
    role = (
        select(func.min(func.coalesce(contact.c.role, "contact")))
        .where(contact.c.opportunity_id == o.opportunity_id, contact.c.lead_id == lead_id)
        .scalar_subquery()
    )
    s = opportunity_stages.alias("latest").c
    stage = (
        select(s.stage)
        .where(s.opportunity_id == o.opportunity_id, s.entered_at <= as_of)
        .order_by(s.entered_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            o.opportunity_id,
            func.coalesce(o.kind, "new").label("kind"),
            o.created_at,
            case((is_closed, o.closed_at)).label("closed_at"),
            case((is_closed, o.status), else_="open").label("status"),
            func.coalesce(stage, o.stage).label("stage"),
            amount.label("amount"),
            func.coalesce(reps.c.name, o.owner_id).label("owner"),
            case((is_closed, o.loss_reason)).label("loss_reason"),
            case((func.coalesce(o.lead_id == lead_id, false()), None), else_=role).label("role"),
        )
        .select_from(source.outerjoin(reps, reps.c.rep_id == o.owner_id))
        .where(o.opportunity_id.in_(_deal_ids(lead_id)), o.created_at <= as_of)
        .order_by(o.created_at.desc(), o.opportunity_id)
    )


def systems(lead_id: str, as_of: datetime) -> Select:
    """What each system holds of the lead; the sources keep no history of a record's status."""
    r = system_records.c
    return (
        select(
            r.system,
            r.product,
            r.record_id,
            r.stage,
            r.counted_at,
            r.status,
            r.merged_into,
            r.sync_status,
            r.sync_error,
            r.created_by_team,
        )
        .where(r.lead_id == lead_id, r.counted_at <= as_of)
        .order_by(r.system, r.counted_at, r.record_id, r.stage)
    )


def search(text: str, as_of: datetime, shows_people: bool) -> Select:
    """Leads by a part of their id, name, e-mail or company; exact ids first."""
    c = leads.c
    pattern = f"%{escaped(text.lower())}%"
    people = (c.full_name, c.email) if shows_people else ()
    found = or_(
        *(
            func.lower(column).like(pattern, escape=ESCAPE)
            for column in (c.lead_id, accounts.c.name, *people)
        )
    )
    return (
        select(
            c.lead_id,
            personal(c.full_name, shows_people).label("full_name"),
            personal(c.email, shows_people).label("email"),
            accounts.c.name.label("company"),
            c.created_at,
        )
        .select_from(leads.outerjoin(accounts, accounts.c.account_id == c.account_id))
        .where(found, c.created_at <= as_of)
        .order_by(case((c.lead_id == text, 0), else_=1), c.created_at.desc(), c.lead_id)
    )


def escaped(text: str) -> str:
    """Text whose % and _ stand for themselves in a LIKE."""
    for sign in (ESCAPE, "%", "_"):
        text = text.replace(sign, ESCAPE + sign)
    return text
