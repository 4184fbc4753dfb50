"""Walking an agenda: the address of every item, with the presenter's settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from metrics.calendar import Cadence
from metrics.review.agenda import AgendaItem
from metrics.review.meetings import Meeting
from pages.view.agenda_bar import line_html, track_html
from pages.view.walk import Walk, first_query, item_query

AGENDA = (
    AgendaItem("Goals", "scorecard", "Both <teams>", 5),
    AgendaItem("Trend", "kpi?metric=mqls&cadence=monthly", "Marketing", 3),
    AgendaItem("EMEA's queue", "sla?region=EMEA", "", 2),
    AgendaItem("Wins", "review#wins", "Both", 2),
)
MEETING = Meeting(
    "0123456789abcdef", Cadence.WEEKLY, date(2026, 11, 22), datetime(2026, 11, 21, 5, 19),
    "period=2026-W46&region=AMER", (), AGENDA, "ana", datetime(2026, 11, 22, 9), None, None,
)  # fmt: skip
ITS = {"review": [MEETING.id]}


def test_the_presenters_settings_go_on_and_an_items_own_do_not():
    shown = {"period": ["2026-W45"], "region": ["AMER", "LATAM"], "present": ["1"], **ITS}
    second = item_query(MEETING, shown, 1, 2)
    # A month has no week's period.
    assert second == {
        "metric": ["mqls"], "cadence": ["monthly"], "region": ["AMER", "LATAM"],
        "present": ["1"], "item": ["2"], **ITS,
    }  # fmt: skip
    shown = second | {"period": ["2026-10"], "by": ["region"]}
    third = item_query(MEETING, shown, 2, 3)
    # Back in the review's own week; the item's own region stands over the presenter's.
    assert third == {
        "period": ["2026-W46"], "region": ["EMEA"], "present": ["1"], "item": ["3"], **ITS,
    }  # fmt: skip
    fourth = item_query(MEETING, third, 3, 4)
    assert fourth == {
        "period": ["2026-W46"], "region": ["AMER"], "present": ["1"], "item": ["4"], **ITS,
    }  # fmt: skip
    assert item_query(MEETING, fourth, 4, 1)["region"] == ["AMER"]


def test_a_review_begins_with_its_own_view_and_moment():
    begun = first_query(MEETING)
    assert begun == {
        "period": ["2026-W46"], "region": ["AMER"], "as_of": ["2026-11-21T05:19:00Z"],
    }  # fmt: skip
    assert item_query(MEETING, begun, None, 1) == {**begun, **ITS, "item": ["1"]}


def test_the_line_tells_where_the_meeting_is_and_escapes_what_people_typed():
    first, last, between = (Walk(MEETING, at) for at in (1, 4, None))
    assert (first.before, first.following) == (None, 2)
    assert (last.before, last.following) == (3, None)
    assert (between.before, between.following, between.item) == (None, 1, None)
    assert "1 of 4 <b>Goals</b> · Both &lt;teams&gt;" in line_html(first)
    assert "Next: Trend" in line_html(first)
    assert "The last item" in line_html(last)
    assert "<b>Weekly review, 22 Nov 2026</b> 4 items, 12 min" in line_html(between)
    closed = replace(MEETING, closed_at=datetime(2026, 11, 22, 10), closed_by="ana")
    assert "closed" in line_html(Walk(closed, 1))
    assert track_html(last).count("agenda-past") == 3
