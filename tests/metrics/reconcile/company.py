"""A company in which every reason occurs, worked out by hand: MQLs of June 2026, in New York.

``MARKETING`` and ``SALES`` say of each record that counts why the other side does not have it
(None: it has). Moments are UTC; New York's June runs from 04:00 on 1 June to 04:00 on 1 July.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from metrics.calendar import Span
from tests.build import at

CONFIG = '[company]\ntimezone = "America/New_York"\n'
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))
AS_OF = at("2026-07-20 12:00")
Row = dict[str, Any]

# system, record, lead, key, day, and what else is to be said of it; "-" is NULL.
_RECORDS = """
marketing M00 L03 -                 2026-03-01
sales     S00 L03 -                 2026-03-02
marketing M01 L01 -                 2026-06-02
sales     S01 L01 -                 2026-06-03
marketing M02 -   mail@x.org        2026-06-02
sales     S02 -   _MAIL@X.org_      2026-06-02
marketing M03 L03 a@x.org           2026-06-03
sales     S03 -   A@x.ORG           2026-06-04
marketing M04 L04 -                 2026-06-05
sales     S04 L04 -                 2026-06-05 status=merged merged_into=S04b
sales     S04b L04b -               2026-06-05 status=merged merged_into=S01
marketing M05 -   mail@x.org        2026-06-09
marketing M06 L06 -                 2026-06-06
sales     S06 L06 -                 2026-06-06 status=deleted
marketing M07 -   qa@x.org          2026-06-07 sync_status=excluded sync_error=spam_filter
marketing M08 L08 -                 2026-05-02
sales     S08 L08 -                 2026-05-03
marketing M08 L08 -                 2026-06-20
marketing M09 L09 -                 2026-06-09 sync_status=synced
marketing M10 L10 -                 2026-06-30
sales     S10 L10 -                 2026-07-02
marketing M11 L11 -                 2026-06-11 sync_status=excluded
marketing M12 L12 -                 2026-06-12 sync_status=excluded sync_error=latest_contest
marketing M13 L13 -                 2026-06-13 sync_status=error sync_error=test_failed
marketing M14 L14 -                 2026-06-14 sync_status=pending
marketing M15 L15 -                 2026-06-15 sync_status=synced
marketing M16 L16 -                 2026-06-16 created_by_team=marketing
marketing M17 L17 -                 2026-06-17 sync_status=synced created_by_team=marketing
sales     S17 L17 -                 2026-06-18 stage=sal
marketing M18 -   -                 2026-06-18
marketing M19 L19 nobody@x.org      2026-06-19 sync_status=synced
marketing M20 L20 -                 2026-06-20 status=merged merged_into=M01
marketing M21 L21 -                 2026-06-21
sales     S30 L30 -                 2026-06-02
marketing M30 L30 -                 2026-06-02 status=archived
sales     S31 L31 -                 2026-06-03
marketing M31 L31 -                 2026-05-31
sales     S32 L01 -                 2026-06-20
sales     S33 L33 -                 2026-06-05 created_by_team=sales
sales     S34 L34 -                 2026-06-06 sync_status=error
sales     S35 L35 -                 2026-06-07
marketing M35 L35 -                 2026-06-07 stage=lead
sales     S36 -   -                 2026-06-08
sales     S37 L37 -                 2026-06-09
sales     S38 L38 -                 2026-06-10
sales     S39 L39 -                 2026-04-10
marketing M39 L39 -                 2026-04-09
sales     S39b L39 -                2026-06-25
"""
MARKETING = {
    "M01": None,
    "M02": None,  # case and blanks of an address do not tell apart
    "M03": None,  # by key, for the other has no lead
    "M04": "merged",  # over two merges
    "M05": "duplicate",  # of M02: the second by date is the one left over
    "M06": "deleted",
    "M07": "filtered",
    "M08": "repeat",  # recycled in between, and sales counted it in May
    "M09": "rejected",
    "M10": "period_differs",
    "M11": "existing_contact",  # L11's account has an open deal; excluded from the sync as well
    "M12": "sync_excluded",  # "latest contest" holds no word of a test
    "M13": "sync_error",  # a test that failed is an error, not a filter
    "M14": "sync_pending",
    "M15": "unrouted",
    "M16": "created_by_marketing",
    "M17": "stage_differs",
    "M18": "no_key",
    "M19": "not_found",
    "M21": "merged",  # its lead was merged into L01, which M01 counts
}
SALES = {
    "S01": None,
    "S02": None,
    "S03": None,
    "S30": "deleted",
    "S31": "period_differs",
    "S32": "duplicate",
    "S33": "created_by_sales",
    "S34": "sync_error",
    "S35": "stage_differs",
    "S36": "no_key",
    "S37": "not_found",  # rejected by sales itself: that is marketing's reason alone
    "S38": "existing_contact",  # a customer since May
    "S39b": "repeat",
}


def _record(line: str) -> Row:
    system, record_id, lead_id, key, day, *more = line.split()
    row: Row = {
        "system": system,
        "product": {"marketing": "hubspot", "sales": "salesforce"}[system],
        "record_id": record_id,
        "lead_id": None if lead_id == "-" else lead_id,
        "match_key": None if key == "-" else key.replace("_", " "),
        "stage": "mql",
        "counted_at": at(f"{day} 15:00"),
        "status": "active",
    }
    return row | dict(pair.split("=") for pair in more)


def records() -> list[Row]:
    return [_record(line) for line in _RECORDS.strip().splitlines()]


def tables() -> dict[str, list[Row]]:
    created = at("2026-01-01 12:00")
    names = [f"L{n:02}" for n in (*range(1, 22), *range(30, 40))]
    regions = {"L01": "EMEA", "L03": "EMEA", "L19": "EMEA", "L37": "EMEA"}
    leads = [{"lead_id": n, "created_at": created, "region": regions.get(n)} for n in names]
    by_id = {lead["lead_id"]: lead for lead in leads}
    for name in names:
        by_id[name]["owner_id"] = None if name == "L15" else "R1"
    by_id["L11"]["account_id"] = "A1"
    by_id["L21"] |= {"merged_into": "L01", "merged_at": at("2026-06-25 12:00")}
    # Deleted and merged after the as-of moment: not yet.
    by_id["L19"]["deleted_at"] = at("2026-07-21 12:00")

    def stage(lead: str, name: str, day: str) -> Row:
        return {"lead_id": lead, "stage": name, "entered_at": at(f"{day} 12:00")}

    return {
        "leads": leads,
        "reps": [{"rep_id": "R1", "name": "Kim", "team": "sales"}],
        "lead_stages": [
            # Between M09's rejection and M08: another lead's return is none of L09's.
            stage("L08", "recycled", "2026-06-15"),
            # Rejected in the pass before: it says nothing of June.
            stage("L19", "rejected", "2026-05-02"),
            stage("L19", "recycled", "2026-05-03"),
            stage("L37", "rejected", "2026-06-12"),
            stage("L38", "customer", "2026-05-01"),
        ],
        "handoffs": [
            {
                "handoff_id": "H09",
                "lead_id": "L09",
                "handed_at": at("2026-06-10 12:00"),
                "disposition": "rejected",
                "disposed_at": at("2026-06-12 12:00"),
                "reason": "no fit",
            }
        ],
        "opportunities": [
            {
                "opportunity_id": "O1",
                "account_id": "A1",
                "created_at": at("2026-06-01 12:00"),
                "status": "open",
            }
        ],
        "accounts": [{"account_id": "A1", "name": "Acme"}],
        "system_records": records(),
    }
