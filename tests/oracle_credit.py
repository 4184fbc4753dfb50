"""The oracle's journeys: who touched a deal, what marketing sourced and what each touch earned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction

from metrics.query import MetricQuery
from tests.oracle_facts import DAY, Facts, Item, NoSuchDimension, Row


class Credits(Facts):
    """Journeys of deals under the model 30-30-30-10."""

    def _people(self, deal: Row) -> set[str]:
        found = {
            row["lead_id"]
            for row in self._all("opportunity_contacts")
            if row["opportunity_id"] == deal["opportunity_id"]
        }
        return found | ({deal["lead_id"]} if deal.get("lead_id") is not None else set())

    def _is_eligible(self, touch: Row) -> bool:
        return touch.get("responded") is not False and touch.get("automated") is not True

    def _journey(self, deal: Row, anchor: datetime) -> list[Row]:
        """Eligible touches of the deal's people in the lookback before a moment, in order."""
        lookback = self.config.attribution.lookback_days * DAY
        people = self._people(deal)
        found = [
            touch
            for touch in self._all("touches")
            if touch["lead_id"] in people
            and self._is_eligible(touch)
            and anchor - lookback <= touch["occurred_at"] <= anchor
        ]
        return sorted(found, key=lambda touch: (touch["occurred_at"], touch["touch_id"]))

    # -- sourced and influenced ---------------------------------------------------------------

    def sourced(self, query: MetricQuery) -> list[Item]:
        found = []
        for deal in self._opportunities(query):
            source = deal.get("sourced_by")
            if source is None:
                journey = self._journey(deal, deal["created_at"])
                if journey and journey[0]["team"] == "marketing":
                    source = "marketing"
            if source != "marketing" and "sourced_by" not in query.by:
                continue
            at = deal.get("qualified_at")
            if at is None or at > query.as_of:
                at = deal["created_at"]
            amount = self._amount(deal, query.as_of)
            member = self._of("opportunities", deal)
            found.append(Item(self.day(at), member, top=amount, as_split={"sourced_by": source}))
        return found

    def influenced(self, query: MetricQuery) -> list[Item]:
        return self._won(query, self._is_influenced)

    def booked(self, query: MetricQuery) -> list[Item]:
        return [
            Item(item.day, item.member, bottom=item.top)
            for item in self._won(query, lambda deal: True)
        ]

    def _is_influenced(self, deal: Row) -> bool:
        return any(t["team"] == "marketing" for t in self._journey(deal, deal["closed_at"]))

    def _won(self, query: MetricQuery, counts: Callable[[Row], bool]) -> list[Item]:
        return [
            Item(self.day(deal["closed_at"]), self._of("opportunities", deal), deal.get("amount"))
            for deal in self.closed(query, won=True, lost=False, new=False)
            if counts(deal)
        ]

    # -- credit ---------------------------------------------------------------------------------

    def credited(self, query: MetricQuery) -> list[Item]:
        found = []
        for deal in self.closed(query, won=True, lost=False, new=False):
            journey = self._journey(deal, deal["closed_at"])
            amount = deal.get("amount")
            for touch, share in zip(journey, self._shares(deal, journey, query), strict=True):
                credit = None if amount is None else share * Fraction(amount)
                found.append(Item(self.day(touch["occurred_at"]), _channel_of(touch), top=credit))
        return found

    def _shares(self, deal: Row, journey: Sequence[Row], query: MetricQuery) -> list[Fraction]:
        """First touch, the last before the lead and the last before the deal 30 each, 10 over the
        rest; what has no touch goes to the others in proportion."""
        lead_at = self._lead_at(deal, query.as_of)
        marks = [0]
        for milestone in (lead_at, deal["created_at"]):
            before = [
                place
                for place, touch in enumerate(journey)
                if milestone is not None and touch["occurred_at"] <= milestone
            ]
            marks += before[-1:]
        rest = [place for place in range(len(journey)) if place not in marks]
        weights = [
            Fraction(30 * marks.count(place)) if place in marks else Fraction(10, len(rest))
            for place in range(len(journey))
        ]
        return [weight / sum(weights) for weight in weights]

    def _lead_at(self, deal: Row, as_of: datetime) -> datetime | None:
        def created(lead_id: str | None) -> datetime | None:
            at = self.leads.get(lead_id, {}).get("created_at")
            return None if at is None or at > as_of else at

        primary = created(deal.get("lead_id"))
        if primary is not None:
            return primary
        return min((at for p in self._people(deal) if (at := created(p))), default=None)

    def spent_on(self, query: MetricQuery) -> list[Item]:
        return [Item(item.day, item.member, bottom=item.top) for item in self.spent(query)]

    def earning(self, query: MetricQuery) -> list[Item]:
        """Touches that a deal still to be won could credit."""
        lookback = self.config.attribution.lookback_days * DAY
        return [
            Item(self.day(touch["occurred_at"]), _channel_of(touch), is_open=True)
            for touch in self._all("touches")
            if self._is_eligible(touch)
            and touch["occurred_at"] <= query.as_of < touch["occurred_at"] + lookback
        ]


def _channel_of(touch: Row) -> Callable[[str], str | None]:
    def member(name: str) -> str | None:
        if name != "channel":
            raise NoSuchDimension(name)
        return touch["channel"]

    return member
