"""The two charts of a KPI's page with their headings."""

from __future__ import annotations

import html

import streamlit as st

from metrics.kpi import Kpi
from metrics.report import six_twelve, waterfall
from metrics.report.six_twelve import DESK, ROOM
from metrics.view import Frame
from pages.view.kpi_html import causes_html, trend_head_html
from pages.view.request import Request


def show_six_twelve(kpi: Kpi, request: Request) -> None:
    """6 weeks and 12 months; nothing but words where there is nothing to draw."""
    st.html(trend_head_html(kpi, request.formats))
    if all(point.value is None for point in (*kpi.weeks, *kpi.months)):
        return
    size = ROOM if request.view.present else DESK
    st.vega_lite_chart(
        six_twelve.six_twelve_data(kpi, request.formats, size),
        six_twelve.six_twelve_spec(size, six_twelve.is_split(kpi)),
        theme=None,
        key="kpi-six-twelve",
        alt=six_twelve.describe(kpi, request.formats),
    )


def show_waterfall(kpi: Kpi, request: Request, *, is_tight: bool = False) -> None:
    """What moved the KPI since the period it is compared with, or why that cannot be told;
    ``is_tight``: words further up leave a projected page less room."""
    drivers, formats = kpi.drivers, request.formats
    st.html(causes_html(kpi, formats))
    if not drivers.parts or drivers.before is None:
        return
    frame = Frame(request.bounds.calendar, request.question)
    after = frame.period_name(kpi.period)
    data = waterfall.waterfall_data(drivers, formats, kpi.versus or "before", after)
    bars = int((data["mark"] == "name").sum())
    row, text = (29 if is_tight else 36, 18.0) if request.view.present else (28, 13.0)
    st.vega_lite_chart(
        data,
        waterfall.waterfall_spec(bars, row, text),
        theme=None,
        key="kpi-waterfall",
        alt=waterfall.describe(drivers, formats),
    )
    base = waterfall.starts_at(drivers, waterfall.steps_of(drivers))
    if base:
        told = formats.target(base, drivers.metric.unit)
        st.html(f'<p class="chart-note">Bars start at {html.escape(told)}, not at 0.</p>')
