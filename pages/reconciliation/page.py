"""Reconciliation: why marketing's systems and sales' count differently, record by record."""

from __future__ import annotations

import streamlit as st

from metrics.errors import QueryError
from pages.view import reconciliation as parts
from pages.view.parts import show_part
from pages.view.reconciliation_records import show_overlap, show_reason
from pages.view.request import Request, current


def show_reconciliation() -> None:
    request = current()
    with st.container(key="reconcile"):
        stage = parts.show_stage_switch(request)
        try:
            ledger = parts.ledger_of(request, stage)
        except QueryError as error:
            parts.show_missing(error)
            return
        balance = ledger.balance()
        parts.show_headline(stage, balance, request)
        if request.view.present:
            parts.show_waterfall(balance, request)
            parts.show_trend(stage, request)
            return
        left, right = st.columns((3, 2), gap="large")
        with left:
            parts.show_waterfall(balance, request)
        with right:
            parts.show_trend(stage, request)
            parts.show_flags_of(stage)
        parts.show_reasons(balance, request)
        show_part("records", request, lambda now: _show_records(stage, now), ["reason"])
        show_overlap(request)


def _show_records(stage: str, request: Request) -> None:
    ledger = parts.ledger_of(request, stage)
    show_reason(ledger, ledger.balance(), request)
