"""Small companies at random, full of traps, and a database that is refilled for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import create_engine, insert
from sqlalchemy.engine import make_url

from data.config import DIMENSIONS, FACTS, Config
from data.derive import derive
from data.tables import SCHEMA_VERSION, STAGES, scorecard_meta
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.model import Kind
from metrics.query import MetricQuery
from tests.build import newest_event
from tests.rows import create, replace

Row = dict[str, Any]
Tables = dict[str, list[Row]]


@contextmanager
def refillable(url: str) -> Iterator[Refillable]:
    database = Refillable(url)
    try:
        yield database
    finally:
        database.engine.dispose()
        RESULTS.clear()


class Refillable:
    """One database, filled anew for every example: far quicker than a fresh one each."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.engine = create_engine(url)
        with self.engine.begin() as connection:
            create(connection)
            version = {"key": "schema_version", "value": SCHEMA_VERSION}
            connection.execute(insert(scorecard_meta), [version])

    def fill(self, tables: Mapping[str, Sequence[Mapping[str, Any]]], config: Config) -> Warehouse:
        """The warehouse of these rows, as one load of one source."""
        loads = [
            {
                "load_id": "load-1",
                "source": "files",
                "table_name": name,
                "loaded_at": datetime(2030, 1, 1),
                "row_count": len(rows),
                "data_through": newest_event(tables),
            }
            for name, rows in tables.items()
        ]
        with self.engine.begin() as connection:
            replace(connection, {"loads": loads, **tables})
            derive(connection, config)
        # Every example stands in the same place; what was asked of the last one is not its own.
        RESULTS.clear()
        warehouse = Warehouse(self.url)
        warehouse.__dict__.update(engine=self.engine, config=config)
        return warehouse


# A grid of moments on which everything happens, so that edges are met exactly and often:
# four a day, one of them the last half hour of a UTC day. Clocks change in New York (8 March)
# and in Lisbon (29 March) in these weeks.
FIRST_DAY = datetime(2026, 3, 2)
# Derived KPIs are other KPIs over spans of their own: tests/metrics/test_derived.py.
# Disputes and signatures are no rows of the warehouse: tests/metrics/test_dispute_kpis.py.
PLAIN = tuple(
    name
    for name, metric in CATALOG.items()
    if metric.kind is not Kind.DERIVED and {"disputes", "agreements"}.isdisjoint(metric.tables)
)
HOURS = (timedelta(), timedelta(hours=5), timedelta(hours=14), timedelta(hours=23, minutes=30))
DAYS = 36
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Europe/Lisbon")
CHANNELS = (None, "paid", "unknown", "~")
REGIONS = (None, "EMEA", "AMER")
ACCOUNTS: list[Row] = [
    {"account_id": "A1", "industry": "retail", "region": "APAC"},
    {"account_id": "A2", "industry": None},
]
REPS: list[Row] = [
    {"rep_id": "R1", "team": "sales", "manager": "Ann", "timezone": "America/New_York"},
    {"rep_id": "R2", "team": None, "manager": None, "timezone": None},
]


class World:
    """The company of a seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        # What was added later draws apart, so that the company of a seed stays what it was.
        self.later = Random(f"later {seed}")
        self.leads = [f"L{n}" for n in range(1, self.random.randint(2, 9))]

    def moment(self, days: int = DAYS) -> datetime:
        day = timedelta(days=self.random.randrange(days))
        return FIRST_DAY + day + self.random.choice(HOURS)

    def sometimes(self, value: Any) -> Any:
        return value if self.random.random() < 0.7 else None

    def money(self) -> Decimal:
        return Decimal(self.random.randrange(100_000)) / 100

    def one(self, *values: Any) -> Any:
        return self.random.choice(values)

    def many(self, most: int, make: Any) -> list[Row]:
        return [make(n) for n in range(1, self.random.randint(0 if most < 9 else 4, most) + 1)]

    def tables(self) -> Tables:
        moves = self.many(16, self.move)
        return {
            "accounts": ACCOUNTS,
            "reps": REPS,
            "leads": [self.lead(name) for name in self.leads],
            "lead_stages": self.many(40, self.stage),
            "spend": self.many(6, self.spend),
            "touches": self.many(10, self.touch),
            "opportunities": self.many(10, self.deal),
            # Two amounts at one moment have no order.
            "opportunity_stages": list(
                {(move["opportunity_id"], move["entered_at"]): move for move in moves}.values()
            ),
            "handoffs": self.many(12, self.handoff),
            "lead_changes": self.changes(),
            "opportunity_contacts": self.many(8, self.contact),
        }

    def lead(self, name: str) -> Row:
        return {
            "lead_id": name,
            "account_id": self.one(None, "A1", "A2", "A9"),  # A9 is not in the accounts
            "created_at": self.moment(),
            "channel": self.one(*CHANNELS),
            "campaign_id": self.one(None, "C1"),
            "region": self.one(*REGIONS),
            "segment": self.one(None, "smb"),
            "persona": self.one(None, "cfo"),
            "product_line": self.one(None, "core"),
            "owner_id": self.one(None, "R1", "R2"),
            "deleted_at": self.one(None, self.moment()),
            **{fact: self.later.choice((None, True, True, False)) for fact in FACTS},
        }

    def stage(self, _: int) -> Row:
        return {
            "lead_id": self.one(*self.leads, "L98", "L99"),  # orphans: in no row of leads
            "stage": self.one(*STAGES, "mql", "sql"),
            "entered_at": self.moment(),
        }

    def spend(self, _: int) -> Row:
        return {
            "day": self.moment().date(),
            "channel": self.one(*CHANNELS[1:]),
            "campaign_id": self.one(None, "C1"),
            "cost_type": self.one(None, "media", "people"),
            "amount": self.money(),
        }

    def touch(self, n: int) -> Row:
        return {
            "touch_id": f"T{n}",
            "lead_id": self.one(*self.leads),
            "occurred_at": self.moment(),
            "team": self.one("sales", "sales", "marketing"),
            "channel": self.one(*CHANNELS[1:]),
            "kind": self.one(None, "meeting", "email"),
            "responded": self.one(None, True, False),
            "automated": self.one(None, True, False),
            "campaign_id": self.one(None, "C1"),
            "rep_id": self.one(None, "R1"),
            "direction": self.later.choice((None, "inbound", "outbound", "outbound", "outbound")),
        }

    def changes(self) -> list[Row]:
        """What became known of leads, and was lost again; some companies keep no such history."""
        draw = self.later
        return [
            {
                "lead_id": draw.choice((*self.leads, "L98")),
                "field": draw.choice((*FACTS, *FACTS, "score")),
                "value": draw.choice((None, "true", "true", "false")),
                "changed_at": FIRST_DAY + timedelta(days=draw.randrange(DAYS)) + draw.choice(HOURS),
            }
            for _ in range(draw.choice((0, 30, 60)))
        ]

    def deal(self, n: int) -> Row:
        status = self.one("open", "won", "won", "lost")
        return {
            "opportunity_id": f"O{n}",
            "account_id": self.one(None, "A1", "A9"),
            "lead_id": self.one(None, *self.leads),
            "owner_id": self.one(None, "R1", "R2"),
            "kind": self.one(None, "new", "expansion", "renewal"),
            "pipeline": self.one(None, "direct"),
            "created_at": self.moment(),
            "qualified_at": self.sometimes(self.moment()),
            "closed_at": None if status == "open" else self.moment(),
            "status": status,
            "amount": self.sometimes(self.money()),
            "sourced_by": self.one(None, "marketing", "sales"),
            "channel": self.one(*CHANNELS),
            "region": self.one(*REGIONS),
            "segment": self.one(None, "smb"),
            "product_line": self.one(None, "core"),
        }

    def move(self, _: int) -> Row:
        return {
            "opportunity_id": f"O{self.random.randint(1, 10)}",
            "stage": "proposal",
            "entered_at": self.moment(),
            "amount": self.sometimes(self.money()),
            "expected_close_on": self.sometimes(self.moment().date()),
        }

    def contact(self, _: int) -> Row:
        return {
            "opportunity_id": f"O{self.random.randint(1, 10)}",
            "lead_id": self.one(*self.leads, "L98"),
        }

    def handoff(self, n: int) -> Row:
        return {
            "handoff_id": f"H{n}",
            "lead_id": self.one(*self.leads),
            "account_id": self.one(None, "A1"),
            "handed_at": self.moment(),
            "priority": self.one(None, "P1", "P3"),
            "assigned_to": self.one(None, "R1", "R2"),
            "first_response_at": self.one(None, self.moment()),
            "disposition": self.one(None, "accepted", "rejected"),
            "disposed_at": self.sometimes(self.moment()),
            "reason": self.one(None, "no fit"),
        }

    # -- questions --------------------------------------------------------------------------

    def question(self, config: Config, *, by: bool = True, whole: bool = False) -> MetricQuery:
        """Every KPI over some periods; ``whole``: no period is cut."""
        calendar = Calendar(config)
        cadence = self.one(Cadence.WEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY)
        first = FIRST_DAY.date() + timedelta(days=self.random.randint(-5, 20))
        last = first + timedelta(days=self.random.randint(1, 40))
        periods = calendar.between(first, last, cadence)
        filters = self.random.sample(sorted(MEMBERS), self.one(0, 0, 1, 1, 2))
        window = self.one(None, 1, 3, 7, 20)
        # To the second at which a window that opened on the grid closes.
        closing = self.moment(DAYS // 2) + timedelta(days=window or 14)
        return MetricQuery(
            metrics=PLAIN,
            spans=tuple(p.span if whole else p.within(first, last) for p in periods),
            as_of=self.one(self.moment(), closing, closing, datetime(2026, 12, 31)),
            by=tuple(self.random.sample(DIMENSIONS, self.one(0, 1, 1, 2) if by else 0)),
            where=tuple(
                (name, tuple(self.random.sample(MEMBERS[name], self.random.randint(1, 2))))
                for name in filters
            ),
            window_days=window,
            unit=self.one("lead", "lead", "account"),
        )


MEMBERS: dict[str, tuple[str | None, ...]] = {
    "channel": CHANNELS,
    "campaign": (None, "C1"),
    "region": (*REGIONS, "nowhere"),
    "industry": (None, "retail"),
    "rep": (None, "R1", "R2"),
    "team": (None, "sales", "marketing"),
    "priority": (None, "P1"),
    "kind": ("new", "renewal", None),
    "sourced_by": (None, "marketing"),
}


# All four where none are named.
REQUIRED_FACTS = {"UTC": ["has_interest"], "America/New_York": ["has_budget", "has_authority"]}


def config_text(zone: str, first_month: int = 1) -> str:
    return (
        f'[company]\ntimezone = "{zone}"\nfiscal_year_starts = {first_month}\n'
        '[business_hours]\nholidays = "US"\n'
        '[sla]\nfit_reasons = ["no fit"]\n'
        f"[mql]\nrequired_facts = {REQUIRED_FACTS.get(zone, [])}\n"
        "[sla.response_hours]\nP1 = 1\nP3 = 24\ndefault = 8\n"
        "[attribution]\nlookback_days = 12\n"
    )


def before(tables: Tables, as_of: datetime) -> Tables:
    """The same company with everything deleted that happened after a moment."""

    def known(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment <= as_of else None

    def deal(row: Row) -> Row:
        is_closed = known(row["closed_at"]) is not None
        amounts = [
            (move["entered_at"], move["amount"])
            for move in tables["opportunity_stages"]
            if move["opportunity_id"] == row["opportunity_id"]
        ]
        then = [(at, amount) for at, amount in amounts if at <= as_of and amount is not None]
        was_other = row["closed_at"] is not None or any(at > as_of for at, _ in amounts)
        return {
            **row,
            "qualified_at": known(row["qualified_at"]),
            "closed_at": known(row["closed_at"]),
            "status": row["status"] if is_closed else "open",
            "amount": max(then)[1] if then and was_other and not is_closed else row["amount"],
        }

    def handoff(row: Row) -> Row:
        disposed = known(row["disposed_at"])
        return {
            **row,
            "first_response_at": known(row["first_response_at"]),
            "disposed_at": disposed,
            "disposition": row["disposition"] if disposed else None,
            "reason": row["reason"] if disposed else None,
        }

    return {
        **tables,
        "lead_stages": [r for r in tables["lead_stages"] if r["entered_at"] <= as_of],
        "touches": [r for r in tables["touches"] if r["occurred_at"] <= as_of],
        "lead_changes": [r for r in tables["lead_changes"] if r["changed_at"] <= as_of],
        "opportunities": [deal(r) for r in tables["opportunities"] if r["created_at"] <= as_of],
        "opportunity_stages": [r for r in tables["opportunity_stages"] if r["entered_at"] <= as_of],
        "handoffs": [handoff(r) for r in tables["handoffs"] if r["handed_at"] <= as_of],
    }
