"""The players of Markov and Shapley: by what touches are told apart, and as what they are counted.

Millions of touches are sorted and grouped by numbers in place of texts, and what is counted gets
its names back in the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import FromClause, Select, select

from data.dialects.functions import text_number
from data.tables import touches
from metrics.attribution.model import By
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
    """The players' columns as numbers."""
    return {name: text_number(column) for name, column in players.items()}


def named(statement: Select, players: Mapping[str, Column]) -> Select:
    """The rows of a statement with ``numbered`` players, and those before them, by their names."""
    rows = statement.subquery("numbered_rows")
    source: FromClause = rows
    columns = {column.name: column for column in rows.c}
    for name, text in players.items():
        names = select(text.label("name"), text_number(text).label("number")).distinct()
        for place in (name, f"before_{name}"):
            if place in columns:
                found = names.subquery(f"names_of_{place}")
                source = source.outerjoin(found, found.c.number == columns[place])
                columns[place] = found.c.name.label(place)
    return select(*columns.values()).select_from(source)
