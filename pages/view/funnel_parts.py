"""The parts of the funnel page, each a heading with its chart or table, or why there is none."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from metrics.funnel import Funnel, step_label
from metrics.report import funnel_charts as charts
from metrics.report import funnel_words as words
from pages.view import funnel as html
from pages.view.request import Request
from pages.view.review_bar import go_to


def _missing(funnel: Funnel, part: str, title: str) -> None:
    st.html(html.heading(title) + html.sentence(funnel.reasons[part]))


def _rows_chart(data: pd.DataFrame, name: str, request: Request, alt: str) -> None:
    rows = int(data["row"].max()) + 1
    st.vega_lite_chart(
        data,
        charts.rows_spec(rows, request.view.present),
        theme=None,
        width="stretch",
        key=f"funnel-chart-{name}",
        alt=alt,
    )


def show_stages(funnel: Funnel, request: Request) -> None:
    """The cohort left, the period right: side by side, and no figure made of both."""
    counts = funnel.counts
    if counts is None:
        _missing(funnel, "counts", "Stage by stage")
        return
    formats = request.formats
    data = {
        "cohort": charts.cohort_rows(counts, formats),
        "period": charts.period_rows(counts, formats),
    }
    heads = {
        "cohort": html.heading("The cohort", words.cohort_aside(funnel, counts)),
        "period": html.heading("The period", words.period_aside(funnel)),
    }
    for column, (name, rows) in zip(st.columns(2, gap="large"), data.items(), strict=True):
        with column:
            st.html(heads[name])
            _rows_chart(rows, name, request, charts.describe_stages(rows, name))
            for split in counts.splits:
                st.html(html.split_html(counts, split, name, formats))


def _change_step(request: Request) -> None:
    step = st.session_state["funnel-step"]
    go_to(replace(request.view, metric=step), request)


def show_conversion(funnel: Funnel, request: Request) -> None:
    conversion = funnel.conversion
    if conversion is None:
        _missing(funnel, "conversion", "Conversion over age")
        return
    st.html(html.heading(f"Conversion over age, {conversion.label}", "Kaplan–Meier, 95% band"))
    told = words.conversion_words(conversion, request.formats)
    if not request.view.present and len(funnel.steps) > 1:
        st.session_state["funnel-step"] = conversion.metric
        st.selectbox(
            "Step",
            funnel.steps,
            key="funnel-step",
            format_func=step_label,
            on_change=_change_step,
            args=(request,),
            label_visibility="collapsed",
            width=240,
        )
    st.html(html.sentence(told))
    data = charts.curve_data(conversion, request.formats)
    if not data.empty:
        spec = charts.curve_spec(charts.shown_days(conversion), request.view.present)
        st.vega_lite_chart(
            data, spec, theme=None, width="stretch", key="funnel-chart-curve", alt=told
        )


def show_times(funnel: Funnel, request: Request) -> None:
    if funnel.times is None:
        _missing(funnel, "times", "Time in each stage")
        return
    st.html(
        html.heading("Time in each stage", f"left in {funnel.period_short}; running at its end")
        + html.times_html(funnel.times, request.formats)
    )


def show_leaks(funnel: Funnel, request: Request) -> None:
    if funnel.leaks is None:
        _missing(funnel, "fates", "Where leads leak")
        return
    aside = f"what became of those that entered in {funnel.period_short}"
    st.html(
        html.heading("Where leads leak", aside)
        + html.leaks_html(funnel.leaks, request.formats)
        + html.leaks_key()
    )


def show_pool(funnel: Funnel, request: Request) -> None:
    if funnel.recycled is None or funnel.recycled_ever is None:
        _missing(funnel, "fates", "The recycled pool")
        return
    head = html.heading("The recycled pool", "the furthest that they came since")
    if not funnel.recycled_ever.recycled:
        st.html(head + html.sentence("No lead was recycled."))
        return
    table = html.pools_html(
        funnel.recycled, funnel.recycled_ever, funnel.period_short, request.formats
    )
    st.html(head + table)


def show_movement(funnel: Funnel, request: Request) -> None:
    pipeline = funnel.pipeline
    if pipeline is None:
        _missing(funnel, "pipeline", "Pipeline")
        return
    aside = f"open deals due by the end of {pipeline.due_label}; deals at the right"
    st.html(html.heading(f"Pipeline, what moved in {funnel.period_short}", aside))
    rows = charts.movement_rows(pipeline.total, request.formats)
    _rows_chart(rows, "movement", request, charts.describe_movement(rows))


def show_sources(funnel: Funnel, request: Request) -> None:
    pipeline = funnel.pipeline
    if pipeline is None or not pipeline.sources:
        return
    st.html(
        html.heading("Pipeline by source", f"due by the end of {pipeline.due_label}")
        + html.sources_html(pipeline, request.formats)
    )


def show_losses(funnel: Funnel, request: Request) -> None:
    pipeline = funnel.pipeline
    if pipeline is None:
        return
    head = html.heading("Why deals were lost", f"closed in {funnel.period_short}")
    if not pipeline.losses:
        st.html(head + html.sentence("No deal was lost."))
        return
    st.html(head + html.losses_html(pipeline, request.formats))
