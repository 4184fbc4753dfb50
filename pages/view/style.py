"""The look: one style sheet, the only place that knows Streamlit's own elements."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import streamlit as st

STYLE_SHEET = Path(__file__).with_name("style.css")


@lru_cache(maxsize=1)
def _style_html() -> str:
    return f"<style>{STYLE_SHEET.read_text(encoding='utf-8')}</style>"


def apply_style() -> None:
    st.html(_style_html())
