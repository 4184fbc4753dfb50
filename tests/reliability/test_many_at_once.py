"""Somebody hammers the filters; data are swapped while many look; two hundred open the link."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, delete, text, update

from data.tables import leads, loads
from tests.attack.visitor import Answer
from tests.build import at
from tests.data.filled import fill, writing
from tests.reliability.conftest import MARK, House, is_whole, last_run
from tests.reliability.test_warehouse_fails import KPI, _counted

LEFT = r'scorecard_runs_total\{outcome="left",page="kpi"\}'
LOCK = "LOCK TABLE leads, lead_stages, handoffs, touches, opportunities IN ACCESS EXCLUSIVE MODE"
PAUSE_SECONDS = 0.1
METRICS = ("sqls", "sals", "leads", "won_deals", "lost_deals", "win_rate", "meetings_held")
CLICKS, LOADS, LOOKING, SESSIONS = 2 * len(METRICS), 4, 3, 200


def test_clicks_that_were_overtaken_ask_nothing_more(house: House):
    """The tables are locked meanwhile: whoever waits for an answer waits until it is cancelled."""
    views = [f"metric={metric}&cadence=monthly&by=channel" for metric in METRICS]
    assert is_whole(house.open("kpi", "metric=mqls&cadence=monthly&by=segment"))
    left = _counted(house, LEFT)
    running: list[float] = []
    engine = create_engine(house.warehouse_url)
    with engine.connect() as other, ThreadPoolExecutor(1) as pool:
        other.execute(text(LOCK))
        clicking = pool.submit(
            house.visitor().click_through, "kpi", (views * 2)[:CLICKS], PAUSE_SECONDS
        )
        ends = time.monotonic() + CLICKS * PAUSE_SECONDS + 1
        while time.monotonic() < ends:
            running.append(_counted(house, "scorecard_statements_running"))
        other.rollback()
        answer = clicking.result()
    engine.dispose()
    # The last one stands, and it was not in a queue behind thirteen others.
    assert not answer.tracebacks
    assert any("Meetings held" in html for html in last_run(answer).markup)
    assert 1 <= max(running) <= CLICKS // 3
    assert _counted(house, "scorecard_statements_running") == 0
    # Streamlit begins the next run beside the one that waits: that one is ended.
    assert _counted(house, LEFT) - left >= 5


def _numbers(answer: Answer) -> tuple[str, ...]:
    """Every figure that a page draws, without the ages of its data."""
    found = [
        html for html in last_run(answer).markup if "<style" not in html and "as-of" not in html
    ]
    return tuple(re.findall(r">([−+▲▼ ]*[\d][\d.,%]*)<", "".join(found)))


VIEW = ("kpi", "metric=leads&cadence=yearly&compare=previous&by=region")
EXTRA = [
    {"lead_id": f"extra-{n}", "created_at": at("2025-11-02"), "region": "EMEA"} for n in range(5)
]


def _swap(house: House, name: str, add: bool) -> None:
    """Load the same company again, with five more leads or without them."""
    with writing(house.warehouse_url) as connection:
        connection.execute(delete(leads).where(leads.c.lead_id.like("extra-%")))
        if add:
            fill(connection, {"leads": EXTRA})
        connection.execute(update(loads).values(load_id=name))


def test_a_page_that_a_load_has_overtaken_is_drawn_again(house: House):
    _swap(house, "counted", add=False)
    carried = house.line.answered
    known = _numbers(house.open(*VIEW))
    parts = house.line.answered - carried
    house.line.delay_seconds = 0.01
    for add, share in ((True, 0.5), (False, 0.6)):
        _swap(house, f"before-{share}", add=not add)
        carried = house.line.answered
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(house.open, *VIEW)
            while house.line.answered < carried + parts * share:
                assert not opened.done()
                time.sleep(0.005)
            _swap(house, f"after-{share}", add=add)
            answer = opened.result()
        assert is_whole(answer)
        assert (_numbers(answer) == known) is not add, share
        assert _numbers(answer) == _numbers(house.open(*VIEW)), share
    _swap(house, "as it was", add=False)


def test_data_are_swapped_while_many_look(house: House):
    """Each page is of one load or of the other, whole."""
    known = {_numbers(house.open(*VIEW))}
    answers: list[Answer] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            answers.append(house.open(*VIEW))

    with ThreadPoolExecutor(LOOKING) as pool:
        looking = [pool.submit(look) for _ in range(LOOKING)]
        for number in range(LOADS):
            _swap(house, f"swap-{number}", add=number % 2 == 0)
            answers.append(house.open(*VIEW))
        stop.set()
        for one in looking:
            one.result()
    assert len(answers) > LOADS
    assert all(is_whole(answer) for answer in answers)
    assert not any(MARK in answer.words for answer in answers)
    # As it was, or with all five more leads: in the headline, the table and the chart alike.
    seen = {_numbers(answer) for answer in answers}
    assert known < seen
    assert len(seen) == 2


@pytest.mark.long
def test_two_hundred_open_the_link(house: House):
    with ThreadPoolExecutor(SESSIONS) as pool:
        answers = list(pool.map(lambda _: house.open(*KPI), range(SESSIONS)))
    assert all(is_whole(answer) for answer in answers)
    assert len({tuple(answer.markup[-3:]) for answer in answers}) == 1
