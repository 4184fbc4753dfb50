"""Closing a review: who may, what is frozen, all or nothing, and opening it without a warehouse."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from data import reviews, users
from data.audit import read_events
from data.errors import ReviewError, StateError
from data.roles import ROLES
from data.row_scope import EVERYTHING, RowScope
from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import Cadence, Calendar
from metrics.drivers import cause_of_tile
from metrics.errors import RoleError
from metrics.exceptions import find_exceptions
from metrics.report.format import Formats
from metrics.review.codec import decode, encode
from metrics.review.figures import ItemView, figures_of
from metrics.review.meetings import find_review, last_closed, list_reviews
from metrics.review.snapshot import close_review, read_snapshot
from metrics.scorecard import Scorecard, build_scorecard
from metrics.view import View
from pages.view.cards import column_html, goals_html
from pages.view.exceptions import exceptions_html
from pages.view.frozen_html import frozen_html
from tests.e2e.server import ROOT, environment
from tests.metrics.review.small_company import OLD, THEN, begin, february, views
from tests.metrics.test_scorecard import CONFIG, filled

__all__ = ["filled"]  # the fixture
# What a fresh process draws of a closed review, with nothing but the state database.
FRESH = """
import sys
from data.row_scope import EVERYTHING
from metrics.review.meetings import find_review
from metrics.review.snapshot import read_snapshot
from pages.view.frozen_html import frozen_html
meeting = find_review(sys.argv[1])
sys.stdout.write("\\n".join(frozen_html(meeting, read_snapshot(meeting.id, EVERYTHING))))
"""


def close(warehouse: Warehouse, username: str, *pages: str) -> str:
    meeting = begin(warehouse, username, *pages)
    close_review(username, warehouse, meeting, views(warehouse, *pages), february(warehouse))
    return meeting.id


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The small company's warehouse, for tests that only read it."""
    from tests.build import fill

    url = f"duckdb:///{tmp_path_factory.mktemp('small') / 'small.duckdb'}"
    fill(url, THEN, OLD)
    return url


@pytest.fixture
def warehouse(small: str, company) -> Warehouse:
    company(small, OLD)
    return open_warehouse()


@pytest.mark.parametrize("role", ROLES)
def test_who_may_open_and_close(warehouse: Warehouse, add, role: str):
    add("ana", role)
    if role == "viewer":
        with pytest.raises(RoleError, match="your role is viewer"):
            begin(warehouse, "ana", "funnel")
        add("eve", "admin")
        meeting = begin(warehouse, "eve", "funnel")
        with pytest.raises(RoleError, match="your role is viewer"):
            close_review("ana", warehouse, meeting, [], february(warehouse))
        assert find_review(meeting.id) == meeting
        return
    found = find_review(close(warehouse, "ana", "funnel"))
    assert found is not None
    assert (found.is_closed, found.closed_by, found.participants) == (True, "ana", ("Ana", "Bo"))
    assert [one.id for one in list_reviews()] == [found.id]
    assert last_closed() == found
    events = [(e.event, e.actor, e.subject) for e in read_events() if e.event.startswith("review")]
    about = f"review {found.id}"
    assert events == [("review_opened", "ana", about), ("review_closed", "ana", about)]


def test_a_review_is_closed_once_and_by_somebody_who_sees_everything(warehouse: Warehouse, add):
    add("ana", "admin")
    add("part", "editor_sales")
    users.set_scope("part", ["region=EMEA"])
    meeting = begin(warehouse, "part", "funnel")
    with pytest.raises(RoleError, match="your account sees a part"):
        close_review("part", warehouse, meeting, [], february(warehouse))
    close_review("ana", warehouse, meeting, [], february(warehouse))
    with pytest.raises(ReviewError, match="closed already"):
        close_review("ana", warehouse, meeting, [], february(warehouse))
    with pytest.raises(RoleError, match="sees a part"):
        read_snapshot(meeting.id, RowScope.parse(["region=EMEA"]))
    assert read_snapshot("0" * 16, EVERYTHING) is None


def test_nothing_is_kept_where_a_part_of_it_cannot_be(warehouse: Warehouse, add, monkeypatch):
    add("ana", "admin")
    meeting = begin(warehouse, "ana", "funnel")
    real = reviews.record

    def fails(*args, **options):
        real(*args, **options)
        raise StateError("the disk is full")

    monkeypatch.setattr(reviews, "record", fails)
    with pytest.raises(StateError):
        close_review("ana", warehouse, meeting, views(warehouse, "funnel"), february(warehouse))
    assert find_review(meeting.id) == meeting
    assert reviews.read_frozen(meeting.id) is None


def test_a_figure_keeps_all_that_made_it(warehouse: Warehouse, add):
    add("ana", "admin")
    review_id = close(warehouse, "ana", "kpi?metric=mql_to_sql")
    stored, figures = reviews.read_frozen(review_id) or (None, [])
    assert stored is not None
    assert stored.data_version == warehouse.data_version
    assert json.loads(stored.config)["business_hours"]["closes"] == "17:00"
    (month,) = [
        f for f in figures if (str(f.starts_on), str(f.ends_on)) == ("2026-02-01", "2026-03-01")
        and f.window_days is None
    ]  # fmt: skip
    assert (month.metric, month.unit, month.grain, month.filters) == (
        "mql_to_sql", "share", "monthly", "[]",
    )  # fmt: skip
    assert (month.value, month.numerator, month.denominator, month.maturing, month.status) == (
        1.0, 2.0, 2.0, 2, "maturing",
    )  # fmt: skip
    assert (len(month.definition), month.definition_version) == (64, 0)
    early = [f for f in figures if f.window_days == 7]
    assert [(f.value, f.denominator) for f in early if f.starts_on == month.starts_on] == [
        (0.25, 4)
    ]


def scorecard_views(warehouse: Warehouse) -> list[ItemView]:
    calendar, as_of = Calendar(warehouse.config), warehouse.default_as_of
    view = View(calendar.default_period(Cadence.WEEKLY, as_of), as_of)
    return [
        ItemView(1, "scorecard", view),
        ItemView(2, "scorecard", view),
        ItemView(3, "sla", view),
    ]


def card_html(card: Scorecard, found, formats: Formats) -> list[str]:
    columns = [
        column_html(
            {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}[team], tiles, formats
        )
        for team, tiles in card.columns.items()
    ]
    return [goals_html(card.goals, formats), exceptions_html(found, card, formats), *columns]


def test_a_closed_review_opens_identically_without_a_warehouse(
    filled: str, company, add, tmp_path: Path
):
    company(filled, CONFIG)
    warehouse = open_warehouse()
    add("ana", "admin")
    at = scorecard_views(warehouse)
    formats = Formats("en_US", "USD")
    card = build_scorecard(warehouse, at[0].view)
    shown = card_html(card, find_exceptions(card, cause_of_tile(warehouse, at[0].view)), formats)
    meeting = begin(warehouse, "ana", "scorecard", "scorecard", "handbook")
    closed = close_review("ana", warehouse, meeting, at, at[0].view)
    snapshot = read_snapshot(meeting.id, EVERYTHING)
    assert snapshot is not None
    # Every tile's figure is frozen, once, as it was shown.
    frozen = {(f.question, f.label): f.value for f in snapshot.figures}
    for tile in (*card.goals, *card.tiles):
        if tile.span is not None:
            same = [
                v
                for (q, _), v in frozen.items()
                if (q.metric, q.span) == (tile.metric.id, tile.span)
            ]
            assert tile.value in same, tile.metric.id
    assert len({f.question for f in snapshot.figures}) == len(snapshot.figures)
    assert snapshot.views.card_of(2) is snapshot.views.card_of(1)
    parts = frozen_html(closed, snapshot)
    assert parts[1:-1] == shown
    # A fresh process, and no warehouse there any more.
    settings = {
        "WAREHOUSE_URL": f"duckdb:///{tmp_path / 'gone.duckdb'}",
        "STATE_URL": f"sqlite:///{tmp_path / 'home' / 'state.sqlite'}",
        "SCORECARD_HOME": str(tmp_path / "home"),
        "SCORECARD_CONFIG": str(tmp_path / "no-such.toml"),
    }
    done = subprocess.run(
        [sys.executable, "-c", FRESH, meeting.id],
        cwd=ROOT, env=environment(settings), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "\n".join(parts)


def test_a_scorecard_reads_as_it_was_written(filled: str, company):
    company(filled, CONFIG)
    warehouse = open_warehouse()
    (at, *_) = scorecard_views(warehouse)
    card = build_scorecard(warehouse, at.view)
    again = decode(Scorecard, json.loads(json.dumps(encode(card))))

    def plain(tile):
        def bare(metric):
            return replace(metric, derived=None)

        beside = tile.beside and replace(tile.beside, metric=bare(tile.beside.metric))
        return replace(tile, metric=bare(tile.metric), beside=beside)

    assert again.goals == tuple(plain(tile) for tile in card.goals)
    assert again.tiles == tuple(plain(tile) for tile in card.tiles)
    assert replace(again, goals=(), columns={}) == replace(card, goals=(), columns={})
    with pytest.raises(TypeError, match="no lasting form"):
        encode(object())


def test_the_figures_of_every_page_are_answered_as_they_are_shown(filled: str, company):
    company(filled, CONFIG)
    warehouse = open_warehouse()
    view = scorecard_views(warehouse)[0].view
    pages = ("funnel", "attribution", "sla", "handbook", "review")
    found = figures_of(warehouse, [ItemView(n, path, view) for n, path in enumerate(pages, 1)])
    by_item = {n: [f.question.metric for f in found if f.item == n] for n in range(1, 6)}
    assert "mqls" in by_item[1]
    assert "mql_to_sql" in by_item[1]
    assert by_item[2] == ["marketing_sourced_pipeline", "marketing_influenced_bookings"]
    assert "sla_response" in by_item[3]
    assert "wasted_effort_share" in by_item[3]
    assert by_item[4] == by_item[5] == []
