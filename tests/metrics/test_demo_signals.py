"""The demo company's planted stories are found by the signals, which know nothing of them."""

from __future__ import annotations

from datetime import date, timedelta
from statistics import median

import pytest

from data import users
from data.config import load_config
from data.demo.build import build_demo
from data.demo.stories import DEAR_CHANNEL, LEADS, SLIP_REGION, SLOW_CHANNEL, Stories
from data.dialects import parse_url
from data.load import load_tables
from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.drivers import cause_of_tile
from metrics.exceptions import find_exceptions
from metrics.kpi import build_kpi
from metrics.rebasing import rebase_as, rebase_choices
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
    return open_warehouse()


def view_of(warehouse: Warehouse, day: date, cadence: Cadence) -> View:
    period = Calendar(warehouse.config).period_of(day, cadence)
    return View(period, warehouse.default_as_of)


def card_of(warehouse: Warehouse, day: date, cadence: Cadence) -> Scorecard:
    return build_scorecard(warehouse, view_of(warehouse, day, cadence))


def tile(card: Scorecard, metric: str) -> Tile:
    return next(t for t in (*card.tiles, *card.goals) if t.metric.id == metric)


def told(card: Scorecard) -> list[str]:
    return [story.tile.metric.id for story in find_exceptions(card).stories]


def causes(warehouse: Warehouse, day: date, cadence: Cadence) -> dict[str, str | None]:
    """The causes that the band tells, by KPI."""
    cause_of = cause_of_tile(warehouse, view_of(warehouse, day, cadence))
    stories = find_exceptions(card_of(warehouse, day, cadence), cause_of).stories
    return {story.tile.metric.id: story.cause for story in stories}


@pytest.mark.long
def test_the_trade_show_s_cost_is_told_with_its_cause(warehouse):
    """Story 1, unasked: what an opportunity costs, over 13 weeks, and that the show is why."""
    told_with = causes(warehouse, STORIES.show_starts, Cadence.WEEKLY)
    assert (told_with["cost_per_opportunity"] or "").startswith("Mostly trade show")
    before = card_of(warehouse, STORIES.show_starts - timedelta(weeks=1), Cadence.WEEKLY)
    assert tile(before, "cost_per_opportunity").signal is None


def test_the_trade_show_explains_the_mqls(warehouse):
    """Story 1: the page of the MQLs names the channel, in the week with most of them."""
    weeks = [STORIES.show_starts + timedelta(weeks=n) for n in (0, 1)]
    pages = [build_kpi(warehouse, view_of(warehouse, w, Cadence.WEEKLY), "mqls") for w in weeks]
    most = max(pages, key=lambda page: page.tile.value or 0)
    assert most.causes
    assert most.causes[0].startswith("mostly trade show")


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
    assert {"mql_to_sql", "lead_rejection_rate"} <= set(told(card))


def test_the_change_of_the_mql_definition_is_no_channel_s_doing(warehouse):
    """Story 2: the rate fell in nearly every channel, and the mix hardly moved."""
    view = view_of(warehouse, STORIES.definition_changes, Cadence.MONTHLY)
    drivers = build_kpi(warehouse, view, "mql_to_sql", "channel").drivers
    rate = sum(part.rate or 0 for part in drivers.parts)
    mix = sum(part.mix or 0 for part in drivers.parts)
    assert rate < -0.08
    assert abs(mix) < abs(rate) / 5
    fell = sum((part.rate or 0) < 0 for part in drivers.parts)
    assert fell >= 0.75 * len(drivers.parts)


@pytest.mark.long
def test_a_rebase_on_the_change_of_the_definition_ends_it(warehouse):
    """Story 2: MQLs stay beyond usual until an owner says that this is the process now."""
    last = THROUGH - timedelta(weeks=1)
    mqls = tile(card_of(warehouse, last, Cadence.WEEKLY), "mqls")
    assert mqls.signal is not None
    users.add_account("mara", "long enough for 1 test", role="editor_marketing", full_name="Mara")
    since = Calendar(warehouse.config).period_of(STORIES.definition_changes, Cadence.WEEKLY)
    metric = CATALOG["mqls"]
    assert since in rebase_choices(warehouse, metric, Cadence.WEEKLY, ())
    rebase_as(warehouse, "mara", "mqls", since, reason="Score threshold 45")
    after = tile(card_of(warehouse, last, Cadence.WEEKLY), "mqls")
    assert after.signal is None
    # The show's week still stands out of it: a re-base forgets nothing.
    assert max(after.points, key=lambda point: point.value or 0).is_outside


def test_the_dear_and_the_slow_channel_are_no_change_and_stand_in_the_split(warehouse):
    """Story 3: they were so from the first week on, so no signal tells them. Split by channel the
    page of the cost shows the dear one, that of the conversion the slow one."""
    year = view_of(warehouse, date(THROUGH.year - 1, 6, 1), Cadence.YEARLY)
    cost = build_kpi(warehouse, year, "cost_per_opportunity", "channel", 20).segments.rows
    by_channel = {row.member: row.value for row in cost if row.value}
    dear = by_channel.pop(DEAR_CHANNEL)
    assert dear == pytest.approx(max(dear, *by_channel.values()))
    assert dear > 5 * median(by_channel.values())
    won = build_kpi(warehouse, year, "lead_to_customer", "channel", 20).segments.rows
    slow = next(row for row in won if row.member == SLOW_CHANNEL)
    assert (slow.numerator, (slow.denominator or 0) > 100) == (0, True)
    size = build_kpi(warehouse, year, "avg_deal_size", "channel", 20)
    large = next(row for row in size.segments.rows if row.member == SLOW_CHANNEL)
    assert (large.value or 0) > 1.5 * (size.tile.value or 0)


def test_the_month_in_which_the_systems_differ_moves_no_kpi(warehouse):
    """Story 5: the SQLs are counted by their stages, which agree; the gap lies between the systems'
    own records, and no KPI of the catalog counts those."""
    sqls = tile(card_of(warehouse, STORIES.gap_month, Cadence.MONTHLY), "sqls")
    assert sqls.signal is None
    assert [m.id for m in CATALOG.values() if "system_records" in m.tables] == []


@pytest.mark.long
def test_the_fortnight_of_slow_answers(warehouse):
    """Story 4: both weeks are below the usual range; the weeks around them are not."""
    for week in (0, 1):
        card = card_of(warehouse, STORIES.slip_starts + timedelta(weeks=week), Cadence.WEEKLY)
        sla = tile(card, "sla_response")
        assert sla.signal is not None
        assert (sla.signal.rule, sla.signal.is_better) == (Rule.OUTSIDE, False)
        assert sla.signal.words.startswith("below its usual range")
        assert "sla_response" in told(card)
    for day in (STORIES.slip_starts - timedelta(days=1), STORIES.slip_ends + timedelta(weeks=1)):
        card = card_of(warehouse, day, Cadence.WEEKLY)
        signal = tile(card, "sla_response").signal
        assert signal is None or signal.rule is not Rule.OUTSIDE


def test_the_fortnight_of_slow_answers_is_told_with_its_region(warehouse):
    """Story 4: the band names EMEA in the first of the two weeks, of all dimensions."""
    cause = causes(warehouse, STORIES.slip_starts, Cadence.WEEKLY)["sla_response"]
    assert (cause or "").startswith(f"Mostly {SLIP_REGION}")
