"""A small fixed company whose journeys hold every trap, with figures worked out by hand.

New York keeps its days, the lookback is 30 days, the model 30-30-30-10. All moments are UTC.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from metrics.calendar import Span
from tests.build import at

CONFIG = """
[company]
timezone = "America/New_York"
[attribution]
lookback_days = 30
"""
AS_OF = at("2026-07-10 12:00")
WEEK = Span(date(2026, 6, 22), date(2026, 6, 29))
MONTH = Span(date(2026, 6, 1), date(2026, 7, 1))
QUARTER = Span(date(2026, 4, 1), date(2026, 7, 1))
SPANS = (WEEK, MONTH, QUARTER)
Row = dict[str, Any]

# lead account created
LEADS = """
L01 A1 04-01T03:30
L02 A1 04-02T12:00
L03 A2 04-06T12:00
L04 A2 04-08T12:00
L12 A4 04-28T12:00
L16 A5 05-18T12:00
L20 A6 06-01T04:00
L21 A7 06-02T12:00
L23 -  06-08T12:00
L28 A9 06-18T12:00
L30 -  06-22T12:00
"""
# deal lead account kind status created qualified closed amount sourced_by
# O02 is its account's second, O08 and O09 are no new business, O12 and O14 came after the quarter.
DEALS = """
O01 L01 A1 new       won  04-10T12:00 04-12T12:00 05-20T12:00 1000.50 marketing
O02 L02 A1 -         won  05-03T12:00 -           06-01T03:30 2000.25 -
O03 L04 A2 new       won  06-20T12:00 06-21T12:00 06-25T12:00 -       marketing
O04 -   A3 new       lost 04-18T12:00 05-01T03:30 06-24T12:00 500     marketing
O06 -   A3 new       open 05-20T12:00 06-22T03:59 -           700     sales
O08 -   A4 renewal   won  04-01T04:00 -           06-30T12:00 4000    -
O09 -   A5 expansion won  05-30T12:00 06-02T12:00 06-26T12:00 300.10  success
O10 L23 -  new       won  06-13T12:00 06-14T12:00 06-29T03:59 1500    -
O11 L28 A9 new       won  06-24T12:00 06-25T12:00 07-01T03:30 2500    marketing
O12 L28 A9 new       won  06-24T12:00 06-26T12:00 07-01T04:00 2600    -
O14 L21 A7 new       won  06-30T12:00 07-01T03:30 07-10T12:00 900     partner
O15 L21 A7 new       won  06-30T12:00 07-10T12:01 07-10T12:01 999     -
O16 L12 A4 new       won  05-01T12:00 05-02T12:00 05-28T12:00 600     -
O20 L30 -  new       open 06-28T12:00 -           -           650     -
O22 L20 A6 new       won  06-05T12:00 06-05T12:00 06-15T18:00 1200    -
"""
# O15 is open as of the moment, and was worth 450 then.
MOVES = (("O15", "2026-07-05 12:00", 450), ("O15", "2026-07-10 12:01", 999))
# Two people of O02, one of them twice and one who is its lead besides; nobody but a contact of O09.
CONTACTS = (("O02", "L02"), ("O02", "L03"), ("O02", "L03"), ("O09", "L16"))
# touch lead team channel at responded automated
# J01 lies before the lookback of O01, J03 on its edge of O02 and, as J06, on an edge of a day or a
# deal; J13 and J14 come at one moment; J15 is as old as the lookback at the as-of moment.
TOUCHES = """
J01 L01 marketing paid    04-19T12:00 -     -
J02 L01 sales     phone   05-10T12:00 true  -
J03 L02 marketing event   05-02T03:30 true  -
J04 L02 marketing email   05-20T12:00 false -
J05 L03 sales     phone   05-25T12:00 -     false
J06 L04 marketing paid    06-20T12:00 -     -
J07 L16 marketing email   06-10T12:01 -     true
J08 L16 success   email   06-12T12:00 -     -
J09 L28 marketing event   06-18T13:00 -     -
J10 L28 marketing paid    06-23T12:00 -     -
J11 L28 sales     phone   06-27T12:00 true  -
J12 L21 marketing organic 06-29T03:59 -     -
J13 L20 marketing paid    06-02T12:00 -     -
J14 L20 marketing paid    06-02T12:00 -     -
J15 L30 marketing event   06-10T12:00 -     -
J16 L30 sales     phone   06-09T12:00 -     -
J17 L12 sales     email   05-01T03:30 true  -
J18 L12 marketing event   06-22T12:00 true  -
J19 L12 sales     phone   07-11T12:00 true  -
"""
# day channel cost_type amount
SPEND = """
2025-06-28 paid    -      9999
2025-06-29 paid    -      20
2025-06-30 paid    -      8
2026-04-01 paid    -      100.10
2026-04-30 paid    media  172.20
2026-05-31 event   people 300.30
2026-06-01 paid    tools  400.40
2026-06-21 event   other  50
2026-06-22 paid    -      60.60
2026-06-28 unknown -      70.70
2026-06-29 paid    -      80
2026-06-30 organic -      0
2026-07-01 paid    -      999
"""
# (value, numerator, denominator, maturing) of the week, the month and the quarter.
FIGURES: dict[str, tuple[tuple, ...]] = {
    # Recorded: O11. First touched by marketing: O12 (J09). O20 was first touched by sales.
    # June has O22 (J13), O15 (J12) and O03 without an amount besides, but not O14, a partner's.
    # The quarter O01, O04 (entered on 30 April) and O02 (J03).
    "marketing_sourced_pipeline": (
        (5100, 5100, None, 0),
        (6750, 6750, None, 0),
        (10250.75, 10250.75, None, 0),
    ),
    # The week's one, O03, has no amount; June has O11 and O22, the quarter O02 as well.
    "marketing_influenced_bookings": (
        (None, None, None, 0),
        (3700, 3700, None, 0),
        (5700.25, 5700.25, None, 0),
    ),
    "marketing_influenced_share": (
        (None, None, 1800.10, 0),
        (0.38947, 3700, 9500.10, 0),
        (0.435105, 5700.25, 13100.85, 0),
    ),
    # Four quarters back from the week's end: 1182.30 less the last two days; O01, O03, O10, O16
    # and O22. From the quarter's end: with them, less the first two; and O11.
    "cac": (
        (236.46, 1182.30, 5, 0),
        (205.716667, 1234.30, 6, 0),
        (205.716667, 1234.30, 6, 0),
    ),
    # J10 3/7 and J11 1/7 of O11 and O12, all of J12 for O14. June: J09's 3/7 of both, J08's 300.10,
    # J13 and J14 half of 1200 each; J06 has earned what nobody knows. The quarter: 1000.50 of J02,
    # 6/7 and 1/7 of 2000.25 of J03 and J05, 600 of J17.
    "return_on_spend": (
        (29.050158, 3814.285714, 131.3, 4),
        (11.334593, 7500.10, 661.7, 7),
        (8.99364, 11100.85, 1234.30, 7),
    ),
}


def _cells(text: str) -> list[list[Any]]:
    return [
        [None if cell == "-" else cell for cell in line.split()]
        for line in text.strip().splitlines()
    ]


def _moment(text: str | None) -> datetime | None:
    return None if text is None else at(f"2026-{text}")


def _money(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _flag(text: str | None) -> bool | None:
    return None if text is None else text == "true"


def _deal(
    deal: str,
    lead: str | None,
    account: str | None,
    kind: str | None,
    status: str,
    created: str,
    qualified: str | None,
    closed: str | None,
    amount: str | None,
    source: str | None,
) -> Row:
    return {
        "opportunity_id": deal,
        "lead_id": lead,
        "account_id": account,
        "kind": kind,
        "status": status,
        "created_at": _moment(created),
        "qualified_at": _moment(qualified),
        "closed_at": _moment(closed),
        "amount": _money(amount),
        "sourced_by": source,
    }


def tables() -> dict[str, list[Row]]:
    return {
        "leads": [
            {"lead_id": lead, "account_id": account, "created_at": _moment(created)}
            for lead, account, created in _cells(LEADS)
        ],
        "opportunities": [_deal(*cells) for cells in _cells(DEALS)],
        "opportunity_stages": [
            {"opportunity_id": deal, "stage": "open", "entered_at": at(moment), "amount": amount}
            for deal, moment, amount in MOVES
        ],
        "opportunity_contacts": [
            {"opportunity_id": deal, "lead_id": lead} for deal, lead in CONTACTS
        ],
        "touches": [
            {
                "touch_id": touch,
                "lead_id": lead,
                "team": team,
                "channel": channel,
                "occurred_at": _moment(moment),
                "responded": _flag(responded),
                "automated": _flag(automated),
            }
            for touch, lead, team, channel, moment, responded, automated in _cells(TOUCHES)
        ],
        "spend": [
            {
                "day": date.fromisoformat(day),
                "channel": channel,
                "cost_type": cost_type,
                "amount": _money(amount),
            }
            for day, channel, cost_type, amount in _cells(SPEND)
        ],
    }
