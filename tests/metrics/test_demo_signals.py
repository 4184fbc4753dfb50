"""The demo company's planted stories are found by the signals, which know nothing of them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from data.config import load_config
from data.demo.build import build_demo
from data.demo.stories import LEADS, Stories
from data.dialects import parse_url
from data.load import load_tables
from data.warehouse import Warehouse, open_warehouse
from metrics.cache import RESULTS
from metrics.calendar import Cadence, Calendar
from metrics.exceptions import find_exceptions
from metrics.scorecard import Scorecard, Tile, build_scorecard
from metrics.signals import Rule
from metrics.view import View

THROUGH = date(2026, 11, 20)
STORIES = Stories(THROUGH, LEADS)


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> str:
    url = f"duckdb:///{tmp_path_factory.mktemp('demo') / 'demo.duckdb'}"
    tables = build_demo(through=THROUGH)
    config = load_config(demo=True)
    load_tables(parse_url(url, name="demo"), tables, company="demo", config=config)
    return url


@pytest.fixture
def warehouse(filled, company, monkeypatch) -> Warehouse:
    company(filled)
    monkeypatch.delenv("SCORECARD_CONFIG")  # the demo's own
    RESULTS.clear()
    return open_warehouse()


def card_of(warehouse: Warehouse, day: date, cadence: Cadence) -> Scorecard:
    period = Calendar(warehouse.config).period_of(day, cadence)
    return build_scorecard(warehouse, View(period, warehouse.default_as_of))


def tile(card: Scorecard, metric: str) -> Tile:
    return next(t for t in (*card.tiles, *card.goals) if t.metric.id == metric)


def told(card: Scorecard) -> list[str]:
    return [story.tile.metric.id for story in find_exceptions(card).stories]


def test_the_trade_show_s_week(warehouse):
    """Story 1: the badges become MQLs in the show's week and the one after."""
    card = card_of(warehouse, STORIES.show_starts, Cadence.WEEKLY)
    mqls = tile(card, "mqls")
    assert mqls.signal is not None
    assert (mqls.signal.rule, mqls.signal.is_better) == (Rule.OUTSIDE, True)
    after = tile(
        card_of(warehouse, STORIES.show_starts + timedelta(weeks=1), Cadence.WEEKLY), "mqls"
    )
    assert after.signal is not None
    assert max(mqls.signal.size, after.signal.size) > 5  # by far the largest of all
    # Seen weeks later it still stands out of the trend.
    later = tile(card_of(warehouse, THROUGH - timedelta(weeks=1), Cadence.WEEKLY), "mqls")
    peak = max(later.points, key=lambda point: point.value or 0)
    assert peak.is_outside
    assert peak.start <= STORIES.show_starts + timedelta(weeks=1) < peak.start + timedelta(weeks=2)


def test_the_change_of_the_mql_definition(warehouse):
    """Story 2: in its month more MQLs, a lower conversion, more rejections; before it, none."""
    card = card_of(warehouse, STORIES.definition_changes, Cadence.MONTHLY)
    for metric, side in (("mqls", 1), ("mql_to_sql", -1), ("lead_rejection_rate", 1)):
        signal = tile(card, metric).signal
        assert signal is not None, metric
        assert (signal.rule, signal.side) == (Rule.OUTSIDE, side), metric
        (before,) = [p for p in tile(card, metric).points if p.label == "Apr"]
        assert not before.is_outside, metric
    assert tile(card, "sqls").signal is None  # sales has hardly more
    assert "mql_to_sql" in told(card)


def test_the_fortnight_of_slow_answers(warehouse):
    """Story 4: both weeks are below the usual range; the weeks around them are not."""
    for week in (0, 1):
        card = card_of(warehouse, STORIES.slip_starts + timedelta(weeks=week), Cadence.WEEKLY)
        sla = tile(card, "sla_response")
        assert sla.signal is not None
        assert (sla.signal.rule, sla.signal.is_better) == (Rule.OUTSIDE, False)
        assert sla.signal.words.startswith("below its usual range")
        assert {"sla_response", "response_hours"} & set(told(card))
    for day in (STORIES.slip_starts - timedelta(days=1), STORIES.slip_ends + timedelta(weeks=1)):
        card = card_of(warehouse, day, Cadence.WEEKLY)
        signal = tile(card, "sla_response").signal
        assert signal is None or signal.rule is not Rule.OUTSIDE
