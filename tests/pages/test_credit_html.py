"""The credit page's HTML: everything from data is escaped, and what is not there is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

from metrics.attribution.board import CreditBoard
from metrics.attribution.deals import Deal, Story
from metrics.attribution.model import Attribution, AttributionQuery, Credit
from metrics.attribution.paths import Journey, JourneyTouch, Path
from metrics.attribution.span import CreditSpan
from metrics.attribution.teams import TeamFacts, TeamSplit, Touched
from metrics.calendar import Span
from metrics.report.format import Formats
from pages.view import credit_html
from tests.pages.test_cards import read

FORMATS = Formats("en_US", "USD")
EVIL = '"><img src=x onerror=alert(1)>'
WON = datetime(2026, 6, 20, 12)
JUNE = Span(date(2026, 6, 1), date(2026, 7, 1))


def credited(by: str, member: str, amount: int) -> Attribution:
    rows = (Credit(member, Decimal(amount), 1.0),)
    return Attribution("linear", by, "won", WON, Decimal(1000), Decimal(100), 2, 1, 0, rows)


def touched(amount: int) -> Touched:
    return Touched(1, Decimal(amount))


BOARD = CreditBoard(
    AttributionQuery("linear", "channel", JUNE, WON),
    CreditSpan(JUNE, "June 2026", is_running=False),
    TeamFacts(touched(900), Touched(), Touched(), Touched(), touched(100), touched(1000)),
    TeamSplit("linear", {"linear": credited("team", "marketing", 400)}, {"linear": 1.0}),
    {"linear": credited("channel", EVIL, 900)},
)
TOUCH = JourneyTouch("T1", WON, "L1", "sales", EVIL, EVIL, "C1", EVIL, "R1", {"linear": 0.004})
STORY = Story(
    Deal("O1", EVIL, Decimal(900), WON, 1),
    Journey("O1", WON, WON, None, Decimal(900), (TOUCH,)),
    "linear",
    leads={"L1": EVIL},
    reps={"R1": EVIL},
    campaigns={"C1": EVIL},
)


def day(moment: datetime) -> str:
    return f"{moment:%d %b}"


def test_everything_from_data_is_escaped() -> None:
    paths = [Path((EVIL, None), 1, Decimal(5))]
    for text in (
        credit_html.heading(EVIL, EVIL, EVIL),
        credit_html.table_html(BOARD, FORMATS),
        credit_html.paths_html(paths, {}, FORMATS),
        credit_html.journey_html(STORY, BOARD, day, lambda lead: EVIL, shows_reps=True),
    ):
        assert "<img" not in text
        assert "onerror" in text
        assert "img" not in read(text).tags


def test_reps_and_names_only_where_they_may_be_shown() -> None:
    story = replace(STORY, leads={}, reps={"R1": "Kim Lee"})
    shown = credit_html.journey_html(story, BOARD, day, str, shows_reps=True)
    assert "by Kim Lee" in shown
    assert ">L1</a>" in shown
    assert "Kim Lee" not in credit_html.journey_html(story, BOARD, day, str, shows_reps=False)
    # A weight that is not nothing does not read as nothing.
    assert "<b>&lt;1%</b>" in shown


def test_the_table_s_foot_adds_up() -> None:
    html = credit_html.table_html(BOARD, FORMATS)
    foot = html[html.index("<tfoot>") :]
    assert "Unattributed" in foot
    assert "<td>$100</td>" in foot
    assert "<td>$1,000</td>" in foot


def test_a_kpi_without_a_figure_says_why() -> None:
    html = credit_html.standing_html(BOARD, FORMATS)
    assert html.count("this KPI is not in the catalog") == 2
    assert "$400" in html, "marketing's credit, whatever the dimension"


def test_amounts_below_nothing_are_no_parts_of_a_whole() -> None:
    facts = TeamFacts(touched(900), touched(-50), Touched(), Touched(), Touched(), touched(850))
    html = credit_html.facts_html(replace(BOARD, facts=facts), FORMATS)
    assert "width" not in html
    assert "−$50" in html


def test_a_long_path_is_told_by_its_ends() -> None:
    path = Path(tuple("abcdefghijkl"), 1, Decimal(5))
    html = credit_html.paths_html([path], {}, FORMATS)
    assert "a → b → c → d → <i>5 more</i> → j → k → l" in html
