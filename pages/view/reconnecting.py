"""What a page does by itself when it is connected again, be it to another process.

A session lives in the process that it began in. When that ends, the browser is connected to
another one, which knows nothing of it: the first click there would have no control that it belongs
to, and do nothing. Streamlit asks for a run of its own accord as soon as it is connected again
where a page has a part that runs by the clock; so every page has one.
"""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

# It has nothing to do by the clock. A browser's timer takes no more than 24 days.
HARDLY_EVER = timedelta(days=7)


@st.fragment(run_every=HARDLY_EVER)
def ask_when_connected_again() -> None:
    """Called in every run: the page asks for one by itself when its connection was lost."""
