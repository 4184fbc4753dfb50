"""The look: one style sheet, the only place that knows Streamlit's own elements."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

# A tile's height in px as a Vega expression: what --tile is in the style sheet, so that the rows
# of a column's chart stand beside their tiles at any window size. Change both together.
PITCH = "windowSize()[0] < 640 ? 100 : clamp((windowSize()[1] - 308) / 5, 88, 150)"
PITCH_PRESENTING = "windowSize()[0] < 640 ? 100 : clamp((windowSize()[1] - 356) / 5, 100, 150)"
TALLEST_TILE = 150
STYLE_SHEET = Path(__file__).with_name("style.css")


@lru_cache(maxsize=1)
def _style_html() -> str:
    return f"<style>{STYLE_SHEET.read_text(encoding='utf-8')}</style>"


def apply_style() -> None:
    st.html(_style_html())
