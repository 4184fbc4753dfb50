"""Random raw tables full of dirt: ids that repeat or lead nowhere, merges in circles, no dates."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.engine import make_url

from data.build.run import build
from data.config import parse_config
from data.tables import CONTRACT
from tests.data.build.landing import Rows, land

NOW = datetime(2026, 4, 1)
STATUSES = ["New", "Working", "SQL", "Unqualified", "Nurturing", "Strange", None]
LIFECYCLE = ["lead", "marketingqualifiedlead", "salesqualifiedlead", "customer", "odd", None]
TOUCHES = {"task", "event", "engagement_contact", "email_event", "contact_form_submission"}


class Dirt:
    """A source of random rows."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one(self, *values: Any) -> Any:
        return self.random.choice(values)

    def moment(self) -> datetime | None:
        if self.random.random() < 0.05:
            return None
        return datetime(2025, 11, 1) + timedelta(minutes=self.random.randrange(280_000))

    def record(self, prefix: str, number: int = 40) -> str | None:
        return self.one(*[f"{prefix}{self.random.randrange(number)}"] * 12, None)

    def email(self) -> str | None:
        number = self.random.randrange(50)
        return self.one(f"p{number}@x.com", f" P{number}@X.com", "", None)

    def flag(self) -> bool | None:
        return self.one(True, False, False, False, None)

    def maybe(self, value: Any) -> Any:
        return self.one(value, None, None)

    def salesforce(self) -> dict[str, Rows]:
        def person(prefix: str) -> dict[str, Any]:
            deleted = self.flag()
            return {"id": self.record(prefix), "created_date": self.moment(), "email": self.email(),
                    "name": None, "owner_id": self.one("005A", "005B", "00G1", "005Z", None),
                    "is_deleted": deleted, "last_modified_date": self.moment(),
                    "master_record_id": self.record(prefix) if deleted else None,
                    "account_id": self.record("001", 5)}  # fmt: skip

        return {
            "lead": [
                {**person("00Q"), "status": self.one(*STATUSES), "is_converted": self.flag(),
                 "converted_date": self.moment(),
                 "converted_contact_id": self.maybe(self.record("003")),
                 "converted_opportunity_id": self.maybe(self.record("006", 20))}
                for _ in range(60)
            ],
            "contact": [person("003") for _ in range(40)],
            "lead_history": [
                {"id": f"017{n}", "lead_id": self.record("00Q"), "created_date": self.moment(),
                 "field": self.one("Status", "Owner", "Rating"), "is_deleted": self.flag(),
                 "old_value": self.one(*STATUSES, "005A"),
                 "new_value": self.one(*STATUSES, "005B", "00G1")}
                for n in range(150)
            ],
            "user": [{"id": user, "email": self.email()} for user in ("005A", "005B")],
            "opportunity": [
                {"id": self.record("006", 20), "created_date": self.moment(),
                 "close_date": self.moment(),
                 "amount": self.maybe(10.5), "is_closed": self.flag(), "is_won": self.flag(),
                 "is_deleted": self.flag(), "account_id": self.record("001", 5)}
                for _ in range(25)
            ],
            "opportunity_history": [
                {"opportunity_id": self.record("006", 20), "created_date": self.moment(),
                 "stage_name": self.one("A", "B", None), "amount": self.maybe(1.5)}
                for _ in range(60)
            ],
            "opportunity_contact_role": [
                {"id": f"00K{n}", "opportunity_id": self.record("006", 20),
                 "contact_id": self.record("003"), "role": self.maybe("Buyer")}
                for n in range(40)
            ],
            "task": [
                {"id": self.record("00T", 200),
                 "who_id": self.one(self.record("00Q"), self.record("003")),
                 "owner_id": self.one("005A", "005Z"), "type": self.one("Call", "Odd", None),
                 "is_closed": self.flag(), "created_date": self.moment()}
                for _ in range(120)
            ],
            "event": [
                {"id": f"00U{n}", "who_id": self.record("003"), "created_date": self.moment(),
                 "start_date_time": self.moment()} for n in range(40)
            ],
        }  # fmt: skip

    def hubspot(self) -> dict[str, Rows]:
        return {
            "contact": [
                {"id": self.record("", 60), "property_createdate": self.moment(),
                 "property_email": self.email(), "_fivetran_deleted": self.flag(),
                 "property_salesforceleadid": self.maybe(self.record("00Q"))}
                for _ in range(60)
            ],
            "contact_merge_audit": [
                {"canonical_vid": self.record("", 70), "vid_to_merge": self.record("", 70),
                 "timestamp": self.moment()} for _ in range(15)
            ],
            "contact_property_history": [
                {"contact_id": self.record("", 70),
                 "name": self.one("lifecyclestage", "city", "hubspotscore"),
                 "value": self.one(*LIFECYCLE), "timestamp": self.moment()} for _ in range(150)
            ],
            "engagement_contact": [
                {"engagement_id": self.record("e", 60), "contact_id": self.record("", 60)}
                for _ in range(80)
            ],
            "engagement_call": [
                {"engagement_id": f"e{n}", "property_hs_timestamp": self.moment()}
                for n in range(30)
            ],
            "engagement_meeting": [
                {"engagement_id": f"e{n}", "property_hs_timestamp": self.moment(),
                 "property_hs_meeting_outcome": self.one("COMPLETED", "CANCELED", None)}
                for n in range(30, 50)
            ],
            "email_event": [
                {"id": self.record("v", 90), "created": self.moment(), "recipient": self.email(),
                 "type": self.one("DELIVERED", "CLICK", "OPEN")} for _ in range(80)
            ],
            "contact_form_submission": [
                {"contact_id": self.record("", 60), "conversion_id": f"c{n}",
                 "timestamp": self.moment()}
                for n in range(20)
            ],
        }  # fmt: skip


def valid(rows: Rows, created: str) -> int:
    """Records that can be used, counted as one would by hand: an id, a date, each id once."""
    return len({row["id"] for row in rows if row["id"] and row[created]})


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 25))]
)
def test_nothing_is_lost_and_nothing_appears(duckdb_url: str, seed: int) -> None:
    check_random(duckdb_url, seed)


@pytest.mark.long
def test_the_same_on_every_engine(engine_url: str) -> None:
    check_random(engine_url, 99)


def check_random(url: str, seed: int) -> None:
    dirt = Dirt(seed)
    crm, hub = dirt.salesforce(), dirt.hubspot()
    land(url, "crm", crm)
    land(url, "hub", hub)
    config = parse_config("")
    report = build(make_url(url), {"salesforce": "crm", "hubspot": "hub"}, config=config, now=NOW)
    told = {(s.product, t.name): t for s in report.sources for t in s.tables}
    for (product, name), table in told.items():
        landed = (crm if product == "salesforce" else hub)[name]
        assert (table.rows, table.used + sum(table.aside.values())) == (len(landed),) * 2
    assert told["salesforce", "lead"].used == valid(crm["lead"], "created_date")
    assert told["salesforce", "contact"].used == valid(crm["contact"], "created_date")
    assert told["hubspot", "contact"].used == valid(hub["contact"], "property_createdate")
    used = sum(table.used for (_, name), table in told.items() if name in TOUCHES)
    assert report.rows["touches"] == used > 0

    tables = _tables(url, "leads", "touches", "lead_stages", "opportunity_contacts", "handoffs")
    leads = {row["lead_id"]: row for row in tables["leads"]}
    for name in ("touches", "lead_stages", "opportunity_contacts", "handoffs"):
        for row in tables[name]:
            # What happened to a record that was merged happened to the lead that stays.
            assert leads[row["lead_id"]]["merged_into"] is None, name
    for row in tables["leads"]:
        assert row["merged_into"] is None or leads[row["merged_into"]]["merged_into"] is None
    entered = [row["lead_id"] for row in tables["lead_stages"] if row["stage"] == "lead"]
    assert sorted(entered) == sorted(i for i, row in leads.items() if row["merged_into"] is None)


def _tables(url: str, *names: str) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return {
                name: [dict(row) for row in connection.execute(select(CONTRACT[name])).mappings()]
                for name in names
            }
    finally:
        engine.dispose()
