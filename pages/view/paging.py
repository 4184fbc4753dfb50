"""Previous and next over a long list."""

from __future__ import annotations

import streamlit as st


def offset_of(key: str, total: int, size: int) -> int:
    """Where the list stands now, within its bounds; the first page at first."""
    offset = int(st.session_state.get(f"offset-{key}", 0))
    last = max(0, (total - 1) // size * size)
    return min(max(offset, 0), last)


def show_paging(key: str, total: int, size: int, noun: str) -> None:
    """Buttons and "1–50 of 613 leads"; words alone where everything fits."""
    offset = offset_of(key, total, size)
    shown = f"{offset + 1:,}–{min(offset + size, total):,} of {total:,} {noun}"
    with st.container(
        key=f"paging-{key}", horizontal=True, vertical_alignment="center", gap="small"
    ):
        if total > size:
            _step("Previous", key, offset - size, disabled=offset == 0)
            _step("Next", key, offset + size, disabled=offset + size >= total)
        st.html(f'<p class="paging">{shown}</p>')


def _step(label: str, key: str, offset: int, *, disabled: bool) -> None:
    st.button(
        label,
        key=f"{label.lower()}-{key}",
        disabled=disabled,
        on_click=st.session_state.__setitem__,
        args=(f"offset-{key}", offset),
    )
