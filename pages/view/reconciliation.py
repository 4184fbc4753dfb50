"""The parts of the reconciliation page: stage, counts, waterfall, reasons, trend."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.catalog import CATALOG
from metrics.catalog.reconciliation import gap_id, stage_name
from metrics.errors import QueryError
from metrics.reconcile import Balance, Ledger, reconcilable_stages
from metrics.reconcile.reasons import DEFAULT_STAGE
from metrics.reconcile.trend import gap_trend
from metrics.report import gap_charts as charts
from metrics.report import gap_words as words
from pages.view import reconciliation_html as html
from pages.view.memory import show_flags
from pages.view.request import Request
from pages.view.review_bar import go_to

STAGE_KEY = "reconcile-stage"


def show_stage_switch(request: Request) -> str:
    """The stage that is shown; a switch between those that a system counts."""
    stage = request.view.stage or DEFAULT_STAGE
    offered = list(dict.fromkeys((*reconcilable_stages(request.warehouse), stage)))
    if not request.view.present and len(offered) > 1:
        st.session_state[STAGE_KEY] = stage
        st.segmented_control(
            "Stage",
            offered,
            key=STAGE_KEY,
            format_func=_switch_name,
            required=True,
            on_change=_change_stage,
            args=(request,),
            label_visibility="collapsed",
        )
    return stage


def _switch_name(stage: str) -> str:
    name = stage_name(stage)
    return name[:1].upper() + name[1:]


def _change_stage(request: Request) -> None:
    stage = st.session_state[STAGE_KEY]
    chosen = None if stage == DEFAULT_STAGE else stage
    go_to(replace(request.view, stage=chosen, reason=None), request)


def ledger_of(request: Request, stage: str) -> Ledger:
    """The ledger of the view; raises ``QueryError`` where there is none."""
    question = request.question
    return Ledger(
        request.warehouse,
        stage,
        question.period.span,
        question.as_of,
        question.where,
        shows_people=request.sees_people,
    )


def show_missing(error: QueryError) -> None:
    st.html(html.sentence(str(error)))


def show_headline(stage: str, balance: Balance, request: Request) -> None:
    st.html(html.headline_html(stage, balance, request.formats))
    if request.question.where:
        st.html(html.note(words.FILTERED))


def show_waterfall(balance: Balance, request: Request) -> None:
    """From marketing's count down to sales', each reason a step."""
    present = request.view.present
    st.html(html.waterfall_head_html(request.question.period.label))
    if not balance.marketing and not balance.sales:
        st.html(html.sentence(words.NO_RECORD))
        return
    data = charts.waterfall_rows(balance, request.formats)
    bars = int(data["mark"].str.startswith("name").sum())
    row, text = (44 if bars <= 13 else 34, 18.0) if present else (26, 12.5)
    st.vega_lite_chart(
        data,
        charts.waterfall_spec(bars, row, text, present),
        theme=None,
        width="stretch",
        key="reconcile-waterfall",
        alt=charts.describe(balance),
    )
    if base := charts.starts_at(balance):
        st.html(html.note(words.starts_words(base, request.formats)))


def show_trend(stage: str, request: Request) -> None:
    """The gap over the last periods, under the same filters."""
    points = gap_trend(request.warehouse, stage, request.question)
    st.html(html.heading(words.TREND, words.TREND_ASIDE))
    if all(point.gap is None for point in points):
        reason = next((p.reason for p in reversed(points) if p.reason), "no period has both counts")
        st.html(html.sentence(f"No trend: {reason}."))
        return
    size = charts.TREND_ROOM if request.view.present else charts.TREND_DESK
    st.vega_lite_chart(
        charts.trend_rows(points, size, request.formats),
        charts.trend_spec(size, len(points)),
        theme=None,
        width="stretch",
        key="reconcile-trend",
        alt=charts.describe_trend(points),
    )
    if points[-1].is_open:
        st.html(html.note("Hollow: the period is not over."))


def show_flags_of(stage: str) -> None:
    """The disputes of the gap, where it is a KPI of its own: at MQL."""
    if metric := CATALOG.get(gap_id(stage)):
        show_flags(metric)


def show_reasons(balance: Balance, request: Request) -> None:
    """Every reason with what it means and who can mend it."""
    st.html(html.heading("Reasons", words.REASONS_ASIDE))
    if not balance.parts:
        st.html(html.sentence(words.SAME))
        return
    st.html(html.reasons_html(balance, request.formats))
