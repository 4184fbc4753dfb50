"""What marketing and sales agree on: definitions with their signatures, targets and goals."""

from __future__ import annotations

import streamlit as st

from data.agreements import Topic
from pages.view.agreements.definitions import show_definitions
from pages.view.agreements.targets import show_targets
from pages.view.request import current

TARGETS = "targets"


def show_agreements() -> None:
    request = current()
    # A link may name one part, as an item of a review's agenda does; any other word shows all.
    named = request.view.find or ""
    topics = [topic for topic in Topic if topic.value == named] or list(Topic)
    with st.container(key="agreements"):
        if named != TARGETS:
            show_definitions(topics, request)
        if named == TARGETS or len(topics) > 1:
            show_targets(request)
