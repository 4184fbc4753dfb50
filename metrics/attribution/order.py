"""The touches of journeys in their order: by moment, then by id.

Ids decide only between touches of one moment, and sorting millions of touches by a text costs
more than all else that is done with them. So journeys are told by moment first, and those in which
two players touched at one moment are told again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Select, and_, exists, or_, select, union_all

from data.dialects.functions import once

BY_MOMENT = ("occurred_at",)
IN_ORDER = ("occurred_at", "touch_id")

# The touches of journeys put into an order of these columns: of all of them, or of those in a
# subquery of ``journey``. Ordered by moment alone they have ``is_tied`` besides.
Telling = Callable[[Sequence[str], Select | None], Select]


def is_tied(rows: FromClause, players: Sequence[str]) -> ColumnElement[Any]:
    """Whether a touch told by moment has the moment of the one before and another player: which of
    the two comes first is then not known. Of one player it makes no difference."""
    others = (rows.c[f"before_{name}"].is_distinct_from(rows.c[name]) for name in players)
    return and_(rows.c.before_at == rows.c.occurred_at, or_(*others))


def by_moment(telling: Telling, name: str) -> CTE:
    """The touches of all journeys, in an order that is right but for the tied ones."""
    told = telling(BY_MOMENT, None).subquery()
    return select(told).where(once()).cte(name)


def in_order(telling: Telling, quick: CTE, columns: Sequence[str]) -> FromClause:
    """These columns of all touches in their order: of ``by_moment``, and of tied journeys anew."""
    tied = select(quick.c.journey).where(quick.c.is_tied).distinct().cte(f"{quick.name}_tied")
    again = telling(IN_ORDER, select(tied.c.journey)).subquery("told_again")
    is_known = ~exists().where(tied.c.journey == quick.c.journey)
    return union_all(
        select(*(quick.c[name] for name in columns)).where(is_known),
        select(*(again.c[name] for name in columns)),
    ).subquery("in_order")
