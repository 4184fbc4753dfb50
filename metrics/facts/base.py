"""The parts that facts are made of, and how an entity finds its dimensions.

Joins to leads, accounts and reps are outer joins on primary keys: they never drop or multiply a
counted entity.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    case,
    func,
    literal,
    select,
)
from sqlalchemy.sql.selectable import AliasedReturnsRows

from data.config import Config
from data.review_memory.disputes import DisputeEvent
from data.row_scope import Filters
from data.tables import accounts, leads, reps
from metrics.calendar import Calendar, Span

Column = ColumnElement[Any]


class Shared:
    """Row sets that several facts of one question are made of, each of them written once.

    The statements that read one can then be asked as one, in which it is computed once
    (``metrics/together.py``).
    """

    def __init__(self) -> None:
        self._found: dict[str, CTE] = {}
        self.read: set[str] = set()

    def rows(self, name: str, make: Callable[[], Select]) -> CTE:
        """The row set of a name, which says all that tells it from others of one question."""
        self.read.add(name)
        if name not in self._found:
            self._found[name] = make().cte(name)
        return self._found[name]


@dataclass(frozen=True)
class Context:
    """What a fact must know of the question: the moment, the unit, the cohorts to follow.

    ``by`` and ``filtered_by`` are the dimensions by which it is split and filtered; ``days`` those
    it is about at all: a fact may leave out what lies elsewhere. ``disputes`` are those that it
    counts, ``where`` its filters: for a fact whose rows come with the question. ``shared`` holds
    what other facts of the question read as well.
    """

    config: Config
    as_of: datetime
    unit: str = "lead"
    # Cohort metrics by id: (stage reached, window in days).
    cohorts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    filtered_by: tuple[str, ...] = ()
    days: Span | None = None
    where: Filters = ()
    disputes: tuple[DisputeEvent, ...] | None = None
    shared: Shared = field(default_factory=Shared, compare=False)

    def of_days(self, rows: AliasedReturnsRows, moment: str) -> AliasedReturnsRows:
        """The rows whose moment lies within ``days``: others count for nothing, and what is joined
        to them need not be looked for."""
        if self.days is None:
            return rows
        calendar, at = Calendar(self.config), rows.c[moment]
        within = at >= calendar.starts_at(self.days.start), at < calendar.starts_at(self.days.end)
        return select(rows).where(*within).subquery(f"{rows.name}_of_days")


@dataclass(frozen=True)
class Count:
    """A measure: how many rows meet ``condition``."""

    condition: Column | None = None

    def columns(self, name: str) -> dict[str, Column]:
        return {name: _one_where(self.condition)}


@dataclass(frozen=True)
class Amount:
    """A measure: the sum of ``value`` over the rows that meet ``condition``.

    It carries ``<name>__rows`` and ``<name>__known``, so that rows whose amounts are all unknown
    add up to "unknown", not to 0.
    """

    value: Column
    condition: Column | None = None
    is_money: bool = True

    def columns(self, name: str) -> dict[str, Column]:
        known = self.value.is_not(None)
        both = known if self.condition is None else self.condition & known
        value = self.value if self.condition is None else case((self.condition, self.value))
        return {
            name: value,
            f"{name}__rows": _one_where(self.condition),
            f"{name}__known": _one_where(both),
        }


@dataclass(frozen=True)
class Weight:
    """A measure: the sum of the rows' weights, each its share (0–1) of something whole."""

    share: Column

    def columns(self, name: str) -> dict[str, Column]:
        return {name: self.share}


def _one_where(condition: Column | None) -> Column:
    if condition is None:
        return literal(1, Integer)
    return case((condition, 1), else_=0)


@dataclass(frozen=True)
class Links:
    """How a counted entity reaches its dimensions: own columns, its lead, its account, its rep."""

    own: Mapping[str, Column] = field(default_factory=dict)
    lead_id: Column | None = None
    account_id: Column | None = None
    rep_id: Column | None = None
    is_lead: bool = False  # the entity's FROM holds the leads table already


@dataclass(frozen=True)
class Shown:
    """A column of a record: its heading, and how its values are written.

    ``form`` is text, moment (naive UTC), day, money, days or hours.
    """

    label: str
    column: Column
    form: str = "text"


@dataclass(frozen=True)
class Record:
    """What one counted row is to a reader: its noun, the name of its date, what tells it apart.

    ``key`` orders rows of one date; ``shown`` are columns of its own, by name, beside those that
    its links give every record (lead, company, channel, region, owner).
    """

    noun: str
    dated: str
    key: tuple[Column, ...]
    shown: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True)
class Fact:
    """Rows to count: where from, by which date, with which measures.

    ``moment`` is a UTC timestamp, ``day`` a business day; one of the two is given. ``values`` are
    per-row numbers for percentiles and means, NULL where a row does not take part. ``record``
    says how a row is shown in the list of records behind a number. ``once`` is what counts once
    in a span, however many of its rows lie in it: its measures are then all ``Count``, and
    several spans do not add up.

    ``moved_to``: of a planned day, the one that it was moved to; a row counts in a span that holds
    the first and whose period ends before the second: what moved within it does not count.
    ``until``: of what lasts, the day on which it ended (NULL while it does not); a row counts in
    every span at whose end it is there, and its values are those at the end of the last one.
    ``split_by``: dimensions whose members, in a split, are others than those it is filtered by.
    """

    source: FromClause
    links: Links
    moment: Column | None = None
    day: Column | None = None
    measures: Mapping[str, Count | Amount | Weight] = field(default_factory=dict)
    values: Mapping[str, Column] = field(default_factory=dict)
    conditions: tuple[Column, ...] = ()
    record: Record | None = None
    moved_to: Column | None = None
    once: Column | None = None
    until: Column | None = None
    split_by: Mapping[str, Column] = field(default_factory=dict)


class Dimensions:
    """Resolves dimensions of one fact and collects the joins that they need."""

    def __init__(self, fact: Fact) -> None:
        self.links = fact.links
        self.source = fact.source
        self._lead = leads if self.links.is_lead else leads.alias("dim_lead")
        self._account = accounts.alias("dim_account")
        self._rep = reps.alias("dim_rep")
        self._joined: set[str] = {"lead"} if self.links.is_lead else set()

    def column(self, name: str) -> Column | None:
        """The column of a dimension, or None when the entity has no such thing."""
        if name in self.links.own:
            return self.links.own[name]
        match name:
            case "rep":
                return self._rep_id()
            case "manager":
                return self._rep_column("manager")
            case "team":
                return self._rep_column("team")
            case "industry":
                return self._account_column("industry")
            case "campaign":
                return self._lead_column("campaign_id")
            case "channel" | "region" | "segment" | "persona" | "product_line":
                return self._lead_column(name)
        return None

    def linked(self, entity: str, name: str) -> Column | None:
        """A column of the entity's lead, account or rep; None where it has no such link."""
        match entity:
            case "lead":
                return self._lead_column(name)
            case "account":
                return self._account_column(name)
            case "rep":
                return self._rep_column(name)
        raise ValueError(entity)

    def _join_lead(self) -> bool:
        if self.links.lead_id is None:
            return False
        if "lead" not in self._joined:
            self.source = self.source.outerjoin(
                self._lead, self._lead.c.lead_id == self.links.lead_id
            )
            self._joined.add("lead")
        return True

    def _lead_column(self, name: str) -> Column | None:
        return self._lead.c[name] if self._join_lead() else None

    def _account_id(self) -> Column | None:
        own = self.links.account_id
        if self.links.lead_id is None:
            return own
        self._join_lead()
        from_lead = self._lead.c.account_id
        return from_lead if own is None else func.coalesce(own, from_lead)

    def _account_column(self, name: str) -> Column | None:
        account_id = self._account_id()
        if account_id is None:
            return None
        if "account" not in self._joined:
            self.source = self.source.outerjoin(
                self._account, self._account.c.account_id == account_id
            )
            self._joined.add("account")
        return self._account.c[name]

    def _rep_id(self) -> Column | None:
        if self.links.rep_id is not None:
            return self.links.rep_id
        return self._lead_column("owner_id")

    def _rep_column(self, name: str) -> Column | None:
        rep_id = self._rep_id()
        if rep_id is None:
            return None
        if "rep" not in self._joined:
            self.source = self.source.outerjoin(self._rep, self._rep.c.rep_id == rep_id)
            self._joined.add("rep")
        return self._rep.c[name]
