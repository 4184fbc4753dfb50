"""Business time counted minute by minute: slow, plain, and sharing no code with the program."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Office:
    """Hours as minutes of the local day; ``closes`` not after ``opens`` means the next day."""

    workdays: frozenset[int]  # Monday is 0
    opens: int
    closes: int
    holidays: frozenset[date] = frozenset()

    def is_open(self, local: datetime) -> bool:
        minute = local.hour * 60 + local.minute
        if self.opens < self.closes:
            return self.opens <= minute < self.closes and self.works(local.date())
        if minute >= self.opens:
            return self.works(local.date())
        return minute < self.closes and self.works(local.date() - timedelta(days=1))

    def works(self, day: date) -> bool:
        return day.weekday() in self.workdays and day not in self.holidays


class MinuteClock:
    """Counts the open minutes of one zone between two UTC moments on whole minutes."""

    def __init__(self, office: Office, zone: str, first: datetime, last: datetime) -> None:
        self.first = first
        local = ZoneInfo(zone)
        minutes = int((last - first) / MINUTE)
        opened = (
            office.is_open((first + i * MINUTE).replace(tzinfo=UTC).astimezone(local))
            for i in range(minutes)
        )
        self.opened = list(accumulate(opened, initial=0))

    def minutes(self, start: datetime, end: datetime) -> int:
        return self.opened[self._index(end)] - self.opened[self._index(start)]

    def due(self, start: datetime, target_minutes: int) -> datetime:
        goal = self.opened[self._index(start)] + target_minutes
        index = self._index(start)
        while self.opened[index] < goal:
            index += 1
        return self.first + index * MINUTE

    def _index(self, moment: datetime) -> int:
        return int((moment - self.first) / MINUTE)
