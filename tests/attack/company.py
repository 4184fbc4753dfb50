"""A company whose every name is an attack, and whose secrets bear marks to find them by."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.build import at

# What a name may hold that some reader of it would run.
HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<script>window.hacked = 1</script>",
    '=HYPERLINK("https://evil.example.com","look")',
    '"><svg onload=alert(1)>',
    "'; DROP TABLE leads; --",
    "[look](javascript:alert(1))",
    ":red[x] $x^2$ `code`",
    "+1+1|cmd",
    "@SUM(A1)",
    "-2+3",
    "{{7*7}} ${7*7} %(x)s {x}",
    "\u202etxet sdrawkcab",
    "</style></script><b onmouseover=alert(1)>",
)
# Only in rows of the region AMER; in names and addresses of people; in every row.
AMER, PERSON, ANYWHERE = "AMERSECRET", "PERSONSECRET", "ANYSECRET"
MARKS = (AMER, PERSON, ANYWHERE)
NEWEST = at("2026-11-20 12:00")
PEOPLE_EACH = 16


def evil(number: int, *marks: str) -> str:
    """An attack as a name, with marks to find it by."""
    return " ".join([HOSTILE[number % len(HOSTILE)], ANYWHERE, *marks])


def tables() -> dict[str, list[dict[str, Any]]]:
    """Two regions of one company; their leads go the whole way, half of them to a won deal."""
    found: dict[str, list[dict[str, Any]]] = {
        "accounts": [],
        "reps": [],
        "campaigns": [
            {"campaign_id": f"C{n}", "name": evil(n), "channel": "paid"} for n in range(3)
        ],
        "spend": [],
        "leads": [],
        "lead_stages": [],
        "handoffs": [],
        "touches": [],
        "opportunities": [],
        "opportunity_contacts": [],
        "targets": [],
    }
    for region in ("EMEA", "AMER"):
        found["reps"].append(
            {"rep_id": f"R-{region}", "name": evil(1), "team": evil(0), "manager": evil(3)}
        )
        for number in range(PEOPLE_EACH):
            _add_lead(found, region, number)
    found["spend"] = [
        {"day": NEWEST.date(), "channel": "paid", "campaign_id": "C1", "amount": 777_123}
    ]
    return found


def _add_lead(found: dict[str, list[dict[str, Any]]], region: str, number: int) -> None:
    lead_id, account_id = f"{region}-L{number}", f"{region}-A{number}"
    marks = (AMER,) if region == "AMER" else ()
    begun = NEWEST - timedelta(days=10 + 20 * number)
    splits = {
        "region": region,
        "segment": evil(number, *marks),
        "channel": evil(number + 1, *marks),
        "product_line": evil(number + 2, *marks),
    }
    found["accounts"].append(
        {
            "account_id": account_id,
            "name": evil(number + 3, *marks),
            "industry": evil(number + 4, *marks),
            "region": region,
        }
    )
    found["leads"].append(
        {
            "lead_id": lead_id,
            "account_id": account_id,
            "full_name": evil(number, PERSON, *marks),
            "email": evil(number + 5, PERSON, *marks),
            "created_at": begun,
            "campaign_id": f"C{number % 3}",
            "persona": evil(number + 6, *marks),
            "owner_id": f"R-{region}",
            **splits,
        }
    )
    for days, stage in enumerate(("mql", "sal", "sql"), 1):
        reached = begun + timedelta(days=days)
        found["lead_stages"].append({"lead_id": lead_id, "stage": stage, "entered_at": reached})
    found["handoffs"].append(
        {
            "handoff_id": f"H-{lead_id}",
            "lead_id": lead_id,
            "account_id": account_id,
            "handed_at": begun + timedelta(days=1),
            "priority": evil(number + 7, *marks),
            "assigned_to": f"R-{region}",
            "disposition": "rejected" if number % 4 == 3 else "accepted",
            "disposed_at": begun + timedelta(days=2),
            "reason": evil(number + 8, *marks),
        }
    )
    for team in ("marketing", "sales"):
        found["touches"].append(
            {
                "touch_id": f"T-{team}-{lead_id}",
                "lead_id": lead_id,
                "occurred_at": begun + timedelta(hours=len(team)),
                "team": team,
                "channel": evil(number + 9, *marks),
                "kind": "email" if team == "marketing" else "meeting",
                "direction": "outbound",
                "responded": True,
                "asset": evil(number + 10, *marks),
                "campaign_id": f"C{number % 3}",
            }
        )
    _add_deal(found, lead_id, account_id, number, splits)


def _add_deal(
    found: dict[str, list[dict[str, Any]]],
    lead_id: str,
    account_id: str,
    number: int,
    splits: dict[str, Any],
) -> None:
    lead = found["leads"][-1]
    won = number % 2 == 0
    found["opportunities"].append(
        {
            "opportunity_id": f"O-{lead_id}",
            "account_id": account_id,
            "lead_id": lead_id,
            "owner_id": lead["owner_id"],
            "kind": "new",
            "created_at": lead["created_at"] + timedelta(days=4),
            "closed_at": lead["created_at"] + timedelta(days=8) if won else None,
            "status": "won" if won else "open",
            "amount": 1000 + number,
            "expected_close_on": (NEWEST + timedelta(days=20)).date(),
            **splits,
        }
    )
    found["opportunity_contacts"].append({"opportunity_id": f"O-{lead_id}", "lead_id": lead_id})
