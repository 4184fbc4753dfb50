"""The planted stories: what happens, when, and how much of it (docs/demo.md tells them).

Dates are offsets from the last day of the window, so that each story always lies inside it and
the recent ones stand on the default scorecard's trends. Counts hold for 20,000 leads and scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from data.demo.clock import months_before

LEADS = 20_000

# 1. A trade show: many badges scanned, few buyers among them.
SHOW_CHANNEL = "trade_show"
SHOW_CAMPAIGN = "RevenueCon Chicago"
SHOW_DAYS = 3
SHOW_ZONE = "America/Chicago"
SHOW_LEADS = 1_000
SHOW_READY = 10
SHOW_MQL_SHARE = 0.25
SHOW_COST = 185_000.0

# 2. The MQL definition: a lower score threshold, signed with a date.
OLD_THRESHOLD, NEW_THRESHOLD = 60, 45
MQL_LIFT = 1.85  # MQLs per lead, after ÷ before
ATTENTION = 0.86  # what is left of a good lead's odds when the desk is flooded
WEAK_TO_SQL = 0.03  # odds of a lead that only the lower threshold lets in

# 3. A channel that is dear, and one that pays off late.
DEAR_CHANNEL = "content_syndication"
SLOW_CHANNEL = "podcast"
SLOW_DAYS = (185, 270)  # from lead to won

# 4. A fortnight of slow answers after a rep leaves.
SLIP_REGION = "EMEA"
SLIP_DAYS = 14
SLIP_FACTOR = {"P1": 7.0, "P2": 3.0, "P3": 1.6}  # how much longer an answer takes
SLIP_UNANSWERED = 0.12
SLIP_STILL_ROUTED = 0.5  # share still routed to the rep who has left

# 5. A month in which the two systems count differently.
GAP_STAGE = "sql"
GAP_MARKETING = 100
GAP_SALES = 75


def monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


@dataclass(frozen=True)
class Stories:
    """The stories' dates and sizes in one build of the demo."""

    through: date
    leads: int

    def scaled(self, count: int) -> int:
        """A count of the 20,000-lead company in this one, at least 1."""
        return max(1, round(count * self.leads / LEADS))

    @cached_property
    def show_starts(self) -> date:
        """A Tuesday ten to eleven weeks before the end."""
        return monday(self.through - timedelta(days=70)) + timedelta(days=1)

    @cached_property
    def definition_changes(self) -> date:
        """The first of a month, five and a half to six and a half months before the end."""
        back = 5 if self.through.day >= 15 else 6
        return months_before(self.through.replace(day=1), back)

    @cached_property
    def slip_starts(self) -> date:
        """A Monday; the fortnight ends about five weeks before the end."""
        return monday(self.through - timedelta(days=46))

    @cached_property
    def slip_ends(self) -> date:
        return self.slip_starts + timedelta(days=SLIP_DAYS)

    @cached_property
    def gap_month(self) -> date:
        """First day of the second-last complete month."""
        following = self.through + timedelta(days=1)
        return months_before(following.replace(day=1), 2)

    @cached_property
    def gap_month_ends(self) -> date:
        return months_before(self.gap_month, -1)
