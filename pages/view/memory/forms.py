"""Forms of notes: a popover that closes when its words are kept, and stays open when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from data.errors import ScorecardError
from pages.view.popover import say, show_said


@contextmanager
def note_popover(label: str, key: str, *, icon: str | None = None) -> Iterator[None]:
    """A popover for a form; what ``keep`` had to say about it stands on top."""
    with (
        st.popover(label, icon=icon, key=key, on_change="rerun"),
        st.container(key=f"{key}-note-body", gap="small", width=420),
    ):
        show_said(key)
        yield


def keep(key: str, change: Callable[[], object], typed: Sequence[str], told: str) -> None:
    """Run before the page is drawn anew: keep what was typed, empty the fields, close the popover
    and say so below it; or say in the popover why not, and leave everything as it was typed."""
    try:
        change()
    except ScorecardError as error:
        say(key, str(error))
        return
    for field in typed:
        st.session_state.pop(field, None)
    st.session_state[key] = False
    say(f"{key}-done", told)


def show_kept(*keys: str) -> None:
    """Say that something was kept, once, where its popover stands."""
    for key in keys:
        show_said(f"{key}-done")
