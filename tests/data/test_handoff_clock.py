"""Every handoff's clock, on every engine, against a clock that counts minutes."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import select

from data.config import Config, parse_config
from data.derive import derive
from data.tables import handoff_clock
from tests.data.filled import Rows, filled
from tests.data.minute_clock import MinuteClock, Office

ZONES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Sydney",
    "Asia/Kolkata",
    "America/Sao_Paulo",
    "Pacific/Chatham",
)
COMPANY_ZONE = "Europe/Berlin"
TARGET_MINUTES = {"P1": 60, "P2": 240, "P3": 1440, None: 1440}
MONDAY_TO_FRIDAY = frozenset(range(5))
# Veterans Day is a Monday; the clocks change on 27 October (Europe) and 3 November (America).
AUTUMN = (datetime(2024, 10, 21), datetime(2024, 11, 22))
AUTUMN_HOLIDAYS = frozenset({date(2024, 11, 11), date(2024, 11, 28)})
# On 10 March (America), 31 March (Europe) and 7 April (Australia, Chatham).
SPRING = (datetime(2024, 3, 4), datetime(2024, 4, 12))

OFFICES = {
    "day": ('opens = "09:00"\ncloses = "17:00"', Office(MONDAY_TO_FRIDAY, 540, 1020)),
    "night": ('opens = "22:00"\ncloses = "06:30"', Office(MONDAY_TO_FRIDAY, 1320, 390)),
    "until midnight": ('opens = "15:30"\ncloses = "00:00"', Office(MONDAY_TO_FRIDAY, 930, 0)),
    "all week": (
        'opens = "00:00"\ncloses = "23:59"\n'
        'days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]',
        Office(frozenset(range(7)), 0, 1439),
    ),
}


def config_of(hours: str, *, holidays: str = "", zone: str = "rep") -> Config:
    return parse_config(
        f'[company]\ntimezone = "{COMPANY_ZONE}"\n'
        f'[business_hours]\n{hours}\nholidays = "{holidays}"\ntimezone = "{zone}"\n'
        "[sla.response_hours]\nP1 = 1\nP2 = 4\ndefault = 24\n"
    )


def clocks(url: str, rows: Rows, config: Config) -> dict[str, dict[str, Any]]:
    """The derived clock of every handoff by its id; none is missing, none comes twice."""
    with filled(url, rows) as connection:
        derive(connection, config)
        found = [dict(row) for row in connection.execute(select(handoff_clock)).mappings()]
    assert sorted(row["handoff_id"] for row in found) == sorted(
        row["handoff_id"] for row in rows["handoffs"]
    )
    return {row["handoff_id"]: row for row in found}


@cache  # counted once for all engines
def minute_clock(office: Office, zone: str, first: datetime, last: datetime) -> MinuteClock:
    # Due times reach past the last answer, hence the room after it.
    return MinuteClock(office, zone, first, last + timedelta(days=14))


REPS = [{"rep_id": zone, "timezone": zone} for zone in ZONES]
WEEKDAY_NAMES = 'opens = "09:00"\ncloses = "17:00"'


@pytest.mark.parametrize(
    "season",
    [
        pytest.param(AUTUMN, id="autumn"),
        pytest.param(SPRING, id="spring", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("office", OFFICES)
def test_random_spans_agree_with_the_minute_clock(engine_url: str, office: str, season):
    hours, plain = OFFICES[office]
    first, last = season
    config = config_of(hours, holidays="US")
    plain = replace(plain, holidays=AUTUMN_HOLIDAYS)
    counted = {zone: minute_clock(plain, zone, first, last) for zone in ZONES}
    minutes = int((last - first) / timedelta(minutes=1))
    chance = random.Random(f"{office} {first}")
    handoffs = []
    for number in range(400):
        start, end = sorted(chance.randrange(minutes) for _ in range(2))
        handoffs.append(
            {
                "handoff_id": f"h{number}",
                "lead_id": f"l{number}",
                "handed_at": first + timedelta(minutes=start),
                "first_response_at": first + timedelta(minutes=end),
                "priority": chance.choice(list(TARGET_MINUTES)),
                "assigned_to": chance.choice(ZONES),
            }
        )
    derived = clocks(engine_url, {"reps": REPS, "handoffs": handoffs}, config)
    for handoff in handoffs:
        clock, row = counted[handoff["assigned_to"]], derived[handoff["handoff_id"]]
        handed_at, answered_at = handoff["handed_at"], handoff["first_response_at"]
        expected = clock.minutes(handed_at, answered_at) * 60
        assert row["own_response_seconds"] == expected, handoff
        assert row["own_response_at"] == answered_at
        target = TARGET_MINUTES[handoff["priority"]]
        assert row["target_seconds"] == target * 60
        assert row["due_at"] == clock.due(handed_at, target), handoff


NEW_YORK_HOURS = {  # handed, answered (both UTC; winter UTC-5, summer UTC-4), business hours
    "within one day": ("2024-11-05 15:00", "2024-11-05 17:30", 2.5),
    "no time at all": ("2024-11-05 15:00", "2024-11-05 15:00", 0),
    "at night, until the opening": ("2024-11-05 03:00", "2024-11-05 14:00", 0),
    "over night": ("2024-11-05 21:30", "2024-11-06 14:30", 1),
    "Saturday to Monday": ("2024-11-16 15:00", "2024-11-18 15:00", 1),
    "Saturday to Sunday": ("2024-11-16 15:00", "2024-11-17 15:00", 0),
    "the clocks go back at the weekend": ("2024-11-01 20:00", "2024-11-04 15:00", 2),
    "the clocks go forward at the weekend": ("2024-03-08 21:00", "2024-03-11 14:00", 2),
    "a Monday that is a holiday": ("2024-11-08 21:00", "2024-11-12 15:00", 2),
    "over midnight UTC": ("2024-11-05 23:30", "2024-11-06 00:30", 0),
}


@pytest.mark.parametrize("name", NEW_YORK_HOURS)
def test_spans_worked_out_by_hand(engine_url: str, name: str):
    handed_at, answered_at, hours = NEW_YORK_HOURS[name]
    handoff = {
        "handoff_id": "h",
        "lead_id": "l",
        "handed_at": datetime.fromisoformat(handed_at),
        "first_response_at": datetime.fromisoformat(answered_at),
        "assigned_to": "America/New_York",
    }
    rows: Rows = {"reps": REPS, "handoffs": [handoff]}
    derived = clocks(engine_url, rows, config_of(WEEKDAY_NAMES, holidays="US"))
    assert derived["h"]["own_response_seconds"] == hours * 3600


def test_which_calendar_a_handoff_has(engine_url: str):
    reps: list[dict[str, Any]] = [
        {"rep_id": "tokyo", "timezone": "Asia/Tokyo"},
        {"rep_id": "nowhere", "timezone": None},
        {"rep_id": "wrong", "timezone": "Mars/Olympus"},
    ]
    assigned = {"a": "tokyo", "b": "nowhere", "c": "wrong", "d": "left the company", "e": None}
    handoffs: list[dict[str, Any]] = [
        {
            "handoff_id": key,
            "lead_id": key,
            "handed_at": datetime(2024, 5, 6, 12),
            "assigned_to": rep,
        }
        for key, rep in assigned.items()
    ]
    rows: Rows = {"reps": reps, "handoffs": handoffs}
    derived = clocks(engine_url, rows, config_of(WEEKDAY_NAMES))
    assert {key: row["calendar"] for key, row in derived.items()} == {
        "a": "Asia/Tokyo"
    } | dict.fromkeys("bcde", COMPANY_ZONE)


def test_one_zone_for_all(engine_url: str):
    handoff = {
        "handoff_id": "h",
        "lead_id": "l",
        "handed_at": datetime(2024, 5, 6, 12),
        "assigned_to": "Asia/Kolkata",
        "priority": "P1",
    }
    rows: Rows = {"reps": REPS, "handoffs": [handoff]}
    derived = clocks(engine_url, rows, config_of(WEEKDAY_NAMES, zone="Asia/Tokyo"))
    assert derived["h"]["calendar"] == "Asia/Tokyo"
    assert derived["h"]["due_at"] == datetime(2024, 5, 7, 1)  # 10:00 in Tokyo


DUE = {  # handed, priority, due (UTC), in Berlin's summer: 09:00-17:00 is 07:00-15:00 UTC
    "at once": ("2024-05-06 10:00", "P1", "2024-05-06 11:00"),
    "exactly at closing": ("2024-05-06 14:00", "P1", "2024-05-06 15:00"),
    "on the next day": ("2024-05-06 14:30", "P1", "2024-05-07 07:30"),
    "handed at closing": ("2024-05-06 15:00", "P1", "2024-05-07 08:00"),
    "handed on a Saturday": ("2024-05-11 12:00", "P1", "2024-05-13 08:00"),
    "three working days, to the closing": ("2024-05-06 05:00", "P3", "2024-05-08 15:00"),
    "over a weekend": ("2024-05-10 14:00", "P2", "2024-05-13 10:00"),
    "with fractions": ("2024-05-06 14:30:00.250", "P1", "2024-05-07 07:30:00.250"),
}


@pytest.mark.parametrize("name", DUE)
def test_due_is_the_earliest_moment_the_target_is_reached(engine_url: str, name: str):
    handed_at, priority, due_at = DUE[name]
    due = datetime.fromisoformat(due_at)
    handoffs = [
        {
            "handoff_id": str(delay),
            "lead_id": "l",
            "handed_at": datetime.fromisoformat(handed_at),
            "priority": priority,
            "first_response_at": due + timedelta(milliseconds=delay),
        }
        for delay in (-1, 0, 1)
    ]
    derived = clocks(engine_url, {"handoffs": handoffs}, config_of(WEEKDAY_NAMES))
    assert {row["due_at"] for row in derived.values()} == {due}
    in_time = {
        key: row["own_response_seconds"] <= row["target_seconds"] for key, row in derived.items()
    }
    # A millisecond past a due time at closing is still no business time.
    late = due.time() == datetime(1, 1, 1, 15).time()
    assert in_time == {"-1": True, "0": True, "1": late}


HANDED = datetime(2024, 5, 6, 10)


def at(minutes: int) -> datetime:
    return HANDED + timedelta(minutes=minutes)


def touch(minutes: int, **columns: Any) -> dict[str, Any]:
    return {
        "touch_id": f"{minutes} {columns}",
        "lead_id": "l",
        "occurred_at": at(minutes),
        "team": "sales",
        "channel": "phone",
        "kind": "call",
    } | columns


REJECTED = {"disposition": "rejected", "disposed_at": at(60), "reason": "student"}
RESPONSES: dict[str, tuple[dict[str, Any], list[dict[str, Any]], tuple]] = {
    # the handoff's own columns, touches, (own minutes, found minutes, kind)
    "nothing": ({}, [], (None, None, None)),
    "its own": ({"first_response_at": at(5)}, [], (5, None, None)),
    "its own, at the handoff": ({"first_response_at": at(0)}, [], (0, None, None)),
    "its own, before the handoff": ({"first_response_at": at(-5)}, [], (None, None, None)),
    "its own before, another after": (
        {"first_response_at": at(-5)},
        [touch(9)],
        (None, 9, "touch"),
    ),
    "both": ({"first_response_at": at(30)}, [touch(20)], (30, 20, "touch")),
    "a touch by someone else": ({}, [touch(7, rep_id="another")], (None, 7, "touch")),
    "the earliest of many": ({}, [touch(n) for n in range(90, 3, -1)], (None, 4, "touch")),
    "a touch at the handoff": ({}, [touch(0)], (None, 0, "touch")),
    "a touch before it": ({}, [touch(-1)], (None, None, None)),
    "an automated touch": ({}, [touch(7, automated=True)], (None, None, None)),
    "by a person": ({}, [touch(7, automated=False)], (None, 7, "touch")),
    "of another lead": ({}, [touch(7, lead_id="m")], (None, None, None)),
    "by marketing": ({}, [touch(7, team="marketing")], (None, None, None)),
    "a meeting, whoever booked it": (
        {},
        [touch(8, team="marketing", kind="meeting", automated=True)],
        (None, 8, "meeting"),
    ),
    "a meeting before a touch": (
        {},
        [touch(9), touch(8, team="partner", kind="meeting")],
        (None, 8, "meeting"),
    ),
    "a sales meeting is a touch": ({}, [touch(8, kind="meeting")], (None, 8, "touch")),
    "a rejection with a reason": (REJECTED, [], (None, 60, "rejection")),
    "a rejection without": (REJECTED | {"reason": None}, [], (None, None, None)),
    "a rejection before the handoff": (
        REJECTED | {"disposed_at": at(-60)},
        [],
        (None, None, None),
    ),
    "an acceptance": (REJECTED | {"disposition": "accepted"}, [], (None, None, None)),
    "a touch before the rejection": (REJECTED, [touch(59)], (None, 59, "touch")),
    "a touch after the rejection": (REJECTED, [touch(61)], (None, 60, "rejection")),
    "a touch with the rejection": (REJECTED, [touch(60)], (None, 60, "touch")),
    "a meeting with the rejection": (
        REJECTED,
        [touch(60, team="success", kind="meeting")],
        (None, 60, "meeting"),
    ),
}


def test_what_counts_as_a_response(engine_url: str):
    handoffs, touches = [], []
    for name, (columns, its_touches, _) in RESPONSES.items():
        handoffs.append({"handoff_id": name, "lead_id": f"{name} l", "handed_at": HANDED} | columns)
        for one in its_touches:
            touches.append(
                one
                | {"touch_id": f"{name} {one['touch_id']}", "lead_id": f"{name} {one['lead_id']}"}
            )
    rows: Rows = {"handoffs": handoffs, "touches": touches}
    derived = clocks(engine_url, rows, config_of(WEEKDAY_NAMES, zone="UTC"))
    found = {
        name: (
            minutes_after(row["own_response_at"]),
            minutes_after(row["found_response_at"]),
            row["found_response_kind"],
        )
        for name, row in derived.items()
    }
    assert found == {name: expected for name, (_, _, expected) in RESPONSES.items()}
    for row in derived.values():  # 10:00 to 17:00 UTC on a Monday: every minute is business time
        for which in ("own", "found"):
            minutes = minutes_after(row[f"{which}_response_at"])
            assert row[f"{which}_response_seconds"] == (None if minutes is None else minutes * 60)


def minutes_after(moment: datetime | None) -> int | None:
    return None if moment is None else int((moment - HANDED).total_seconds() // 60)


def test_several_handoffs_of_a_lead_look_at_their_own_time(engine_url: str):
    handoffs = [{"handoff_id": str(n), "lead_id": "l", "handed_at": at(n)} for n in (0, 10, 20, 30)]
    rows: Rows = {"handoffs": handoffs, "touches": [touch(5), touch(15), touch(25)]}
    derived = clocks(engine_url, rows, config_of(WEEKDAY_NAMES))
    found = {key: minutes_after(row["found_response_at"]) for key, row in derived.items()}
    assert found == {"0": 5, "10": 15, "20": 25, "30": None}


def test_an_absurd_date_has_plain_time_and_harms_no_other(engine_url: str):
    handoffs: list[dict[str, Any]] = [
        {"handoff_id": "h", "lead_id": "l", "handed_at": HANDED, "priority": "P1"},
        {
            "handoff_id": "caesar",
            "lead_id": "m",
            "handed_at": datetime(44, 3, 15, 12),
            "first_response_at": datetime(44, 3, 15, 13),
            "priority": "P1",
        },
        {
            "handoff_id": "never",
            "lead_id": "n",
            "handed_at": HANDED,
            "first_response_at": datetime(9999, 12, 31),
        },
    ]
    derived = clocks(engine_url, {"handoffs": handoffs}, config_of(WEEKDAY_NAMES))
    assert derived["h"]["due_at"] == at(60)
    assert derived["caesar"]["due_at"] == datetime(44, 3, 15, 13)
    assert derived["caesar"]["own_response_seconds"] == 3600
    assert derived["never"]["own_response_seconds"] > derived["never"]["target_seconds"]
