"""Credit once more, in plain Python over rows and in fractions, with nothing of
metrics/attribution in it but the question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.oracle_facts import Facts

Row = Mapping[str, Any]
Weights = list[Fraction]
Credit = dict[Any, Fraction]

COLUMN = {"channel": "channel", "campaign": "campaign_id", "team": "team", "asset": "asset",
          "rep": "rep_id"}  # fmt: skip
CUSTOM = {"first": 20, "lead": 20, "opportunity": 20, "close": 20, "middle": 20}
POSITIONS: dict[str, dict[str, Any]] = {
    "first_touch": {"first": 1},
    "last_touch": {"last": 1},
    "linear": {"middle": 1},
    "position_40_20_40": {"first": 40, "last": 40, "middle": 20},
    "u_50_50": {"first": 50, "lead": 50},
    "w_30_30_30_10": {"first": 30, "lead": 30, "opportunity": 30, "middle": 10},
    "full_path_22_5": {
        **dict.fromkeys(("first", "lead", "opportunity", "close"), Fraction("22.5")),
        "middle": 10,
    },
}


@dataclass
class Told:
    """One journey: how it ended, what it was worth, its touches in order and its milestones."""

    is_credited: bool
    amount: Decimal | None
    touches: list[Row]
    anchor: datetime
    lead_at: datetime | None
    created_at: datetime | None


class SecondWay:
    """The answer to one question about the rows of a company.

    ``start`` and ``end`` (exclusive) are the naive UTC moments of the span.
    """

    def __init__(
        self, facts: Facts, query: Any, start: datetime, end: datetime, custom: dict | None = None
    ) -> None:
        self.facts, self.query = facts, query
        self.start, self.end = start, end
        self.custom = custom or CUSTOM
        self.lookback = timedelta(days=query.lookback_days)
        self.half_life = timedelta(days=query.half_life_days)
        self.deals = [
            row
            for row in facts.tables["opportunities"]
            if row["created_at"] <= query.as_of and self._is_of(row, "won")
        ]
        self.credited = [self._told(row, True) for row in self.deals]
        self.others: list[Told] = []
        if query.basis == "won":
            lost = [row for row in facts.tables["opportunities"] if self._is_of(row, "lost")]
            self.others += [
                self._told(row, False) for row in lost if row["created_at"] <= query.as_of
            ]
        self.others += self._without_opportunity()

    # -- which journeys ---------------------------------------------------------------------

    def _keeps(self, member) -> bool:
        return all(member(name) in wanted for name, wanted in self.query.where)

    def _is_of(self, row: Row, status: str) -> bool:
        at = row["created_at"] if self.query.basis == "pipeline" else row["closed_at"]
        right = self.query.basis == "pipeline" or row["status"] == status
        return (
            right
            and at is not None
            and self.start <= at < self.end
            and at <= self.query.as_of
            and self._keeps(self.facts._of("opportunities", row))
        )

    def _contacts(self, row: Row) -> set[str]:
        named = {
            contact["lead_id"]
            for contact in self.facts.tables["opportunity_contacts"]
            if contact["opportunity_id"] == row["opportunity_id"]
        }
        return named | ({row["lead_id"]} if row["lead_id"] is not None else set())

    def _touches(
        self, leads: set[str], anchor: datetime, since: datetime | None = None
    ) -> list[Row]:
        first = anchor - self.lookback if since is None else since
        found = [
            touch
            for touch in self.facts.tables["touches"]
            if touch["lead_id"] in leads
            and touch["responded"] in (True, None)
            and touch["automated"] in (False, None)
            and first <= touch["occurred_at"] <= anchor
        ]
        return sorted(found, key=lambda touch: (touch["occurred_at"], touch["touch_id"]))

    def _told(self, row: Row, is_credited: bool) -> Told:
        pipeline = self.query.basis == "pipeline"
        anchor = row["created_at"] if pipeline else row["closed_at"]
        contacts = self._contacts(row)
        created = {
            name: lead["created_at"]
            for name, lead in self.facts.leads.items()
            if name in contacts and lead["created_at"] <= self.query.as_of
        }
        primary = created.get(row["lead_id"])
        amount = self.facts._amount(row, self.query.as_of) if pipeline else row["amount"]
        return Told(
            is_credited,
            amount,
            self._touches(contacts, anchor),
            anchor,
            primary if primary is not None else min(created.values(), default=None),
            row["created_at"],
        )

    def _without_opportunity(self) -> list[Told]:
        with_one: set[str] = set()
        for row in self.facts.tables["opportunities"]:
            if row["created_at"] <= self.query.as_of:
                with_one |= self._contacts(row)
        found = []
        for name, lead in self.facts.leads.items():
            gone = lead.get("deleted_at")
            if (
                name in with_one
                or lead["created_at"] > self.query.as_of
                or (gone is not None and gone <= self.query.as_of)
                or not self._keeps(self._lead_member(name))
            ):
                continue
            last = [
                touch["occurred_at"]
                for touch in self._touches({name}, datetime.max, datetime.min)
                if self.start <= touch["occurred_at"] < self.end
                and touch["occurred_at"] <= self.query.as_of
            ]
            if last:
                touches = self._touches({name}, max(last))
                found.append(Told(False, None, touches, max(last), None, None))
        return found

    def _lead_member(self, name: str):
        member = self.facts._lead_member(name)
        # A lead without an opportunity would be new business, of no source and no pipeline.
        own = {"kind": "new", "sourced_by": None, "pipeline": None}
        return lambda dimension: own[dimension] if dimension in own else member(dimension)

    # -- totals -----------------------------------------------------------------------------

    @property
    def total(self) -> Decimal:
        return sum((told.amount or Decimal(0) for told in self.credited), Decimal(0))

    @property
    def unattributed(self) -> Decimal:
        return sum((t.amount or Decimal(0) for t in self.credited if not t.touches), Decimal(0))

    # -- weights ----------------------------------------------------------------------------

    def weights(self, told: Told, model: str, by: str) -> Weights:
        if model == "time_decay":
            return self._decay(told)
        if model == "shapley":
            return _equal_shares([self.player(touch, by) for touch in told.touches])
        rule = self.custom if model == "custom" else POSITIONS[model]
        return self._positional(told, rule)

    def _decay(self, told: Told) -> Weights:
        last = told.touches[-1]["occurred_at"]
        ages = [(last - touch["occurred_at"]) / self.half_life for touch in told.touches]
        powers = [Fraction(0.5**age) for age in ages]
        return [power / sum(powers) for power in powers]

    def _positional(self, told: Told, rule: Mapping[str, Any]) -> Weights:
        count = len(told.touches)
        positions: dict[str, int | None] = {
            "first": 0,
            "last": count - 1,
            "lead": _last_before(told.touches, told.lead_at),
            "opportunity": _last_before(told.touches, told.created_at),
        }
        if self.query.basis == "won":
            positions["close"] = count - 1
        weights = [Fraction(0)] * count
        taken = set()
        for name, weight in rule.items():
            index = positions.get(name)
            if name != "middle" and index is not None and weight:
                weights[index] += Fraction(weight)
                taken.add(index)
        rest = [index for index in range(count) if index not in taken]
        for index in rest:
            weights[index] += Fraction(rule.get("middle", 0)) / len(rest)
        if not sum(weights):
            return [Fraction(1, count)] * count
        return [weight / sum(weights) for weight in weights]

    # -- credit -----------------------------------------------------------------------------

    @staticmethod
    def player(touch: Row, by: str) -> Any:
        return (touch["team"], touch["channel"]) if by == "team" else touch[COLUMN[by]]

    def credit(self, model: str, by: str) -> tuple[Credit, Credit]:
        """(money, conversions) by member, unrounded."""
        money: Credit = defaultdict(Fraction)
        conversions: Credit = defaultdict(Fraction)
        if model == "markov":
            return self._markov(by)
        for told in self.credited:
            for touch, weight in zip(told.touches, self._weights_of(told, model, by), strict=True):
                member = touch[COLUMN[by]]
                money[member] += weight * Fraction(told.amount or 0)
                conversions[member] += weight
        return dict(money), dict(conversions)

    def _weights_of(self, told: Told, model: str, by: str) -> Weights:
        return self.weights(told, model, by) if told.touches else []

    def _markov(self, by: str) -> tuple[Credit, Credit]:
        credited = [told for told in self.credited if told.touches]
        members = {touch[COLUMN[by]] for told in credited for touch in told.touches}
        paths = [
            ([self.player(touch, by) for touch in told.touches], told.is_credited)
            for told in (*credited, *self.others)
            if told.touches
        ]
        effects = removal_effects(paths)
        whole = sum(effects.values())
        attributable = Fraction(self.total - self.unattributed)
        money: Credit = dict.fromkeys(members, Fraction(0))
        conversions: Credit = dict.fromkeys(members, Fraction(0))
        for player, effect in effects.items():
            member = player[0] if by == "team" else player
            if effect:
                # Also whom only journeys without a win know, where a winner follows.
                money[member] = money.get(member, Fraction(0)) + effect / whole * attributable
                part = effect / whole * len(credited)
                conversions[member] = conversions.get(member, Fraction(0)) + part
        return money, conversions


def _last_before(touches: Sequence[Row], milestone: datetime | None) -> int | None:
    found = None
    for index, touch in enumerate(touches):
        if milestone is not None and touch["occurred_at"] <= milestone:
            found = index
    return found


def _equal_shares(players: Sequence[Any]) -> Weights:
    distinct = len(set(players))
    return [Fraction(1, distinct * players.count(player)) for player in players]


# -- the Markov chain, player by player --------------------------------------------------------

Path = tuple[Sequence[Hashable], bool]
Counts = Mapping[Any, Mapping[Any, int]]


def counts_of(paths: Sequence[Path]) -> Counts:
    """How often each state follows each other; players are wrapped, for any may be None."""
    counts: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for path, won in paths:
        states = ["(start)", *((player,) for player in path), "(won)" if won else "(null)"]
        for source, target in pairwise(states):
            counts[source][target] += 1
    return counts


def removal_effects(paths: Sequence[Path]) -> dict[Any, Fraction]:
    """For each player: the share of the conversions that is lost when whoever would come to it
    ends with nothing. Every chain is solved anew."""
    if not paths:
        return {}
    counts = counts_of(paths)
    base = win_probability(counts)
    players = {player for path, _ in paths for player in path}
    return {
        player: 1 - win_probability(counts, (player,)) / base if base else Fraction(0)
        for player in players
    }


def win_probability(counts: Counts, removed: Any = None) -> Fraction:
    """The probability to come from the start to a win; Gauss's elimination in fractions."""
    states = [state for state in counts if state != removed]
    rows = []
    for state in states:
        leaving = sum(counts[state].values())
        among = [Fraction(counts[state].get(other, 0), leaving) for other in states]
        equation = [
            Fraction(int(state == other)) - p for other, p in zip(states, among, strict=True)
        ]
        rows.append([*equation, Fraction(counts[state].get("(won)", 0), leaving)])
    for index in range(len(rows)):
        pivot = next(i for i in range(index, len(rows)) if rows[i][index])
        rows[index], rows[pivot] = rows[pivot], rows[index]
        rows[index] = [value / rows[index][index] for value in rows[index]]
        for other in range(len(rows)):
            if other != index and rows[other][index]:
                factor = rows[other][index]
                rows[other] = [
                    a - factor * b for a, b in zip(rows[other], rows[index], strict=True)
                ]
    return rows[states.index("(start)")][-1]
