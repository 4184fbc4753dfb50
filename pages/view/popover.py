"""What stands in a popover: its headings, and a word from a callback, said once in the next run."""

from __future__ import annotations

from html import escape

import streamlit as st


def show_heading(text: str) -> None:
    """The heading of one part of a popover."""
    st.html(f'<h2 class="pop-head">{escape(text)}</h2>')


def say(place: str, text: str) -> None:
    """Have the next run say something at a place."""
    st.session_state[f"said-{place}"] = text


def show_said(place: str) -> None:
    """Show what there is to say at a place; nothing, most of the time."""
    text = st.session_state.pop(f"said-{place}", None)
    if text:
        st.html(f'<p class="pop-said" role="status">{escape(text)}</p>')
