"""What a visitor reads when something fails: words and a remedy, never a stack trace."""

from __future__ import annotations

import html
import logging
import secrets

import streamlit as st

from data.errors import ScorecardError
from pages.view.telemetry import count_error

log = logging.getLogger(__name__)


def failure_html(error: Exception, error_id: str) -> str:
    """The strip of words for an error; unexpected ones are named by ``error_id`` alone."""
    if isinstance(error, ScorecardError):
        message, remedy = error.message, error.remedy or ""
    else:
        message = "This page could not be shown."
        remedy = f"The error is logged as {error_id}; reload the page or tell whoever runs the app."
    return (
        '<div class="strip strip-bad" role="alert">'
        f"<b>{html.escape(message)}</b> {html.escape(remedy)}</div>"
    )


def show_failure(error: Exception) -> bool:
    """Show an error in words; True tells Streamlit not to show it in its own way."""
    error_id = secrets.token_hex(4)
    count_error(error)
    if isinstance(error, ScorecardError):
        log.warning("shown to the viewer: %s", error)
    else:
        log.error("error %s", error_id, exc_info=error)
    st.html(failure_html(error, error_id))
    return True
