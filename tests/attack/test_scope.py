"""Two people who may see different parts, in one process: neither gets a word of the other's.

What is limited and what is not is in docs/accounts.md; that every number is the filtered one, and
that no statement reads past the limit, is held by tests/metrics/test_row_scope.py.
"""

from __future__ import annotations

import pytest

from data import users
from data.audit import person
from data.row_scope import RowScope
from data.saved_views import save_view, set_start_view
from data.short_links import make_link
from data.view_address import ViewAddress
from data.warehouse import Warehouse, open_warehouse
from metrics.calendar import Calendar
from metrics.members import filter_members
from metrics.query import MetricQuery
from metrics.records import RecordList, lists_of
from metrics.report.csv_export import csv_chunks
from metrics.row_scope import scoped
from tests.attack.company import AMER
from tests.attack.conftest import ADMIN, OF_AMER, OF_EMEA, QUICK, Open, no_failure
from tests.e2e.conftest import Settings
from tests.metrics.asking import YEAR

WIDE = "region=AMER&cadence=yearly"
# Every way to ask for what one may not see.
ESCAPES = [
    ("kpi", f"metric=mqls&{WIDE}"),
    ("kpi", "metric=mqls&cadence=yearly&by=region"),
    ("kpi", "metric=bookings&cadence=yearly&by=segment&region=EMEA&region=AMER"),
    ("kpi", "metric=bookings&cadence=yearly&region=~"),
    ("lead", "lead=AMER-L2"),
    ("lead", f"find={AMER}"),
    ("handbook", f"{WIDE}&find={AMER[:4]}"),
    *(
        pytest.param((path, f"{WIDE}&{more}"), marks=pytest.mark.long)
        for path, more in (
            ("scorecard", ""),
            ("funnel", ""),
            ("sla", "names=1"),
            ("attribution", "deal=O-AMER-L2"),
        )
    ),
]


@pytest.mark.parametrize("view", QUICK[1:], ids=lambda view: "?".join(view))
def test_a_cached_answer_is_nobody_else_s(seen: Open, view: tuple[str, str]):
    """The same address, one after the other, in one process with one cache."""
    seen(ADMIN, *view)
    answer = seen(OF_EMEA, *view)
    assert not answer.is_sign_in
    assert no_failure(answer)
    assert not answer.holds(AMER)


@pytest.mark.parametrize("view", ESCAPES, ids=lambda view: "?".join(view))
def test_no_address_leads_out_of_a_scope(opened: Open, view: tuple[str, str]):
    answer = opened(OF_EMEA, *view)
    assert not answer.is_sign_in
    assert no_failure(answer)
    # What was asked for may be repeated in a notice; nothing else bears the mark.
    assert [
        text for text in answer.words.splitlines() if AMER in text and AMER not in view[1]
    ] == []
    assert f"{AMER} " not in answer.words
    assert not answer.holds("AMER-A")


def test_who_may_see_it_does(opened: Open):
    assert opened(OF_AMER, "kpi", f"metric=mqls&{WIDE}").holds(AMER)
    assert opened(OF_AMER, "lead", "lead=AMER-L2").holds(AMER)


def test_a_link_a_saved_view_and_a_start_page_widen_nobody_s_scope(opened: Open):
    address = ViewAddress("kpi", f"metric=mqls&{WIDE}")
    link = make_link(address, by=person(ADMIN))
    frozen = make_link(address, by=person(ADMIN), frozen_at="another version")
    view = save_view("of another region", address, shared=True, by=person(ADMIN))
    set_start_view(OF_EMEA, view.id)
    try:
        for query in (f"s={link.id}", f"s={frozen.id}", ""):
            answer = opened(OF_EMEA, "", query)
            assert not answer.is_sign_in
            assert not answer.holds(AMER)
    finally:
        set_start_view(OF_EMEA, None)


def test_a_scope_that_is_narrowed_holds_at_the_next_click(opened: Open):
    users.set_scope(OF_AMER, ["region=EMEA"])
    try:
        assert not opened(OF_AMER, "kpi", f"metric=mqls&{WIDE}").holds(AMER)
        assert not opened(OF_AMER, "lead", "lead=AMER-L2").holds(AMER)
    finally:
        users.set_scope(OF_AMER, ["region=AMER"])


# -- without the pages ----------------------------------------------------------------------------


@pytest.fixture
def emea(attack_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    for name in ("WAREHOUSE_URL", "SCORECARD_CONFIG"):
        monkeypatch.setenv(name, attack_settings[name])
    return scoped(open_warehouse(), RowScope.parse(["region=EMEA"]))


def _file(warehouse: Warehouse, metric: str) -> str:
    query = MetricQuery((metric,), (YEAR,), warehouse.default_as_of)
    lists = [RecordList(warehouse, one, shows_people=True) for one in lists_of(query, warehouse)]
    calendar = Calendar(warehouse.config)
    chunks = [chunk for one in lists for chunk in csv_chunks(one.columns, one.stream(), calendar)]
    return b"".join(chunks).decode()


@pytest.mark.parametrize("metric", ["leads", "mql_to_sql", "bookings", "sla_response"])
def test_a_download_holds_what_may_be_seen(emea: Warehouse, metric: str):
    file = _file(emea, metric)
    assert file.count("EMEA") > 1
    assert AMER not in file


def test_only_members_of_the_scope_are_offered(emea: Warehouse):
    assert not [m for members in filter_members(emea).values() for m in members if AMER in str(m)]
