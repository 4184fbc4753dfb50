"""Business time against two clocks that share no code with it: a minute counter and workclock.

workclock reads two things otherwise, which are therefore left to the minute counter: a holiday
takes the calendar day out of it (here: the shift that begins on it), and an opening that the
clocks skip is moved by the length of the gap (here: to the moment of the change).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from workclock import Holidays, Schedule, WorkDay

from tests.data.filled import Rows
from tests.data.minute_clock import MinuteClock, Office
from tests.data.test_handoff_clock import (
    AUTUMN,
    AUTUMN_HOLIDAYS,
    COMPANY_ZONE,
    REPS,
    SPRING,
    ZONES,
    clocks,
    config_of,
)
from tests.matrix import DATABASES

SETTINGS = settings(
    deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate)
)
MINUTE = timedelta(minutes=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TARGET_HOURS = {"P1": 1, "P2": 4, None: 24}


@dataclass(frozen=True)
class Hours:
    """Opening hours in the words of all three clocks."""

    opens: str
    closes: str
    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    holidays: frozenset[date] = frozenset()

    @property
    def config(self):
        days = ", ".join(f'"{WEEKDAYS[day]}"' for day in self.days)
        hours = f'opens = "{self.opens}"\ncloses = "{self.closes}"\ndays = [{days}]'
        return config_of(hours, holidays="US" if self.holidays else "")

    def schedule(self, zone: str) -> Schedule:
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        rules: list[Any] = [WorkDay(opens, closes, days=self.days)]
        if self.holidays:
            rules.append(Holidays(sorted(self.holidays)))
        return Schedule(rules, time_zone=zone)

    @property
    def office(self) -> Office:
        opens, closes = time.fromisoformat(self.opens), time.fromisoformat(self.closes)
        return Office(
            frozenset(self.days),
            opens.hour * 60 + opens.minute,
            closes.hour * 60 + closes.minute,
            self.holidays,
        )


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


DAY = Hours("09:00", "17:00")
NIGHT = Hours("22:00", "06:30")
ALWAYS = Hours("00:00", "23:59", tuple(range(7)))
MEMORIAL_DAY = Hours("09:00", "17:00", holidays=frozenset({date(2024, 5, 27)}))
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"

# Hours, the rep's zone, handed over and answered in UTC, business minutes worked out by hand.
CASES: dict[str, tuple[Hours, str | None, str, str, int]] = {
    "overnight": (NIGHT, BERLIN, "05-06 21:00", "05-07 02:00", 300),
    "into the morning of a Saturday": (NIGHT, BERLIN, "05-11 03:00", "05-13 21:00", 150),
    "handed over on a Saturday": (DAY, BERLIN, "05-11 12:00", "05-13 08:00", 60),
    "over a holiday on a Monday": (MEMORIAL_DAY, NEW_YORK, "05-24 20:00", "05-28 14:00", 120),
    "starts and ends outside hours": (DAY, BERLIN, "05-06 05:00", "05-06 20:00", 480),
    "nothing elapses over a weekend": (DAY, BERLIN, "05-11 10:00", "05-12 10:00", 0),
    "answered at once": (DAY, BERLIN, "05-06 09:00", "05-06 09:00", 0),
    "a day of 23 hours": (ALWAYS, NEW_YORK, "03-10 05:00", "03-11 04:00", 23 * 60 - 1),
    "a day of 25 hours": (ALWAYS, NEW_YORK, "11-03 04:00", "11-04 05:00", 25 * 60 - 1),
    "over a weekend of 47 hours": (DAY, BERLIN, "03-29 15:00", "04-01 07:30", 90),
    "a rep without a time zone": (DAY, None, "05-06 06:00", "05-06 08:00", 60),
}


@pytest.mark.parametrize("case", CASES)
def test_the_named_cases_by_all_clocks_and_by_hand(duckdb_url: str, case: str):
    hours, zone, handed, answered, minutes = CASES[case]
    start, end = (datetime.fromisoformat(f"2024-{text}") for text in (handed, answered))
    handoff = {
        "handoff_id": "h",
        "lead_id": "l",
        "handed_at": start,
        "first_response_at": end,
        "assigned_to": "r",
    }
    rows: Rows = {"reps": [{"rep_id": "r", "timezone": zone}], "handoffs": [handoff]}
    clock = clocks(duckdb_url, rows, hours.config)["h"]
    place = zone or COMPANY_ZONE
    counted = MinuteClock(hours.office, place, start - timedelta(days=1), end + timedelta(days=1))
    assert counted.minutes(start, end) == minutes
    assert hours.schedule(place).between(aware(start), aware(end)) == minutes * MINUTE
    assert clock["own_response_seconds"] == minutes * 60


def spans_of(
    chance: random.Random, season: tuple[datetime, datetime], count: int
) -> list[dict[str, Any]]:
    """Handoffs at random, to the second, their answers among the same days."""
    first, last = season
    seconds = int((last - first).total_seconds())
    found = []
    for number in range(count):
        start, end = sorted(chance.randrange(seconds) for _ in range(2))
        found.append(
            {
                "handoff_id": f"h{number}",
                "lead_id": f"l{number}",
                "handed_at": first + timedelta(seconds=start),
                "first_response_at": first + timedelta(seconds=end),
                "priority": chance.choice(list(TARGET_HOURS)),
                "assigned_to": chance.choice(ZONES),
            }
        )
    return found


def check(url: str, hours: Hours, handoffs: list[dict[str, Any]]) -> None:
    """Elapsed time, due time and whether the answer came in time, by workclock."""
    derived = clocks(url, {"reps": REPS, "handoffs": handoffs}, hours.config)
    schedules = {zone: hours.schedule(zone) for zone in ZONES}
    for handoff in handoffs:
        schedule, row = schedules[handoff["assigned_to"]], derived[handoff["handoff_id"]]
        start, end = aware(handoff["handed_at"]), aware(handoff["first_response_at"])
        elapsed = schedule.between(start, end)
        assert row["own_response_seconds"] == elapsed.total_seconds(), handoff
        target = timedelta(hours=TARGET_HOURS[handoff["priority"]])
        assert aware(row["due_at"]) == schedule.add(start, target), handoff
        in_time = row["own_response_seconds"] <= row["target_seconds"]
        assert in_time == (elapsed <= target), handoff


OFFICES = {
    "day": Hours("09:00", "17:00", holidays=AUTUMN_HOLIDAYS),
    "night": NIGHT,
    "until midnight": Hours("15:30", "00:00"),
    "all week": ALWAYS,
}


@pytest.mark.parametrize("season", [AUTUMN, SPRING], ids=["autumn", "spring"])
@pytest.mark.parametrize("office", OFFICES)
def test_four_hundred_random_spans_agree_with_workclock(engine_url: str, office: str, season):
    chance = random.Random(f"workclock {office} {season[0]}")
    check(engine_url, OFFICES[office], spans_of(chance, season, 400))


@settings(SETTINGS, max_examples=12)
@given(seed=st.integers(0, 2**32))
def test_random_hours_agree_with_workclock(tmp_path_factory, seed: int):
    chance = random.Random(seed)
    # From 4 o'clock on the clocks of these zones neither skip nor repeat a time.
    opens, closes = chance.sample(range(4 * 60, 24 * 60, 5), 2)
    hours = Hours(
        f"{opens // 60:02}:{opens % 60:02}",
        f"{closes // 60:02}:{closes % 60:02}",
        tuple(sorted(chance.sample(range(7), chance.randint(1, 7)))),
    )
    season = chance.choice([AUTUMN, SPRING])
    with DATABASES["duckdb"](tmp_path_factory.mktemp("hours")) as url:
        check(url, hours, spans_of(chance, season, 60))
