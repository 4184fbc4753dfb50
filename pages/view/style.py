"""The look: the style sheets, which are the only place that knows Streamlit's own elements.

A sheet a page area, in the order of their names: tokens first, hooks into Streamlit's elements
last, so that they win.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

STYLE_SHEETS = Path(__file__).with_name("styles")


@lru_cache(maxsize=1)
def _style_html() -> str:
    sheets = sorted(STYLE_SHEETS.glob("*.css"))
    return f"<style>{''.join(sheet.read_text(encoding='utf-8') for sheet in sheets)}</style>"


def apply_style() -> None:
    st.html(_style_html())
