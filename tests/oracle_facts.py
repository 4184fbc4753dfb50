"""The oracle's entities: what is counted, when, and how its dimensions are found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data.config import Config
from metrics.calendar import Span
from metrics.query import MetricQuery

Row = Mapping[str, Any]
Tables = Mapping[str, Sequence[Row]]
Members = tuple[str | None, ...]

ORDER = ("lead", "mql", "sal", "sql", "opportunity", "customer")
DAY = timedelta(days=1)
# A percentile that falls among unanswered handoffs is undefined.
NEVER = float("inf")


class NoSuchDimension(Exception):
    pass


@dataclass
class Item:
    """One counted entity: its business day, how to find its dimensions, and what it adds."""

    day: date
    member: Callable[[str], str | None]
    top: Any = 0  # to the numerator; None is an unknown amount
    bottom: Any = 0  # to the denominator
    is_open: bool = False  # still maturing
    early: bool = False  # converted inside a window that is still open
    span: float | None = None  # a duration; NEVER: it has not ended
    only: Span | None = None  # counts in this span of the question alone
    as_split: Mapping[str, str | None] = field(default_factory=dict)  # members other than filtered

    def split(self, name: str) -> str | None:
        """Its member in a split; raises ``NoSuchDimension``."""
        own = self.member(name)
        return self.as_split.get(name, own)

    def is_in(self, span: Span) -> bool:
        return span.start <= self.day < span.end and self.only in (None, span)


@dataclass
class Parts:
    """The items of a metric. ``bottoms`` are counted apart from ``tops`` where the denominator
    is of another kind of entity, ``opens`` where what is maturing is."""

    kind: str  # count, sum, ratio, cohort, percentile, mean
    tops: list[Item]
    bottoms: list[Item] | None = None
    share: float = 0.5
    opens: list[Item] = field(default_factory=list)


_LEAD = ("channel", "campaign", "region", "segment", "persona", "product_line")
_PEOPLE = ("rep", "manager", "team")
OWN = {
    "leads": _LEAD,
    "opportunities": (
        *("channel", "region", "segment", "product_line", "sourced_by", "kind", "pipeline"),
    ),
    "handoffs": ("priority",),
    "touches": ("channel", "campaign", "team"),
    "spend": ("channel", "campaign"),
}
OWNER = {
    "leads": "owner_id",
    "opportunities": "owner_id",
    "handoffs": "assigned_to",
    "touches": "rep_id",
}
DIMENSIONS = {
    entity: {*own, *(() if entity == "spend" else (*_LEAD, "industry", *_PEOPLE))}
    for entity, own in OWN.items()
} | {"credit": {"channel"}}

STAGES: dict[str, tuple[str, ...]] = {
    "mqls": ("mql",),
    "sals": ("sal",),
    "sqls": ("sql",),
    "re_mqls": ("mql", "recycled"),
    "cost_per_mql": ("mql",),
    "lead_to_mql": ("lead", "mql"),
    "mql_to_sal": ("mql", "sal"),
    "mql_to_sql": ("mql", "sql"),
    "sql_to_opportunity": ("sql", "opportunity"),
    "mql_to_customer": ("mql", "customer"),
    "lead_to_customer": ("lead", "customer"),
    "stage_days_mql_to_sql": ("mql", "sql"),
}
COHORTS = tuple(metric for metric in STAGES if "_to_" in metric and len(metric) < 20)


@dataclass
class Facts:
    """One set of tables. ``through`` is how far the one source of all of them reaches."""

    tables: Tables
    config: Config
    through: datetime | None = None
    zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self.zone = ZoneInfo(self.config.company.timezone)
        self.leads = {row["lead_id"]: row for row in self._all("leads")}
        self.accounts = {row["account_id"]: row for row in self._all("accounts")}
        self.reps = {row["rep_id"]: row for row in self._all("reps")}

    def _all(self, table: str) -> Sequence[Row]:
        return self.tables.get(table, ())

    def day(self, moment: datetime) -> date:
        return moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    # -- dimensions (contract §2) -------------------------------------------------------------

    def _of(self, entity: str, row: Row) -> Callable[[str], str | None]:
        """How an entity's dimensions are found: its own column, its lead's, its account's."""
        own = OWN[entity]
        lead = row if entity == "leads" else self.leads.get(row.get("lead_id"), {})
        account_id = row.get("account_id") or lead.get("account_id")
        account = self.accounts.get(account_id, {})
        rep_id = row.get(OWNER[entity]) if entity in OWNER else None

        def member(name: str) -> str | None:
            if name not in DIMENSIONS[entity]:
                raise NoSuchDimension(name)
            if name == "kind":
                return row.get("kind") or "new"
            if name in own:
                return row.get("campaign_id" if name == "campaign" else name)
            if name == "rep":
                return rep_id
            if name in ("manager", "team"):
                return self.reps.get(rep_id, {}).get(name)
            if name == "industry":
                return account.get("industry")
            return lead.get("campaign_id" if name == "campaign" else name)

        return member

    # -- stages (handbook §2, §3) -------------------------------------------------------------

    def _entries(self, as_of: datetime) -> dict[str, list[tuple[str, datetime]]]:
        found: dict[str, list[tuple[str, datetime]]] = {}
        for row in self._all("lead_stages"):
            if row["entered_at"] <= as_of and row["stage"] in ORDER:
                found.setdefault(row["lead_id"], []).append((row["stage"], row["entered_at"]))
        return found

    @staticmethod
    def _reaches(entries: list[tuple[str, datetime]], stage: str) -> list[datetime]:
        """When a lead reached a stage, each time: by its own rows, or, skipped, by later ones."""
        own = [at for name, at in entries if name == stage]
        if own:
            return own
        later = ORDER[ORDER.index(stage) + 1 :]
        return [at for name, at in entries if name in later]

    def _units(self, query: MetricQuery, stage: str) -> list[tuple[datetime, str, list[str]]]:
        """(first entry, the lead it is counted by, all leads of the unit) per lead or account."""
        entries = self._entries(query.as_of)
        units: dict[tuple[str, str], list[str]] = {}
        for lead_id in entries:
            account = self.leads.get(lead_id, {}).get("account_id")
            key = ("lead", lead_id)
            if query.unit == "account" and account is not None:
                key = ("account", account)
            units.setdefault(key, []).append(lead_id)
        found = []
        for members in units.values():
            firsts = []
            for lead_id in members:
                reached = self._reaches(entries[lead_id], stage)
                if reached:
                    firsts.append((min(reached), lead_id))
            if firsts:
                at, lead_id = min(firsts)
                found.append((at, lead_id, members))
        return found

    def _lead_member(self, lead_id: str) -> Callable[[str], str | None]:
        return self._of("leads", self.leads.get(lead_id, {"lead_id": lead_id}))

    def entered(self, query: MetricQuery, stage: str) -> list[Item]:
        return [
            Item(self.day(at), self._lead_member(lead_id), top=1, bottom=1)
            for at, lead_id, _ in self._units(query, stage)
        ]

    def cohort(self, query: MetricQuery, metric: str) -> Parts:
        start, end = STAGES[metric]
        days = query.window_days or self.config.window_days(metric)
        entries = self._entries(query.as_of)
        items = []
        for at, lead_id, members in self._units(query, start):
            after = [
                moment
                for member in members
                for moment in self._reaches(entries[member], end)
                if moment >= at
            ]
            converted = bool(after) and min(after) - at <= days * DAY
            window_has_passed = at + days * DAY <= query.as_of
            items.append(
                Item(
                    self.day(at),
                    self._lead_member(lead_id),
                    top=int(converted),
                    bottom=1,
                    is_open=not window_has_passed and not converted,
                    early=converted and not window_has_passed,
                )
            )
        return Parts("cohort", items)

    def days_between(self, query: MetricQuery, start: str, end: str) -> Parts:
        entries = self._entries(query.as_of)
        items = []
        for at, lead_id, _ in self._units(query, end):
            reached = self._reaches(entries[lead_id], start)
            if reached and min(reached) <= at:
                days = (at - min(reached)) / DAY
                items.append(Item(self.day(at), self._lead_member(lead_id), span=days))
        return Parts("percentile", items)

    def came_back(self, query: MetricQuery) -> list[Item]:
        """MQLs after a recycling, once each time; by account the first of its leads."""
        found: list[tuple[datetime, str]] = []
        for lead_id in {row["lead_id"] for row in self._all("lead_stages")}:
            rows = [r for r in self._all("lead_stages") if r["lead_id"] == lead_id]
            known = [r for r in rows if r["entered_at"] <= query.as_of]
            mqls = sorted(r["entered_at"] for r in known if r["stage"] == "mql")
            for recycled in sorted({r["entered_at"] for r in known if r["stage"] == "recycled"}):
                later = [at for at in mqls if at > recycled]
                if later and later[0] > mqls[0] and (later[0], lead_id) not in found:
                    found.append((later[0], lead_id))
        if query.unit == "account":
            first: dict[str, tuple[datetime, str]] = {}
            for at, lead_id in sorted(found):
                account = self.leads.get(lead_id, {}).get("account_id")
                first.setdefault(account or f"lead:{lead_id}", (at, lead_id))
            found = list(first.values())
        return [Item(self.day(at), self._lead_member(lead), top=1) for at, lead in found]

    # -- leads, spend, touches ----------------------------------------------------------------

    def leads_created(self, query: MetricQuery) -> list[Item]:
        found = []
        for row in self._all("leads"):
            deleted = row.get("deleted_at")
            is_deleted = deleted is not None and deleted <= query.as_of
            if row["created_at"] <= query.as_of and not is_deleted:
                found.append(Item(self.day(row["created_at"]), self._of("leads", row), top=1))
        return found

    def spent(self, query: MetricQuery) -> list[Item]:
        return [
            Item(row["day"], self._of("spend", row), top=row["amount"])
            for row in self._all("spend")
            if row["day"] <= self.day(query.as_of)
        ]

    def meetings(self, query: MetricQuery) -> list[Item]:
        return [
            Item(self.day(row["occurred_at"]), self._of("touches", row), top=1)
            for row in self._all("touches")
            if row["occurred_at"] <= query.as_of
            and row["team"] == "sales"
            and row.get("kind") == "meeting"
            and row.get("responded") is not False
        ]

    # -- opportunities ------------------------------------------------------------------------

    def _opportunities(self, query: MetricQuery) -> list[Row]:
        return [r for r in self._all("opportunities") if r["created_at"] <= query.as_of]

    def created(self, query: MetricQuery) -> list[Item]:
        return [
            Item(self.day(row["created_at"]), self._of("opportunities", row), top=1, bottom=1)
            for row in self._opportunities(query)
        ]

    def qualified(self, query: MetricQuery) -> list[Item]:
        found = []
        for row in self._opportunities(query):
            at = row.get("qualified_at")
            if at is None or at > query.as_of:
                at = row["created_at"]
            amount = self._amount(row, query.as_of)
            found.append(Item(self.day(at), self._of("opportunities", row), top=amount))
        return found

    def _amount(self, row: Row, as_of: datetime) -> Any:
        """What an opportunity was worth as of a moment: closed later, it is open still, with
        its last amount by then; so is one whose record has changed since."""
        closed_at = row.get("closed_at")
        history = [
            stage
            for stage in self._all("opportunity_stages")
            if stage["opportunity_id"] == row["opportunity_id"]
        ]
        if row["status"] != "open" and closed_at is not None and closed_at <= as_of:
            return row.get("amount")
        closed_later = closed_at is not None and closed_at > as_of
        changed_later = any(stage["entered_at"] > as_of for stage in history)
        if not (closed_later or changed_later):
            return row.get("amount")
        amount, newest = row.get("amount"), None
        for stage in history:
            known = stage["entered_at"] <= as_of and stage.get("amount") is not None
            if known and (newest is None or stage["entered_at"] > newest):
                amount, newest = stage["amount"], stage["entered_at"]
        return amount

    def closed(self, query: MetricQuery, *, won: bool, lost: bool, new: bool = True) -> list[Row]:
        wanted = (["won"] if won else []) + (["lost"] if lost else [])
        return [
            row
            for row in self._opportunities(query)
            if row["status"] in wanted
            and row.get("closed_at") is not None
            and row["closed_at"] <= query.as_of
            and (not new or row.get("kind") in (None, "new"))
        ]

    def closed_items(self, rows: list[Row], top: Callable, bottom: Callable) -> list[Item]:
        return [
            Item(self.day(r["closed_at"]), self._of("opportunities", r), top(r), bottom(r))
            for r in rows
        ]

    def closed_count(self, query: MetricQuery, status: str) -> Parts:
        rows = self.closed(query, won=status == "won", lost=status == "lost", new=False)
        return Parts("count", self.closed_items(rows, lambda r: 1, lambda r: 0))

    def bookings(self, query: MetricQuery) -> Parts:
        rows = self.closed(query, won=True, lost=False, new=False)
        return Parts("sum", self.closed_items(rows, lambda r: r.get("amount"), lambda r: 0))

    def win_rate(self, query: MetricQuery, value: Callable[[Row], Any]) -> Parts:
        won = self.closed(query, won=True, lost=False)
        both = self.closed(query, won=True, lost=True)
        return Parts(
            "ratio",
            self.closed_items(won, value, lambda r: 0),
            self.closed_items(both, lambda r: 0, value),
        )

    def deal_size(self, query: MetricQuery) -> Parts:
        won = self.closed(query, won=True, lost=False)
        known = [row for row in won if row.get("amount") is not None]
        return Parts(
            "ratio",
            self.closed_items(won, lambda r: r.get("amount"), lambda r: 0),
            self.closed_items(known, lambda r: 0, lambda r: 1),
        )

    def cycle(self, query: MetricQuery, kind: str) -> Parts:
        items = []
        for row in self.closed(query, won=True, lost=False):
            days = (row["closed_at"] - row["created_at"]) / DAY
            member = self._of("opportunities", row)
            items.append(Item(self.day(row["closed_at"]), member, span=days))
        return Parts(kind, items)
