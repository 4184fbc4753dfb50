"""The funnel once more, in plain Python over rows, with nothing of metrics/funnel in it."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from tests.oracle_facts import DAY, ORDER, Facts

Row = Mapping[str, Any]
Money = defaultdict[str, Decimal]
RANK = (*ORDER, "rejected", "recycled")


@dataclass
class SecondWay:
    """One company seen from one moment, for the period from ``start`` to ``end`` (exclusive)."""

    facts: Facts
    as_of: datetime
    start: datetime
    end: datetime
    where: Sequence[tuple[str, tuple[str | None, ...]]] = ()

    def __post_init__(self) -> None:
        self.paths: dict[str, list[tuple[str, datetime]]] = {}
        for row in self.facts.tables["lead_stages"]:
            if row["entered_at"] <= self.as_of and self._keeps_lead(row["lead_id"]):
                found = self.paths.setdefault(row["lead_id"], [])
                found.append((row["stage"], row["entered_at"]))
        occurring = {row["stage"] for row in self.facts.tables["lead_stages"]}
        self.stages = [stage for stage in ORDER if stage in occurring]

    def _keeps_lead(self, lead_id: str) -> bool:
        member = self.facts._lead_member(lead_id)
        return all(member(name) in members for name, members in self.where)

    def inside(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end

    @staticmethod
    def entries(path: list[tuple[str, datetime]], stage: str) -> list[datetime]:
        """By its own rows; where there are none, by those of later stages."""
        own = [at for name, at in path if name == stage]
        later = ORDER[ORDER.index(stage) + 1 :]
        return sorted(own or [at for name, at in path if name in later])

    def entered(self, stage: str) -> dict[str, datetime]:
        """Leads whose first entry lies in the period."""
        firsts = {lead: self.entries(path, stage) for lead, path in self.paths.items()}
        return {lead: at[0] for lead, at in firsts.items() if at and self.inside(at[0])}

    def reached_since(self, stage: str, windows: Mapping[str, int]) -> tuple[int, int]:
        """(of the cohort reached, still maturing)."""
        reached = maturing = 0
        for lead, first in self.entered(self.stages[0]).items():
            if any(at >= first for at in self.entries(self.paths[lead], stage)):
                reached += 1
            elif first + windows[stage] * DAY > self.as_of:
                maturing += 1
        return reached, maturing

    def fates(self, stage: str, window_days: int) -> Counter[str]:
        found: Counter[str] = Counter()
        later = ORDER[ORDER.index(stage) + 1 :]
        for lead, first in self.entered(stage).items():
            path = self.paths[lead]
            if any(name in later and at >= first for name, at in path):
                found["advanced"] += 1
                continue
            since = [(at, RANK.index(name), name) for name, at in path if at >= first]
            at, _, last = max(item for item in since if item[2] not in later)
            if last in ("rejected", "recycled"):
                found[last] += 1
            else:
                found["waiting" if at + window_days * DAY > self.as_of else "overdue"] += 1
        return found

    def pool(self, *, lately: bool) -> Counter[str]:
        found: Counter[str] = Counter()
        for path in self.paths.values():
            recycled = [at for name, at in path if name == "recycled"]
            if not recycled or (lately and not self.inside(min(recycled))):
                continue
            came = [
                stage
                for stage in ORDER
                if any(at >= min(recycled) for at in self.entries(path, stage))
            ]
            furthest = next((s for s in ("customer", "sql", "mql") if s in came), "in_pool")
            found["re_mql" if furthest == "mql" else furthest] += 1
        return found

    def times(self, stage: str) -> tuple[float | None, int, int]:
        """(median days, completed, running)."""
        spans, running = [], 0
        for path in self.paths.values():
            ordered = sorted(path, key=lambda entry: (entry[1], RANK.index(entry[0])))
            changes = [
                entry
                for index, entry in enumerate(ordered)
                if not index or ordered[index - 1][0] != entry[0]
            ]
            ends: list[datetime | None] = [*(at for _, at in changes[1:]), None]
            for (name, at), left in zip(changes, ends, strict=True):
                if name != stage:
                    continue
                if left is not None and self.inside(left):
                    spans.append((left - at) / DAY)
                if at < self.end and (left is None or left >= self.end):
                    running += 1
        return (median(spans) if spans else None), len(spans), running

    def observations(self, start: str, to: str, horizon: int) -> list[tuple[int, bool]]:
        """(day of age on which a lead's observation ended, whether by a conversion)."""
        found = []
        for lead, first in self.entered(start).items():
            seen = min((self.as_of - first) // timedelta(days=1), horizon)
            after = [at for at in self.entries(self.paths[lead], to) if at >= first]
            day = math.ceil((after[0] - first) / DAY) if after else None
            converted = day is not None and day <= seen
            found.append((day if converted and day is not None else seen, converted))
        return found

    # -- the pipeline -----------------------------------------------------------------------

    def movement(self, due: date) -> dict[str | None, Money]:
        """By source, money by step."""
        found: dict[str | None, Money] = {}
        for deal in self.facts.tables["opportunities"]:
            member = self.facts._of("opportunities", deal)
            kept = all(member(name) in members for name, members in self.where)
            if kept and deal["created_at"] <= self.as_of:
                self._move(found.setdefault(deal["sourced_by"], defaultdict(Decimal)), deal, due)
        return found

    def _move(self, into: Money, deal: Row, due: date) -> None:
        was, now = self._at(deal, self.start, due), self._at(deal, self.end, due)
        closed_now = deal["status"] != "open" and self.inside(deal["closed_at"])
        ends = deal["status"] if closed_now else now
        recorded = deal["amount"] or Decimal(0)
        end_amount = recorded if closed_now else self._amount(deal, self.end)
        if now in ("due", "later"):
            into["open"] += end_amount
        if was == "due":
            enters = "opening"
        elif was == "later" and ends not in ("later", None):
            enters = "slipped_in"
        elif was is None and self.inside(deal["created_at"]) and ends in ("due", "won", "lost"):
            enters = "created"
        else:
            return
        start_amount = end_amount if enters == "created" else self._amount(deal, self.start)
        into[enters] += start_amount
        into["grown"] += max(end_amount - start_amount, Decimal(0))
        into["shrunk"] += max(start_amount - end_amount, Decimal(0))
        leaves = {"due": "closing", "later": "slipped_out"}.get(str(ends), ends)
        into[str(leaves)] += end_amount

    def _history(self, deal: Row) -> list[Row]:
        moves = self.facts.tables["opportunity_stages"]
        return [row for row in moves if row["opportunity_id"] == deal["opportunity_id"]]

    def _known(self, deal: Row, moment: datetime, column: str) -> Any:
        """The record's value, or what was last known before a moment since which it may have
        changed."""
        history = self._history(deal)
        closed_later = deal["status"] != "open" and (deal["closed_at"] or moment) >= moment
        closed_later = closed_later and deal["closed_at"] is not None
        if not closed_later and all(row["entered_at"] < moment for row in history):
            return deal.get(column)
        known = [
            (row["entered_at"], row["stage"], row[column])
            for row in history
            if row["entered_at"] < moment and row.get(column) is not None
        ]
        return max(known)[2] if known else deal.get(column)

    def _amount(self, deal: Row, moment: datetime) -> Decimal:
        return self._known(deal, moment, "amount") or Decimal(0)

    def _at(self, deal: Row, moment: datetime, due: date) -> str | None:
        """ "due" or "later" where the deal is open just before a moment, else None."""
        if deal["created_at"] >= moment:
            return None
        if deal["status"] != "open" and (deal["closed_at"] is None or deal["closed_at"] < moment):
            return None
        expected = self._known(deal, moment, "expected_close_on")
        return "due" if expected is None or expected < due else "later"
