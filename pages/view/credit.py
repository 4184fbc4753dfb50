"""The parts of the credit page, each a heading with its chart or table, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import streamlit as st
from babel.dates import format_date

from data.audit import without_people
from metrics.attribution.board import CreditBoard, build_returns
from metrics.attribution.model import MODELS, Basis
from metrics.model import Unit
from metrics.records import RecordColumn
from metrics.report import credit_charts as charts
from metrics.report import credit_words as words
from metrics.report import journey_chart, rank_chart
from metrics.report.csv_export import csv_chunks
from pages.view import credit_html as html
from pages.view.credit_controls import show_deal_choice
from pages.view.export import show_download
from pages.view.links import lead_address
from pages.view.request import Request
from pages.view.review_bar import show_strip

KEY = "● chosen model  ○ other models  ▽ first touch  △ last touch"


@dataclass(frozen=True)
class Size:
    """Pixels of one way to look: at a desk, or projected."""

    team: int
    row: int
    text: float
    rank: int
    lane: int
    rows: int


DESK = Size(team=34, row=30, text=13, rank=26, lane=104, rows=charts.MAX_ROWS)
ROOM = Size(team=43, row=34, text=20, rank=38, lane=176, rows=10)


def _size(request: Request) -> Size:
    return ROOM if request.view.present else DESK


def _chart(data, spec: dict, name: str, alt: str) -> None:
    st.vega_lite_chart(data, spec, theme=None, width="stretch", key=f"credit-chart-{name}", alt=alt)


def show_split(board: CreditBoard, request: Request) -> None:
    """First the plain facts, then who gets the credit, and how far the models differ."""
    formats, size = request.formats, _size(request)
    assert board.split is not None
    model = MODELS[board.query.model]
    days = board.query.lookback_days or request.config.attribution.lookback_days
    aside = f"{words.total_words(board, formats)}; lookback {days} days"
    st.html(html.heading("Who touched it", aside) + html.facts_html(board, formats))
    st.html(
        html.heading("Who gets the credit", f"{model.label}: {model.words}", KEY)
        + html.split_html(board)
    )
    lines = charts.team_lines(board.split.answers, model.id)
    if any(line.known() for line in lines):
        _chart(
            charts.range_data(lines, model.id, Unit.SHARE, formats, whole=1.0),
            charts.range_spec(len(lines), size.team, size.text, charts.left_width(lines), True),
            "teams",
            charts.describe_lines(lines),
        )
    if found := words.cautions(board, formats):
        show_strip(" ".join(found))


def show_members(board: CreditBoard, request: Request) -> None:
    formats, size, model = request.formats, _size(request), board.query.model
    st.html(html.heading(f"By {board.query.by}, under every model", "credit"))
    lines = charts.member_lines(board.answers, model, board.called, formats, size.rows)
    if not lines:
        st.html(html.sentence("Nothing is credited to anyone."))
        return
    unattributed = float(board.chosen.unattributed)
    shown = formats.value(unattributed, Unit.MONEY)
    rows = [*lines, charts.Line("unattributed", {model: unattributed}, shown)]
    _chart(
        charts.range_data(rows, model, Unit.MONEY, formats),
        charts.range_spec(len(rows), size.row, size.text, charts.left_width(rows), False),
        "members",
        charts.describe_lines(rows),
    )
    st.html(html.note(words.sum_words(board, formats)))


def show_ranks(board: CreditBoard, request: Request) -> None:
    size = _size(request)
    data = rank_chart.rank_data(board.answers, board.query.model, board.called)
    rows = int(data["y"].max())
    if not rows:
        return
    st.html(html.heading("Who ranks where", "dark: the largest moves; – no credit"))
    spec = rank_chart.rank_spec(rows, size.rank, size.text)
    _chart(data, spec, "ranks", rank_chart.describe_ranks(data))


def show_journey(board: CreditBoard, request: Request) -> None:
    story, size = board.story, _size(request)
    if story is None:
        st.html(
            html.heading("One journey")
            + html.sentence("No opportunity here has an eligible touch.")
        )
        return
    day, formats = _day(request), request.formats
    st.html(html.heading("One journey", words.deal_words(story, board, formats, day)))
    if not request.view.present:
        show_deal_choice(board, request)
        if request.view.deal not in (None, story.deal.opportunity_id):
            st.html(html.note("The journey that the link asked for is not among these deals."))
    _chart(
        journey_chart.journey_data(story, board.query.basis),
        journey_chart.journey_spec(len(journey_chart.lanes_of(story)), size.lane, size.text),
        "journey",
        journey_chart.describe_journey(
            story, [words.touch_words(touch, story) for touch in story.journey.touches]
        ),
    )
    st.html(html.note(words.weights_words(story, board)))
    if not request.view.present:
        # A lead's page has no part of what is chosen on this one.
        plain = replace(request, view=replace(request.view, basis=None, deal=None))
        with st.expander("Every touch in words", key="credit-touches"):
            st.html(
                html.journey_html(
                    story, board, day, lambda lead: lead_address(plain, lead), shows_reps=True
                )
            )


def _day(request: Request) -> Callable[[datetime], str]:
    calendar, locale = request.bounds.calendar, request.config.company.locale
    return lambda at: format_date(calendar.day_of(at), "d MMM yyyy", locale=locale)


def show_standing(board: CreditBoard, request: Request) -> None:
    aside = f"marketing, {board.span.label}; three questions, never added up"
    st.html(
        html.heading("Sourced, influenced, credited", aside)
        + html.standing_html(board, request.formats)
    )


def show_returns(board: CreditBoard, request: Request) -> None:
    """What channels cost and earn, left; how long their credit takes, right."""
    returns = build_returns(request.warehouse, board.query)
    model, economics = MODELS[board.query.model].label, returns.economics
    left, right = st.columns(2, gap="large")
    with left:
        st.html(html.heading("What channels cost and earn", f"{model}, won deals"))
        notes = words.economics_notes(economics)
        if economics.rows:
            st.html(html.economics_html(returns, request.formats))
        st.html(html.note(" ".join(notes)))
    with right:
        aside = "% of its credit by months since the first touch"
        st.html(html.heading("Whose timeline is it", aside))
        if returns.payback.reason:
            st.html(html.sentence(returns.payback.reason))
        elif not returns.payback.rows:
            st.html(html.sentence("Nothing is credited to any channel."))
        else:
            st.html(
                html.payback_html(returns)
                + html.note("Months of 30 days. Half by: when half of the credit had come.")
            )


def show_paths(board: CreditBoard, request: Request) -> None:
    verb = "win" if board.query.basis == Basis.WON else "are taken"
    st.html(html.heading(f"The paths that {verb} most", f"by {board.query.by}, repeats once"))
    if not board.paths:
        st.html(html.sentence("No opportunity here has an eligible touch."))
        return
    own = board.paths[0].opportunities == 1
    st.html(
        html.note("Every deal went a way of its own; these are the largest." if own else "")
        + html.paths_html(board.paths, board.called, request.formats)
    )


def show_table(board: CreditBoard, request: Request) -> None:
    st.html(html.heading(f"Every {board.query.by} under every model", "the chosen model first"))
    st.html(html.table_html(board, request.formats))
    st.html(html.note(words.sum_words(board, request.formats)))
    show_download(
        lambda: table_csv(board, request),
        viewer=request.viewer,
        file_name=f"credit-by-{board.query.by}.csv",
        key="download-credit",
        what={
            "model": board.query.model,
            "basis": str(board.query.basis),
            "from": board.query.span.start.isoformat(),
            "to": board.query.span.end.isoformat(),
            "as_of": board.query.as_of.isoformat(timespec="seconds"),
            "filters": without_people(board.query.where),
        },
    )


def table_csv(board: CreditBoard, request: Request) -> bytes:
    """The whole table: a row a member with its id and name, then unattributed and total."""
    by = str(board.query.by)
    columns = [
        RecordColumn("id", by),
        RecordColumn("name", "name"),
        *(RecordColumn(name, name, "money") for name in board.answers),
    ]
    rows = [
        {"id": member, "name": charts.member_name(member, board.called), **credit}
        for member, credit in charts.credits_by_member(board.answers, board.query.model).items()
    ]
    for kind in ("unattributed", "total"):
        sums = {name: getattr(answer, kind) for name, answer in board.answers.items()}
        rows.append({"id": None, "name": kind, **sums})
    return b"".join(csv_chunks(columns, [rows], request.bounds.calendar))
