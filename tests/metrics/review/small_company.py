"""A company of a few leads and deals, small enough to work every figure of it out by hand.

February 2026 is reviewed as of 5 March, then the sources are loaded again: a lead that came late,
and what happened up to 10 April.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine

from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import Cadence, Calendar
from metrics.review.agenda import AgendaItem
from metrics.review.figures import ItemView
from metrics.review.meetings import Meeting, Plan, open_review
from metrics.view import View
from tests.build import at, fill
from tests.conftest import forget_warehouses
from tests.rows import drop

Tables = dict[str, list[dict[str, Any]]]
HOURS = '[business_hours]\nopens = "09:00"\ncloses = "{closes}"\ntimezone = "UTC"\n'
SLA = "[sla.response_hours]\ndefault = 2\n"
OLD = HOURS.format(closes="17:00") + SLA
SHORTER_WINDOW = "[conversion_days]\nmql_to_sql = 14\n" + OLD
LONGER_DAY = HOURS.format(closes="18:00") + SLA
PAGES = ("funnel", "sla")


def _lead(lead: str, mql: str, sql: str | None = None) -> tuple[dict, list[dict]]:
    stages = [{"lead_id": lead, "stage": "mql", "entered_at": at(mql)}]
    if sql is not None:
        stages.append({"lead_id": lead, "stage": "sql", "entered_at": at(sql)})
    return {"lead_id": lead, "created_at": at("2026-01-20")}, stages


def _tables(*leads: tuple[dict, list[dict]], through: str) -> Tables:
    touch = {"lead_id": "a", "team": "marketing", "channel": "email"}
    return {
        "leads": [lead for lead, _ in leads],
        "lead_stages": [stage for _, stages in leads for stage in stages],
        # Handed over at 16:00, answered at 9:30 the next day: 1.5 business hours until 17:00, 2.5
        # where the day ends at 18:00; the target is 2.
        "handoffs": [
            {
                "handoff_id": "h1",
                "lead_id": "a",
                "handed_at": at("2026-02-02 16:00"),
                "first_response_at": at("2026-02-03 09:30"),
            }
        ],
        # The sources' newest event, which decides the moment.
        "touches": [{**touch, "touch_id": "t1", "occurred_at": at(through)}],
    }


A = _lead("a", "2026-02-02", "2026-02-05")  # 3 days
B = _lead("b", "2026-02-03", "2026-02-25")  # 22 days
C = _lead("c", "2026-02-10")
C_LATER = _lead("c", "2026-02-10", "2026-03-06")  # 24 days, after the review
D = _lead("d", "2026-02-20")
LATE = _lead("e", "2026-02-01")  # an MQL of February that the first load did not hold
THEN = _tables(A, B, C, D, through="2026-03-05 09:00")
NOW = _tables(A, B, C_LATER, D, LATE, through="2026-04-10 09:00")


def load(company, url: str, tables: Tables, config: str = OLD, derived: str | None = None):
    """Load these rows in the place of those before; ``derived`` is the configuration that business
    time is derived for, where that is another than the one in force."""
    forget_warehouses()
    engine = create_engine(url)
    with engine.begin() as connection:
        drop(connection)
    engine.dispose()
    fill(url, tables, config if derived is None else derived)
    company(url, config)
    return open_warehouse()


def february(warehouse: Warehouse) -> View:
    calendar = Calendar(warehouse.config)
    return View(calendar.parse_period("2026-02", Cadence.MONTHLY), warehouse.default_as_of)


def views(warehouse: Warehouse, *pages: str) -> list[ItemView]:
    view = february(warehouse)
    items = (AgendaItem(page, page) for page in pages or PAGES)
    return [
        ItemView(number, item.path, view, item.settings.get("metric", [None])[0])
        for number, item in enumerate(items, 1)
    ]


def begin(warehouse: Warehouse, username: str, *pages: str) -> Meeting:
    """A review of February with these pages as its agenda."""
    agenda = tuple(AgendaItem(page, page) for page in pages or PAGES)
    plan = Plan(Cadence.MONTHLY, ("Ana", "Bo"), agenda)
    day = at("2026-03-05").date()
    as_of = warehouse.default_as_of
    query = "cadence=monthly&period=2026-02"
    return open_review(username, plan, held_on=day, as_of=as_of, query=query)
