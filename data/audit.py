"""The audit log: who did what, to what, and when.

Rows are only ever added; triggers of the database refuse to change or delete one. No row holds a
password, a secret or anything personal beyond a user name: a name typed at the sign-in is kept
only when an account has it, for people type passwords into the wrong box.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from data.state import AuditEvent, open_state
from data.state.models import utc_now

MAX_VALUE = 200
MAX_DETAIL_BYTES = 4_000
READ_AT_ONCE = 1_000

# Dimensions whose members are people: the log names the dimension and none of them.
PEOPLE = ("rep", "manager")
DetailValue = str | int | float | bool | None | list[str]


class Event(StrEnum):
    """What is recorded; a new kind of event is one line here."""

    SIGN_IN = "sign_in"
    SIGN_IN_FAILED = "sign_in_failed"
    NAME_LOCKED = "name_locked"
    SIGN_OUT = "sign_out"
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_UNLOCKED = "account_unlocked"
    PASSWORD_SET = "password_set"
    ROLE_CHANGED = "role_changed"
    SCOPE_CHANGED = "scope_changed"
    SESSIONS_ENDED = "sessions_ended"
    EXPORT = "export"
    LINK_MADE = "link_made"
    LINK_REVOKED = "link_revoked"
    VIEW_SHARED = "view_shared"
    VIEW_UNSHARED = "view_unshared"
    VIEW_CHANGED = "view_changed"
    VIEW_DELETED = "view_deleted"
    BASELINE_REBASED = "baseline_rebased"
    TARGET_CHANGED = "target_changed"
    DEFINITION_CHANGED = "definition_changed"
    AGREEMENT_PROPOSED = "agreement_proposed"
    AGREEMENT_SIGNED = "agreement_signed"
    AGREEMENT_WITHDRAWN = "agreement_withdrawn"
    REVIEW_PLAN_CHANGED = "review_plan_changed"
    REVIEW_OPENED = "review_opened"
    REVIEW_CLOSED = "review_closed"
    DECISION_CHANGED = "decision_changed"
    ACTION_CHANGED = "action_changed"
    DISPUTE_RAISED = "dispute_raised"
    DISPUTE_SETTLED = "dispute_settled"


@dataclass(frozen=True)
class Actor:
    """Who does something: a user name in the app, an account of the machine on the command line.

    ``name`` is None where nobody is known, as before a sign-in.
    """

    name: str | None
    source: Literal["app", "cli"]


NOBODY = Actor(None, "app")


def person(username: str) -> Actor:
    """Somebody who is signed in to the app."""
    return Actor(username, "app")


def command_line() -> Actor:
    """Whoever runs the program on the command line, by the machine's name for them."""
    try:
        return Actor(getpass.getuser()[:64], "cli")
    except (OSError, KeyError, ImportError):  # no such account, or no such module
        return Actor(None, "cli")


@dataclass(frozen=True)
class AuditRow:
    """One row as it is read; ``at`` is UTC without a zone."""

    id: int
    at: datetime
    source: str
    actor: str | None
    event: str
    subject: str | None
    detail: dict[str, DetailValue]


def record(
    event: Event,
    *,
    by: Actor,
    about: str | None = None,
    detail: Mapping[str, DetailValue] | None = None,
    session: Session | None = None,
) -> None:
    """Add a row to the log.

    ``session`` is the transaction of the change that the row tells of: both are kept or neither.
    Without one, for what changes nothing in the state database, the row gets its own; raises
    ``StateError`` when it cannot be kept, and what it tells of is then not to be done.
    """
    row = AuditEvent(
        at=utc_now(),
        source=by.source,
        actor=by.name,
        event=event.value,
        subject=None if about is None else about[:MAX_VALUE],
        detail=_as_json(detail or {}),
    )
    if session is not None:
        session.add(row)
        return
    with open_state().write() as own:
        own.add(row)


def without_people(filters: Iterable[tuple[str, Sequence[str | None]]]) -> list[str]:
    """Filters in short, ``["region=AMER|EMEA", "rep"]``; ~ is the missing value."""
    return [
        name if name in PEOPLE else f"{name}={'|'.join('~' if m is None else m for m in members)}"
        for name, members in filters
    ]


def _as_json(detail: Mapping[str, DetailValue]) -> str:
    text = json.dumps({name: _short(value) for name, value in detail.items()}, ensure_ascii=False)
    if len(text.encode("utf-8", "surrogatepass")) > MAX_DETAIL_BYTES:
        raise ValueError(f"an audit event's detail has more than {MAX_DETAIL_BYTES} bytes")
    # Half a character, as JavaScript can send it, has no place in a database.
    return text.encode("utf-8", "replace").decode()


def _short(value: DetailValue) -> DetailValue:
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and len(value) > MAX_VALUE:
        return value[: MAX_VALUE - 1] + "…"
    return value


def read_events(*, since: datetime | None = None) -> Iterator[AuditRow]:
    """The log from ``since`` (UTC without a zone, inclusive) on, oldest first."""
    statement = select(AuditEvent).order_by(AuditEvent.id)
    if since is not None:
        statement = statement.where(AuditEvent.at >= since)
    with open_state().read() as session:
        for row in session.scalars(statement.execution_options(yield_per=READ_AT_ONCE)):
            yield as_read(row)


def as_read(row: AuditEvent) -> AuditRow:
    """A row of the table as the program reads it."""
    detail = json.loads(row.detail)
    return AuditRow(row.id, row.at, row.source, row.actor, row.event, row.subject, detail)
