"""Build the demo company: simulate its world once, cut it at the window's end, write it down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from data.demo.arrow import contract_table
from data.demo.campaigns import Campaigns, build_campaigns
from data.demo.changes import changes_of, gather
from data.demo.clock import COMPANY_ZONE, Clock, Window, utc
from data.demo.company import MARKETER, ZONES
from data.demo.deal_tables import (
    Contacts,
    build_contacts,
    build_history,
    contact_table,
    opportunity_tables,
)
from data.demo.deals import Deals, Joining, build_deals
from data.demo.draws import Draws
from data.demo.endings import Endings, build_endings
from data.demo.funnel import Passes, build_passes
from data.demo.gap_month import fit_month, plan_gap
from data.demo.known import as_known
from data.demo.lead_tables import (
    Knowledge,
    Noted,
    account_table,
    handoff_table,
    lead_table,
    people_of,
    stage_table,
)
from data.demo.leads import Leads, build_leads
from data.demo.roster import build_reps
from data.demo.spend import build_spend
from data.demo.stories import LEADS, Stories
from data.demo.systems import Systems, build_alone, build_systems, record_table
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


@dataclass(frozen=True)
class World:
    """The demo company as it was simulated. ``tables`` have the leads' own ids: what happened to a
    lead that was merged is its own there (``truth`` has it as the lead that stays)."""

    window: Window
    leads: Leads
    endings: Endings
    passes: Passes
    deals: Deals
    joining: Joining
    contacts: Contacts
    systems: Systems
    campaigns: Campaigns
    tables: dict[str, pa.Table]
    known: Knowledge

    @property
    def loaded_at(self) -> np.datetime64:
        """The nightly load of the two systems has ended, the morning after."""
        return utc(self.window.through + timedelta(days=1), COMPANY_ZONE, LOADED_HOUR)

    def truth(self) -> dict[str, pa.Table]:
        """Every contract table, by name, as a build of the two systems must find it."""
        tables = as_known(self.tables, self.systems, self.endings)
        tables["loads"] = _loads(self.window, tables)
        return {name: tables[name] for name in CONTRACT}


def build_demo(
    *,
    leads: int = LEADS,
    seed: int = 42,
    through: date | None = None,
    progress: Progress | None = None,
) -> dict[str, pa.Table]:
    """Every contract table of the demo company, by name, as ``simulate`` knows it."""
    return simulate(leads=leads, seed=seed, through=through, progress=progress).truth()


def simulate(
    *,
    leads: int = LEADS,
    seed: int = 42,
    through: date | None = None,
    progress: Progress | None = None,
) -> World:
    """The demo company.

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
    campaigns = build_campaigns(window, stories)
    report("leads", 0.10)
    people, accounts = build_leads(draws, window, clock, stories, leads)
    people = replace(
        people, campaign=campaigns.of(draws, clock, people.channel, people.created, "leads")
    )
    report("funnel", 0.15)
    passes = build_passes(draws, clock, window, stories, people)
    passes = fit_month(draws, stories, people, passes)
    report("opportunities", 0.25)
    deals, joining, accounts = build_deals(draws, clock, window, stories, people, accounts, passes)
    endings = build_endings(draws, window, people, passes)
    contacts = build_contacts(draws, window, people, endings, deals, joining)
    journal = gather(draws, window, stories, people, passes, deals)
    report("systems", 0.35)
    gap = plan_gap(
        draws, window, stories, people, endings, passes, contacts.lead, journal.leads_with_facts
    )
    endings = endings.merging(gap.merged[0], gap.merged[1], gap.merged[2] + np.timedelta64(1, "D"))
    alone = build_alone(draws, people, passes, gap, contacts.lead)
    people = replace(people, campaign=np.where(alone, -1, people.campaign))
    systems = build_systems(
        draws, window, stories, people, endings, passes, gap, alone, contacts.lead
    )
    history = build_history(draws, clock, window, deals)
    owner = history.owner[history.last(len(deals))]
    name, email = people_of(draws, people, endings, gap.alone[0][:1])
    report("what was known when", 0.45)
    changes, known = changes_of(journal, window, people, endings, alone)
    known = known.owned_by(gap.alone[0], MARKETER)
    noted = Noted(*gap.alone, alone)
    tables = {
        "accounts": account_table(draws, accounts),
        "reps": build_reps(),
        "campaigns": campaigns.table,
        "spend": build_spend(draws, window, clock, stories, campaigns),
        "leads": lead_table(people, endings, known, name, email),
        "lead_changes": changes,
        "lead_stages": stage_table(window, people, endings, passes, deals, joining, owner, noted),
        "handoffs": handoff_table(draws, clock, window, people, passes, deals),
        "opportunity_contacts": contact_table(contacts),
        "system_records": record_table(systems, endings, email),
    }
    tables |= opportunity_tables(draws, clock, window, deals, history)
    report("touches", 0.55)
    tables["touches"] = touch_table(
        draws, clock, window, people, endings, passes, deals, campaigns,
        email.is_valid().to_numpy(zero_copy_only=False), alone,
    )  # fmt: skip
    report("targets", 0.90)
    tables["targets"] = build_targets(
        draws, clock, window, _actuals(window, people, endings, passes, deals, tables)
    )
    world = World(
        window, people, endings, passes, deals, joining, contacts, systems, campaigns,
        tables, known,
    )  # fmt: skip
    report("done", 1.0)
    return world


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


def reached(window: Window) -> dict[str, datetime]:
    """How far each source reaches: a little before the load (UTC without zone)."""
    morning = utc(window.through + timedelta(days=1), COMPANY_ZONE, LOADED_HOUR)
    return {
        source: (morning - np.timedelta64(minutes, "m")).astype(object)
        for source, (minutes, _) in SOURCES.items()
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
