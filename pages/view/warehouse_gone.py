"""A closed review while the warehouse is down: its page, and each item of its agenda, as they were
frozen, from the state database alone."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from data.view_address import ViewAddress
from metrics.review.meetings import Meeting, find_review
from pages.view.auth import Viewer
from pages.view.frozen_page import frozen_at, show_frozen_page
from pages.view.landing import go_next
from pages.view.links import plain_label
from pages.view.review_bar import show_strip
from pages.view.review_files import show_review_files
from pages.view.review_frozen import show_frozen
from pages.view.take_away import show_frozen_files, with_popover


def show_without_warehouse(
    viewer: Viewer, query: Mapping[str, Sequence[str]], error: Exception
) -> bool:
    """The closed review that an address names, or the item of it; False where it names none."""
    review_id = next(iter(query.get("review", ())), None)
    meeting = None if review_id is None else find_review(review_id)
    if meeting is None or not meeting.is_closed:
        return False
    show_strip(f"{error} This closed review is shown as it was frozen.")
    text = next(iter(query.get("item", ())), "")
    item = int(text) if text.isascii() and text.isdigit() else None
    frozen, _ = frozen_at(meeting, item, viewer)
    title = meeting.name
    if frozen is not None and item is not None:
        title = f"{meeting.agenda[item - 1].title} · {title} · frozen {frozen.taken}"
    st.html(f'<div class="review-head"><h2>{html.escape(title)}</h2></div>')
    _show_items(meeting, item)
    if frozen is not None:
        show_frozen_files(frozen, viewer)
        show_frozen_page(frozen, present=query.get("present") == ["1"])
    else:
        with_popover(lambda: show_review_files(meeting, viewer, None))
        show_frozen(meeting, viewer)
    return True


def _show_items(meeting: Meeting, at: int | None) -> None:
    """The agenda as links: the bar of the walk needs the warehouse, this does not."""
    with st.container(key="frozen-items", horizontal=True, gap="small"):
        for number, item in enumerate(meeting.agenda, 1):
            st.button(
                plain_label(f"{number} {item.title}"),
                key=f"frozen-item-{number}",
                type="primary" if number == at else "tertiary",
                on_click=_go,
                args=(item.path, {"review": [meeting.id], "item": [str(number)]}),
            )
        if at is not None:
            st.button(
                "The whole review",
                key="frozen-item-all",
                type="tertiary",
                on_click=_go,
                args=("review", {"review": [meeting.id]}),
            )


def _go(path: str, settings: dict[str, list[str]]) -> None:
    go_next(ViewAddress.of(path, settings))
