"""Forms of notes: a popover that closes when its words are kept, and stays open when not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import streamlit as st

from data.agreements import AgreementConflict
from data.errors import ScorecardError
from data.review_memory.actions import Action
from data.review_memory.comments import Comment
from data.review_memory.decisions import Decision
from data.review_memory.versions import NoteConflict
from data.set_targets import TargetConflict
from pages.view.parts import redraw_page
from pages.view.popover import say, show_said


@dataclass(frozen=True)
class Read:
    """What a form was filled from, where that is no note: the number of its newest version."""

    version: int


Note = TypeVar("Note", Comment, Decision, Action, Read)
# Under which the version is remembered from which a form's change is made, and the mark of a form
# whose conflict was told.
_BASE = "-base"
_TOLD = "told"
# How often what was typed in a form has been kept.
_TURN = "-turn"


@contextmanager
def note_popover(label: str, key: str, *, icon: str | None = None) -> Iterator[None]:
    """A popover for a form; what ``keep`` had to say about it stands on top.

    Once something was kept it is another popover, and a new one is closed: to be told to close, one
    must have been told before that it is open, which a quick hand or a slow warehouse forestalls.
    """
    turn = st.session_state.get(f"{key}{_TURN}", 0)
    with (
        st.popover(label, icon=icon, key=f"{key}-{turn}" if turn else key, on_change="rerun"),
        st.container(key=f"{key}-note-body", gap="small", width=420),
    ):
        show_said(key)
        yield


def begin_edit(key: str, seen: Note, fields: Mapping[str, Any]) -> Note:
    """The note as whoever fills in this form has read it; ``fields`` are its texts by the keys of
    their inputs.

    Somebody else may write a version while the form is open. Where nothing was typed yet, the form
    then shows that one; where something was, both stay, and a change made from the version that
    was read is refused (``NoteConflict``) and not put on top of one that was not.
    """
    state, base_key = st.session_state, f"{key}{_BASE}"
    texts = list(fields.values())
    base = state.get(base_key)
    if base == _TOLD:  # theirs was shown: what is typed is now said of it
        base = (seen.version, texts)
    typed = [state[name] for name in fields if name in state]
    if base is None or not typed or (base[0] != seen.version and typed == base[1]):
        base = (seen.version, texts)
        state.update(fields)
    state[base_key] = base
    return replace(seen, version=base[0])


def keep(key: str, change: Callable[[], object], typed: Sequence[str], told: str) -> None:
    """Run before the page is drawn anew: keep what was typed, empty the fields, close the popover
    and say so below it; or say in the popover why not, and leave everything as it was typed."""
    try:
        change()
    except (NoteConflict, TargetConflict, AgreementConflict) as error:
        st.session_state[f"{key}{_BASE}"] = _TOLD
        say(key, str(error))
        return
    except ScorecardError as error:
        say(key, str(error))
        return
    for field in (*typed, f"{key}{_BASE}"):
        st.session_state.pop(field, None)
    turn = f"{key}{_TURN}"
    st.session_state[turn] = st.session_state.get(turn, 0) + 1
    redraw_page()
    say(f"{key}-done", told)


def show_kept(*keys: str) -> None:
    """Say that something was kept, once, where its popover stands."""
    for key in keys:
        show_said(f"{key}-done")
