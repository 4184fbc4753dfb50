"""A scoped warehouse answers as a filter does, and holds no row beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import exists, func, select, union_all
from sqlalchemy.engine import make_url

from data.errors import AccountError
from data.row_scope import EVERYTHING, RowScope
from data.tables import (
    CONTRACT,
    lead_stages,
    leads,
    opportunities,
    opportunity_contacts,
    spend,
    targets,
    touches,
)
from data.warehouse import Warehouse
from metrics.baselines import scope_of
from metrics.calendar import Cadence
from metrics.catalog import CATALOG, find_metric
from metrics.engine import run_query, sql_of
from metrics.lead import find_lead, search_leads
from metrics.members import filter_members
from metrics.row_scope import OPEN, Guard, scoped
from tests.build import at, fill
from tests.matrix import ENGINES, examples
from tests.metrics.asking import ask, ask_all, deal, handoff, lead, stages
from tests.metrics.test_properties import CONFIGS, SEEDS, SETTINGS, figures, key_of, same
from tests.metrics.worlds import MEMBERS, Refillable, World, refillable

EMEA = RowScope.parse(["region=EMEA"])


@pytest.fixture(scope="module", params=ENGINES)
def database(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Refillable]:
    with ENGINES[request.param](tmp_path_factory.mktemp("scope")) as url, refillable(url) as found:
        yield found


# -- what a scope is -------------------------------------------------------------------------------


def test_a_scope_is_written_and_read():
    scope = RowScope.parse(["region=EMEA", "channel=~", "region=AMER", "region=EMEA"])
    assert scope.pairs() == ("channel=~", "region=AMER", "region=EMEA")
    assert RowScope.parse(scope.pairs()) == scope
    assert RowScope.parse([]) == EVERYTHING
    assert EVERYTHING.is_whole
    assert not scope.is_whole


@pytest.mark.parametrize(
    ("pair", "words"),
    [("regio=EMEA", "region"), ("region", "DIMENSION=VALUE"), ("region=" + "x" * 201, "200")],
)
def test_a_bad_scope_is_refused_in_words(pair, words):
    with pytest.raises(AccountError) as error:
        RowScope.parse([pair])
    assert words in str(error.value)


def test_a_filter_never_asks_for_more_than_may_be_seen():
    scope = RowScope.parse(["region=EMEA", "region=APAC"])
    assert scope.narrowed(()) == (("region", ("APAC", "EMEA")),)
    assert scope.narrowed((("region", ("AMER", "EMEA")),)) == (("region", ("EMEA",)),)
    assert scope.narrowed((("region", ("AMER",)),)) == (("region", ()),)
    assert scope.narrowed((("channel", ("paid",)),)) == (
        ("channel", ("paid",)),
        ("region", ("APAC", "EMEA")),
    )


@given(
    st.dictionaries(st.sampled_from(sorted(MEMBERS)), st.integers(0, 3), max_size=3),
    st.lists(st.sampled_from(["region=EMEA", "region=~", "channel=paid", "persona=cfo"])),
)
def test_narrowing_twice_is_narrowing_once(asked, pairs):
    where = tuple((name, MEMBERS[name][:many]) for name, many in asked.items())
    scope = RowScope.parse(pairs)
    once = scope.narrowed(where)
    assert scope.narrowed(once) == once


# -- a scope is a filter ---------------------------------------------------------------------------


def random_scope(world: World) -> RowScope:
    names = world.random.sample(sorted(MEMBERS), world.one(1, 1, 2))
    return RowScope.parse(
        f"{name}={'~' if member is None else member}"
        for name in names
        for member in world.random.sample(MEMBERS[name], world.random.randint(1, 2))
    )


@settings(SETTINGS, max_examples=examples(3))
@given(seed=SEEDS)
def test_every_kpi_is_the_filtered_one(database, seed):
    check_scope(database, seed)


@pytest.mark.long
@settings(SETTINGS, max_examples=60)
@given(seed=SEEDS)
def test_every_kpi_is_the_filtered_one_in_many_companies(database, seed):
    check_scope(database, seed)


def check_scope(database: Refillable, seed: int) -> None:
    """By account a group counts by its first lead, which may be one that must not be seen; the
    pages count leads."""
    world, config = World(seed), CONFIGS[seed % len(CONFIGS)]
    warehouse = database.fill(world.tables(), config)
    scope = random_scope(world)
    query = replace(world.question(config), unit="lead")
    # Those that are made of all deals are told to nobody with a scope (test_credit_kpis.py).
    told = tuple(name for name in query.metrics if not CATALOG[name].whole_company)
    query = replace(query, metrics=told)
    filtered = run_query(warehouse, replace(query, where=scope.narrowed(query.where)))
    seen = run_query(scoped(warehouse, scope), query)
    assert [key_of(row) for row in seen] == [key_of(row) for row in filtered]
    for one, other in zip(seen, filtered, strict=True):
        assert same(figures(one), figures(other)), (one, other, scope)
        assert one.reason == other.reason


# -- nothing else is there -------------------------------------------------------------------------

COMPANY = {
    "accounts": [
        {"account_id": "A1", "name": "Alpha", "region": "EMEA"},
        {"account_id": "A2", "name": "Beta", "region": "AMER"},
    ],
    "reps": [{"rep_id": "R1", "team": "sales", "manager": "Ann"}],
    "campaigns": [{"campaign_id": "C1", "name": "Spring"}],
    "leads": [
        lead("L1", region="EMEA", account_id="A1", owner_id="R1", full_name="Ada", email="a@x.org"),
        lead("L2", region="AMER", account_id="A2", full_name="Bob", email="b@x.org"),
        lead("L3", region=None, persona="cfo", full_name="Cyd", email="c@x.org"),
    ],
    "lead_changes": [
        {"lead_id": name, "field": "score", "value": "9", "changed_at": at("2026-06-02 12:00")}
        for name in ("L1", "L2")
    ],
    "lead_stages": [*stages("L1", mql="06-02 12:00"), *stages("L2", mql="06-03 12:00")],
    "handoffs": [
        handoff("H1", "2026-06-02 12:00", lead_id="L1"),
        handoff("H2", "2026-06-03 12:00", lead_id="L2"),
    ],
    "touches": [
        {
            "touch_id": f"T{number}",
            "lead_id": f"L{number}",
            "occurred_at": at("2026-06-02 12:00"),
            "team": "sales",
            "channel": "phone",
            "kind": "meeting",
        }
        for number in (1, 2, 3)
    ],
    "opportunities": [
        # The deal's region is the deal's, whatever its lead's is.
        deal("O1", "2026-06-20 12:00", lead_id="L3", region="EMEA", amount=100),
        deal("O2", "2026-06-21 12:00", lead_id="L1", region="AMER", amount=1000, account_id="A2"),
    ],
    "opportunity_stages": [
        {"opportunity_id": name, "stage": "open", "entered_at": at("2026-06-05 12:00")}
        for name in ("O1", "O2")
    ],
    "opportunity_contacts": [
        {"opportunity_id": "O1", "lead_id": "L3"},
        {"opportunity_id": "O2", "lead_id": "L2"},
    ],
    "spend": [{"day": at("2026-06-02 00:00").date(), "channel": "paid", "amount": 5}],
    "targets": [
        {
            "metric": "bookings",
            "grain": "month",
            "period_start": at("2026-06-01 00:00").date(),
            "dimension": dimension,
            "member": member,
            "value": 10,
        }
        for dimension, member in ((None, None), ("region", "EMEA"), ("region", "AMER"))
    ],
    "system_records": [
        {
            "system": "sales",
            "record_id": f"S{number}",
            "lead_id": f"L{number}",
            "stage": "mql",
            "counted_at": at("2026-06-02 12:00"),
            "status": "active",
        }
        for number in (1, 2)
    ],
}
SEEN = {
    "accounts": {"A1"},
    # L3 without its name, for it is a contact of O1.
    "leads": {"L1", "L3"},
    "lead_changes": {"L1"},
    "lead_stages": {"L1"},
    "handoffs": {"H1"},
    "handoff_clock": {"H1"},
    # L3's are part of the journey of O1, though the lead itself is not seen.
    "touches": {"T1", "T3"},
    "opportunities": {"O1"},
    "opportunity_stages": {"O1"},
    "opportunity_contacts": {"O1"},
    "spend": set(),
    "targets": {"bookings"},
    "system_records": {"sales"},
}


@pytest.fixture(scope="module", params=ENGINES)
def whole(request: pytest.FixtureRequest, tmp_path_factory) -> Iterator[Warehouse]:
    with ENGINES[request.param](tmp_path_factory.mktemp("company")) as url:
        fill(url, COMPANY)
        warehouse = Warehouse(make_url(url))
        yield warehouse
        warehouse.close()


@pytest.fixture
def emea(whole):
    return scoped(whole, EMEA)


def first_values(warehouse, table) -> set:
    return {next(iter(row.values())) for row in warehouse.rows(select(table))}


def test_a_table_holds_what_may_be_seen_and_no_more(emea):
    guard = Guard(EMEA)
    found = {table.name: first_values(emea, table) for table in guard.guards}
    assert found == SEEN
    assert len(emea.rows(select(targets))) == 1


def test_a_lead_that_a_deal_refers_to_is_known_by_what_deals_are_split_by_not_by_name(emea):
    rows = emea.rows(select(leads.c.lead_id, leads.c.persona, leads.c.full_name, leads.c.email))
    found = {tuple(row.values()) for row in rows}
    assert found == {("L1", None, "Ada", "a@x.org"), ("L3", "cfo", None, None)}
    bookings = ask_all(emea, "bookings", by=("persona",))
    assert [(row.members, row.value) for row in bookings] == [(("cfo",), 100)]


def test_every_table_of_the_contract_is_guarded_or_open_on_purpose():
    guarded = {table.name for table in Guard(EMEA).guards}
    assert guarded | OPEN == {*CONTRACT, "handoff_clock"}
    assert not guarded & OPEN


def test_no_way_of_writing_a_statement_reads_past_the_scope(emea):
    other = leads.alias("other")
    part = select(leads.c.lead_id).subquery("part")
    named = select(leads.c.lead_id).cte("named")
    counts = [
        select(func.count()).select_from(other),
        select(func.count()).select_from(part),
        select(func.count()).select_from(named),
        select(func.count()).where(exists(select(leads.c.lead_id).where(leads.c.lead_id == "L2"))),
        select(select(func.count()).select_from(leads).scalar_subquery()),
        select(func.count()).select_from(
            union_all(select(leads.c.lead_id), select(opportunities.c.opportunity_id)).subquery()
        ),
    ]
    found = [next(iter(emea.rows(statement)[0].values())) for statement in counts]
    assert found == [2, 2, 2, 0, 2, 3]
    union = union_all(select(leads.c.lead_id), select(opportunities.c.opportunity_id))
    assert {row["lead_id"] for row in emea.rows(union)} == {"L1", "L3", "O1"}
    joined = select(opportunities.c.opportunity_id, leads.c.lead_id).select_from(
        opportunities.outerjoin(leads, leads.c.lead_id == opportunities.c.lead_id)
    )
    assert [tuple(row.values()) for row in emea.rows(joined)] == [("O1", "L3")]
    streamed = [row for part in emea.stream(select(leads)) for row in part]
    assert {row["lead_id"] for row in streamed} == {"L1", "L3"}


def test_the_sql_that_is_shown_is_the_scope_s(emea):
    statement = select(func.count()).select_from(leads)
    assert "EMEA" in sql_of(emea, statement)


def test_answers_of_one_scope_are_never_another_s(whole, emea):
    amer = scoped(whole, RowScope.parse(["region=AMER"]))
    found = [ask(one, "bookings")["bookings"].value for one in (emea, whole, amer, emea, whole)]
    assert found == [100, 1100, 1000, 100, 1100]


def test_what_cannot_be_filtered_is_no_data_and_not_less(emea):
    row = ask(emea, "spend")["spend"]
    assert (row.value, row.status) == (None, "no_data")
    assert "region" in (row.reason or "")


def test_only_its_own_members_are_offered(emea, whole):
    assert filter_members(emea)["region"] == ["EMEA"]
    assert filter_members(whole)["region"] == ["AMER", "EMEA", None]
    assert filter_members(emea)["channel"] == [None]


def test_the_company_s_freshness_and_emptiness_stay_the_company_s(emea, whole):
    assert emea.row_counts == whole.row_counts
    assert emea.default_as_of == whole.default_as_of
    assert emea.data_version == whole.data_version
    assert emea.version_key != whole.version_key


def test_a_dimension_that_an_entity_lacks_hides_it(whole):
    kinds = scoped(whole, RowScope.parse(["kind=new"]))
    assert first_values(kinds, lead_stages) == set()
    assert {row["full_name"] for row in kinds.rows(select(leads))} == {None}
    assert first_values(kinds, opportunities) == {"O1", "O2"}
    assert first_values(kinds, opportunity_contacts) == {"O1", "O2"}
    # Their journeys are theirs.
    assert first_values(kinds, touches) == {"T1", "T2", "T3"}
    assert first_values(scoped(whole, RowScope.parse(["channel=paid"])), spend) != set()


def test_a_lead_that_is_only_referred_to_has_no_page_and_is_not_found(emea, whole):
    late = at("2026-12-01 00:00")
    assert find_lead(whole, "L3", late) is not None
    assert find_lead(emea, "L3", late) is None
    assert find_lead(emea, "L1", late) is not None
    assert {row["lead_id"] for row in search_leads(whole, "L", late)} == {"L1", "L2", "L3"}
    assert [row["lead_id"] for row in search_leads(emea, "L", late)] == ["L1"]
    assert search_leads(scoped(whole, RowScope.parse(["kind=new"])), "L", late) == []


def test_a_baseline_of_a_scope_is_never_the_company_s(emea, whole):
    metric = find_metric("mqls")
    keys = [scope_of(one, metric, Cadence.WEEKLY, ()).key for one in (whole, emea)]
    filtered = scope_of(whole, metric, Cadence.WEEKLY, (("region", ("EMEA",)),)).key
    assert keys[0] != keys[1] == filtered
