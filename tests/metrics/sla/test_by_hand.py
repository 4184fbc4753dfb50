"""The SLA page of the fixture company, worked out by hand, on every engine.

All 19 handoffs of its quarter lie in the 13 weeks to W26, which ends on 28 June; P1 has an hour,
everything else eight. In business hours of New York, from the comments of ``HANDOFFS``:

    H01 0.5 met · H02 1.0 met · H03 2.0 late · H04 2.0 met (no priority) · H05 9.0 late ·
    H06 15.0 late (rep unknown) · H07 0.75 met (nobody assigned) · H08 3.0 met · H09 0.5 met ·
    H10 1.5 late · H11 95.0 late, by its rejection · H12 unanswered · H13 4.0 met · H14 0.75 met ·
    H15 0.5 met · H16 15.0 late · H17 0.33 met, by its rejection · H18 1.5 late (nobody) ·
    H19 answered after the as-of moment · H20, in July, answered and not yet due
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from data.config import parse_config
from data.warehouse import Warehouse
from metrics.calendar import Calendar
from metrics.query import Filters
from metrics.sla import Queue
from metrics.sla.cost import cost
from metrics.sla.model import QueueSummary, Rate, States
from metrics.sla.question import Question
from metrics.sla.rejections import rejections
from metrics.sla.responses import answerers, heat_map, responses
from metrics.view import View
from tests.build import at
from tests.matrix import ENGINES
from tests.metrics.fixture_company import AS_OF, CONFIG, tables
from tests.metrics.worlds import refillable


@pytest.fixture(scope="module", params=ENGINES)
def warehouse(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("sla")
    with ENGINES[request.param](folder) as url, refillable(url) as database:
        yield database.fill(tables(), parse_config(CONFIG))


def view_of(
    warehouse: Warehouse, period: str = "2026-W26", as_of: datetime = AS_OF, where: Filters = ()
) -> View:
    return View(Calendar(warehouse.config).parse_period(period), as_of, where=where)


def ask(warehouse: Warehouse, *args, **more) -> Question:
    return Question(warehouse, view_of(warehouse, *args, **more))


def filled(slots: tuple[int, ...]) -> dict[int, int]:
    return {slot: n for slot, n in enumerate(slots) if n}


def test_the_week_s_states_add_up_to_its_handoffs(warehouse: Warehouse) -> None:
    states, _ = responses(ask(warehouse))
    assert states == States(met=2, late=2, unanswered=1)
    assert (states.due, states.breached, states.handoffs) == (5, 3, 5)
    assert states.adherence == 2 / 5


def test_a_quarter_s_states(warehouse: Warehouse) -> None:
    states, _ = responses(ask(warehouse, "2026-Q2"))
    assert states == States(met=10, late=7, unanswered=2)


def test_what_is_not_yet_due_is_pending_though_it_is_answered(warehouse: Warehouse) -> None:
    states, _ = responses(ask(warehouse, "2026-07"))
    assert states == States(pending=1)
    assert states.adherence is None


def test_each_priority_has_its_states_the_tightest_first(warehouse: Warehouse) -> None:
    _, found = responses(ask(warehouse))
    assert [(r.priority, r.target_hours) for r in found] == [("P1", 1), ("P2", 8), (None, 8)]
    assert [r.window for r in found] == [States(7, 4), States(2, 3, 2), States(1)]
    assert [r.period for r in found] == [States(2, 1), States(0, 1, 1), States()]


def test_answers_fall_into_eighths_of_their_target(warehouse: Warehouse) -> None:
    _, (p1, p2, none) = responses(ask(warehouse))
    # Exactly in time is the last eighth before the target; 95 h are beyond three times one hour.
    assert filled(p1.slots) == {2: 1, 3: 3, 5: 2, 7: 1, 11: 2, 15: 1, 24: 1}
    assert filled(p2.slots) == {2: 1, 3: 1, 8: 1, 14: 2}
    assert filled(none.slots) == {1: 1}


def test_the_slots_up_to_the_target_are_those_in_time(warehouse: Warehouse) -> None:
    for found in responses(ask(warehouse))[1]:
        assert sum(found.slots[:8]) == found.window.met
        assert sum(found.slots[8:]) == found.window.late


def test_hours_are_the_company_s_and_few_handoffs_make_wide_cells(warehouse: Warehouse) -> None:
    heat = heat_map(ask(warehouse))
    cells = {(cell.weekday, cell.hour): cell.late for cell in heat.cells}
    assert heat.width == 6
    assert heat.overall == Rate(9, 19)
    # 03:30 and 03:59 UTC of a Monday are Sunday's 23 h; 04:00 UTC is Monday's midnight.
    assert cells[7, 18] == Rate(1, 2)
    assert cells[1, 0] == Rate(1, 2)
    assert cells[5, 12] == Rate(1, 3)
    assert heat.worst is None
    assert all(cell.is_small for cell in heat.cells)


def test_reps_add_up_to_their_teams_and_these_to_all(warehouse: Warehouse) -> None:
    found = answerers(ask(warehouse))
    assert found.overall == Rate(10, 19)
    assert [(team.name, team.met) for team in found.teams] == [
        ("Ann's team", Rate(5, 9)),
        ("Bob's team", Rate(4, 7)),
        (None, Rate(1, 3)),
    ]
    assert [(rep.name, rep.team, rep.met) for rep in found.reps] == [
        ("R1", "Ann's team", Rate(5, 9)),
        ("R2", "Bob's team", Rate(4, 7)),
        ("R9", None, Rate(0, 1)),
        (None, None, Rate(1, 2)),
    ]
    assert {row.standing for row in (*found.teams, *found.reps)} == {0}


def test_what_sales_gave_back_by_channel_and_reason(warehouse: Warehouse) -> None:
    found = rejections(ask(warehouse))
    assert found.reasons == ("duplicate", "no_fit", "spam", None)
    assert found.has_others is False
    assert found.total.rejected == Rate(4, 16)
    assert {row.member: row.rejected for row in found.channels} == {
        "organic": Rate(3, 4),
        "event": Rate(1, 2),
        "paid": Rate(0, 7),
        None: Rate(0, 1),
        "unknown": Rate(0, 1),
        "~": Rate(0, 1),
    }
    organic, event, *_ = found.channels
    assert organic.counts == (1, 1, 1, 0, 0)
    assert event.counts == (0, 0, 0, 1, 0)


def test_leads_without_a_campaign_are_one_row(warehouse: Warehouse) -> None:
    (row,) = rejections(ask(warehouse)).campaigns
    assert (row.member, row.members, row.rejected) == (None, 1, Rate(4, 16))


def test_conversion_of_those_answered_in_time_and_late(warehouse: Warehouse) -> None:
    """H01 H02 H08 of H01 H02 H04 H07 H08 H09; H05 H06 H10 H11 of H03 H05 H06 H10 H11 H12.

    H10's SQL came to the second of its thirtieth day; H13 and later have time left.
    """
    found = cost(ask(warehouse))
    assert found.window_days == 30
    assert (found.total.in_time, found.total.late) == (Rate(3, 6), Rate(4, 6))
    assert (found.maturing, found.already) == (7, 0)
    assert found.total.difference == pytest.approx(-1 / 6)
    assert [(row.priority, row.in_time, row.late) for row in found.rows] == [
        ("P1", Rate(2, 4), Rate(2, 3)),
        ("P2", Rate(1, 1), Rate(2, 3)),
        (None, Rate(0, 1), Rate(0, 0)),
    ]
    assert found.rows[-1].difference is None


def test_the_queue_holds_the_longest_overdue_first(warehouse: Warehouse) -> None:
    """H12 was due on 9 June at 10:00: 7 + 24 + 32 + 40 + 32 + 32 h of work ago, without 19 June
    and 3 July. H19 was due on 29 June at 17:00, seven working days ago."""
    queue = Queue(warehouse, view_of(warehouse))
    rows = queue.page()
    assert [(row.handoff_id, row.over_seconds / 3600) for row in rows] == [
        ("H12", 167),
        ("H19", 56),
    ]
    assert rows[0].due_at == at("2026-06-09 14:00")
    assert (rows[0].rep, rows[0].team, rows[0].zone) == ("R2", "Bob's team", "America/New_York")
    assert queue.summary() == QueueSummary(overdue=2)


def test_the_queue_is_not_narrowed_by_the_period(warehouse: Warehouse) -> None:
    whole = Queue(warehouse, view_of(warehouse)).page()
    assert Queue(warehouse, view_of(warehouse, "2026-04")).page() == whole


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("04-03 14:44", QueueSummary(waiting=1)),
        ("04-03 14:45", QueueSummary(waiting=1)),  # a quarter is left, not less
        ("04-03 14:46", QueueSummary(due_soon=1)),
        ("04-03 14:59", QueueSummary(due_soon=1)),
        ("04-03 15:00", QueueSummary()),  # answered at the moment it is due
        ("04-07 14:59", QueueSummary(due_soon=1)),
        ("04-07 15:00", QueueSummary(overdue=1)),
        ("04-07 16:00", QueueSummary()),
    ],
)
def test_from_waiting_to_due_soon_to_overdue(
    warehouse: Warehouse, moment: str, expected: QueueSummary
) -> None:
    view = view_of(warehouse, "2026-04", at(f"2026-{moment}"))
    assert Queue(warehouse, view).summary() == expected


def test_after_hours_time_over_stands_still(warehouse: Warehouse) -> None:
    """H19 after closing on 9 July, in the night, and as the next day opens."""
    for moment in ("07-09 21:00", "07-10 03:00", "07-10 13:00"):
        view = view_of(warehouse, as_of=at(f"2026-{moment}"))
        over = {row.handoff_id: row.over_seconds for row in Queue(warehouse, view).page()}
        assert over["H19"] == 56 * 3600


def test_a_filter_narrows_every_part(warehouse: Warehouse) -> None:
    where: Filters = (("rep", ("R2",)),)
    states, found = responses(ask(warehouse, where=where))
    assert states == States(met=1)
    assert sum((r.window for r in found), States()) == States(4, 2, 1)
    assert heat_map(ask(warehouse, where=where)).overall == Rate(3, 7)
    assert [rep.name for rep in answerers(ask(warehouse, where=where)).reps] == ["R2"]
    view = view_of(warehouse, where=where)
    assert [row.handoff_id for row in Queue(warehouse, view).page()] == ["H12"]


def test_a_name_that_may_not_be_seen_never_leaves_the_warehouse(warehouse: Warehouse) -> None:
    queue = Queue(warehouse, view_of(warehouse), shows_people=False)
    assert [row.lead for row in queue.page()] == [None, None]
    assert "full_name" not in str(queue.statement)


def test_pages_and_the_file_hold_the_same_rows_in_the_same_order(warehouse: Warehouse) -> None:
    queue = Queue(warehouse, view_of(warehouse))
    paged = [row for n in range(2) for row in queue.page(n, 1)]
    streamed = [row for part in queue.stream() for row in part]
    assert [row["handoff_id"] for row in streamed] == [row.handoff_id for row in paged]
    assert [row["over_hours"] for row in streamed] == [167.0, 56.0]
    assert {row["state"] for row in streamed} == {"overdue"}
