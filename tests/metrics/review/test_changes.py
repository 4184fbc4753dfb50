"""What changed since: each part worked out by hand, and parts that always add up."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.row_scope import EVERYTHING
from data.warehouse import open_warehouse
from metrics.review import changes
from metrics.review.changes import Cause, Changed, Changes, Step, first_cause, split, what_changed
from metrics.review.figures import Figure
from metrics.review.snapshot import Snapshot, close_review, read_snapshot
from tests.metrics.review.small_company import (
    LONGER_DAY,
    NOW,
    OLD,
    SHORTER_WINDOW,
    THEN,
    begin,
    february,
    load,
    views,
)

FEBRUARY = ("2026-02-01", "2026-03-01")


def freeze(company, url: str, add, *pages: str) -> Snapshot:
    """Load the first data, hold a review of them and close it."""
    warehouse = load(company, url, THEN)
    add("ana", "editor_sales")
    meeting = begin(warehouse, "ana", *pages)
    close_review("ana", warehouse, meeting, views(warehouse, *pages), february(warehouse))
    snapshot = read_snapshot(meeting.id, EVERYTHING)
    assert snapshot is not None
    return snapshot


def is_february(figure: Figure) -> bool:
    """Of the month as a whole, with the KPI's own window."""
    days = (str(figure.question.span.start), str(figure.question.span.end))
    return days == FEBRUARY and figure.question.window_days is None


def of(found: Changes, metric: str) -> Changed | None:
    """What changed of a KPI's February."""
    same = [one for one in found.changed if one.figure.question.metric == metric]
    return next((one for one in same if is_february(one.figure)), None)


def parts(one: Changed | None) -> list[tuple[Cause, Any]]:
    assert one is not None
    return [(p.cause, None if p.change is None else float(p.change)) for p in one.parts]


def test_each_part_is_what_it_is_worked_out_by_hand(engine_url: str, company, add):
    snapshot = freeze(company, engine_url, add)
    frozen = {f.question.metric: f for f in snapshot.figures if is_february(f)}
    # Of a and b the 30 days have passed, both are SQLs; c and d are still open.
    rate = frozen["mql_to_sql"]
    assert (rate.value, rate.numerator, rate.denominator, rate.maturing) == (1.0, 2, 2, 2)
    assert (frozen["mqls"].value, frozen["sla_response"].value) == (4, 1.0)

    found = what_changed(open_warehouse(), snapshot)
    assert (found.changed, found.unchanged) == ((), len(snapshot.figures))

    found = what_changed(load(company, engine_url, NOW, SHORTER_WINDOW), snapshot)
    assert found.first is Cause.DATA
    one = of(found, "mql_to_sql")
    # As of then: a and b of a, b and e. Today: a, b and c of five. Within 14 days: a of five.
    assert parts(one) == [
        (Cause.DATA, pytest.approx(2 / 3 - 1)),
        (Cause.AS_OF, pytest.approx(3 / 5 - 2 / 3)),
        (Cause.DEFINITION, pytest.approx(1 / 5 - 3 / 5)),
    ]
    assert one is not None
    assert one.now == 0.2
    assert one.note == "The definition: window, days 30 → 14."
    assert sum((p.change for p in one.parts if p.change is not None), Fraction(0)) == one.change
    assert parts(of(found, "mqls")) == [
        (Cause.DATA, 1.0),
        (Cause.AS_OF, 0.0),
        (Cause.DEFINITION, 0.0),
    ]
    assert of(found, "sqls") is None
    assert of(found, "sla_response") is None
    assert of(found, "won_deals") is None  # no data then, none now
    assert found.figures == len(snapshot.figures)
    sizes = [one.size for one in found.changed]
    assert sizes == sorted(sizes, reverse=True)


def test_business_time_derived_for_the_new_definition_merges_two_steps(
    duckdb_url: str, company, add
):
    snapshot = freeze(company, duckdb_url, add)
    found = what_changed(load(company, duckdb_url, NOW, LONGER_DAY), snapshot)
    one = of(found, "sla_response")
    assert parts(one) == [(Cause.DATA_AND_DEFINITION, -1.0), (Cause.AS_OF, 0.0)]
    assert one is not None
    assert "cannot be applied any more: business time" in (one.note or "")
    # A KPI that reads no business time is split in full all the same.
    assert [cause for cause, _ in parts(of(found, "mqls"))] == [
        Cause.DATA,
        Cause.AS_OF,
        Cause.DEFINITION,
    ]


def test_business_time_that_is_stale_now_leaves_the_figure_undefined(duckdb_url: str, company, add):
    snapshot = freeze(company, duckdb_url, add, "sla")
    warehouse = load(company, duckdb_url, NOW, LONGER_DAY, derived=OLD)
    one = of(what_changed(warehouse, snapshot), "sla_response")
    assert parts(one) == [(Cause.DATA, 0.0), (Cause.AS_OF, 0.0), (Cause.DEFINITION, None)]
    assert one is not None
    assert one.now is None
    assert one.change is None
    assert one.parts[2].reason is not None
    assert "data derive" in one.parts[2].reason


def test_the_first_step_says_what_has_changed_beneath_and_never_guesses():
    frozen = SimpleNamespace(data_version="d", program_version="p")
    found = [first_cause(frozen, data, program) for data in "dx" for program in "py"]  # type: ignore[arg-type]
    assert found == [Cause.ENTERED, Cause.PROGRAM, Cause.DATA, Cause.DATA_AND_PROGRAM]


def test_what_is_not_of_the_data_has_its_own_name(duckdb_url: str, company, add, monkeypatch):
    snapshot = freeze(company, duckdb_url, add, "funnel")
    (mqls,) = [f for f in snapshot.figures if f.question.metric == "mqls"]
    # A program that counted six where this one counts four.
    told = replace(snapshot, figures=(replace(mqls, value=6.0),))
    with monkeypatch.context() as patch:
        patch.setattr(changes, "code_version", lambda: "another")
        (one,) = what_changed(open_warehouse(), told).changed
    assert parts(one)[0] == (Cause.PROGRAM, -2.0)
    # A configuration of then that this program cannot read.
    warehouse = load(company, duckdb_url, NOW)
    unread = of(what_changed(warehouse, replace(snapshot, config=None)), "mqls")
    assert parts(unread) == [(Cause.DATA_AND_DEFINITION, 1.0), (Cause.AS_OF, 0.0)]
    assert unread is not None
    assert "cannot be read" in (unread.note or "")
    # A KPI that the program has no more.
    fewer = {name: metric for name, metric in changes.CATALOG.items() if name != "mqls"}
    monkeypatch.setattr(changes, "CATALOG", fewer)
    (one,) = what_changed(warehouse, replace(snapshot, figures=(mqls,))).changed
    assert (one.now, one.parts[0].reason) == (None, "now: it is no KPI of this program any more")


# -- the split by itself --------------------------------------------------------------------------

VALUES = st.none() | st.floats(-1e12, 1e12) | st.integers(-5, 5).map(float)


@settings(max_examples=200)
@given(VALUES, st.lists(VALUES, min_size=1, max_size=3))
def test_parts_add_up_exactly_or_say_which_is_not_known(then, values):
    causes = (Cause.DATA, Cause.AS_OF, Cause.DEFINITION)
    steps = [Step(cause, "x", v, "y") for cause, v in zip(causes, values, strict=False)]
    found = split(then, "z", steps)
    assert [part.cause for part in found] == [step.cause for step in steps]
    known = [part.change for part in found if part.change is not None]
    if None not in (then, *values):
        now = changes._settled(then, values)[-1] or 0.0
        assert sum(known, Fraction(0)) == Fraction(now) - Fraction(then)
        assert now == pytest.approx(values[-1], rel=1e-8, abs=1e-8)
    for before, after, part in zip((then, *values), values, found, strict=False):
        assert (part.change is None) == ((before is None) != (after is None))
        assert (part.reason is None) == (part.change is not None)
