"""A small fixed company that holds every trap, and three periods to ask about.

New York keeps its days: 03:30 UTC on the first of a month is still the last day of the one before.
All moments below are UTC. ``AS_OF`` lies ten days after the end of the periods, so that some
windows are still open.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.build import at
from tests.metrics.fixture_records import records
from tests.metrics.fixture_rows import (
    CHANGES,
    DEALS,
    DELETED,
    EXPECTED,
    FACT_LETTERS,
    HANDOFFS,
    LEADS,
    MOVES,
    SPEND,
    TARGETS,
    TOUCHES,
)

CONFIG = """
[company]
timezone = "America/New_York"
[business_hours]
holidays = "US"
[sla]
fit_reasons = ["no_fit", "duplicate"]
[sla.response_hours]
P1 = 1
default = 8
"""
AS_OF = at("2026-07-10 12:00")
PERIODS = {
    "week": (date(2026, 6, 22), date(2026, 6, 29)),
    "month": (date(2026, 6, 1), date(2026, 7, 1)),
    "quarter": (date(2026, 4, 1), date(2026, 7, 1)),
}
Row = dict[str, Any]
REPS: list[Row] = [
    {"rep_id": "R1", "team": "sales", "manager": "Ann", "timezone": "America/New_York"},
    {"rep_id": "R2", "team": "sales", "manager": "Bob", "timezone": "America/New_York"},
]
ACCOUNTS: list[Row] = [
    {"account_id": f"A{n}", "industry": "retail" if n % 2 else None} for n in range(1, 8)
]


def _cells(text: str) -> list[list[str | None]]:
    return [
        [None if cell == "-" else cell for cell in line.split()]
        for line in text.strip().splitlines()
    ]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else at(f"2026-{text}")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _flag(text: str | None) -> bool | None:
    return None if text is None else text == "true"


def _leads() -> tuple[list[Row], list[Row]]:
    leads, stages = [], []
    for line in LEADS.strip().splitlines():
        head, _, tail = line.partition("|")
        ((lead_id, account, channel, region, owner, day, clock),) = _cells(head)
        deleted = DELETED.get(str(lead_id))
        leads.append(
            {
                "lead_id": lead_id,
                "account_id": account,
                "channel": channel,
                "region": region,
                "owner_id": owner,
                "created_at": _moment(f"{day} {clock}"),
                "deleted_at": at(deleted) if deleted else None,
            }
        )
        for entry in tail.split(","):
            stage, day, clock = entry.split()
            moment = _moment(f"{day} {clock}")
            stages.append({"lead_id": lead_id, "stage": stage, "entered_at": moment})
    return leads, stages


def _deal(cells: list[str | None]) -> Row:
    (
        deal,
        lead,
        account,
        owner,
        kind,
        status,
        created,
        qualified,
        closed,
        amount,
        region,
        channel,
    ) = cells
    return {
        "opportunity_id": deal,
        "lead_id": lead,
        "account_id": account,
        "owner_id": owner,
        "kind": kind,
        "status": status,
        "created_at": _moment(created),
        "qualified_at": _moment(qualified),
        "closed_at": _moment(closed),
        "amount": _amount(amount),
        "region": region,
        "channel": channel,
    }


def _move(cells: list[str | None]) -> Row:
    deal, entered, amount = cells
    moment = _moment(entered)
    return {
        "opportunity_id": deal,
        "stage": "open",
        "entered_at": moment,
        "amount": _amount(amount),
    }


def _expected(cells: list[str | None]) -> Row:
    deal, entered, due = cells
    return {
        "opportunity_id": deal,
        "stage": "open",
        "entered_at": _moment(entered),
        "expected_close_on": date.fromisoformat(str(due)),
    }


def _target(cells: list[str | None]) -> Row:
    metric, grain, start, dimension, member, value, set_at = cells
    return {
        "metric": metric,
        "grain": grain,
        "period_start": date.fromisoformat(str(start)),
        "dimension": dimension,
        "member": member,
        "value": _amount(value),
        "set_at": _moment(set_at),
    }


def _handoff(cells: list[str | None]) -> Row:
    handoff, lead, priority, rep, handed, response, disposition, disposed, reason = cells
    return {
        "handoff_id": handoff,
        "lead_id": lead,
        "priority": priority,
        "assigned_to": rep,
        "handed_at": _moment(handed),
        "first_response_at": _moment(response),
        "disposition": disposition,
        "disposed_at": _moment(disposed),
        "reason": reason,
    }


def _touch(cells: list[str | None]) -> Row:
    touch, lead, team, kind, moment, responded, automated, rep, direction = cells
    return {
        "touch_id": touch,
        "lead_id": lead,
        "team": team,
        "channel": "email",
        "kind": kind,
        "occurred_at": _moment(moment),
        "responded": _flag(responded),
        "automated": _flag(automated),
        "rep_id": rep,
        "direction": direction,
    }


def _changes() -> list[Row]:
    """A fact that is known to be false is known; a row on something else beside each."""
    rows: list[Row] = []
    for lead, facts, moment in _cells(CHANGES):
        changed = {"lead_id": lead, "changed_at": _moment(moment)}
        value = None if str(facts).startswith("-") else "false"
        rows.append({**changed, "field": "score", "value": "50"})
        for letter in str(facts).lstrip("-"):
            rows.append({**changed, "field": FACT_LETTERS[letter], "value": value})
    return rows


def _spend(cells: list[str | None]) -> Row:
    day, channel, campaign, cost_type, amount = cells
    return {
        "day": date.fromisoformat(str(day)),
        "channel": channel,
        "campaign_id": campaign,
        "cost_type": cost_type,
        "amount": _amount(amount),
    }


def tables() -> dict[str, list[Row]]:
    leads, stages = _leads()
    expected = [_expected(cells) for cells in _cells(EXPECTED)]
    due = {row["opportunity_id"]: row["expected_close_on"] for row in expected}
    deals = [_deal(cells) for cells in _cells(DEALS)]
    return {
        "accounts": ACCOUNTS,
        "reps": REPS,
        "leads": leads,
        "lead_stages": stages,
        "opportunities": [
            {**deal, "expected_close_on": due.get(deal["opportunity_id"])} for deal in deals
        ],
        "opportunity_stages": [*(_move(cells) for cells in _cells(MOVES)), *expected],
        "handoffs": [_handoff(cells) for cells in _cells(HANDOFFS)],
        "touches": [_touch(cells) for cells in _cells(TOUCHES)],
        "spend": [_spend(cells) for cells in _cells(SPEND)],
        "targets": [_target(cells) for cells in _cells(TARGETS)],
        "lead_changes": _changes(),
        "system_records": records(),
    }
