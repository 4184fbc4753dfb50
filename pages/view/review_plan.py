"""Changing the plan of a cadence: participants, and the agenda as a table of items."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from data.errors import ScorecardError
from metrics.review.agenda import MAX_MINUTES, AgendaItem
from metrics.review.meetings import Plan, may_lead, read_plan, save_plan
from pages.view.agenda_bar import agenda_words
from pages.view.popover import say, show_said
from pages.view.request import Request
from pages.view.review_html import note
from pages.view.review_sections import SECTIONS, places

SAID = "plan"


def show_plan(request: Request) -> None:
    """Who may, changes the plan of the view's cadence."""
    if not may_lead(request.viewer.role):
        return
    cadence = request.view.cadence
    plan = read_plan(cadence, places())
    by = f", changed by {plan.changed_by}" if plan.changed_by else ", the built-in one"
    with st.expander(f"The {cadence.value} plan: {agenda_words(plan.agenda)}{by}", key="plan"):
        show_said(SAID)
        sections = ", ".join(f"review#{name}" for name in SECTIONS)
        st.html(
            note(
                "A view is a page with its settings, as in its address: scorecard, sla, "
                f"kpi?metric=mqls; or a section of this page: {sections}. Reviews that are open "
                "keep the agenda that they began with."
            )
        )
        _show_form(plan, request)


def _show_form(plan: Plan, request: Request) -> None:
    key = f"plan-{plan.cadence.value}-{plan.revision}"
    with st.form(key, border=False):
        st.text_area(
            "Participants, one a line",
            value="\n".join(plan.participants),
            key=f"{key}-people",
            height=90,
        )
        edited = st.data_editor(
            _table(plan),
            key=f"{key}-agenda",
            num_rows="dynamic",
            hide_index=True,
            width="stretch",
            column_config={
                "Minutes": st.column_config.NumberColumn(min_value=1, max_value=MAX_MINUTES, step=1)
            },
        )
        if st.form_submit_button("Save the plan"):
            _save(plan, st.session_state[f"{key}-people"], edited, request)
            st.rerun()


def _table(plan: Plan) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Item": [item.title for item in plan.agenda],
            "View": [item.view for item in plan.agenda],
            "Owner": [item.owner for item in plan.agenda],
            "Minutes": [item.minutes for item in plan.agenda],
        }
    )


def _save(plan: Plan, people: str, edited: pd.DataFrame, request: Request) -> None:
    items = [_item(row) for row in edited.to_dict("records")]
    try:
        save_plan(request.viewer.username, plan, people.splitlines(), items, places())
        say(SAID, "The plan is saved.")
    except ScorecardError as error:
        say(SAID, str(error))


def _item(row: dict[Any, Any]) -> AgendaItem:
    def text(name: str) -> str:
        return "" if pd.isna(row[name]) else str(row[name])

    minutes = 0 if pd.isna(row["Minutes"]) else int(row["Minutes"])
    return AgendaItem(text("Item"), text("View"), text("Owner"), minutes)
