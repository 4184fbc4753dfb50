"""Links: every view round-trips, and nothing that a link holds breaks or widens a view."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.config import MODELS, Config
from metrics.calendar import Cadence, Calendar
from metrics.catalog import CATALOG
from metrics.view import Compare
from pages.view.state import (
    ADMIN_SECTIONS,
    MAX_ECHO,
    MAX_UNKNOWN,
    SPLITS,
    Bounds,
    ViewState,
    decode_member,
    default_view,
    encode_member,
    parse,
    to_query,
)

MEMBERS = {
    "region": ("AMER", "APAC", "EMEA", None),
    "segment": ("~", "~~", "a&b=c", "Ünï cøde", " "),
    "product_line": (),
    "channel": ("paid_search", "unknown", None),
}
BOUNDS = Bounds(
    calendar=Calendar(Config.model_validate({"company": {"timezone": "America/New_York"}})),
    as_of=datetime(2026, 11, 16, 11),
    newest=datetime(2026, 11, 16, 12, 30),
    members=MEMBERS,
)


@st.composite
def views(draw: st.DrawFn) -> ViewState:
    as_of = draw(
        st.none()
        | st.datetimes(datetime(2024, 1, 1), BOUNDS.newest).filter(lambda m: m != BOUNDS.as_of)
    )
    moment = as_of or BOUNDS.as_of
    cadence = draw(st.sampled_from(Cadence))
    day = BOUNDS.calendar.day_of(moment) - timedelta(days=draw(st.integers(0, 4000)))
    filters = []
    for name in ("channel", "region", "segment"):
        chosen = draw(st.sets(st.sampled_from(MEMBERS[name])))
        if chosen:
            filters.append((name, tuple(m for m in MEMBERS[name] if m in chosen)))
    return ViewState(
        cadence=cadence,
        period=BOUNDS.calendar.period_of(day, cadence),
        compare=draw(st.sampled_from(Compare)),
        filters=tuple(filters),
        model=draw(st.none() | st.sampled_from(MODELS)),
        as_of=as_of,
        present=draw(st.booleans()),
        metric=draw(st.none() | st.sampled_from(list(CATALOG))),
        by=draw(st.none() | st.sampled_from(SPLITS)),
        lead=draw(st.none() | st.sampled_from(("L0001", "a lead/with ?&=", "~"))),
        basis=draw(st.none() | st.just("pipeline")),
        deal=draw(st.none() | st.sampled_from(("O0001", "a deal/with ?&=", "~"))),
        review=(review := draw(st.none() | st.just("0123456789abcdef"))),
        item=None if review is None else draw(st.none() | st.integers(1, 20)),
        find=draw(st.none() | st.sampled_from(("mql sql", "÷ <b>", "100% & more"))),
        section=draw(st.none() | st.sampled_from(ADMIN_SECTIONS[1:])),
    )


@given(views())
def test_a_link_reproduces_its_view(view: ViewState) -> None:
    link = urlencode(to_query(view, BOUNDS), doseq=True)
    assert parse(parse_qs(link, keep_blank_values=True), BOUNDS) == (view, ())


def test_the_default_view_has_the_shortest_link() -> None:
    view = default_view(BOUNDS)
    assert view.period.id == "2026-W46"
    assert to_query(view, BOUNDS) == {}
    assert parse({}, BOUNDS) == (view, ())


HOSTILE = (
    "x" * 100_000,
    "a\x00b",
    "🦄" * 50,
    "\u202eabc\u202c",
    "' OR 1=1; DROP TABLE leads; --",
    '<script>alert(1)</script>"',
    "../../etc/passwd",
    "",
    " ",
    "2026-W99",
    "9999-W01",
    "0000",
    "2026-13",
    "-1",
    "٢٠٢٦",
)
# A lead's id may be any text: whether there is such a lead is its page's to say.
SETTINGS = (
    *("cadence", "period", "compare", "region", "model", "as_of", "present", "rep"),
    *("metric", "by", "review", "item"),
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_hostile_value_leaves_its_setting_at_the_default_and_says_so(
    name: str, text: str
) -> None:
    view, notices = parse({name: [text], "channel": ["paid_search"]}, BOUNDS)
    assert view == ViewState(
        **{**default_view(BOUNDS).__dict__, "filters": (("channel", ("paid_search",)),)}
    )
    assert len(notices) == 1
    assert len(notices[0]) < MAX_ECHO + 160
    assert notices[0].isprintable()


@given(
    st.dictionaries(
        st.sampled_from(SETTINGS) | st.text(max_size=30), st.lists(st.text(), max_size=4)
    )
)
def test_any_query_opens_and_what_it_opens_has_a_link(query: dict[str, list[str]]) -> None:
    view, notices = parse(query, BOUNDS)
    assert len(notices) <= len(SETTINGS) + MAX_UNKNOWN + 1
    assert parse(to_query(view, BOUNDS), BOUNDS) == (view, ())


def test_one_unknown_member_of_several_opens_all_with_a_notice() -> None:
    view, notices = parse({"region": ["EMEA", "EMAE"]}, BOUNDS)
    assert view.filters == ()
    assert "EMAE" in notices[0]
    assert "all" in notices[0]


def test_the_null_member_is_apart_from_a_literal() -> None:
    view, notices = parse({"region": ["~"], "segment": ["~~"]}, BOUNDS)
    assert (view.members_of("region"), view.members_of("segment")) == ((None,), ("~",))
    assert notices == ()


@given(st.none() | st.text())
def test_every_member_survives_a_link(member: str | None) -> None:
    assert decode_member(encode_member(member)) == member


def test_members_stand_in_the_data_s_order_so_that_a_view_has_one_link() -> None:
    asked = ["EMEA", "~", "AMER"]
    random.Random(7).shuffle(asked)
    view, _ = parse({"region": asked}, BOUNDS)
    assert to_query(view, BOUNDS) == {"region": ["AMER", "EMEA", "~"]}


def test_a_period_alone_names_its_cadence() -> None:
    view, notices = parse({"period": ["2026-Q3"]}, BOUNDS)
    assert (view.cadence, view.period.id, notices) == (Cadence.QUARTERLY, "2026-Q3", ())


def test_a_period_of_another_cadence_is_not_guessed() -> None:
    view, notices = parse({"cadence": ["weekly"], "period": ["2026-Q3"]}, BOUNDS)
    assert view == default_view(BOUNDS)
    assert "2026-Q3" in notices[0]


def test_the_running_period_opens_and_a_later_one_does_not() -> None:
    assert parse({"period": ["2026-W47"]}, BOUNDS)[1] == ()
    view, notices = parse({"period": ["2026-W48"]}, BOUNDS)
    assert view == default_view(BOUNDS)
    assert "not begun" in notices[0]


def test_as_of_is_company_time_unless_it_says_otherwise() -> None:
    assert parse({"as_of": ["2026-06-01"]}, BOUNDS)[0].as_of == datetime(2026, 6, 1, 4)
    assert parse({"as_of": ["2026-06-01T00:00:00Z"]}, BOUNDS)[0].as_of == datetime(2026, 6, 1)


def test_an_earlier_moment_moves_the_default_period() -> None:
    view, _ = parse({"as_of": ["2018-06-01"], "cadence": ["monthly"]}, BOUNDS)
    assert view.period.id == "2018-05"
    assert set(to_query(view, BOUNDS)) == {"as_of", "cadence"}


def test_a_moment_after_the_data_is_refused() -> None:
    view, notices = parse({"as_of": ["2027-01-01"]}, BOUNDS)
    assert view.as_of is None
    assert "after the data" in notices[0]


def test_a_setting_given_twice_is_not_chosen_between() -> None:
    view, notices = parse({"compare": ["year", "target"]}, BOUNDS)
    assert view.compare is Compare.PREVIOUS
    assert "more than once" in notices[0]


def test_a_misspelt_setting_is_named_with_the_nearest() -> None:
    _, notices = parse({"regoin": ["EMEA"]}, BOUNDS)
    assert "regoin" in notices[0]
    assert "region" in notices[0]


def test_however_much_is_wrong_the_filter_that_was_lost_stands_first() -> None:
    query = {f"junk{n}": ["x"] for n in range(500)} | {"period": ["x"], "region": ["EMAE"]}
    _, notices = parse(query, BOUNDS)
    assert "EMAE" in notices[0]
    assert notices[-1] == "497 more settings are unknown."
