"""The page frame, run on every visit and every click: navigation, sign-in, review bar, page.

``st.navigation`` comes first, signed in or not: so Streamlit never runs a page by itself, and
path and query of a link are still there after the sign-in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import streamlit as st

from data.errors import WarehouseError
from metrics.catalog import CATALOG
from pages.admin.page import show_admin
from pages.agreements.page import show_agreements
from pages.attribution.page import show_credit
from pages.funnel.page import show_funnel
from pages.handbook.page import show_handbook
from pages.kpi.page import show_kpi
from pages.lead.page import show_lead
from pages.reconciliation.page import show_reconciliation
from pages.review.page import show_review
from pages.scorecard.page import show_scorecard
from pages.sla.page import show_sla
from pages.view import (
    auth,
    landing,
    last_known,
    links,
    presence,
    review_bar,
    share,
    take_away,
    telemetry,
    views,
)
from pages.view.agenda_bar import show_agenda_bar, show_agenda_presenting
from pages.view.frozen_page import show_in_walk
from pages.view.reconnecting import ask_when_connected_again
from pages.view.request import Request, set_current
from pages.view.state import to_query
from pages.view.style import apply_style
from pages.view.walk import read_walk
from pages.view.warehouse_gone import show_without_warehouse
from pages.view.warming import warm_next


@dataclass(frozen=True)
class Section:
    """One page: its name, its path and the function that shows it.

    A page of one thing (a KPI) is reached from where that thing stands, not from the navigation.
    A page that is no view of the numbers has no review bar; one for admins is offered to them.
    """

    title: str
    path: str
    show: Callable[[], None]
    in_navigation: bool = True
    has_bar: bool = True
    for_admins: bool = False

    def is_offered(self, viewer: auth.Viewer) -> bool:
        return self.in_navigation and (not self.for_admins or viewer.role == "admin")


# The navigation: a new page is one line here. The first stands at the root.
SECTIONS = (
    Section("Scorecard", "scorecard", show_scorecard),
    Section("Funnel", "funnel", show_funnel),
    Section("Credit", "attribution", show_credit),
    Section("SLA", "sla", show_sla),
    Section("Reconciliation", "reconciliation", show_reconciliation),
    Section("Review", "review", show_review),
    Section("Agreements", "agreements", show_agreements),
    Section("Leads", "lead", show_lead),
    Section("Handbook", "handbook", show_handbook),
    Section("KPI", "kpi", show_kpi, in_navigation=False),
    Section("Admin", "admin", show_admin, has_bar=False, for_admins=True),
)


def build_pages() -> list[st.Page]:
    """Every section at its path, and before them the first one at the root as well."""
    home = st.Page(SECTIONS[0].show, title=SECTIONS[0].title, default=True)
    return [home, *(st.Page(s.show, title=s.title, url_path=s.path) for s in SECTIONS)]


def _title(chosen: st.Page, request: Request) -> str:
    """The page's name; of a KPI's page the KPI's."""
    metric = request.view.metric
    return CATALOG[metric].label if chosen.url_path == "kpi" and metric else chosen.title


def _section_of(chosen: st.Page) -> Section:
    return next((s for s in SECTIONS if s.path == chosen.url_path), SECTIONS[0])


def show_frame() -> None:
    """One run: told to the log, and with last known numbers where the warehouse fails."""
    with telemetry.observed_run() as run, last_known.instead():
        _show_frame(run)


def _show_frame(run: telemetry.Run) -> None:
    st.set_page_config(page_title="Shared Scorecard", page_icon="◧", layout="wide")
    apply_style()
    pages = build_pages()
    chosen = st.navigation(pages, position="hidden")
    viewer = auth.sign_in()
    if viewer is None:
        landing.forget_arrival()
        st.stop()
    presence.note(viewer.username)
    path = chosen.url_path or SECTIONS[0].path
    telemetry.note_page(run, path, auth.log_name_of(viewer.username))
    by_path = {section.path: page for section, page in zip(SECTIONS, pages[1:], strict=True)}
    links.set_pages(by_path)
    query = {name: st.query_params.get_all(name) for name in st.query_params}
    is_sound = landing.land(viewer, chosen, query, by_path)
    query = query if is_sound else {}
    request = landing.with_frozen_notice(_read(viewer, path, query), query)
    request, walk = read_walk(request, query)
    set_current(request)
    title = _title(chosen, request)
    if request.view.present:
        if walk is not None:
            show_agenda_presenting(walk, title, request)
        else:
            review_bar.show_presenting(title, request)
    else:
        offered = [p for s, p in zip(SECTIONS, pages[1:], strict=True) if s.is_offered(viewer)]
        view = replace(
            request.view,
            metric=None,
            by=None,
            lead=None,
            basis=None,
            deal=None,
            section=None,
            stage=None,
            reason=None,
        )
        review_bar.show_masthead(offered, title, to_query(view, request.bounds), request)
        if not is_sound:
            review_bar.show_strip(landing.NO_SUCH_LINK)
            st.stop()
        if _section_of(chosen).has_bar:
            review_bar.show_controls(request, lambda: _show_sharing(chosen, by_path, request))
    # Before the room a review's own moment is no news, and its strip would cost a tile's line.
    review_bar.show_notices(request, tells_moment=walk is None or not request.view.present)
    if walk is not None and not request.view.present:
        show_agenda_bar(walk, request)
    is_frozen = walk is not None and show_in_walk(walk, request)
    if not is_frozen:
        chosen.run()
    last_known.watch()
    ask_when_connected_again()
    if walk is not None and not is_frozen:
        warm_next(walk, request)


def _read(viewer: auth.Viewer, path: str, query: Mapping[str, list[str]]) -> Request:
    """The request; a closed review opens without a warehouse as well, and ends the run."""
    try:
        return last_known.read(viewer, path, query)
    except WarehouseError as error:
        if not show_without_warehouse(viewer, query, error):
            raise
        st.stop()


def _show_sharing(chosen: st.Page, pages: Mapping[str, st.Page], request: Request) -> None:
    # The root shows the first section; its own path names it for good, whoever's start page.
    path = chosen.url_path or SECTIONS[0].path
    views.show_views(path, pages, request)
    base = share.base_address(chosen.url_path)
    share.show_share(path, base, pages, request)
    take_away.show_take_away(path, base, request)
