"""The memory on a KPI's page: its flags and comments under the headline, the forms further down."""

from __future__ import annotations

import streamlit as st

from metrics.model import Metric
from pages.view.memory.comments import show_comment_form, show_comment_words
from pages.view.memory.disputes import show_flag_forms, show_flag_words


def show_words(metric: Metric) -> None:
    """What is disputed and what was said, in the view's period and under its filters."""
    show_flag_words(metric)
    show_comment_words(metric)


def show_forms(metric: Metric) -> None:
    """One row of quiet buttons: comment, flag, settle."""
    with st.container(key="memory-forms", horizontal=True, vertical_alignment="center"):
        show_comment_form(metric)
        show_flag_forms(metric)
