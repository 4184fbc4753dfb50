"""The credit page as data: every number of one view, computed in one place (docs/credit.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from data.warehouse import Warehouse
from metrics.attribution.credit import attribute_all
from metrics.attribution.deals import (
    Deal,
    Story,
    count_open,
    largest_deals,
    names,
    story_of,
)
from metrics.attribution.economics import ChannelEconomics, channel_economics
from metrics.attribution.model import Attribution, AttributionQuery, Basis, By
from metrics.attribution.paths import Path, top_paths
from metrics.attribution.payback import Payback, payback
from metrics.attribution.span import CreditSpan, credit_span
from metrics.attribution.teams import TeamFacts, TeamSplit, team_facts, team_split
from metrics.cache import RESULTS
from metrics.calendar import Calendar
from metrics.catalog import CATALOG
from metrics.engine import run_query
from metrics.model import Metric
from metrics.query import MetricQuery, Row
from metrics.view import View

# The standing rule on credit: who was first, and whether; how much is what the models say.
STANDING = ("marketing_sourced_pipeline", "marketing_influenced_bookings")


@dataclass(frozen=True)
class Asked:
    """What a reader chose on the page. ``deal`` is an opportunity's id, None the largest deal."""

    model: str
    by: str = "channel"
    basis: str = Basis.WON
    deal: str | None = None
    shows_people: bool = False


@dataclass(frozen=True)
class CreditBoard:
    """All of one view. Where ``reason`` is not empty it says why there is no credit to share out,
    and what is None or empty is not there for that reason.

    ``answers``: credit by the chosen dimension, by model id. ``called``: names of its members
    that are not their own. ``still_open``: opportunities of the question that have not closed.
    ``beside``: the KPIs of ``STANDING`` with their row, those that the catalog has.
    """

    query: AttributionQuery
    span: CreditSpan
    facts: TeamFacts | None = None
    split: TeamSplit | None = None
    answers: Mapping[str, Attribution] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    paths: tuple[Path, ...] = ()
    deals: tuple[Deal, ...] = ()
    story: Story | None = None
    beside: tuple[tuple[Metric, Row], ...] = ()
    still_open: int = 0
    reason: str = ""

    @property
    def chosen(self) -> Attribution:
        return self.answers[self.query.model]


def build_credit(warehouse: Warehouse, view: View, asked: Asked) -> CreditBoard:
    """Every number of the page, by a dozen statements.

    Raises ``QueryError`` for a filter that opportunities do not know and for an unknown model,
    dimension or basis, ``WarehouseError`` when the warehouse does not answer.
    """
    key = ("credit", warehouse.version_key, warehouse.config.fingerprint, view, asked)
    return RESULTS.get(key, lambda: _compute(warehouse, view, asked))


def _compute(warehouse: Warehouse, view: View, asked: Asked) -> CreditBoard:
    span = credit_span(Calendar(warehouse.config), view)
    query = AttributionQuery(
        asked.model, asked.by, span.span, view.as_of, asked.basis, where=view.where
    )
    empty = warehouse.empty_tables(("opportunities", "touches"))
    if empty:
        return CreditBoard(query, span, reason=f"The table {' and '.join(empty)} is empty.")
    facts = team_facts(warehouse, query)
    if not facts.total.opportunities:
        what = "won" if query.basis == Basis.WON else "created"
        return CreditBoard(query, span, reason=f"No opportunity was {what} in {span.label}.")
    answers = attribute_all(warehouse, query)
    found = largest_deals(warehouse, query)
    deal = next((deal for deal in found if deal.opportunity_id == asked.deal), None)
    deal = deal or next(iter(found), None)
    members = {row.member for row in answers[query.model].rows}
    return CreditBoard(
        query,
        span,
        facts,
        team_split(warehouse, query),
        answers,
        names(warehouse, query.by, members),
        top_paths(warehouse, query),
        found,
        story_of(warehouse, query, deal, shows_people=asked.shows_people) if deal else None,
        _standing(warehouse, query),
        count_open(warehouse, query),
    )


@dataclass(frozen=True)
class ChannelReturns:
    """What channels cost and earn, and how long their credit takes; always by channel."""

    economics: ChannelEconomics
    payback: Payback

    @property
    def channels(self) -> tuple[str | None, ...]:
        """Every channel with a cost, a return or a credit, the most expensive first."""
        return tuple(dict.fromkeys((*self.economics.rows, *self.payback.rows)))


def build_returns(warehouse: Warehouse, query: AttributionQuery) -> ChannelReturns:
    """The economics of channels under a question's model.

    Raises ``QueryError`` and ``WarehouseError`` as ``build_credit`` does.
    """
    by_channel = replace(query, by=By.CHANNEL)
    key = ("returns", warehouse.version_key, warehouse.config.fingerprint, by_channel)
    return RESULTS.get(
        key,
        lambda: ChannelReturns(
            channel_economics(warehouse, by_channel), payback(warehouse, by_channel)
        ),
    )


def _standing(warehouse: Warehouse, query: AttributionQuery) -> tuple[tuple[Metric, Row], ...]:
    metrics = tuple(CATALOG[name] for name in STANDING if name in CATALOG)
    if not metrics:
        return ()
    ids = tuple(metric.id for metric in metrics)
    rows = run_query(warehouse, MetricQuery(ids, (query.span,), query.as_of, where=query.where))
    by_id = {row.metric: row for row in rows}
    return tuple((metric, by_id[metric.id]) for metric in metrics if metric.id in by_id)
