"""The memory on a KPI's page: its flags and comments under the headline, the forms further down."""

from __future__ import annotations

import streamlit as st

from metrics.agreements.on_tiles import COUNTED, check_mqls
from metrics.model import Metric
from pages.view.agreements.check import show_check
from pages.view.memory.comments import comment_words, show_comment_form
from pages.view.memory.disputes import flag_words, show_flag_forms
from pages.view.request import current

# When presenting, the page fits the screen: fewer members stand by themselves, and fewer still
# below words.
ROOM_MEMBERS = 6
ROOM_MEMBERS_BELOW_WORDS = 4


def words_html(metric: Metric) -> str:
    """What is disputed and what was said, in the view's period and under its filters, side by
    side where there is room; nothing where there is nothing."""
    parts = [text for text in (flag_words(metric), comment_words(metric)) if text]
    return f'<div class="said-beside">{"".join(parts)}</div>' if parts else ""


def members_in_room(said: str) -> int:
    """How many members of a split a projected page shows below these words."""
    return ROOM_MEMBERS_BELOW_WORDS if said else ROOM_MEMBERS


def show_forms(metric: Metric) -> None:
    """One row of quiet buttons: comment, flag, settle."""
    with st.container(key="memory-forms", horizontal=True, vertical_alignment="center"):
        show_comment_form(metric)
        show_flag_forms(metric)
        if metric.id == COUNTED:
            request = current()
            found = check_mqls(request.warehouse, request.question)
            show_check(found, request.view.period.short, request, is_on_kpi=True)
