"""A tiny company without a fault, and for every check a fault planted into it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from data.quality import CHECKS
from data.quality.shape import NATURAL_KEYS, NULL_MARKS, ROW_NAMES
from data.tables import CONTRACT

Row = dict[str, Any]

DAY = timedelta(days=1)
CREATED = datetime(2024, 5, 6, 9)
LOADED = datetime(2024, 6, 1, 6)

# One row of every table, every column filled.
CLEAN: dict[str, Row] = {
    "accounts": {
        "account_id": "a1",
        "name": "Fabrikam",
        "industry": "retail",
        "region": "EMEA",
        "segment": "smb",
        "employees": 40,
        "created_at": CREATED,
    },
    "reps": {
        "rep_id": "r1",
        "name": "Rep One",
        "email": "one@example.com",
        "team": "sales",
        "role": "sdr",
        "manager": "Rep Two",
        "region": "EMEA",
        "timezone": "Europe/Berlin",
    },
    "campaigns": {
        "campaign_id": "c1",
        "name": "Spring",
        "channel": "email",
        "starts_on": date(2024, 5, 1),
        "ends_on": date(2024, 5, 31),
    },
    "spend": {
        "day": date(2024, 5, 6),
        "channel": "email",
        "campaign_id": "c1",
        "cost_type": "media",
        "amount": 100,
    },
    "leads": {
        "lead_id": "l1",
        "account_id": "a1",
        "email": "one@example.org",
        "full_name": "Lead One",
        "created_at": CREATED,
        "channel": "email",
        "campaign_id": "c1",
        "region": "EMEA",
        "segment": "smb",
        "persona": "unknown",  # a source's own word, no missing value
        "product_line": "core",
        "owner_id": "r1",
        "has_budget": True,
        "has_authority": True,
        "has_timeline": False,
        "has_interest": True,
        "score": 70.0,
        "merged_into": None,
        "merged_at": None,
        "deleted_at": None,
    },
    "lead_changes": {
        "lead_id": "l1",
        "field": "score",
        "value": "70",
        "changed_at": CREATED,
        "system": "crm",
        "team": "marketing",
    },
    "lead_stages": {
        "lead_id": "l1",
        "stage": "mql",
        "entered_at": CREATED + DAY,
        "source_system": "crm",
        "actor_id": "x",
        "reason": "score",
    },
    "handoffs": {
        "handoff_id": "h1",
        "lead_id": "l1",
        "account_id": "a1",
        "leg": "to_sdr",
        "handed_at": CREATED + DAY,
        "priority": "P1",
        "assigned_to": "r1",
        "first_response_at": CREATED + 2 * DAY,
        "disposition": "accepted",
        "disposed_at": CREATED + 3 * DAY,
        "reason": "fits",
    },
    "touches": {
        "touch_id": "t1",
        "lead_id": "l1",
        "occurred_at": CREATED + DAY,
        "team": "sales",
        "channel": "phone",
        "kind": "call",
        "direction": "outbound",
        "responded": True,
        "automated": False,
        "campaign_id": "c1",
        "asset": "script",
        "rep_id": "r1",
    },
    "opportunities": {
        "opportunity_id": "o1",
        "account_id": "a1",
        "lead_id": "l1",
        "owner_id": "r1",
        "kind": "new",
        "pipeline": "main",
        "created_at": CREATED + 4 * DAY,
        "qualified_at": CREATED + 5 * DAY,
        "closed_at": CREATED + 9 * DAY,
        "status": "won",
        "stage": "closed",
        "amount": 900,
        "currency": "USD",
        "amount_original": 900,
        "sourced_by": "marketing",
        "expected_close_on": date(2030, 1, 1),  # a plan, no event
        "channel": "email",
        "region": "EMEA",
        "segment": "smb",
        "product_line": "core",
        "loss_reason": "price",
    },
    "opportunity_stages": {
        "opportunity_id": "o1",
        "stage": "demo",
        "entered_at": CREATED + 4 * DAY,
        "amount": 900,
        "expected_close_on": date(2030, 1, 1),
        "owner_id": "r1",
    },
    "opportunity_contacts": {"opportunity_id": "o1", "lead_id": "l1", "role": "buyer"},
    "targets": {
        "metric": "mqls",
        "grain": "month",
        "period_start": date(2030, 1, 1),
        "dimension": "region",
        "member": "EMEA",
        "value": 10.0,
        "set_at": CREATED,
    },
    "system_records": {
        "system": "marketing",
        "product": "hubspot",
        "record_id": "s1",
        "lead_id": "l1",
        "match_key": "one@example.org",
        "stage": "mql",
        "counted_at": CREATED,
        "status": "active",
        "merged_into": "s2",
        "sync_status": "synced",
        "sync_error": "E1",
        "created_by_team": "marketing",
    },
}

CLEAN_LOADS = [
    {
        "load_id": "1",
        "source": "files",
        "table_name": name,
        "loaded_at": LOADED,
        "row_count": 1,
        "data_through": LOADED - DAY,
    }
    for name in CLEAN
]
SAMPLE = CLEAN | {"loads": CLEAN_LOADS[0]}


@dataclass(frozen=True)
class Fault:
    """Rows to insert into one table, and the ids that the check must then name."""

    rows: list[Row]
    ids: list[str | None]


def copy(table: str, **changes: Any) -> Row:
    """The clean row again, with the key "planted" where the table has one."""
    keys = {} if table in ROW_NAMES else {key_of(table): "planted"}
    return SAMPLE[table] | keys | changes


def key_of(table: str) -> str:
    return next(iter(CONTRACT[table].primary_key.columns)).name


def name_of(table: str, row: Row) -> str | None:
    if table not in ROW_NAMES:
        return row[key_of(table)]
    return " ".join("?" if row[c] is None else str(row[c]) for c in ROW_NAMES[table])


def _one(table: str, **changes: Any) -> Fault:
    row = copy(table, **changes)
    return Fault([row], [name_of(table, row)])


def fault_for(check_id: str) -> Fault:
    """What breaks exactly this check's rule."""
    if check_id in BY_HAND:
        return BY_HAND[check_id]
    family, table, *rest = check_id.split(".")
    return FAMILIES[family](table, *rest)


def _marked(table: str) -> Fault:
    named = ROW_NAMES.get(table, (*CONTRACT[table].primary_key.columns.keys(),))
    texts = [c for c, v in SAMPLE[table].items() if isinstance(v, str) and c not in named]
    column = next(c for c in texts if c not in NATURAL_KEYS.get(table, ())[:2])
    rows = [copy(table, **{column: mark}) for mark in (" N/A ", *NULL_MARKS)]
    return Fault(rows, [f"{name_of(table, row)} ({column})" for row in rows])


def _in_future(table: str, column: str) -> Fault:
    is_day = not isinstance(SAMPLE[table][column] or LOADED, datetime)
    moment = (LOADED + 2 * DAY).date() if is_day else LOADED + timedelta(seconds=1)
    return _one(table, **{column: moment})


EARLIER = {"ends_on": date(2024, 4, 30), "loaded_at": LOADED - 2 * DAY}

FAMILIES: dict[str, Any] = {
    "unique": lambda t, c: Fault([copy(t), copy(t)], ["planted"]),
    "repeated": lambda t: Fault([SAMPLE[t]], [name_of(t, SAMPLE[t])]),
    "required": lambda t, c: _one(t, **{c: None}),
    "listed": lambda t, c: _one(t, **{c: "no such value"}),
    "orphans": lambda t, c: _one(t, **{c: "nowhere"}),
    "null_marks": _marked,
    "lag": lambda t, c: _one(t, **{c: EARLIER.get(c, datetime(2024, 5, 1))}),
    "before_lead": lambda t, c: _one(t, **{c: CREATED - timedelta(seconds=1)}),
    "future": _in_future,
    "negative": lambda t, c: _one(t, **{c: -1}),
}


def _lead(lead_id: str, **changes: Any) -> Row:
    return copy("leads", lead_id=lead_id, **({"email": lead_id} | changes))


def _entered(lead_id: str, stage: str, days: int) -> Row:
    return copy("lead_stages", lead_id=lead_id, stage=stage, entered_at=CREATED + days * DAY)


BY_HAND: dict[str, Fault] = {
    "stage_order.lead_stages": Fault(
        [
            _entered("sql first", "mql", 5),
            _entered("sql first", "sql", 4),
            _entered("skipped", "lead", 1),
            _entered("skipped", "opportunity", 2),
            _entered("second pass", "sql", 2),
            _entered("second pass", "mql", 1),
            _entered("second pass", "recycled", 3),
            _entered("second pass", "mql", 4),
            _entered("at once", "mql", 4),
            _entered("at once", "sal", 4),
            _entered("customer first", "customer", 1),
            _entered("customer first", "lead", 2),
        ],
        ["customer first", "sql first"],
    ),
    "duplicate.leads.email": Fault(
        [
            _lead("d1", email="Same@example.com"),
            _lead("d2", email=" same@EXAMPLE.com "),
            _lead("merged", email="same@example.com", merged_into="d1"),
            _lead("deleted", email="same@example.com", deleted_at=CREATED + DAY),
            _lead("without", email=None),
            _lead("without too", email=None),
        ],
        ["d1", "d2"],
    ),
    "duplicate.touches": Fault(
        [copy("touches"), copy("touches", touch_id="other", rep_id=None)], ["t1"]
    ),
    "merge_circles.leads": Fault(
        [
            _lead("x", merged_into="y"),
            _lead("y", merged_into="z"),
            _lead("z", merged_into="x"),
            _lead("itself", merged_into="itself"),
            _lead("into the circle", merged_into="x"),
            _lead("well merged", merged_into="l1"),
        ],
        ["itself", "x", "y", "z"],
    ),
    "reps.timezone.missing": _one("reps", timezone=None),
    "reps.timezone.unknown": _one("reps", timezone="New York"),
    "deals.closed_at": _one("opportunities", status="lost", closed_at=None),
    "deals.open": _one("opportunities", status="open"),
    "deals.amount": _one("opportunities", amount=None),
    "freshness.loads": Fault(
        [
            SAMPLE["loads"] | {"source": "behind", "data_through": LOADED - 2.05 * DAY},
            SAMPLE["loads"] | {"source": "a day behind", "data_through": LOADED - 2 * DAY},
            SAMPLE["loads"] | {"source": "silent", "data_through": None},
        ],
        ["behind"],
    ),
}
# Derived tables are no rows to plant: tests/data/quality/test_checks.py has its own test.
ELSEWHERE = {"derived.handoff_clock"}
PLANTED = {c.id: fault_for(c.id) for c in CHECKS if c.id not in ELSEWHERE}
