"""Joint wins: deals won in a period in which both teams had touches, to celebrate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, select

from data.config import Config
from data.tables import accounts, touches
from data.warehouse import Warehouse
from metrics.attribution.deals import with_accounts
from metrics.attribution.journeys import deals, journey_touches, team_marks
from metrics.attribution.model import AttributionQuery, Basis, By
from metrics.attribution.teams import team_facts
from metrics.cache import cached_rows
from metrics.errors import QueryError
from metrics.view import View

SHOWN = 8


@dataclass(frozen=True)
class Win:
    """A deal that both teams had a part in. ``account`` is None where it is not known."""

    opportunity_id: str
    account: str | None
    amount: Decimal | None
    won_at: datetime  # naive UTC


@dataclass(frozen=True)
class Wins:
    """The largest joint wins of a period. ``count`` and ``amount`` are of all of them, ``won`` and
    ``won_amount`` of every deal won; ``reason`` says why nothing can be told."""

    period_label: str
    deals: tuple[Win, ...] = ()
    count: int = 0
    amount: Decimal = Decimal(0)
    won: int = 0
    won_amount: Decimal = Decimal(0)
    reason: str = ""


def joint_wins(warehouse: Warehouse, view: View) -> Wins:
    """A view's joint wins, the largest first, those without an amount last.

    A team took part by an eligible touch within the configured lookback before the deal was won
    (handbook §7). Raises ``WarehouseError`` when the warehouse does not answer.
    """
    label = view.period.label
    empty = warehouse.empty_tables(("opportunities", "touches"))
    if empty:
        return Wins(label, reason=f"The table {' and '.join(empty)} is empty.")
    query = AttributionQuery(
        warehouse.config.attribution.model,
        By.TEAM,
        view.period.span,
        view.as_of,
        Basis.WON,
        where=warehouse.scope.narrowed(view.where),
    )
    try:
        facts = team_facts(warehouse, query)
        rows = cached_rows(warehouse, wins_statement(query, warehouse.config))
    except QueryError as error:
        return Wins(label, reason=str(error))
    return Wins(
        label,
        tuple(Win(**row) for row in rows),
        facts.both.opportunities,
        facts.both.amount,
        facts.total.opportunities,
        facts.total.amount,
    )


def wins_statement(query: AttributionQuery, config: Config) -> Select:
    """A row a deal, the largest first: the fields of ``Win``."""
    rows = deals(query, config).subquery("all_deals")
    touched = journey_touches(query, config, {"team": touches.c.team})
    marks = team_marks(touched).subquery("teams")
    return (
        select(
            rows.c.key.label("opportunity_id"),
            accounts.c.name.label("account"),
            rows.c.amount,
            rows.c.anchor.label("won_at"),
        )
        .select_from(with_accounts(rows, marks))
        .where(marks.c.marketing + marks.c.sales == 2)
        .order_by(rows.c.amount.desc().nulls_last(), rows.c.anchor, rows.c.key)
        .limit(SHOWN)
    )
