"""One lead on the page: header, picture, what was agreed and sold, and the list by day."""

from __future__ import annotations

from datetime import datetime

import streamlit as st
from babel.dates import format_datetime

from metrics.lead import MAX_EVENTS, MAX_FOUND, LeadStory, search_leads, without_reps
from metrics.lead_differences import differences
from metrics.report.lead_chart import (
    MAX_DEALS,
    chart_height,
    describe_lead,
    lanes_of,
    lead_chart_data,
    lead_chart_spec,
)
from metrics.report.lead_days import days_of
from pages.view import lead_html
from pages.view.links import lead_link
from pages.view.paging import offset_of, show_paging
from pages.view.parts import show_part
from pages.view.request import Request
from pages.view.review_bar import moment_label, show_strip

DAYS_A_PAGE = 30
KEY = (
    "● the buyer responded · ○ no response · larger = more touches that day · ■ stage · "
    "◆ handoff (orange: late or unanswered)"
)


def show_search(request: Request) -> None:
    """Find a lead by a part of its id, name, e-mail or company."""
    what = "id, name, e-mail or company" if request.sees_people else "id or company"
    text = st.text_input("Find a lead", key="lead-search", placeholder=f"A part of its {what}")
    if not text.strip():
        st.html(f'<p class="paging">Type a part of a lead\'s {what}; Enter searches.</p>')
        return
    found = search_leads(
        request.warehouse, text[:200], request.question.as_of, shows_people=request.sees_people
    )
    if not found:
        show_strip("No lead as of this moment has that in its " + what + ".")
        return
    for lead in found:
        parts = (lead["full_name"], lead["company"], lead["email"], lead["lead_id"])
        lead_link(request, lead["lead_id"], " · ".join(part for part in parts if part))
    if len(found) == MAX_FOUND:
        st.html(f'<p class="paging">The newest {MAX_FOUND}; type more to narrow it down.</p>')


def show_story(story: LeadStory, request: Request) -> None:
    """Everything that is known of a lead."""
    formats = request.formats

    def moment(at: datetime) -> str:
        return _in_words(at, "d MMM yyyy, HH:mm", request)

    if request.view.present:
        story = without_reps(story)
    else:
        lead_link(request, None, "Find another lead")
    _show_fate(story, request)
    st.html(lead_html.header_html(story, moment))
    _show_picture(story, request)
    with st.container(key="lead-facts"):
        handoffs, deals, systems = st.columns(3, gap="large")
        handoffs.html(lead_html.handoffs_html(story.handoffs, moment, formats))
        deals.html(lead_html.deals_html(story.deals, moment, formats))
        systems.html(
            lead_html.differences_html(differences(story))
            + lead_html.systems_html(story.systems, moment)
        )
    show_part("days", request, lambda now: _show_days(story, now))


def _show_days(story: LeadStory, request: Request) -> None:
    """The list by day, a page at a time."""
    days = days_of(story.events, request.bounds.calendar)
    offset = offset_of("days", len(days), DAYS_A_PAGE)
    shown = days[offset : offset + DAYS_A_PAGE]
    locale = request.config.company.locale
    st.html(lead_html.days_html(shown, lambda at: _in_words(at, "HH:mm", request), locale))
    show_paging("days", len(days), DAYS_A_PAGE, "days with events")
    if story.is_cut:
        show_strip(f"Only the newest {MAX_EVENTS:,} events are shown; older ones are left out.")


def _in_words(at: datetime, pattern: str, request: Request) -> str:
    local = request.bounds.calendar.local(at)
    locale = request.config.company.locale
    return format_datetime(local, pattern, tzinfo=local.tzinfo, locale=locale)


def _show_fate(story: LeadStory, request: Request) -> None:
    """A record that is merged or deleted says so, and leads to the one that survived."""
    person = story.person
    if person["merged_at"] is not None:
        when = moment_label(person["merged_at"], request)
        show_strip(f"This record was merged into {person['merged_into']} on {when}.")
        if person["merged_into"]:
            lead_link(
                request, person["merged_into"], f"Open the surviving lead {person['merged_into']}"
            )
    if person["deleted_at"] is not None:
        when = moment_label(person["deleted_at"], request)
        show_strip(f"This record was deleted on {when}; no KPI of leads counts it since.")


def _show_picture(story: LeadStory, request: Request) -> None:
    lanes, deals = lanes_of(story), min(len(story.deals), MAX_DEALS)
    data = lead_chart_data(story, request.bounds.calendar, request.formats)
    if data.empty:
        st.html('<p class="paging">Nothing has happened to this lead yet.</p>')
        return
    with st.container(key="lead-picture"):
        st.vega_lite_chart(
            data,
            lead_chart_spec(lanes, deals),
            height=chart_height(len(lanes), deals),
            theme=None,
            alt=describe_lead(story),
        )
        st.html(f'<p class="paging">{KEY}</p>')
