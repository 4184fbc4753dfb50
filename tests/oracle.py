"""A second way to every KPI: plain Python over dict rows, written from the handbook's text.

It shares no code with the engine beyond the question (``MetricQuery``) and the configuration:
no SQL, no frames, loops that anyone can follow with a pencil. Slow on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import holidays

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


@dataclass(frozen=True)
class Answer:
    value: float | None
    numerator: float | None
    denominator: float | None
    status: str
    maturing: int = 0


@dataclass
class Parts:
    """The items of a metric. ``bottoms`` are counted apart from ``tops`` where the denominator
    is of another kind of entity."""

    kind: str  # count, sum, ratio, cohort, percentile, mean
    tops: list[Item]
    bottoms: list[Item] | None = None
    share: float = 0.5


@dataclass
class Oracle:
    """Answers questions about one set of tables. ``through`` is how far the one source reaches."""

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

    # -- answers ----------------------------------------------------------------------------

    def answer(self, query: MetricQuery) -> dict[tuple[str, Span, Members], Answer]:
        """By metric, span and members: every combination that occurs; the whole without ``by``."""
        found: dict[tuple[str, Span, Members], Answer] = {}
        for metric in query.metrics:
            nobody: Members = (None,) * len(query.by)
            try:
                parts = None if self.no_data(metric, query) else self._selected(metric, query)
            except NoSuchDimension:
                parts = None
            if parts is None:
                for span in query.spans:
                    found[metric, span, nobody] = Answer(None, None, None, "no_data")
                continue
            seen: list[Members] = [] if query.by else [()]
            for item in [*parts.tops, *(parts.bottoms or ())]:
                members = tuple(item.member(name) for name in query.by)
                inside = any(span.start <= item.day < span.end for span in query.spans)
                if inside and members not in seen:
                    seen.append(members)
            for span in query.spans:
                for members in seen:
                    found[metric, span, members] = self._cell(metric, query, parts, span, members)
        return found

    def no_data(self, metric: str, query: MetricQuery) -> bool:
        if any(not self._all(table) for table in TABLES[metric]):
            return True
        stages = {row["stage"] for row in self._all("lead_stages")}
        if any(stage not in stages for stage in STAGES.get(metric, ())):
            return True
        return query.unit == "account" and metric not in STAGES

    def _selected(self, metric: str, query: MetricQuery) -> Parts:
        """The items of a metric that pass the filters."""
        parts = PARTS[metric](self, query)

        def passes(item: Item) -> bool:
            for name in query.by:
                item.member(name)
            return all(item.member(name) in members for name, members in query.where)

        # Without a single row the dimension must still be refused.
        for entity in ENTITIES[metric]:
            for name in (*query.by, *(name for name, _ in query.where)):
                if name not in DIMENSIONS[entity]:
                    raise NoSuchDimension(name)
        parts.tops = [item for item in parts.tops if passes(item)]
        if parts.bottoms is not None:
            parts.bottoms = [item for item in parts.bottoms if passes(item)]
        return parts

    def _cell(
        self, metric: str, query: MetricQuery, parts: Parts, span: Span, members: Members
    ) -> Answer:
        def mine(items: list[Item]) -> list[Item]:
            return [
                item
                for item in items
                if span.start <= item.day < span.end
                and tuple(item.member(name) for name in query.by) == members
            ]

        tops = mine(parts.tops)
        bottoms = tops if parts.bottoms is None else mine(parts.bottoms)
        maturing = 0
        for item in tops:
            maturing += 1 if item.is_open else 0
        status = self._status(query, span, maturing)
        if parts.kind in ("percentile", "mean"):
            spans = sorted(item.span for item in tops if item.span is not None)
            value = percentile(spans, parts.share) if parts.kind == "percentile" else mean(spans)
            total = None if parts.kind == "percentile" or not spans else sum(spans)
            return Answer(value, total, len(spans), status, maturing)
        if parts.kind == "cohort":
            if maturing:
                tops = bottoms = [item for item in tops if not item.is_open and not item.early]
            top, bottom = sum(item.top for item in tops), len(bottoms)
        else:
            top = total_of([item.top for item in tops])
            bottom = total_of([item.bottom for item in bottoms])
        if parts.kind in ("count", "sum"):
            return Answer(number(top), number(top), None, status, maturing)
        if top is None or not bottom:
            return Answer(None, number(top), number(bottom), status, maturing)
        value = float(Fraction(top) / Fraction(bottom))
        return Answer(value, number(top), number(bottom), status, maturing)

    def _status(self, query: MetricQuery, span: Span, maturing: int) -> str:
        known = query.as_of if self.through is None else min(query.as_of, self.through)
        ends_at = datetime.combine(span.end, time(), self.zone).astimezone(UTC)
        if span.is_cut or ends_at.replace(tzinfo=None) > known:
            return "partial"
        return "maturing" if maturing else "final"

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
            by_account = query.unit == "account" and account is not None
            key = ("account", account) if by_account else ("lead", lead_id)
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

    # -- handoffs (handbook §4) -----------------------------------------------------------------

    def _handed(self, query: MetricQuery) -> list[tuple[Row, datetime, Fraction | None, Fraction]]:
        """(row, due, business seconds to the answer or None, target in seconds)."""
        found = []
        for row in self._all("handoffs"):
            handed = row["handed_at"]
            if handed > query.as_of:
                continue
            zone = self._rep_zone(row)
            hours = self.config.sla.target_hours(row.get("priority"))
            target = Fraction(hours).limit_denominator(3600) * 3600
            due = self._due(handed, zone, target)
            answered = self._answered(row, query.as_of)
            seconds = None if answered is None else self._elapsed(handed, answered, zone)
            found.append((row, due, seconds, target))
        return found

    def _rep_zone(self, row: Row) -> ZoneInfo:
        named = self.config.business_hours.timezone
        if named != "rep":
            return ZoneInfo(named)
        of_rep = self.reps.get(row.get("assigned_to"), {}).get("timezone")
        return ZoneInfo(of_rep) if of_rep else self.zone

    def _answered(self, row: Row, as_of: datetime) -> datetime | None:
        handed, own = row["handed_at"], row.get("first_response_at")
        if own is not None and handed <= own <= as_of:
            return own
        answers = []
        for touch in self._all("touches"):
            by_sales = touch["team"] == "sales" and touch.get("automated") is not True
            if touch["lead_id"] == row["lead_id"] and (by_sales or touch.get("kind") == "meeting"):
                answers.append(touch["occurred_at"])
        if row.get("disposition") == "rejected" and row.get("reason") is not None:
            answers.append(row.get("disposed_at"))
        known = [at for at in answers if at is not None and handed <= at <= as_of]
        return min(known, default=None)

    def _shift(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """When a day's business hours open and close in UTC; None on a day off."""
        hours = self.config.business_hours
        name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
        if name not in hours.days or (
            hours.holidays and day in holidays.country_holidays(hours.holidays, years=day.year)
        ):
            return None
        opens, closes = time.fromisoformat(hours.opens), time.fromisoformat(hours.closes)
        return (
            datetime.combine(day, opens, zone).astimezone(UTC).replace(tzinfo=None),
            datetime.combine(day, closes, zone).astimezone(UTC).replace(tzinfo=None),
        )

    def _elapsed(self, start: datetime, end: datetime, zone: ZoneInfo) -> Fraction:
        total = timedelta()
        day = start.date() - DAY
        while day <= end.date() + DAY:
            shift = self._shift(day, zone)
            if shift is not None:
                opens, closes = max(shift[0], start), min(shift[1], end)
                total += max(closes - opens, timedelta())
            day += DAY
        return Fraction(total // timedelta(seconds=1))

    def _due(self, start: datetime, zone: ZoneInfo, target: Fraction) -> datetime:
        left = timedelta(seconds=float(target))
        day = start.date() - DAY
        while True:
            shift = self._shift(day, zone)
            if shift is not None and shift[1] > start:
                opens = max(shift[0], start)
                if shift[1] - opens >= left:
                    return opens + left
                left -= shift[1] - opens
            day += DAY

    def sla(self, query: MetricQuery) -> Parts:
        items = []
        for row, due, seconds, target in self._handed(query):
            is_due = due <= query.as_of
            met = is_due and seconds is not None and seconds <= target
            items.append(
                Item(
                    self.day(row["handed_at"]),
                    self._of("handoffs", row),
                    top=int(met),
                    bottom=int(is_due),
                    is_open=not is_due,
                )
            )
        return Parts("ratio", items)

    def response(self, query: MetricQuery, share: float) -> Parts:
        items = []
        for row, due, seconds, _ in self._handed(query):
            is_due = due <= query.as_of
            hours = NEVER if seconds is None else float(seconds / 3600)
            items.append(
                Item(
                    self.day(row["handed_at"]),
                    self._of("handoffs", row),
                    span=hours if is_due else None,
                    is_open=not is_due,
                )
            )
        return Parts("percentile", items, share=share)

    def rejections(self, query: MetricQuery) -> Parts:
        items = []
        for row in self._all("handoffs"):
            disposed, verdict = row.get("disposed_at"), row.get("disposition")
            if disposed is None or disposed > query.as_of or row["handed_at"] > query.as_of:
                continue
            member = self._of("handoffs", row)
            counted = int(verdict in ("accepted", "rejected"))
            items.append(Item(self.day(disposed), member, int(verdict == "rejected"), counted))
        return Parts("ratio", items)


def total_of(amounts: list[Any]) -> Any:
    """Σ; nothing adds up to 0, nothing but unknown amounts to unknown."""
    known = [amount for amount in amounts if amount is not None]
    return None if amounts and not known else sum(known)


def number(value: Any) -> float | None:
    return None if value is None else float(value)


def mean(spans: list[float]) -> float | None:
    return sum(spans) / len(spans) if spans else None


def percentile(spans: list[float], share: float) -> float | None:
    """Between the two nearest ranks in proportion; undefined where it reaches a NEVER."""
    if not spans:
        return None
    rank = Fraction(str(share)) * (len(spans) - 1)
    low = int(rank)
    part = rank - low
    high = low + 1 if part else low
    if spans[high] == NEVER:
        return None
    return spans[low] + (spans[high] - spans[low]) * float(part)


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
}

STAGES: dict[str, tuple[str, ...]] = {
    "mqls": ("mql",),
    "sals": ("sal",),
    "sqls": ("sql",),
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


def _cohort(metric: str) -> Callable[[Oracle, MetricQuery], Parts]:
    return lambda oracle, query: oracle.cohort(query, metric)


PARTS: dict[str, Callable[[Oracle, MetricQuery], Parts]] = {
    "leads": lambda o, q: Parts("count", o.leads_created(q)),
    "mqls": lambda o, q: Parts("count", o.entered(q, "mql")),
    "sals": lambda o, q: Parts("count", o.entered(q, "sal")),
    "sqls": lambda o, q: Parts("count", o.entered(q, "sql")),
    **{metric: _cohort(metric) for metric in COHORTS},
    "stage_days_mql_to_sql": lambda o, q: o.days_between(q, "mql", "sql"),
    "spend": lambda o, q: Parts("sum", o.spent(q)),
    "cost_per_mql": lambda o, q: Parts("ratio", o.spent(q), o.entered(q, "mql")),
    "cost_per_opportunity": lambda o, q: Parts("ratio", o.spent(q), o.created(q)),
    "meetings_held": lambda o, q: Parts("count", o.meetings(q)),
    "opportunities_created": lambda o, q: Parts("count", o.created(q)),
    "pipeline_created": lambda o, q: Parts("sum", o.qualified(q)),
    "won_deals": lambda o, q: o.closed_count(q, "won"),
    "lost_deals": lambda o, q: o.closed_count(q, "lost"),
    "bookings": lambda o, q: o.bookings(q),
    "win_rate": lambda o, q: o.win_rate(q, lambda row: 1),
    "win_rate_value": lambda o, q: o.win_rate(q, lambda row: row.get("amount")),
    "avg_deal_size": lambda o, q: o.deal_size(q),
    "sales_cycle_days": lambda o, q: o.cycle(q, "percentile"),
    "sales_cycle_days_mean": lambda o, q: o.cycle(q, "mean"),
    "sla_response": lambda o, q: o.sla(q),
    "response_hours": lambda o, q: o.response(q, 0.5),
    "response_hours_p90": lambda o, q: o.response(q, 0.9),
    "lead_rejection_rate": lambda o, q: o.rejections(q),
}


def _entities(metric: str) -> tuple[str, ...]:
    if metric in ("spend", "cost_per_mql", "cost_per_opportunity"):
        other = {"cost_per_mql": ("leads",), "cost_per_opportunity": ("opportunities",)}
        return ("spend", *other.get(metric, ()))
    if metric == "meetings_held":
        return ("touches",)
    if metric in ("sla_response", "response_hours", "response_hours_p90", "lead_rejection_rate"):
        return ("handoffs",)
    return ("leads",) if metric == "leads" or metric in STAGES else ("opportunities",)


ENTITIES = {metric: _entities(metric) for metric in PARTS}
TABLES = {
    metric: tuple(
        "lead_stages" if entity == "leads" and metric != "leads" else entity for entity in entities
    )
    for metric, entities in ENTITIES.items()
}
