"""Build the demo company: simulate its world once, cut it at the window's end, write it down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from data.demo.arrow import contract_table
from data.demo.campaigns import build_campaigns
from data.demo.changes import build_changes
from data.demo.clock import COMPANY_ZONE, Clock, Window, utc
from data.demo.company import ZONES
from data.demo.deal_tables import build_history, contact_table, opportunity_tables
from data.demo.deals import Deals, build_deals
from data.demo.draws import Draws
from data.demo.funnel import Passes, build_passes
from data.demo.gap_month import gap_span, plant_gap
from data.demo.lead_tables import (
    Endings,
    account_table,
    build_endings,
    handoff_table,
    lead_table,
    stage_table,
)
from data.demo.leads import Leads, build_leads
from data.demo.roster import build_reps
from data.demo.spend import build_spend
from data.demo.stories import GAP_STAGE, LEADS, Stories
from data.demo.systems import Records, ordinary_records, record_table
from data.demo.targets import Actual, build_targets
from data.demo.touches import touch_table
from data.errors import ScorecardError
from data.tables import CONTRACT

Progress = Callable[[str, float], None]
FEWEST_LEADS, EARLIEST, LATEST = 100, date(2000, 1, 1), date(2095, 12, 31)
LOADED_HOUR = 6  # of the morning after, company time
# Source of each table, and how long before the load its data end.
SOURCES = {
    "salesforce": (22, ("accounts", "reps", "handoffs", "opportunities", "opportunity_stages",
                        "opportunity_contacts")),
    "hubspot": (41, ("campaigns", "leads", "lead_changes", "lead_stages", "touches",
                     "system_records")),
    "ads": (120, ("spend", "targets")),
}  # fmt: skip


class DemoError(ScorecardError):
    """The demo company cannot be built as asked."""


def yesterday() -> date:
    """The last complete day of the demo company."""
    return datetime.now(ZoneInfo(COMPANY_ZONE)).date() - timedelta(days=1)


def _checked(leads: int, seed: int, through: date) -> None:
    if leads < FEWEST_LEADS:
        raise DemoError(
            f"A demo company of {leads} leads is too small for its stories.",
            remedy=f"Ask for {FEWEST_LEADS} leads or more; {LEADS:,} is the default.",
        )
    if seed < 0:
        raise DemoError(f"The seed {seed} is negative.", remedy="Give 0 or a positive number.")
    if not EARLIEST <= through <= LATEST:
        raise DemoError(
            f"The demo cannot end on {through}.",
            remedy=f"Give a day from {EARLIEST} to {LATEST}.",
        )


def build_demo(
    *,
    leads: int = LEADS,
    seed: int = 42,
    through: date | None = None,
    progress: Progress | None = None,
) -> dict[str, pa.Table]:
    """Every contract table of the demo company, by name.

    The 24 months end with ``through`` (company time, inclusive; default: yesterday). The same
    ``leads``, ``seed`` and ``through`` give the same tables. ``progress`` is called with what is
    being built and the share done, up to 1.0. Raises ``DemoError`` for arguments out of range.
    """
    through = yesterday() if through is None else through
    _checked(leads, seed, through)
    report = progress or (lambda what, share: None)
    window, stories, draws = Window(through), Stories(through, leads), Draws(seed)
    report("calendar", 0.0)
    clock = Clock(window, ZONES)
    report("leads", 0.10)
    people, accounts = build_leads(draws, window, clock, stories, leads)
    campaigns = build_campaigns(window, stories)
    people = replace(
        people, campaign=campaigns.of(draws, clock, people.channel, people.created, "leads")
    )
    report("funnel", 0.20)
    passes = build_passes(draws, clock, window, stories, people)
    report("opportunities", 0.30)
    deals, joining, accounts = build_deals(draws, clock, window, stories, people, accounts, passes)
    endings = build_endings(draws, window, people, passes)
    tables = {
        "accounts": account_table(draws, accounts),
        "reps": build_reps(),
        "campaigns": campaigns.table,
        "spend": build_spend(draws, window, clock, stories, campaigns),
        "lead_stages": stage_table(window, people, passes, deals, joining),
        "handoffs": handoff_table(draws, clock, window, people, passes, deals),
        "opportunity_contacts": contact_table(draws, window, people, deals, joining),
    }
    history = build_history(draws, clock, window, deals)
    tables |= opportunity_tables(draws, clock, window, deals, history)
    report("what was known when", 0.45)
    tables["lead_changes"], known = build_changes(draws, window, stories, people, passes, deals)
    tables["leads"] = lead_table(draws, people, endings, known)
    report("touches", 0.55)
    tables["touches"] = touch_table(draws, clock, window, people, endings, passes, deals, campaigns)
    report("systems", 0.85)
    tables["system_records"] = _systems(draws, window, stories, people, passes, tables["leads"])
    report("targets", 0.95)
    tables["targets"] = build_targets(
        draws, clock, window, _actuals(window, people, endings, passes, deals, tables)
    )
    tables["loads"] = _loads(window, tables)
    report("done", 1.0)
    return {name: tables[name] for name in CONTRACT}


def _systems(draws: Draws, window: Window, stories: Stories, leads: Leads, passes: Passes,
             lead_rows: pa.Table) -> pa.Table:  # fmt: skip
    records = Records()
    for stage in ("mql", "sal", "sql"):
        told = gap_span(stories) if stage == GAP_STAGE else None
        ordinary_records(draws, passes, records, stage, told)
    plant_gap(draws, stories, leads, passes, records)
    return record_table(window, records, lead_rows["email"])


def _actuals(window: Window, leads: Leads, endings: Endings, passes: Passes, deals: Deals,
             tables: dict[str, pa.Table]) -> dict[str, Actual]:  # fmt: skip
    """What came of each planned metric, the trade show left out: nobody had planned for it."""
    first = ~passes.again & ~leads.is_show[passes.lead]
    known = np.isnat(endings.deleted) & ~leads.is_show
    won = deals.won & (deals.closes < window.end)
    spent = tables["spend"]

    def counted(moments: np.ndarray) -> Actual:
        inside = moments[moments < window.end]
        return Actual(inside, np.ones(len(inside)))

    return {
        "leads": counted(leads.created[known]),
        "mqls": counted(passes.mql[first & ~passes.direct]),
        "sals": counted(passes.sal[first]),
        "sqls": counted(passes.sql[first]),
        "opportunities_created": counted(deals.created),
        "pipeline_created": Actual(deals.created, deals.amount),
        "won_deals": counted(deals.closes[won]),
        "bookings": Actual(deals.closes[won], deals.amount[won]),
        "spend": Actual(
            # Noon, so that the day stays the same day in company time.
            spent["day"].to_numpy().astype("datetime64[us]") + np.timedelta64(16, "h"),
            spent["amount"].cast(pa.float64()).to_numpy(),
        ),
    }


def _loads(window: Window, tables: dict[str, pa.Table]) -> pa.Table:
    """One nightly load, finished the morning after; each source ends a little before it."""
    morning = utc(window.through + timedelta(days=1), COMPANY_ZONE, LOADED_HOUR)
    rows = [
        (f"{source}-{window.through.isoformat()}", source, name, morning, tables[name].num_rows,
         morning - np.timedelta64(minutes, "m"))
        for source, (minutes, names) in SOURCES.items()
        for name in names
    ]  # fmt: skip
    names = ("load_id", "source", "table_name", "loaded_at", "row_count", "data_through")
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    moments = {name: np.array(columns[name]) for name in ("loaded_at", "data_through")}
    return contract_table("loads", {**columns, **moments})
