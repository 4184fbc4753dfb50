"""The players of Markov and Shapley: by what touches are told apart, and as what they are counted.

Millions of touches are sorted and grouped by numbers in place of texts, and what is counted gets
its names back in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, Select, func, literal, select

from data.dialects.functions import text_number
from data.tables import touches
from data.warehouse import Warehouse
from metrics.attribution.model import By
from metrics.cache import cached_rows
from metrics.facts.base import Column

# The columns of a touch by which credit can be split.
COLUMNS: dict[str, Column] = {
    By.CHANNEL: touches.c.channel,
    By.CAMPAIGN: touches.c.campaign_id,
    By.TEAM: touches.c.team,
    By.ASSET: touches.c.asset,
    By.REP: touches.c.rep_id,
}


def player_columns(by: str) -> dict[str, Column]:
    """The columns that tell the players of Markov and Shapley apart: by team they play as team ×
    channel, and are added up."""
    names = (By.TEAM, By.CHANNEL) if by == By.TEAM else (by,)
    return {str(name): COLUMNS[name] for name in names}


def before(players: Sequence[str]) -> tuple[str, ...]:
    """The columns of the player before."""
    return tuple(f"before_{name}" for name in players)


def numbered(players: Mapping[str, Column]) -> dict[str, Column]:
    """The players' columns as numbers; NULL stays NULL."""
    return {name: text_number(column) for name, column in players.items()}


def named(statement: Select, players: Mapping[str, Column]) -> Select:
    """The rows of a statement with ``numbered`` players, and those before them, by their names.

    ``shared`` is above 0 where two texts have one number: who is meant is then not known. Among a
    thousand texts that is one case in 10¹³, and ``told`` asks again by texts.
    """
    rows = statement.subquery("numbered_rows")
    source: FromClause = rows
    columns: dict[str, Column] = {column.name: column for column in rows.c}
    shared: list[Column] = []
    for name, text in players.items():
        # Texts are made distinct first: numbers then are made of few.
        texts = select(text.label("name")).distinct().subquery("texts")
        number = text_number(texts.c.name).label("number")
        sharing = (func.count() - 1).label("sharing")
        names = select(func.min(texts.c.name).label("name"), number, sharing).group_by(number)
        for place in (name, f"before_{name}"):
            if place in columns:
                found = names.subquery(f"names_of_{place}")
                source = source.outerjoin(found, found.c.number == columns[place])
                columns[place] = found.c.name.label(place)
                shared.append(func.coalesce(found.c.sharing, 0))
    return select(*columns.values(), sum(shared, literal(0)).label("shared")).select_from(source)


def told(warehouse: Warehouse, statement_of: Callable[[bool], Select]) -> list[dict[str, Any]]:
    """The rows of a statement whose players are counted by numbers (``statement_of(True)``); by
    their texts where two have the same number."""
    rows = cached_rows(warehouse, statement_of(True))
    if any(row["shared"] for row in rows):
        rows = cached_rows(warehouse, statement_of(False))
    return rows
