"""What each touch of a journey earns under each model, by window functions.

Every weight is a function of where a touch stands: its number ``place`` of ``touches`` in the
journey, and the numbers of the last touch at or before lead and opportunity creation (0 where
there is none).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.types import Double

from data.config import Config
from data.dialects.functions import microseconds_between
from metrics.attribution.journeys import lookback_of
from metrics.attribution.model import MODELS, AttributionQuery, Basis, Position
from metrics.attribution.order import BY_MOMENT, IN_ORDER
from metrics.facts.base import Column

DAY_MICROSECONDS = 86_400_000_000
# Further back a power of two would leave the range of a double; PostgreSQL calls that an error.
MAX_HALF_LIVES = 900.0


def position_weights(model: str, config: Config, basis: str) -> dict[Position, float]:
    """What each position of a model weighs; empty where it is no model of positions.

    A journey to an opportunity's creation ends there and has no closing.
    """
    weights: Mapping[Position, float] = MODELS[model].weights
    if model == "custom":
        weights = {Position(name): w for name, w in config.attribution.custom.items()}
    closes = basis == Basis.WON
    return {p: w for p, w in weights.items() if w > 0 and (closes or p is not Position.CLOSE)}


def placed_touches(
    rows: FromClause,
    players: Sequence[str],
    query: AttributionQuery,
    config: Config,
    models: Iterable[str],
    *,
    kept: Sequence[str] = (),
    order: Sequence[str] = IN_ORDER,
) -> FromClause:
    """The touches of journeys with their places and what the weights of ``models`` need.

    ``rows`` have ``journey``, the milestones and the touch's columns. ``before_<player>``
    is the player of the touch before and, ordered by moment alone, ``before_at`` its moment.
    ``kept`` are further columns of a touch.
    """
    wanted = set(models)
    if "time_decay" in wanted:
        rows = with_decay(rows, query, config)
    if "shapley" in wanted:
        rows = _with_turns(rows, players)
    rows = _with_milestones(rows)
    by = [rows.c.journey]
    sorted_by = [rows.c[name] for name in order]

    def whole(aggregate: ColumnElement[Any]) -> ColumnElement[Any]:
        # Without an order: with one, DuckDB adds up every frame by itself.
        return aggregate.over(partition_by=by)

    def place_of(milestone: str) -> ColumnElement[Any]:
        return cast(whole(func.sum(rows.c[f"by_{milestone}"])), Integer)

    def before(column: Column) -> ColumnElement[Any]:
        return func.lag(column).over(partition_by=by, order_by=sorted_by)

    columns = {
        "place": func.row_number().over(partition_by=by, order_by=sorted_by),
        "touches": whole(func.count()),
        "last_place": whole(func.count()),
        "lead_place": place_of("lead"),
        "opportunity_place": place_of("opportunity"),
    }
    if "time_decay" in wanted:
        columns["decay"] = rows.c.decay
        columns["all_decay"] = whole(func.sum(rows.c.decay))
    if "shapley" in wanted:
        columns["turn"] = rows.c.turn
        columns["players"] = whole(func.sum(rows.c.turn))
    if "markov" in wanted or order == BY_MOMENT:
        columns |= {f"before_{name}": before(rows.c[name]) for name in players}
    if order == BY_MOMENT:
        columns["before_at"] = before(rows.c.occurred_at)
    return select(
        *by,
        *(rows.c[name] for name in dict.fromkeys((*IN_ORDER, "amount", *players, *kept))),
        *(column.label(name) for name, column in columns.items()),
    ).subquery("placed_touches")


def _with_milestones(rows: FromClause) -> FromClause:
    """Adds ``by_lead`` and ``by_opportunity``: 1 where the touch is at or before that milestone,
    else 0. Told before touches are sorted, they are narrower than the moments."""
    marks = {"by_lead": rows.c.lead_at, "by_opportunity": rows.c.created_at}
    return select(
        rows,
        *(
            func.coalesce(_flag(rows.c.occurred_at <= at), 0).label(name)
            for name, at in marks.items()
        ),
    ).subquery("marked_touches")


def with_decay(rows: FromClause, query: AttributionQuery, config: Config) -> FromClause:
    """Adds ``decay``: 0.5 to the power of a touch's age in half-lives.

    Age is measured from the anchor. From the last touch it makes the same weights once they are
    normalised; where the lookback is so many half-lives that old touches would all weigh 0, it is
    measured from there, at the price of another sort.
    """
    half_life = query.half_life_days or config.attribution.half_life_days
    since: Column = rows.c.anchor
    if lookback_of(query, config) / half_life > MAX_HALF_LIVES:
        since = func.max(rows.c.occurred_at).over(partition_by=rows.c.journey)
    age = cast(microseconds_between(rows.c.occurred_at, since), Double)
    half_lives = func.least(age / literal(half_life * DAY_MICROSECONDS, Double), MAX_HALF_LIVES)
    aged = select(rows, half_lives.label("half_lives")).subquery("aged_touches")
    kept = [column for column in aged.c if column.name != "half_lives"]
    decay = func.power(literal(0.5, Double), aged.c.half_lives)
    return select(*kept, decay.label("decay")).subquery("decayed_touches")


def _with_turns(rows: FromClause, players: Sequence[str]) -> FromClause:
    """Adds ``turn``: 1 ÷ how often the touch's player occurs in the journey, so that turns add up
    to the number of distinct players."""
    by = [rows.c[name] for name in ("journey", *players)]
    times = cast(func.count().over(partition_by=by), Double)
    return select(rows, (1.0 / times).label("turn")).subquery("turned_touches")


def weight(model: str, placed: FromClause, config: Config, basis: str) -> ColumnElement[Any]:
    """The share (0–1) of a journey that a placed touch earns; adds up to 1 over the journey.

    Of ``placed`` or, for a model of positions, of ``alike``."""
    p = placed.c
    if model == "time_decay":
        return p.decay / p.all_decay
    if model == "shapley":
        return p.turn / p.players
    return _by_position(placed, position_weights(model, config, basis))


def _by_position(placed: FromClause, weights: dict[Position, float]) -> ColumnElement[Any]:
    """Positions that fall on one touch stack on it; what an empty one would have weighed goes to
    the others in proportion, and where all are empty every touch earns the same."""
    p = placed.c
    count = cast(p.touches, Double)
    places: dict[Position, ColumnElement[Any]] = {
        Position.FIRST: literal(1),
        Position.LEAD: p.lead_place,
        Position.OPPORTUNITY: p.opportunity_place,
        Position.CLOSE: p.last_place,
        Position.LAST: p.last_place,
    }
    marks = [(places[name], w) for name, w in weights.items() if name is not Position.MIDDLE]
    middle = weights.get(Position.MIDDLE, 0.0)
    if not marks:
        return 1.0 / count
    own = _sum(w * _flag(p.place == place) for place, w in marks)
    present = _sum(w * _flag(place > 0) for place, w in marks)
    if middle:
        # A place that two positions share is taken once.
        taken = _sum(
            _flag(and_(place > 0, *(place != other for other, _ in marks[:index])))
            for index, (place, _) in enumerate(marks)
        )
        is_rest = and_(*(p.place != place for place, _ in marks))
        own = own + middle * _flag(is_rest) / func.greatest(count - taken, 1.0)
        present = present + middle * _flag(p.touches > taken)
    if {Position.FIRST, Position.CLOSE, Position.LAST} & set(weights):
        return own / present  # these are in every journey
    return case((present > 0, own / func.nullif(present, 0.0)), else_=1.0 / count)


def classed(placed: FromClause, kept: Sequence[str]) -> Select:
    """The placed touches by what a model of positions can tell of them; ``kept`` besides.

    ``touches`` and the places tell what such a model weighs; a place is not how far along, but
    which one it is: 0 none, 1 the first, 2 the last, 3 lead and 4 opportunity creation, 5 any
    other.
    """
    p = placed.c

    def which(place: Column, *others: tuple[Column, int], rest: int) -> ColumnElement[Any]:
        return case(
            (place == 1, 1),
            (place == p.touches, 2),
            *((place == other, code) for other, code in others),
            else_=rest,
        )

    lead, opportunity = (p.lead_place, 3), (p.opportunity_place, 4)
    codes = {
        "place": which(p.place, lead, opportunity, rest=5),
        "lead_place": case((p.lead_place == 0, 0), else_=which(p.lead_place, rest=3)),
        "opportunity_place": case(
            (p.opportunity_place == 0, 0), else_=which(p.opportunity_place, lead, rest=4)
        ),
        "last_place": case((p.touches == 1, 1), else_=2),
    }
    return select(
        *(p[name] for name in kept),
        p.touches,
        *(code.label(name) for name, code in codes.items()),
    )


CLASS = ("touches", "place", "lead_place", "opportunity_place", "last_place")


def alike(touched: FromClause, groups: Sequence[str]) -> FromClause:
    """The ``classed`` touches that a model of positions cannot tell apart, counted and added up.

    There are some thousands of these where there are millions of touches, so that weighing them
    costs next to nothing. Besides: ``groups``, ``count`` and ``amount``.
    """
    c = touched.c
    by = [c[name] for name in (*groups, *CLASS)]
    return (
        select(*by, func.count().label("count"), func.sum(c.amount).label("amount"))
        .group_by(*by)
        .subquery("alike_touches")
    )


def _flag(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """1 or 0: arithmetic on it is several times quicker than CASE on a column of millions."""
    return cast(condition, Integer)


def _sum(terms: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    first, *others = terms
    for term in others:
        first = first + term
    return first
