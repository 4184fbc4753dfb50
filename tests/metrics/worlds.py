"""Small warehouses at random, full of traps, and a database that is refilled for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, insert
from sqlalchemy.engine import make_url

from data.config import DIMENSIONS, Config
from data.derive import derive
from data.tables import CONTRACT, SCHEMA_VERSION, STAGES, metadata, scorecard_meta
from data.warehouse import Warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.query import MetricQuery
from tests.build import newest_event

Tables = dict[str, list[dict[str, Any]]]

# A grid of moments on which everything happens, so that edges are met exactly and often:
# four a day, one of them the last half hour of a UTC day. Clocks change in New York (8 March)
# and in Lisbon (29 March) in these months.
FIRST_DAY = datetime(2026, 2, 23)
HOURS = (timedelta(), timedelta(hours=5), timedelta(hours=14), timedelta(hours=23, minutes=30))
DAYS = 50
ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Europe/Lisbon")
CHANNELS = (None, "paid", "unknown", "~")
REGIONS = (None, "EMEA", "AMER")
LEADS = tuple(f"L{n}" for n in range(1, 8))


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
        metadata.create_all(self.engine)
        with self.engine.begin() as connection:
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
            for table in CONTRACT.values():
                connection.execute(delete(table))
            for name, rows in {"loads": loads, **tables}.items():
                columns = CONTRACT[name].columns.keys()
                full = [{column: row.get(column) for column in columns} for row in rows]
                if full:
                    connection.execute(insert(CONTRACT[name]), full)
            if tables.get("handoffs"):
                derive(connection, config)
        # Every example stands in the same place; what was asked of the last one is not its own.
        RESULTS.clear()
        warehouse = Warehouse(self.url)
        warehouse.__dict__.update(engine=self.engine, config=config)
        return warehouse


# -- rows --------------------------------------------------------------------------------------


def moments(days: int = DAYS) -> st.SearchStrategy[datetime]:
    return st.builds(
        lambda day, hour: FIRST_DAY + timedelta(days=day) + hour,
        st.integers(0, days - 1),
        st.sampled_from(HOURS),
    )


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


AMOUNTS = maybe(st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100))
LEAD = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from((None, "A1", "A2", "A9")),  # A9 is not in the accounts
        "created_at": moments(),
        "channel": st.sampled_from(CHANNELS),
        "campaign_id": st.sampled_from((None, "C1")),
        "region": st.sampled_from(REGIONS),
        "segment": st.sampled_from((None, "smb")),
        "persona": st.sampled_from((None, "cfo")),
        "product_line": st.sampled_from((None, "core")),
        "owner_id": st.sampled_from((None, "R1", "R2")),
        "deleted_at": maybe(moments()),
    }
)
ACCOUNTS = [
    {"account_id": "A1", "industry": "retail", "region": "APAC"},
    {"account_id": "A2", "industry": None},
]
REPS = [
    {"rep_id": "R1", "team": "sales", "manager": "Ann", "timezone": "America/New_York"},
    {"rep_id": "R2", "team": None, "manager": None, "timezone": None},
]
STAGE = st.fixed_dictionaries(
    {
        # L8 and L9 are orphans: in no row of leads.
        "lead_id": st.sampled_from((*LEADS, "L8", "L9")),
        "stage": st.sampled_from((*STAGES, "mql", "sql")),
        "entered_at": moments(),
    }
)
SPEND = st.fixed_dictionaries(
    {
        "day": moments().map(lambda moment: moment.date()),
        "channel": st.sampled_from(CHANNELS[1:]),
        "campaign_id": st.sampled_from((None, "C1")),
        "cost_type": st.sampled_from((None, "media", "people")),
        "amount": st.integers(0, 99_999).map(lambda cents: Decimal(cents) / 100),
    }
)
TOUCH = st.fixed_dictionaries(
    {
        "lead_id": st.sampled_from(LEADS),
        "occurred_at": moments(),
        "team": st.sampled_from(("sales", "sales", "marketing")),
        "channel": st.sampled_from(CHANNELS[1:]),
        "kind": st.sampled_from((None, "meeting", "email")),
        "responded": st.sampled_from((None, True, False)),
        "automated": st.sampled_from((None, True, False)),
        "campaign_id": st.sampled_from((None, "C1")),
        "rep_id": st.sampled_from((None, "R1")),
    }
)
OPPORTUNITY = st.fixed_dictionaries(
    {
        "account_id": st.sampled_from((None, "A1", "A9")),
        "lead_id": st.sampled_from((None, *LEADS)),
        "owner_id": st.sampled_from((None, "R1", "R2")),
        "kind": st.sampled_from((None, "new", "expansion", "renewal")),
        "pipeline": st.sampled_from((None, "direct")),
        "created_at": moments(),
        "qualified_at": maybe(moments()),
        "closed_at": moments(),
        "status": st.sampled_from(("open", "won", "won", "lost")),
        "amount": AMOUNTS,
        "sourced_by": st.sampled_from((None, "marketing", "sales")),
        "channel": st.sampled_from(CHANNELS),
        "region": st.sampled_from(REGIONS),
        "segment": st.sampled_from((None, "smb")),
        "product_line": st.sampled_from((None, "core")),
    }
)
OPPORTUNITY_STAGE = st.fixed_dictionaries(
    {
        "opportunity_id": st.integers(1, 6).map(lambda n: f"O{n}"),
        "stage": st.just("proposal"),
        "entered_at": moments(),
        "amount": AMOUNTS,
    }
)
HANDOFF = st.fixed_dictionaries(
    {
        "lead_id": st.sampled_from(LEADS),
        "account_id": st.sampled_from((None, "A1")),
        "handed_at": moments(),
        "priority": st.sampled_from((None, "P1", "P3")),
        "assigned_to": st.sampled_from((None, "R1", "R2")),
        "first_response_at": maybe(moments()),
        "disposition": st.sampled_from((None, "accepted", "rejected")),
        "disposed_at": maybe(moments()),
        "reason": st.sampled_from((None, "no fit")),
    }
)


def _numbered(key: str, prefix: str, rows: st.SearchStrategy, most: int) -> st.SearchStrategy:
    lists = st.lists(rows, max_size=most)
    return lists.map(
        lambda found: [{key: f"{prefix}{n}", **row} for n, row in enumerate(found, start=1)]
    )


def _tables(
    leads: list, stages: list, spend: list, touches: list, deals: list, moves: list, given: list
) -> Tables:
    for deal in deals:
        if deal["status"] == "open":
            deal["closed_at"] = None
    # Two amounts at one moment have no order.
    moves = list({(row["opportunity_id"], row["entered_at"]): row for row in moves}.values())
    return {
        "accounts": ACCOUNTS,
        "reps": REPS,
        "leads": [{"lead_id": LEADS[n], **row} for n, row in enumerate(leads)],
        "lead_stages": stages,
        "spend": spend,
        "touches": touches,
        "opportunities": deals,
        "opportunity_stages": moves,
        "handoffs": given,
    }


def worlds(*, handoffs: int = 6) -> st.SearchStrategy[Tables]:
    """Tables of a small company; ``handoffs``: how many at most."""
    return st.builds(
        _tables,
        st.lists(LEAD, max_size=len(LEADS)),
        st.lists(STAGE, max_size=40),
        st.lists(SPEND, max_size=6),
        _numbered("touch_id", "T", TOUCH, 8),
        _numbered("opportunity_id", "O", OPPORTUNITY, 8),
        st.lists(OPPORTUNITY_STAGE, max_size=8),
        _numbered("handoff_id", "H", HANDOFF, handoffs),
    )


# -- settings and questions ----------------------------------------------------------------------


def config_text(zone: str, first_month: int = 1) -> str:
    return (
        f'[company]\ntimezone = "{zone}"\nfiscal_year_starts = {first_month}\n'
        '[business_hours]\nholidays = "US"\n'
        "[sla.response_hours]\nP1 = 1\nP3 = 24\ndefault = 8\n"
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


@st.composite
def questions(
    draw: st.DrawFn, config: Config, *, by: bool = True, whole: bool = False
) -> MetricQuery:
    """All KPIs over some periods; ``whole``: no period is cut."""
    calendar = Calendar(config)
    cadence = draw(st.sampled_from((Cadence.WEEKLY, Cadence.MONTHLY, Cadence.QUARTERLY)))
    first = FIRST_DAY.date() + timedelta(days=draw(st.integers(-5, 30)))
    last = first + timedelta(days=draw(st.integers(1, 40)))
    periods = calendar.between(first, last, cadence)
    dimensions = st.lists(st.sampled_from(DIMENSIONS), max_size=2 if by else 0, unique=True)
    where = draw(
        st.dictionaries(
            st.sampled_from(sorted(MEMBERS)), st.integers(1, 3), max_size=draw(st.integers(0, 1))
        )
    )
    return MetricQuery(
        metrics=tuple(CATALOG),
        spans=tuple(p.span if whole else p.within(first, last) for p in periods),
        as_of=draw(moments(DAYS + 20) | st.just(datetime(2026, 12, 31))),
        by=tuple(draw(dimensions)),
        where=tuple(
            (name, tuple(draw(st.permutations(MEMBERS[name]))[:count]))
            for name, count in where.items()
        ),
        window_days=draw(maybe(st.integers(1, 20))),
        unit=draw(st.sampled_from(("lead", "lead", "account"))),
    )


def before(tables: Tables, as_of: datetime) -> Tables:
    """The same company with everything deleted that happened after a moment."""

    def known(moment: datetime | None) -> datetime | None:
        return moment if moment is not None and moment <= as_of else None

    def deal(row: dict[str, Any]) -> dict[str, Any]:
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

    def handoff(row: dict[str, Any]) -> dict[str, Any]:
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
        "opportunities": [deal(r) for r in tables["opportunities"] if r["created_at"] <= as_of],
        "opportunity_stages": [
            r for r in tables["opportunity_stages"] if r["entered_at"] <= as_of
        ],
        "handoffs": [handoff(r) for r in tables["handoffs"] if r["handed_at"] <= as_of],
    }


def day(text: str) -> date:
    return date.fromisoformat(text)
