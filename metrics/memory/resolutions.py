"""Decisions and actions of the joint review: both teams' editors write them.

Whoever an action is given to may end it too, whatever their role: it is theirs.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from data.audit import person
from data.config import Config
from data.errors import NoteError
from data.review_memory import actions, decisions
from data.review_memory.actions import Action, ActionStatus
from data.review_memory.decisions import Decision
from data.state.models import utc_now
from data.users import normal_username
from metrics.calendar import Calendar
from metrics.memory.people import editor
from metrics.model import Team
from metrics.roles import active_account, check_may_edit

DECISION, ACTION = "A decision of the review", "An action of the review"
# The most that an action may be put off or planned ahead.
FARTHEST_DAYS = 5 * 366
# How long a closed action is still told of: past the next monthly meeting.
CLOSED_DAYS = 35


def today(config: Config, now: datetime | None = None) -> date:
    """The business day of the company right now: people keep their word by the wall clock."""
    return Calendar(config).day_of(now or utc_now())


# -- decisions --------------------------------------------------------------------------------


def decide_as(
    config: Config, username: str, words: str, *, review_id: str | None = None
) -> Decision:
    """Write down a decision. Raises ``RoleError``, or ``NoteError`` without words."""
    by = editor(username, Team.SHARED, DECISION)
    return decisions.write_decision(config.company.name, words, by=by, review_id=review_id)


def change_decision_as(username: str, seen: Decision, words: str) -> Decision:
    """Put a decision into other words. Raises ``RoleError``, ``NoteError``, ``NoteConflict``."""
    return decisions.change_decision(seen, words, by=editor(username, Team.SHARED, DECISION))


def withdraw_decision_as(username: str, seen: Decision, *, reason: str) -> Decision:
    """Take a decision back, which stays on record. Raises as ``change_decision_as``."""
    return decisions.withdraw_decision(
        seen, reason=reason, by=editor(username, Team.SHARED, DECISION)
    )


def decisions_of(config: Config, review_id: str | None) -> list[Decision]:
    """The decisions of a review (None: those outside one), the first made first."""
    return decisions.list_decisions(config.company.name, review_id)


# -- actions ----------------------------------------------------------------------------------


def act_as(
    config: Config,
    username: str,
    words: str,
    *,
    owner: str,
    due_on: date,
    review_id: str | None = None,
) -> Action:
    """Write down an action: who does what by when.

    Raises ``RoleError``, or ``NoteError`` without words or owner and for a day years away.
    """
    by = editor(username, Team.SHARED, ACTION)
    return actions.write_action(
        config.company.name,
        words,
        owner=owner,
        due_on=_checked_day(due_on, config),
        by=by,
        review_id=review_id,
    )


def change_action_as(
    config: Config, username: str, seen: Action, *, words: str, owner: str, due_on: date
) -> Action:
    """An action in other words, of another owner or day. Raises ``NoteConflict`` and as
    ``act_as``."""
    by = editor(username, Team.SHARED, ACTION)
    day = due_on if due_on == seen.due_on else _checked_day(due_on, config)
    return actions.change_action(seen, words=words, owner=owner, due_on=day, by=by)


def end_action_as(
    username: str, seen: Action, status: ActionStatus, *, reason: str | None = None
) -> Action:
    """Close an action (done; dropped, with a reason) or open it again: an editor, or its owner.

    Raises ``RoleError``, ``NoteError`` and ``NoteConflict``.
    """
    account = active_account(username)
    if not is_own(account.username, seen):
        check_may_edit(account.role, Team.SHARED, ACTION)
    return actions.end_action(seen, status, reason=reason, by=person(account.username))


def is_own(username: str, action: Action) -> bool:
    """Whether an action is given to this account, by its user name."""
    return normal_username(action.owner) == username


def actions_carried(config: Config, *, review_id: str | None = None) -> list[Action]:
    """What a meeting goes through: open actions by their due day, then those closed of late or
    agreed in this review."""
    since = utc_now() - timedelta(days=CLOSED_DAYS)
    return actions.list_actions(config.company.name, closed_since=since, review_id=review_id)


def _checked_day(day: date, config: Config) -> date:
    first = today(config)
    if not first - timedelta(days=366) <= day <= first + timedelta(days=FARTHEST_DAYS):
        raise NoteError(
            f"{day.isoformat()} is no day to do something by.",
            remedy="Give one from a year ago to five years ahead.",
        )
    return day
