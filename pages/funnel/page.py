"""The funnel: stages for a cohort and a period, conversion over age, leaks, pool, pipeline."""

from __future__ import annotations

import streamlit as st

from metrics.funnel import Funnel, build_funnel
from pages.view.funnel_parts import (
    show_conversion,
    show_leaks,
    show_losses,
    show_movement,
    show_pool,
    show_sources,
    show_stages,
    show_times,
)
from pages.view.parts import show_part
from pages.view.request import Request, current


def _funnel(request: Request) -> Funnel:
    return build_funnel(request.warehouse, request.question, request.view.metric)


def _show_step(request: Request) -> None:
    show_conversion(_funnel(request), request)


def show_funnel() -> None:
    request = current()
    funnel = _funnel(request)
    with st.container(key="funnel"):
        show_stages(funnel, request)
        left, right = st.columns((3, 2), gap="large")
        with left:
            if request.view.present:
                show_conversion(funnel, request)
            else:
                show_part("step", request, _show_step, ["metric"])
        with right:
            show_times(funnel, request)
        left, right = st.columns((3, 2), gap="large")
        with left:
            show_leaks(funnel, request)
        with right:
            show_pool(funnel, request)
        left, right = st.columns((3, 2), gap="large")
        with left:
            show_movement(funnel, request)
        with right:
            show_losses(funnel, request)
        show_sources(funnel, request)
