"""The parts of the SLA page, each a heading with its chart or table, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from metrics.report import sla_charts as charts
from metrics.report import sla_trend as trend
from metrics.report import sla_words as words
from metrics.scorecard import Tile
from metrics.sla import SlaPage
from metrics.sla.model import ReasonRow
from pages.view import sla_html as html
from pages.view.links import link_to_kpi
from pages.view.request import Request
from pages.view.review_bar import go_to

# A projected table is read from the back row: fewer reasons, larger.
REASONS_DESK, REASONS_ROOM = 5, 4


def _missing(page: SlaPage, part: str, title: str) -> None:
    st.html(html.heading(title) + html.sentence(page.reasons[part]))


# -- the two sides ----------------------------------------------------------------------------


def show_marketing(page: SlaPage, request: Request) -> None:
    """Marketing's commitment: delivery, completeness, what came back; by segment."""
    _show_side(
        "marketing",
        "Marketing delivers",
        words.committed(page.marketing, request.formats),
        page,
        request,
    )
    st.html(html.segments_html(page, request.formats))


def show_sales(page: SlaPage, request: Request) -> None:
    """Sales' answer: adherence, response time, overdue; the states that add up to handoffs."""
    _show_side("sales", "Sales answers", _promised(page, request), page, request)
    if page.states is None:
        st.html(html.sentence(page.reasons["responses"]))
        return
    st.html(html.states_html(page.states, page.period_short, request.formats))


def _show_side(side: str, title: str, aside: str, page: SlaPage, request: Request) -> None:
    tiles = getattr(page, side)
    running = next((m.text for t in tiles for m in t.marks if m.kind == "partial"), None)
    aside = f"{aside} · ◐ {running}" if running else aside
    with st.container(key=f"sla-head-{side}"):
        st.html(html.heading(title, aside))
    with st.container(key=f"sla-side-{side}", gap=None):
        st.html(html.figures_html(tiles, request.formats))
        with st.container(key=f"links-sla-{side}", gap=None):
            for tile in tiles:
                link_to_kpi(tile.metric.id, f"Open {tile.label}", request)
    _show_trend(side, tiles[0], request)


def _promised(page: SlaPage, request: Request) -> str:
    hours = request.config.sla.response_hours
    return words.promised(page.sales, hours, request.formats)


def _show_trend(side: str, tile: Tile, request: Request) -> None:
    size = trend.ROOM if request.view.present else trend.DESK
    data = trend.trend_data(tile, request.formats, size)
    if data.empty:
        # The figure above has said why already.
        if tile.reason is None:
            st.html(html.sentence("Nothing to draw yet."))
        return
    st.vega_lite_chart(
        data,
        trend.trend_spec(size),
        theme=None,
        key=f"sla-chart-{side}",
        alt=trend.describe(tile, request.formats),
    )


# -- over the window --------------------------------------------------------------------------


def show_responses(page: SlaPage, request: Request) -> None:
    """Response time ÷ target by priority; the unanswered stand apart."""
    title = "Response time ÷ target"
    if page.responses is None:
        _missing(page, "responses", title)
        return
    st.html(html.heading(title, f"business hours, {page.window_label}"))
    if not page.responses:
        st.html(html.sentence("No lead was handed over in this time."))
        return
    size = charts.STRIP_ROOM if request.view.present else charts.STRIP_DESK
    st.vega_lite_chart(
        charts.strip_data(page.responses, request.formats),
        charts.strip_spec(len(page.responses), size),
        theme=None,
        key="sla-chart-responses",
        alt=charts.strip_words(page.responses, request.formats),
    )


def show_heat(page: SlaPage, request: Request) -> None:
    """When the late ones were handed over."""
    title = "Late, by time of handoff"
    if page.heat is None:
        _missing(page, "heat", title)
        return
    told = charts.worst_words(page.heat, request.formats)
    zone = request.config.company.timezone.rpartition("/")[2].replace("_", " ")
    st.html(html.heading(title, f"%, {zone} time, {page.window_label}"))
    if page.heat.cells:
        size = charts.HEAT_ROOM if request.view.present else charts.HEAT_DESK
        data = charts.heat_data(page.heat, request.formats)
        cells = data[data["mark"] == "cell"]
        columns, rows = int(cells["column"].max()) + 1, int(cells["row"].max()) + 1
        st.vega_lite_chart(
            data,
            charts.heat_spec(columns, rows, size),
            theme=None,
            key="sla-chart-heat",
            alt=told,
        )
    st.html(html.sentence(told))


def show_answerers(page: SlaPage, request: Request) -> None:
    """By team, and by rep where names may stand: on a projected page only once turned on."""
    title = "In time, by team and rep"
    if page.answerers is None:
        _missing(page, "answerers", title)
        return
    view = request.view
    names = view.names or not view.present
    st.html(html.heading(title if names else "In time, by team", page.window_label))
    if not page.answerers.teams:
        st.html(html.sentence("No lead was handed over in this time."))
        return
    st.html(html.answerers_html(page.answerers, request.formats, names=names))
    st.html(html.sentence(words.answerers_words(page.answerers, request.formats)))
    if view.present:
        st.button(
            "Hide names" if view.names else "Show names",
            key="sla-names",
            on_click=go_to,
            args=(replace(view, names=not view.names), request),
        )


def show_channels(page: SlaPage, request: Request) -> None:
    """What sales gave back and why, by channel: the feedback that marketing needs."""
    title = "What sales gave back, and why"
    if page.rejections is None:
        _missing(page, "rejections", title)
        return
    aside = f"rejected ÷ (accepted + rejected), {page.window_label}"
    if not page.rejections.total.rejected.count:
        st.html(html.heading(title, aside) + html.sentence("No lead was given back."))
        return
    _show_rejected(page, request, page.rejections.channels, "Channel", title, aside)


def show_campaigns(page: SlaPage, request: Request) -> None:
    """The same by campaign, those with most rejections first."""
    found = page.rejections
    if found is not None and found.total.rejected.count:
        title = "Given back, by campaign"
        _show_rejected(page, request, found.campaigns, "Campaign", title, page.window_label)


def _show_rejected(
    page: SlaPage,
    request: Request,
    rows: Sequence[ReasonRow],
    by: str,
    title: str,
    aside: str,
) -> None:
    assert page.rejections is not None
    reasons = REASONS_ROOM if request.view.present else REASONS_DESK
    st.html(
        html.heading(title, aside)
        + html.rejections_html(rows, page.rejections, by, request.formats, reasons)
    )


def show_cost(page: SlaPage, request: Request) -> None:
    """Conversion of leads answered in time against late ones, and what effort went astray."""
    found, formats = page.cost, request.formats
    if found is None:
        _missing(page, "cost", "What goes with lateness")
    else:
        aside = f"handed over in the {page.cost_label}, SQL within {found.window_days} days"
        st.html(html.heading("What goes with lateness", aside))
        st.html(html.sentence(words.cost_words(found, page.cost_label, formats)))
        st.html(html.cost_html(found, formats))
    st.html(html.effort_html(page.effort, page.cost_label, formats))
