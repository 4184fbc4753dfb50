"""A KPI's page: what it is, how it ran, what it is made of and what moved it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.catalog import CATALOG
from metrics.kpi import SHOWN_MEMBERS, Kpi, build_kpi
from pages.view import kpi_charts, kpi_html
from pages.view.kpi_history import show_history
from pages.view.memory import on_kpi
from pages.view.parts import show_part
from pages.view.records_table import show_records
from pages.view.request import Request, current
from pages.view.review_bar import go_to
from pages.view.split_control import show_split_control

TITLES = {"marketing": "Marketing", "shared": "Shared", "sales": "Sales"}


def show_kpi() -> None:
    request = current()
    if request.view.metric is None:
        _show_choice(request)
        return
    view = request.view
    said = on_kpi.words_html(CATALOG[request.view.metric])
    members = on_kpi.members_in_room(said) if view.present else SHOWN_MEMBERS
    kpi = _kpi(request, members)
    st.html(kpi_html.header_html(kpi, request.formats))
    if said:
        st.html(said)
    kpi_charts.show_six_twelve(kpi, request)
    st.html(kpi_html.to_date_html(kpi, request.formats))
    if not view.present:
        on_kpi.show_forms(kpi.metric)
    if view.present:
        _show_split(kpi, request, is_tight=bool(said))
    else:
        show_part("split", request, lambda now: _show_split(_kpi(now), now, bool(said)), ["by"])
        if kpi.tile.span is not None:
            st.html('<div class="team"><h2>Records behind the number</h2></div>')
            show_records(request, kpi.metric.id, kpi.tile.span)
        with st.expander("The SQL behind the number", key="kpi-sql"):
            for statement in kpi.statements:
                st.code(statement, language="sql", wrap_lines=True)


def _kpi(request: Request, members: int = SHOWN_MEMBERS) -> Kpi:
    view = request.view
    assert view.metric is not None
    return build_kpi(request.warehouse, request.question, view.metric, view.by, members)


def _show_split(kpi: Kpi, request: Request, is_tight: bool) -> None:
    """What the KPI is made of and what moved it, by the chosen dimension; what is usual for it."""
    with st.container(key="kpi-parts"):
        left, right = st.columns(2, gap="large")
    with left:
        _show_segments(kpi, request)
        if not request.view.present:
            show_history(kpi, request)
    with right:
        kpi_charts.show_waterfall(kpi, request, is_tight=is_tight)
        if not request.view.present:
            st.html(kpi_html.definition_html(kpi.metric))


def _show_segments(kpi: Kpi, request: Request) -> None:
    if not request.view.present:
        show_split_control(kpi.metric, kpi.segments.by, request)
    st.html(kpi_html.segments_html(kpi, request.formats, titled=request.view.present))


def _show_choice(request: Request) -> None:
    """Every KPI, by team, for a link that names none."""
    st.html('<p class="kpi-choice">Choose a KPI.</p>')
    with st.container(key="kpi-choice"):
        columns = st.columns(len(TITLES), gap="large")
    for column, (team, title) in zip(columns, TITLES.items(), strict=True):
        with column, st.container(gap=None):
            st.html(f'<div class="team"><h2>{title}</h2></div>')
            for metric in CATALOG.values():
                if metric.team.value == team:
                    # A page link to the page itself would leave the address as it is.
                    st.button(
                        metric.label,
                        key=f"kpi-choose-{metric.id}",
                        type="tertiary",
                        on_click=go_to,
                        args=(replace(request.view, metric=metric.id, by=None), request),
                    )
