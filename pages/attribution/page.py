"""Who earned the revenue, and how sure: facts, team split, channels, ranks, one journey, paths."""

from __future__ import annotations

import streamlit as st

from metrics.attribution.board import CreditBoard, build_credit
from pages.view import credit
from pages.view.credit_controls import asked_of, refused, show_controls
from pages.view.parts import show_part
from pages.view.request import Request, current
from pages.view.review_bar import show_strip


def show_credit() -> None:
    request = current()
    asked = asked_of(request)
    with st.container(key="credit"):
        if not request.view.present:
            show_controls(asked, request)
        if words := refused(request, asked):
            show_strip(words)
        board = build_credit(request.warehouse, request.question, asked)
        if board.reason:
            show_strip(board.reason)
            return
        credit.show_split(board, request)
        _show_parts(board, request)


def _show_journey(request: Request) -> None:
    board = build_credit(request.warehouse, request.question, asked_of(request))
    credit.show_journey(board, request)


def _show_parts(board: CreditBoard, request: Request) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        credit.show_members(board, request)
        if not request.view.present:
            credit.show_standing(board, request)
    with right:
        if request.view.present:
            credit.show_journey(board, request)
        else:
            show_part("journey", request, _show_journey, ["deal"])
        if not request.view.present:
            credit.show_ranks(board, request)
    if request.view.present:
        credit.show_standing(board, request)
        credit.show_ranks(board, request)
    credit.show_returns(board, request)
    if not request.view.present:
        credit.show_table(board, request)
    credit.show_paths(board, request)
