"""A small fixed company that holds every trap, and three periods to ask about.

New York keeps its days: 03:30 UTC on the first of a month is still the last day of the one before.
All moments below are UTC. ``AS_OF`` lies ten days after the end of the periods, so that some
windows are still open.
"""

# A lead is a line, however many stages it has seen.
# ruff: noqa: E501

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.build import at

CONFIG = """
[company]
timezone = "America/New_York"
[business_hours]
holidays = "US"
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

# lead account channel region owner created | stage at, …      ("-" is NULL)
LEADS = """
L01 A1 paid    EMEA R1 04-01 03:30 | lead 04-01 03:30, mql 04-01 04:30, sal 04-02 15:00, sql 04-05 15:00, opportunity 04-10 12:00, customer 05-20 12:00
L02 A1 paid    EMEA R1 04-02 12:00 | lead 04-02 12:00, mql 04-03 12:00, sal 04-17 12:00, sql 05-03 12:00
L03 A2 organic AMER R2 04-06 12:00 | lead 04-06 12:00, mql 04-07 12:00, rejected 04-08 12:00
L04 A2 -       AMER R2 04-08 12:00 | lead 04-08 12:00, mql 04-09 12:00, recycled 04-20 12:00, mql 06-10 12:00, sql 06-20 12:00
L05 -  unknown -    -  04-10 12:00 | lead 04-10 12:00
L06 -  -       -    -  04-13 12:00 | lead 04-13 12:00, sql 04-20 12:00, mql 04-25 12:00
L07 A3 paid    EMEA R1 04-15 12:00 | lead 04-15 12:00, sal 04-16 12:00, sql 04-18 12:00
L08 A3 paid    EMEA R1 04-16 12:00 | lead 04-16 12:00, mql 04-20 12:00, opportunity 05-01 12:00
L09 A3 event   EMEA R9 04-20 12:00 | lead 04-20 12:00, mql 04-20 12:00, sql 05-20 12:00
L10 A4 event   -    R1 04-21 12:00 | lead 04-21 12:00, mql 04-22 12:00, sql 05-22 12:01
L11 A4 ~       AMER R2 04-25 12:00 | lead 04-25 12:00
L12 A4 ~       AMER R2 04-28 12:00 | lead 04-28 12:00, customer 05-28 12:00
L13 -  paid    AMER R1 05-01 03:30 | lead 05-01 03:30, mql 05-01 03:30
L14 -  paid    AMER R1 05-04 12:00 | lead 05-04 12:00, mql 05-06 12:00, sal 05-07 12:00
L15 -  organic -    R2 05-11 12:00 | lead 05-11 12:00
L16 A5 organic EMEA R2 05-18 12:00 | lead 05-18 12:00, mql 05-19 12:00, mql 05-21 12:00, sal 05-22 12:00, sql 05-23 12:00, sql 05-30 12:00
L17 A5 paid    EMEA R2 05-25 12:00 | lead 05-25 12:00, mql 05-26 12:00, sql 05-25 18:00
L18 A5 event   EMEA -  05-31 12:00 | lead 05-31 12:00
L19 A6 paid    -    R1 06-01 03:30 | lead 06-01 03:30, mql 06-01 03:30, sal 06-02 12:00
L20 A6 paid    AMER R1 06-01 04:00 | lead 06-01 04:00, mql 06-01 04:00, sal 06-15 04:00, sql 07-01 04:00
L21 A7 organic AMER R2 06-02 12:00 | lead 06-02 12:00, mql 06-03 12:00, sql 06-30 12:00
L22 A7 -       AMER R2 06-05 12:00 | lead 06-05 12:00, mql 06-08 12:00
L23 -  unknown EMEA -  06-08 12:00 | lead 06-08 12:00, mql 06-10 12:00, sal 06-11 12:00, sql 06-12 12:00, opportunity 06-13 12:00, customer 06-29 03:59
L24 -  -       -    -  06-10 12:00 | lead 06-10 12:00, mql 06-10 12:00
L25 A8 paid    EMEA R1 06-11 12:00 | lead 06-11 12:00, mql 06-15 12:00, sal 06-29 12:00
L26 A8 paid    EMEA R1 06-15 12:00 | lead 06-15 12:00
L27 A8 event   -    R2 06-16 12:00 | lead 06-16 12:00, mql 06-22 03:59
L28 A9 event   -    R2 06-18 12:00 | lead 06-18 12:00, mql 06-22 04:00, sal 06-23 12:00, sql 06-24 12:00
L29 A9 ~       AMER R1 06-20 12:00 | lead 06-20 12:00, mql 06-23 12:00, sal 06-25 12:00
L30 -  organic AMER R1 06-22 12:00 | lead 06-22 12:00, mql 06-24 12:00
L31 -  organic AMER -  06-23 12:00 | lead 06-23 12:00, mql 06-26 12:00, sql 07-09 12:00
L32 -  paid    EMEA -  06-24 12:00 | lead 06-24 12:00, sal 06-27 12:00
L33 -  paid    EMEA R9 06-25 12:00 | lead 06-25 12:00
L34 -  -       EMEA R1 06-26 12:00 | lead 06-26 12:00, mql 06-29 03:59, sql 07-11 12:00
L35 -  paid    -    R1 06-29 03:59 | lead 06-29 03:59, mql 06-29 04:00, customer 07-08 12:00
L36 -  paid    -    R1 06-29 04:00 | lead 06-29 04:00
L37 -  event   EMEA R2 06-30 12:00 | lead 06-30 12:00, mql 07-01 03:30
L38 -  event   EMEA R2 07-01 03:30 | lead 07-01 03:30, mql 07-01 04:00
L39 -  paid    EMEA R2 07-01 04:00 | lead 07-01 04:00
L40 -  paid    EMEA R2 07-12 12:00 | lead 07-12 12:00, mql 07-12 12:00
"""
DELETED = {"L05": "2026-05-01 12:00", "L26": "2026-06-20 12:00", "L33": "2026-07-11 12:00"}

# deal lead account owner kind status created qualified closed amount region channel
DEALS = """
O01 L01 A1 R1 new       won  04-10T12:00 04-12T12:00 05-20T12:00 1000.50 EMEA paid
O02 L02 A1 R1 -         won  05-03T12:00 -           06-01T03:30 2000.25 EMEA paid
O03 L04 A2 R2 new       won  06-20T12:00 06-21T12:00 06-25T12:00 -       -    -
O04 L07 A3 R1 new       lost 04-18T12:00 05-01T03:30 06-24T12:00 500     EMEA paid
O05 L08 A3 R1 new       lost 05-01T12:00 -           06-23T12:00 -       EMEA paid
O06 L09 A3 R9 new       open 05-20T12:00 06-22T03:59 -           700     EMEA event
O07 L10 A4 R1 new       open 05-22T12:00 06-22T04:00 -           800     -    event
O08 -   A4 R1 renewal   won  04-01T04:00 -           06-30T12:00 4000    AMER -
O09 -   A5 R2 expansion won  05-30T12:00 06-02T12:00 06-26T12:00 300.10  EMEA organic
O10 L23 -  R2 new       won  06-13T12:00 06-14T12:00 06-29T03:59 1500    EMEA unknown
O11 L28 A9 R2 new       won  06-24T12:00 06-25T12:00 07-01T03:30 2500    -    event
O12 L28 A9 R2 new       won  06-24T12:00 06-26T12:00 07-01T04:00 2600    -    event
O13 L29 A9 R1 new       open 06-25T12:00 -           -           -       AMER ~
O14 L21 A7 R2 new       won  06-30T12:00 07-01T03:30 07-10T12:00 900     AMER organic
O15 L21 A7 R2 new       won  06-30T12:00 07-10T12:01 07-10T12:01 999     AMER organic
O16 L12 A4 R2 new       won  05-01T12:00 05-02T12:00 05-28T12:00 600     AMER ~
O17 L16 A5 R2 new       lost 05-23T12:00 05-24T12:00 06-22T12:00 100     EMEA organic
O18 L16 A5 R2 renewal   lost 05-23T12:00 05-24T12:00 06-22T12:00 5000    EMEA organic
O19 L99 -  -  new       lost 06-01T03:30 06-01T04:00 06-22T03:59 50      -    -
O20 L30 -  R1 new       open 06-28T12:00 -           -           650     AMER organic
O21 L31 -  -  new       open 07-09T12:00 07-09T12:00 -           123     AMER organic
O22 L20 A6 R1 new       won  06-05T12:00 06-05T12:00 06-15T18:00 1200    AMER paid
O23 L19 A6 R1 new       lost 06-03T12:00 06-04T12:00 06-16T12:00 1300    -    paid
O24 L14 -  R1 expansion open 05-07T12:00 05-08T12:00 -           75      AMER paid
O25 L40 -  R2 new       open 07-12T12:00 07-12T12:00 -           100000  EMEA paid
"""
# deal entered amount: O15 closes after AS_OF and was worth 450 then; O07 grows after it.
MOVES = """
O01 04-10T12:00 900
O01 05-20T12:00 1000.50
O07 05-22T12:00 350
O07 07-11T12:00 800
O15 06-30T12:00 400
O15 07-05T12:00 450
"""
# deal entered expected close: O05 moved from April into June, O06 and O07 on from June, O07 back and
# away again; O11 was won later than expected, O12 never moved, O22 was won before its new date;
# O24 left May, then June. What O20 was moved to on 11 July nobody knew at AS_OF.
EXPECTED = """
O05 05-01T12:00 2026-05-28
O05 05-20T12:00 2026-06-20
O06 05-20T12:00 2026-06-24
O06 06-20T12:00 2026-07-20
O07 05-22T12:00 2026-06-10
O07 06-01T12:00 2026-08-01
O07 06-20T12:00 2026-06-26
O07 06-23T18:00 2026-07-15
O11 06-24T12:00 2026-06-26
O11 07-01T03:30 2026-07-01
O12 06-24T12:00 2026-06-30
O13 06-25T12:00 2026-06-28
O13 06-26T12:00 2026-06-30
O20 06-28T12:00 2026-07-05
O20 07-11T12:00 2026-09-30
O22 06-05T12:00 2026-06-25
O22 06-10T12:00 2026-07-25
O24 05-07T12:00 2026-05-29
O24 05-30T12:00 2026-06-15
O24 06-16T12:00 2026-08-15
"""
# metric grain start dimension member value set
TARGETS = """
bookings week    2026-06-22 -    -   3000  -
bookings month   2026-06-01 -    -   12000 -
bookings quarter 2026-04-01 -    -   99999 01-01T12:00
bookings quarter 2026-04-01 -    -   15000 03-01T12:00
bookings quarter 2026-04-01 -    -   77777 07-11T12:00
bookings month   2026-06-01 kind new 8000  -
bookings week    2026-06-22 rep  R1  700   -
bookings week    2026-06-22 rep  R2  400   -
bookings month   2026-06-01 rep  R1  7000  -
bookings month   2026-06-01 rep  R2  2000  -
bookings month   2026-06-01 rep  R9  500   -
bookings quarter 2026-04-01 rep  R1  8000  -
bookings quarter 2026-04-01 rep  R2  2500  -
mqls     quarter 2026-04-01 rep  R1  9     -
"""
# handoff lead priority rep handed response disposition disposed reason
# 26 June and 8 July are business days; 19 June and 3 July are holidays.
HANDOFFS = """
H01 L01 P1 R1 04-02T14:00 04-02T14:30 accepted 04-02T15:00 -
H02 L02 P1 R1 04-03T14:00 04-03T15:00 accepted 04-17T12:00 -
H03 L03 P1 R2 04-07T14:00 04-07T16:00 rejected 04-08T12:00 no_fit
H04 L04 -  R2 04-10T20:00 04-13T14:00 accepted 04-14T12:00 -
H05 L08 P2 R1 04-20T14:00 -           accepted 05-01T03:30 -
H06 L09 P2 R9 04-30T14:00 05-04T12:00 rejected 05-05T12:00 -
H07 L14 P1 -  05-06T14:00 05-06T14:45 accepted 05-07T12:00 -
H08 L16 P2 R2 05-22T19:00 05-26T14:00 accepted 05-22T12:00 -
H09 L19 P1 R1 06-01T03:30 06-01T13:30 accepted 06-02T12:00 -
H10 L20 P1 R1 06-01T04:00 06-01T14:30 accepted 06-15T04:00 -
H11 L21 P1 R2 06-03T14:00 06-02T14:00 rejected 06-22T04:00 duplicate
H12 L22 P2 R2 06-08T14:00 -           -        -           -
H13 L23 P2 R2 06-10T14:00 06-10T18:00 accepted 06-11T12:00 -
H14 L25 P1 R1 06-18T20:30 06-22T13:15 accepted 06-29T03:59 -
H15 L28 P1 R2 06-22T04:00 06-22T13:30 accepted 06-23T12:00 -
H16 L29 P2 R1 06-23T14:00 06-25T12:00 accepted 06-25T12:00 -
H17 L30 P1 R1 06-24T14:00 -           rejected 06-24T14:20 spam
H18 L31 P1 -  06-26T20:00 -           -        -           -
H19 L34 P2 R1 06-29T03:59 07-12T12:00 -        -           -
H20 L39 P2 R2 07-09T20:00 07-09T20:30 accepted 07-10T11:00 -
"""
# touch lead team kind at responded automated rep
TOUCHES = """
T01 L08 marketing email   04-20T15:00 -     -     -
T02 L08 sales     email   04-20T16:00 -     true  R1
T03 L08 sales     call    04-21T15:00 false -     R1
T04 L12 sales     meeting 05-01T03:30 true  -     R2
T05 L12 sales     meeting 06-01T03:59 -     -     R2
T06 L12 sales     meeting 06-22T03:59 true  -     R2
T07 L12 sales     meeting 06-22T04:00 true  -     R2
T08 L12 sales     meeting 06-23T12:00 false -     R2
T09 L12 marketing meeting 06-23T12:00 true  -     -
T10 L22 sales     call    06-08T13:59 true  -     R2
T11 L31 marketing meeting 06-29T13:30 true  -     -
T12 L12 sales     meeting 07-10T12:00 true  -     R2
T13 L12 sales     meeting 07-10T12:01 true  -     R2
"""
# day channel campaign cost_type amount
SPEND = """
2026-04-01 paid    C1 -      100.10
2026-04-30 paid    -  media  200.20
2026-05-31 event   -  people 300.30
2026-06-01 paid    C1 tools  400.40
2026-06-21 event   -  other  50
2026-06-22 paid    -  -      60.60
2026-06-28 unknown -  -      70.70
2026-06-29 paid    -  -      80
2026-06-30 organic C2 -      0
2026-07-01 paid    -  -      999
"""
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
    touch, lead, team, kind, moment, responded, automated, rep = cells
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
    }


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
    }
