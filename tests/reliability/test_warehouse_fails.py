"""The warehouse goes away: at once, in a page's midst, slowly; every page keeps its numbers."""

from __future__ import annotations

import re
import time
import urllib.request

import pytest
from sqlalchemy import update

from data.tables import loads
from tests.data.filled import writing
from tests.reliability.conftest import MARK, PAGES, House, failures, is_whole, shown

# Pages on which the clock's own words stand: an age, a moment.
BY_THE_CLOCK = {"admin"}
KPI = ("kpi", "metric=mqls&cadence=yearly")
RETRY_SECONDS = 10
GONE_SECONDS = 300
RUNS = r'scorecard_runs_total\{outcome="\w+",page="kpi"\}'


def _forgotten(house: House) -> None:
    """Wait until the app asks its warehouse again."""
    for _ in range(RETRY_SECONDS * 4):
        if MARK not in house.open("handbook").words:
            return
        time.sleep(0.5)
    raise AssertionError("The app has not found its warehouse again.")


def _counted(house: House, pattern: str) -> float:
    token = house.settings["SCORECARD_METRICS_TOKEN"]
    asked = urllib.request.Request(
        f"{house.app.url}/metrics", headers={"Authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(asked, timeout=20) as answer:
        text = answer.read().decode()
    return sum(float(value) for value in re.findall(rf"^{pattern} (\S+)$", text, re.MULTILINE))


def _new_version(house: House, name: str) -> None:
    """The same rows as another load of the same source would have them: nothing kept is of it."""
    with writing(house.warehouse_url) as connection:
        connection.execute(update(loads).values(load_id=name))


def test_every_page_keeps_its_last_numbers_and_recovers_alone(house: House):
    before = {page: house.open(*page) for page in PAGES}
    assert [page for page, answer in before.items() if not is_whole(answer)] == []
    assert not any(MARK in answer.words for answer in before.values())
    house.line.cut()
    for page in PAGES:
        answer = house.open(*page)
        assert is_whole(answer), page
        assert re.search(rf"{MARK}, of \d\d:\d\d, \d+ min ago", answer.words), page
        if page[0] not in BY_THE_CLOCK:
            assert shown(answer) == shown(before[page]), page
    # A view that nobody has asked for has no numbers to show, and says why in words.
    answer = house.open("kpi", "metric=bookings&cadence=quarterly&by=persona")
    (words,) = failures(answer)
    assert "does not answer" in words
    assert answer.tracebacks == []
    assert _counted(house, r'scorecard_last_known_total\{page="kpi"\}') >= 2
    house.line.mend()
    _forgotten(house)
    for page in PAGES[:3]:
        assert MARK not in house.open(*page).words


@pytest.mark.parametrize("share", [0.6, pytest.param(0.95, marks=pytest.mark.long)])
def test_stopped_in_the_midst_of_a_page_it_shows_one_version_of_the_data(
    house: House, share: float
):
    _new_version(house, f"before-{share}")
    carried = house.line.answered
    before = house.open(*KPI)
    parts = house.line.answered - carried
    assert is_whole(before)
    _new_version(house, f"after-{share}")
    runs = _counted(house, RUNS)
    house.line.cut_after = int(parts * share)
    answer = house.open(*KPI)
    assert is_whole(answer)
    assert MARK in answer.words
    assert shown(answer) == shown(before)
    assert _counted(house, RUNS) - runs == 2  # the one that was left, and the one instead
    house.line.mend()
    _forgotten(house)
    again = house.open(*KPI)
    assert is_whole(again)
    assert MARK not in again.words


@pytest.mark.long
def test_slow_answers_do_not_keep_a_page_that_has_numbers(house: House):
    before = house.open(*KPI)
    assert is_whole(before)
    _new_version(house, "slow")
    house.line.delay_seconds = 10.0
    begun = time.monotonic()
    answer = house.open(*KPI)
    taken = time.monotonic() - begun
    house.line.mend()
    assert MARK in answer.words
    assert shown(answer) == shown(before)
    # Two answers before the page's own patience begins, and 15 s of it.
    assert taken < 60
    _forgotten(house)


@pytest.mark.long
def test_gone_for_five_minutes(house: House):
    """The age is told all the while, and nobody restarts anything."""
    before = house.open(*KPI)
    assert is_whole(before)
    house.line.cut()
    begun, ages = time.monotonic(), []
    while time.monotonic() - begun < GONE_SECONDS:
        answer = house.open(*KPI)
        assert is_whole(answer)
        assert shown(answer) == shown(before)
        (told,) = set(re.findall(r"(\d+) min ago", answer.words))
        ages.append(int(told))
        time.sleep(20)
    assert ages == sorted(ages)
    assert set(ages) >= set(range(GONE_SECONDS // 60))
    house.line.mend()
    _forgotten(house)
    after = house.open(*KPI)
    assert MARK not in after.words
    assert shown(after) == shown(before)


def test_a_server_that_is_slow_but_answers_is_waited_for(house: House):
    view = ("kpi", "metric=sqls&cadence=quarterly")
    house.line.delay_seconds = 0.15
    answer = house.open(*view)
    assert is_whole(answer)
    assert MARK not in answer.words
