"""What stands above every page: who and as of when, the review's settings, notices.

The URL is the truth. Each run sets the controls from it before they are drawn; a control that
is used writes the new URL and nothing else, so a link, a reload and Back all take one way.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import streamlit as st

from data.freshness import Source
from metrics.calendar import Cadence, Period
from metrics.report.view_words import moment_words
from metrics.view import Compare, Frame
from pages.view import auth
from pages.view.request import Request
from pages.view.state import BAR_FILTERS, Member, ViewState, to_query

CADENCES = {
    Cadence.WEEKLY: "Week",
    Cadence.BIWEEKLY: "2 weeks",
    Cadence.MONTHLY: "Month",
    Cadence.QUARTERLY: "Quarter",
    Cadence.YEARLY: "Year",
}
PERIODS_OFFERED = {
    Cadence.WEEKLY: 26,
    Cadence.BIWEEKLY: 26,
    Cadence.MONTHLY: 24,
    Cadence.QUARTERLY: 12,
    Cadence.YEARLY: 5,
}
FILTER_LABELS = {
    "region": "Region",
    "segment": "Segment",
    "product_line": "Product line",
    "channel": "Channel",
}
NO_MEMBER = "(none)"


def member_label(member: Member) -> str:
    return NO_MEMBER if member is None else member


def compare_label(compare: Compare, request: Request) -> str:
    """What the period is held against: "vs W45", "vs W46 2025", "vs target"."""
    view = replace(request.view, compare=compare).question(request.bounds)
    return Frame(request.bounds.calendar, view).compare_label()


# -- writing the URL --------------------------------------------------------------------------


def go_to(view: ViewState, request: Request) -> None:
    """Make ``view`` the page's address; the rerun under way reads it from there."""
    st.query_params.from_dict(to_query(view, request.bounds))


def _change_cadence(request: Request) -> None:
    cadence = st.session_state["bar-cadence"]
    if cadence is None:
        return
    as_of = request.view.as_of or request.bounds.as_of
    period = request.bounds.calendar.default_period(cadence, as_of)
    go_to(replace(request.view, cadence=cadence, period=period), request)


def _change_period(request: Request) -> None:
    period = request.bounds.calendar.parse_period(st.session_state["bar-period"])
    go_to(replace(request.view, period=period), request)


def _change_compare(request: Request) -> None:
    go_to(replace(request.view, compare=st.session_state["bar-compare"]), request)


def _change_filter(request: Request, name: str) -> None:
    chosen = tuple(st.session_state[f"bar-{name}"])
    _set_filter(request, {name: chosen})


def _clear_filters(request: Request) -> None:
    _set_filter(request, {name: () for name, _ in request.view.filters})


def _set_filter(request: Request, changed: Mapping[str, Sequence[Member]]) -> None:
    filters = dict(request.view.filters) | {k: tuple(v) for k, v in changed.items()}
    kept = tuple((name, members) for name, members in filters.items() if members)
    go_to(replace(request.view, filters=kept), request)


def _present(request: Request, present: bool) -> None:
    go_to(replace(request.view, present=present), request)


# -- the masthead -----------------------------------------------------------------------------


def age(moment: datetime, now: datetime) -> str:
    """How long ago, in one unit: "22 min", "9 h", "3 d"."""
    passed = max(now - moment, timedelta(0))
    if passed < timedelta(hours=2):
        return f"{int(passed.total_seconds() // 60)} min"
    if passed < timedelta(days=2):
        return f"{int(passed.total_seconds() // 3600)} h"
    return f"{passed.days} d"


def _freshness(sources: Sequence[Source]) -> str:
    now = datetime.now(UTC).replace(tzinfo=None)
    parts = [
        f"{html.escape(s.name)} <b>{age(s.data_through, now)}</b> old"
        for s in sources
        if s.data_through is not None
    ]
    shown = parts[:3] + ([f"{len(parts) - 3} more"] if len(parts) > 3 else [])
    return ", ".join(shown) or "no load recorded"


def moment_label(moment: datetime, request: Request) -> str:
    """A naive UTC moment in company time: "Mon 16 Nov 2026, 06:00"."""
    return moment_words(moment, request.bounds.calendar, request.config.company.locale)


def _as_of_html(request: Request) -> str:
    moment, viewer = request.view.as_of or request.bounds.as_of, request.viewer
    sees = "" if viewer.scope.is_whole else f" · sees {html.escape(viewer.scope.words)}"
    return (
        f'<p class="as-of">As of <b>{html.escape(moment_label(moment, request))}</b>'
        f'<span class="sources"> · {_freshness(request.warehouse.sources)}</span>'
        f'<span class="viewer"> · {html.escape(viewer.full_name)}{sees}</span></p>'
    )


def show_masthead(
    pages: Sequence[st.Page], title: str, query: dict[str, list[str]], request: Request
) -> None:
    """The pages, which keep the view's state, and to the right: as of, freshness, viewer."""
    with st.container(key="masthead", horizontal=True, vertical_alignment="center", gap="small"):
        company = html.escape(request.config.company.name)
        st.html(f'<p class="company">{company}</p>', width="content")
        if len(pages) > 1 or title != pages[0].title:
            with st.container(key="masthead-pages", horizontal=True, gap="small"):
                for page in pages:
                    here = st.container(key="masthead-here") if page.title == title else None
                    with here or nullcontext():
                        st.page_link(page, label=page.title, query_params=query)
        st.html(f"<h1 class='unseen'>{html.escape(title)}</h1>{_as_of_html(request)}")
        auth.sign_out_button()


def show_presenting(
    title: str, request: Request, about: str = "", show_more: Callable[[], None] | None = None
) -> None:
    """The one line that stays when presenting: title, period, as of, and the way out.

    ``about`` stands before the period; ``show_more`` draws what stands before the way out.
    """
    view = request.view
    comparison = compare_label(view.compare, request)
    with st.container(key="presenting", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(
            f'<div class="present-head"><h1>{html.escape(title)}</h1>'
            f"<p>{html.escape(about)}{html.escape(view.period.label)}, {html.escape(comparison)}"
            f"{html.escape(_filters_text(view))}</p>"
            f"{_as_of_html(request)}</div>"
        )
        if show_more is not None:
            show_more()
        st.button(
            "Leave",
            key="bar-leave",
            shortcut="Esc",
            on_click=_present,
            args=(request, False),
        )


# -- the controls -----------------------------------------------------------------------------


def _filters_text(view: ViewState) -> str:
    parts = [
        f"{name.replace('_', ' ')}: {', '.join(member_label(m) for m in members)}"
        for name, members in view.filters
    ]
    return " · " + " · ".join(parts) if parts else ""


def _filters_label(view: ViewState) -> str:
    if not view.filters:
        return "Filters"
    if len(view.filters) == 1:
        name, members = view.filters[0]
        if len(members) == 1:
            return f"{FILTER_LABELS.get(name, name)}: {member_label(members[0])[:24]}"
    return f"{len(view.filters)} filters" if len(view.filters) > 1 else "1 filter"


def offered_periods(request: Request) -> list[Period]:
    """The periods of the select, newest first: the running one, the recent, and the chosen."""
    view, calendar = request.view, request.bounds.calendar
    as_of = view.as_of or request.bounds.as_of
    running = calendar.period_of(calendar.day_of(as_of), view.cadence)
    offered = calendar.recent(running, PERIODS_OFFERED[view.cadence])[::-1]
    return offered if view.period in offered else [*offered, view.period]


def show_controls(request: Request, show_more: Callable[[], None]) -> None:
    """The review bar: cadence, period, comparison, filters, Present, and what the frame adds."""
    view, calendar = request.view, request.bounds.calendar
    as_of = view.as_of or request.bounds.as_of
    state = st.session_state
    state["bar-cadence"], state["bar-compare"] = view.cadence, view.compare
    state["bar-period"] = view.period.id
    labels = {
        p.id: p.label + (" · to date" if calendar.starts_at(p.end) > as_of else "")
        for p in offered_periods(request)
    }
    with st.container(key="bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.segmented_control(
            "Cadence",
            list(CADENCES),
            key="bar-cadence",
            format_func=CADENCES.__getitem__,
            required=True,
            on_change=_change_cadence,
            args=(request,),
            label_visibility="collapsed",
        )
        st.selectbox(
            "Period",
            list(labels),
            key="bar-period",
            format_func=labels.__getitem__,
            on_change=_change_period,
            args=(request,),
            label_visibility="collapsed",
            width=260,
        )
        st.selectbox(
            "Compared with",
            list(Compare),
            key="bar-compare",
            format_func=lambda compare: compare_label(compare, request),
            on_change=_change_compare,
            args=(request,),
            label_visibility="collapsed",
            width=150,
        )
        _show_filters(request)
        st.button(
            "Present", key="bar-present", shortcut="P", on_click=_present, args=(request, True)
        )
        show_more()


def _show_filters(request: Request) -> None:
    view, members = request.view, request.bounds.members
    with st.popover(_filters_label(view), icon=":material/filter_list:", key="bar-filters"):
        for name in BAR_FILTERS:
            st.session_state[f"bar-{name}"] = list(view.members_of(name))
            st.multiselect(
                FILTER_LABELS[name],
                list(members.get(name, ())),
                key=f"bar-{name}",
                format_func=member_label,
                on_change=_change_filter,
                args=(request, name),
                placeholder="All",
            )
        if view.filters:
            st.button(
                "Clear all filters", key="bar-clear", on_click=_clear_filters, args=(request,)
            )


def show_notices(request: Request, *, tells_moment: bool = True) -> None:
    """One strip of words: what the link asked for in vain, which source is behind; and, unless the
    line above says enough, that the moment is not the newest."""
    parts = list(request.notices)
    if request.view.as_of is not None and tells_moment:
        parts.append(
            f"This link shows the figures as of {moment_label(request.view.as_of, request)}, "
            "not the newest."
        )
    for source in request.warehouse.stale_sources:
        if source.data_through is not None:
            parts.append(
                f"The data of {source.name} end at {moment_label(source.data_through, request)}, "
                "more than a day before the newest."
            )
    if parts:
        show_strip(" ".join(parts))


def show_strip(text: str) -> None:
    """A strip of plain words across the page."""
    st.html(f'<div class="strip" role="status">{html.escape(text)}</div>')
