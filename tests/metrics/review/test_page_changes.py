"""The figures of frozen pages then and now, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from metrics.model import Unit
from metrics.report.cells import Cell, Table
from metrics.report.document import Ask, Document, build_section
from metrics.report.format import Formats
from metrics.report.page_section import PageSection, Part
from metrics.review import page_changes as module
from metrics.review.frozen_pages import FrozenPage, FrozenReview
from metrics.review.page_changes import PageChanges, page_changes, side_by_side
from tests.build import at
from tests.metrics.review.small_company import NOW, OLD, THEN, Tables, february, load

FORMATS = Formats("en_US", "USD")
FRAME = Document("Company", "Review", "Feb", "5 Mar 2026", "the whole company")
CONFIG = OLD + '[attribution]\nmodel = "linear"\n'


def touch(id_: str, day: str, channel: str) -> dict[str, Any]:
    return {"touch_id": id_, "lead_id": "a", "team": "marketing", "channel": channel,
            "occurred_at": at(day)}  # fmt: skip


def with_a_deal(tables: Tables, *touches: dict[str, Any]) -> Tables:
    """One deal of 1,000, opened on 10 and won on 20 February, of the lead of 20 January, and
    touches before it; that which says how far the data go is of a lead without a deal."""
    deal = {"opportunity_id": "o", "lead_id": "a", "created_at": at("2026-02-10"),
            "closed_at": at("2026-02-20"), "status": "won", "amount": 1000}  # fmt: skip
    newest = [row | {"lead_id": "d"} for row in tables["touches"]]
    return {**tables, "touches": [*newest, *touches], "opportunities": [deal]}


def review(*pages: tuple[Any, Ask]) -> FrozenReview:
    return FrozenReview(
        FRAME, tuple(FrozenPage((n,), section, ask) for n, (section, ask) in enumerate(pages, 1))
    )


def as_read(found: PageChanges) -> dict[tuple[str, str], tuple[str, str]]:
    """(Page: part, figure) → then, now, as the table of the page shows them."""
    rows = side_by_side(found).rows
    return {(page_.text, figure.text): (then.text, now.text) for page_, figure, then, now in rows}


# DuckDB plans the statements of credit and funnel for seconds.
@pytest.mark.parametrize(
    "engine_url", ["postgresql", pytest.param("duckdb", marks=pytest.mark.long)], indirect=True
)
def test_credit_and_funnel_stand_beside_themselves(engine_url: str, company: Any):
    """Then: an e-mail of the 5th alone. Now: a visit of the 6th as well, which came late; of the
    leads one more MQL of February, and c's SQL."""
    email, web = touch("t2", "2026-02-05", "email"), touch("t3", "2026-02-06", "web")
    before = load(company, engine_url, with_a_deal(THEN, email), CONFIG)
    asks = [Ask(february(before), path=path) for path in ("attribution", "funnel")]
    kept = review(*((build_section(before, ask, FORMATS), ask) for ask in asks))
    after = load(company, engine_url, with_a_deal(NOW, email, web), CONFIG)
    found = page_changes(after, kept, FORMATS)
    told = as_read(found)
    models = {
        figure: pair
        for (part, figure), pair in told.items()
        if part == "Credit: Every channel under every model"
    }
    # Half each; all to the first; all to the last; by age (half-life 7 days) 15 and 14 days before
    # the deal was won, which is 1 to 2^(1/7): 475 and 525. The total stays, and is not told.
    for model, one, other in (
        ("Linear", "$500", "$500"),
        ("First touch", "$1,000", "$0"),
        ("Last touch", "$0", "$1,000"),
        ("Time decay", "$475", "$525"),
        ("Position 40-20-40", "$500", "$500"),
    ):
        stayed = one == "$1,000"
        assert models.pop(f"email · {model}", None) == (None if stayed else ("$1,000", one))
        assert models.pop(f"web · {model}") == ("–", other)
    assert {figure.partition(" · ")[0] for figure in models} <= {"email", "web"}
    paths = {
        f: pair for (part, f), pair in told.items() if part == "Credit: The paths that win most"
    }
    assert paths == {
        "email · Deals": ("1", "–"),
        "email · Amount": ("$1,000", "–"),
        "email → web · Deals": ("–", "1"),
        "email → web · Amount": ("–", "$1,000"),
    }
    # Of the months after the first touch only those in which something came in are figures.
    timeline = {f: pair for (part, f), pair in told.items() if part.startswith("Credit: Whose")}
    assert timeline == {"web · 0": ("–", "100"), "web · Half by": ("–", "0.5")}
    # c's SQL of 6 March counts for February's cohort, not among February's SQLs; at the end of
    # February c, d and the late e were still MQLs; by 10 April d and e are past their 30 days.
    every = ("All", "Segment (none)", "Persona (none)")
    mqls, sqls = ("4", "5"), ("2", "3")
    assert {key: pair for key, pair in told.items() if key[0].startswith("Funnel")} == {
        **{("Funnel: The cohort", f"{of} · MQL"): mqls for of in every},
        **{("Funnel: The cohort", f"{of} · SQL"): sqls for of in every},
        **{("Funnel: The period", f"{of} · MQL"): mqls for of in every},
        ("Funnel: Time in each stage", "MQL · Still running"): ("2", "3"),
        ("Funnel: Where leads leak", "MQL · n"): mqls,
        ("Funnel: Where leads leak", "MQL · advanced"): sqls,
        ("Funnel: Where leads leak", "MQL · still, in time"): ("2", "0"),
        ("Funnel: Where leads leak", "MQL · still, aged"): ("0", "2"),
    }
    # Of credit 3 facts, 2 teams and 4 channels under 11 models, 2 figures of 3 timelines and of 2
    # paths; of the funnel 2 × 3 × 2 counts, 3 of times, 6 of leaks, 2 × 10 of the pipeline.
    assert found.figures == 3 + 6 * 11 + 2 * 3 + 2 * 2 + 12 + 3 + 6 + 20
    assert found.lost == ()


def cells(*texts: str) -> tuple[Cell, ...]:
    """A name, then figures; an undefined one has no number."""
    numbers = [None if text in ("–", "") else float(text) for text in texts[1:]]
    figures = (Cell(t, n, Unit.COUNT) for t, n in zip(texts[1:], numbers, strict=True))
    return Cell(texts[0]), *figures


def page(*rows: tuple[Cell, ...], is_data: bool = False) -> PageSection:
    table = Table("T", ("Name", "n", "m"), rows, is_data=is_data)
    return PageSection("sla", "SLA", "", (Part("teams", "Teams", table=table),))


def test_what_came_or_went_stands_first_then_the_larger_change(
    duckdb_url: str, company: Any, monkeypatch: pytest.MonkeyPatch
):
    warehouse = load(company, duckdb_url, THEN)
    asked = Ask(february(warehouse), path="sla")
    then = page(
        cells("small", "100", "0.3"),  # 100 → 90: a tenth of itself
        cells("large", "10", "5"),  # 10 → 20: half of it; 5 is the same
        cells("went", "1", ""),
        cells("undefined", "–", "–"),  # 7 now; the other is undefined as before
    )
    now = page(
        cells("small", "90", "0.30000000000000004"),
        cells("large", "20", "5"),
        cells("undefined", "7", "–"),
        cells("came", "", "2"),
    )
    monkeypatch.setattr(module, "build_section", lambda *_: now)
    found = page_changes(warehouse, review((then, asked)), FORMATS)
    assert list(as_read(found).items()) == [
        (("SLA: Teams", "went · n"), ("1", "–")),
        (("SLA: Teams", "undefined · n"), ("–", "7")),
        (("SLA: Teams", "came · m"), ("–", "2")),
        (("SLA: Teams", "large · n"), ("10", "20")),
        (("SLA: Teams", "small · n"), ("100", "90")),
    ]
    # Three rows that stand in both, and the one figure each of what came and went.
    assert found.figures == 3 * 2 + 1 + 1
    assert len(side_by_side(found, 2).rows) == 2
    # What is too long to be read is not compared either, nor a part of the review itself.
    data = page(cells("small", "100", "1"), is_data=True)
    monkeypatch.setattr(module, "build_section", lambda *_: page(is_data=True))
    assert page_changes(warehouse, review((data, asked)), FORMATS) == PageChanges((), 0)
    own = FrozenReview(FRAME, (FrozenPage((1,), then),))
    assert page_changes(warehouse, own, FORMATS) == PageChanges((), 0)


def test_a_page_that_cannot_be_made_any_more_is_named(duckdb_url: str, company: Any):
    warehouse = load(company, duckdb_url, THEN)
    asked = Ask(february(warehouse), path="a page of another program")
    found = page_changes(warehouse, review((page(cells("x", "1", "2")), asked)), FORMATS)
    assert (found.changed, found.figures) == ((), 0)
    (words,) = found.lost
    assert words.startswith("SLA: ")
    assert "page to take away" in words
