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
LOCKED = "leads, lead_stages, handoffs, touches, opportunities"
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
        other.execute(text(f"LOCK TABLE {LOCKED} IN ACCESS EXCLUSIVE MODE"))
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
    assert 1 <= max(running) < CLICKS / 2
    assert _counted(house, "scorecard_statements_running") == 0
    # Streamlit begins the next run beside the one that waits: that one is ended.
    assert _counted(house, LEFT) - left >= 5


def _numbers(answer: Answer) -> tuple[str, ...]:
    """Every figure that a page draws, without the ages of its data."""
    found = [
        html for html in last_run(answer).markup if "<style" not in html and "as-of" not in html
    ]
    return tuple(re.findall(r">([−+▲▼ ]*[\d][\d.,%]*)<", "".join(found)))


def test_data_are_swapped_while_many_look(house: House):
    """Each page is of one load or of the other, whole."""
    view = ("kpi", "metric=leads&cadence=yearly&compare=previous")
    known = {_numbers(house.open(*view))}
    extra = [
        {"lead_id": f"extra-{n}", "created_at": at("2025-11-02"), "region": "EMEA"}
        for n in range(5)
    ]
    answers: list[Answer] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            answers.append(house.open(*view))

    def swap(name: str, add: bool) -> None:
        with writing(house.warehouse_url) as connection:
            connection.execute(delete(leads).where(leads.c.lead_id.like("extra-%")))
            if add:
                fill(connection, {"leads": extra})
            connection.execute(update(loads).values(load_id=name))

    # So slow that every load comes in the midst of somebody's page.
    house.line.delay_seconds = 0.02
    with ThreadPoolExecutor(LOOKING) as pool:
        looking = [pool.submit(look) for _ in range(LOOKING)]
        for number in range(LOADS):
            time.sleep(0.7)
            swap(f"swap-{number}", add=number % 2 == 0)
        answers.append(house.open(*view))
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
