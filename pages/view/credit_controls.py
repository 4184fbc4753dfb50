"""The credit page's own settings: model, what is credited, by what, whose journey. The URL holds
them all; each control writes it and nothing else."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from metrics.attribution.board import Asked, CreditBoard
from metrics.attribution.deals import Deal
from metrics.attribution.model import MODELS, Basis, By
from metrics.model import Unit
from pages.view.request import Request, as_pressed
from pages.view.review_bar import go_to

BASES = {Basis.WON: "Won revenue", Basis.PIPELINE: "Pipeline created"}


def asked_of(request: Request) -> Asked:
    """What the link asks for; a dimension that credit does not have is channel."""
    view = request.view
    by = view.by if view.by in tuple(By) else By.CHANNEL
    # Projected pages show teams, not single reps (handbook, §3).
    if view.present and by == By.REP:
        by = By.CHANNEL
    return Asked(
        model=view.model or request.config.attribution.model,
        by=str(by),
        basis=view.basis or str(Basis.WON),
        deal=view.deal,
        shows_people=request.sees_people,
    )


def refused(request: Request, asked: Asked) -> str:
    """Why the page is not split by what the link asks for; "" where it is."""
    by = request.view.by
    if by is None or by == asked.by:
        return ""
    if by == By.REP:
        return "Single reps are not projected: this is by channel."
    return f"Credit cannot be split by {by.replace('_', ' ')}: this is by channel."


def show_controls(asked: Asked, request: Request) -> None:
    """Model, basis and dimension, in one row."""
    state = st.session_state
    state["credit-model"], state["credit-basis"] = asked.model, Basis(asked.basis)
    state["credit-by"] = By(asked.by)
    with st.container(key="credit-bar", horizontal=True, vertical_alignment="center", gap="small"):
        st.selectbox(
            "Attribution model",
            list(MODELS),
            key="credit-model",
            format_func=lambda name: MODELS[name].label,
            on_change=_change,
            args=(request,),
            label_visibility="collapsed",
            width=240,
        )
        st.segmented_control(
            "What is credited",
            list(BASES),
            key="credit-basis",
            format_func=BASES.__getitem__,
            required=True,
            on_change=_change,
            args=(request,),
            label_visibility="collapsed",
        )
        st.selectbox(
            "By",
            list(By),
            key="credit-by",
            format_func=lambda by: f"By {by}",
            on_change=_change,
            args=(request,),
            label_visibility="collapsed",
            width=160,
        )


def _change(request: Request) -> None:
    request, state = as_pressed(request), st.session_state
    model, basis, by = state["credit-model"], state["credit-basis"], state["credit-by"]
    view = replace(
        request.view,
        model=None if model == request.config.attribution.model else model,
        basis=None if basis in (None, Basis.WON) else str(basis),
        by=None if by == By.CHANNEL else str(by),
        # Another basis has other deals.
        deal=request.view.deal if basis == (request.view.basis or Basis.WON) else None,
    )
    go_to(view, request)


def show_deal_choice(board: CreditBoard, request: Request) -> None:
    """The largest deals with a journey; ``board.story`` is of the one that is shown."""
    if board.story is None:
        return
    deals = {deal.opportunity_id: deal for deal in board.deals}
    st.session_state["credit-deal"] = board.story.deal.opportunity_id

    def label(name: str) -> str:
        deal: Deal = deals[name]
        amount = None if deal.amount is None else float(deal.amount)
        touches = f"{deal.touches} touch{'' if deal.touches == 1 else 'es'}"
        shown = request.formats.value(amount, Unit.MONEY)
        return f"{deal.account or name} · {shown} · {touches}"

    st.selectbox(
        "Whose journey",
        list(deals),
        key="credit-deal",
        format_func=label,
        on_change=_change_deal,
        args=(request, next(iter(deals))),
        label_visibility="collapsed",
    )


def _change_deal(request: Request, largest: str) -> None:
    deal = st.session_state["credit-deal"]
    go_to(replace(request.view, deal=None if deal == largest else deal), request)
