"""Somebody hammers the filters; data are swapped while many look; two hundred open the link."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import delete, update

from data.tables import leads, loads
from tests.attack.visitor import Answer
from tests.build import at
from tests.data.filled import fill, writing
from tests.reliability.conftest import MARK, House, is_whole
from tests.reliability.test_warehouse_fails import KPI, _counted

STATEMENTS = r'scorecard_statements_total\{outcome="\w+",page="kpi"\}'
METRICS = ("sqls", "sals", "leads", "won_deals", "lost_deals", "win_rate", "meetings_held")
CLICKS, LOADS, LOOKING, SESSIONS = 2 * len(METRICS), 4, 3, 200


def test_clicks_that_were_overtaken_ask_nothing_more(house: House):
    views = [f"metric={metric}&cadence=monthly&by=channel" for metric in METRICS]
    before = _counted(house, STATEMENTS)
    house.line.delay_seconds = 0.05
    assert is_whole(house.open("kpi", "metric=mqls&cadence=monthly&by=segment"))
    one = _counted(house, STATEMENTS) - before
    assert one > 5
    before = _counted(house, STATEMENTS)
    answer = house.visitor().click_through("kpi", (views * 2)[:CLICKS], pause_seconds=0.1)
    house.line.mend()
    asked = _counted(house, STATEMENTS) - before
    # The last one stands, and it was not in a queue behind thirteen others.
    assert not answer.tracebacks
    assert any("Meetings held" in html for html in answer.markup)
    assert asked < 4 * one
    assert _counted(house, "scorecard_statements_running") == 0
    # Streamlit begins the next run beside the one that waits: that one is ended.
    assert _counted(house, r'scorecard_runs_total\{outcome="left",page="kpi"\}') >= 5


def _numbers(answer: Answer) -> tuple[str, ...]:
    """Every figure that a page draws, without the ages of its data."""
    begun = [n for n, m in enumerate(answer.messages) if m.WhichOneof("type") == "new_session"]
    last = replace(
        answer, messages=answer.messages[begun[-1] :]
    )  # a run that was ended came before
    found = [html for html in last.markup if "<style" not in html and "as-of" not in html]
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

    with ThreadPoolExecutor(LOOKING) as pool:
        looking = [pool.submit(look) for _ in range(LOOKING)]
        for number in range(LOADS):
            swap(f"swap-{number}", add=number % 2 == 0)
            answers.append(house.open(*view))
        stop.set()
        for one in looking:
            one.result()
    assert len(answers) > 8
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
