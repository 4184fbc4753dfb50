"""Small companies whose journeys are odd in every way, for tests of credit."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from metrics.attribution import AttributionQuery, Basis, By
from metrics.attribution.model import MODELS
from metrics.calendar import Span
from tests.metrics.worlds import FIRST_DAY, MEMBERS, Row, Tables, World

TEAMS = ("marketing", "marketing", "sales", "sales", "partner", "success")
# Filters that opportunities have; priority is the handoffs' alone.
FILTERS = sorted(set(MEMBERS) - {"priority"})


class OddCompany(World):
    """A ``World`` whose deals have several contacts, and touches in every odd order: many at one
    moment, none, dozens, after closing, on the last moment of the lookback."""

    def tables(self) -> Tables:
        tables = super().tables()
        deals = [self.deal(n) for n in range(1, self.random.randint(1, 12) + 1)]
        contacts = [self.contact(n) for n in range(self.random.choice([0, 6, 14]))]
        busy = self.random.choice([0, 0, 30, 100])
        return {
            **tables,
            "opportunities": deals,
            "opportunity_contacts": contacts,
            "touches": [
                *(self.touch(n) for n in range(1, self.random.choice([1, 12, 40]) + 1)),
                *({**self.touch(n), "lead_id": "L1"} for n in range(1000, 1000 + busy)),
            ],
        }

    def money(self) -> Decimal:
        cents = self.random.choice([0, 1, -1, 7, -12_345, self.random.randrange(10_000_000)])
        return Decimal(cents) / 100

    def contact(self, _: int) -> Row:
        return {
            "opportunity_id": f"O{self.random.randint(1, 12)}",
            "lead_id": self.one(*self.leads, "L98"),
            "role": None,
        }

    def touch(self, n: int) -> Row:
        return {
            **super().touch(n),
            "lead_id": self.one(*self.leads, "L98"),
            "team": self.one(*TEAMS),
            "channel": self.one("paid", "unknown", "~", "event", "(start)"),
            "campaign_id": self.one(None, "C1", "C2"),
            "asset": self.one(None, "guide", "~"),
            "rep_id": self.one(None, "R1", "R2"),
            "responded": self.one(None, True, True, False),
            "automated": self.one(None, False, False, True),
        }

    def credit_question(self) -> AttributionQuery:
        first = FIRST_DAY.date() + timedelta(days=self.random.randint(-3, 15))
        last = first + timedelta(days=self.random.choice([3, 20, 60]))
        filters = self.random.sample(FILTERS, self.one(0, 0, 0, 1, 1, 2))
        return AttributionQuery(
            model=self.one(*MODELS),
            by=self.one(*By),
            span=Span(first, last),
            as_of=self.one(self.moment(), datetime(2026, 12, 31), datetime(2026, 12, 31)),
            basis=self.one(Basis.WON, Basis.WON, Basis.PIPELINE),
            lookback_days=self.one(1, 3, 10, 365, 3650),
            half_life_days=self.one(0.01, 1.0, 7.0, 400.0),
            where=tuple(
                (name, tuple(self.random.sample(MEMBERS[name], self.random.randint(1, 2))))
                for name in filters
            ),
        )
