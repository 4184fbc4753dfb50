"""Credit by member: from the sums of the warehouse to money that adds up (docs/credit.md)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    case,
    cast,
    func,
    null,
    select,
    union_all,
)
from sqlalchemy.types import Double

from data.config import Config
from data.warehouse import Warehouse
from metrics.attribution.journeys import deals, touches_of_deals, with_lead_creation
from metrics.attribution.markov import CREDITED, NOTHING, START, Transition, solve_chain
from metrics.attribution.model import MODELS, Attribution, AttributionQuery, Credit
from metrics.attribution.order import BY_MOMENT, Telling, by_moment, in_order, is_tied
from metrics.attribution.players import before, named, numbered, player_columns, told
from metrics.attribution.rounding import to_cents, without_noise
from metrics.attribution.unsuccessful import unsuccessful_statement
from metrics.attribution.weights import (
    CLASS,
    alike,
    classed,
    placed_touches,
    weight,
    with_decay,
)
from metrics.engine import cached_rows
from metrics.facts.base import Column

Row = Mapping[str, Any]
Member = str | None
# A share that is 0 but for the noise of the inverse.
NO_EFFECT = 1e-12
# Models of what players' touches add up to in a journey, wherever they stand.
BY_TAKING_PART = ("time_decay", "shapley")
# Sums of one member over journeys: (money, conversions).
Earned = dict[Member, tuple[float, float]]


def attribute(warehouse: Warehouse, query: AttributionQuery) -> Attribution:
    """The credit of every member under the model that is asked for.

    Raises ``QueryError`` for a filter that opportunities do not know.
    """
    return _answers(warehouse, query, (query.model,))[query.model]


def attribute_all(warehouse: Warehouse, query: AttributionQuery) -> dict[str, Attribution]:
    """The same question under every model, by id; one pass over the journeys for all of them."""
    return _answers(warehouse, query, tuple(MODELS))


def _answers(
    warehouse: Warehouse, query: AttributionQuery, models: Sequence[str]
) -> dict[str, Attribution]:
    config = warehouse.config
    (totals,) = cached_rows(warehouse, totals_statement(query, config))
    rows = told(
        warehouse, lambda by_numbers: credit_statement(query, config, models, by_numbers=by_numbers)
    )
    attributed = sum((_money(row["amount"]) for row in rows), Decimal(0))
    conversions = sum(int(row["journeys"] or 0) for row in rows)
    answers = {}
    for model in models:
        if model == "markov":
            others = told(
                warehouse,
                lambda by_numbers: unsuccessful_statement(
                    query, config, player_columns(query.by), by_numbers=by_numbers
                ),
            )
            earned = _markov_earned(rows, others, query.by, float(attributed), conversions)
        else:
            earned = _sums(rows, query.by, model)
        answers[model] = Attribution(
            model=model,
            by=query.by,
            basis=query.basis,
            as_of=query.as_of,
            total=_money(totals["amount"]),
            unattributed=_money(totals["amount"]) - attributed,
            opportunities=int(totals["opportunities"]),
            unattributed_opportunities=int(totals["opportunities"]) - conversions,
            unknown_amounts=int(totals["opportunities"]) - int(totals["known"]),
            rows=_credits(earned, attributed),
        )
    return answers


# -- statements -----------------------------------------------------------------------------


def totals_statement(query: AttributionQuery, config: Config) -> Select:
    """One row: the opportunities of the basis, how many have an amount, and its sum."""
    rows = deals(query, config).subquery("deals")
    return select(
        func.count().label("opportunities"),
        func.count(rows.c.amount).label("known"),
        func.sum(rows.c.amount).label("amount"),
    )


def credit_statement(
    query: AttributionQuery, config: Config, models: Sequence[str], *, by_numbers: bool = True
) -> Select:
    """The sums that all ``models`` need, in one pass over the credited journeys.

    Rows of a player (and, for Markov, of the one before it, and whether it ``starts`` a journey):
    ``touches`` counts, ``journeys`` those that begin there and ``amount`` their money, exact;
    ``credit_<model>`` and ``share_<model>`` are what the player earns, in money and in journeys,
    NULL in rows that have nothing to say of it. ``by_numbers``: see ``players.named``.
    """
    texts = player_columns(query.by)
    players = tuple(texts)
    telling = _telling(query, config, numbered(texts) if by_numbers else texts, models)
    quick = by_moment(telling, "credited_touches")
    by_place = [model for model in models if model not in BY_TAKING_PART]
    befores = before(players) if "markov" in by_place else ()
    placed = in_order(telling, quick, ("amount", *players, *befores, *CLASS))
    arms = [_earned_by_place(placed, players, befores, query, config, by_place)]
    taking_part = [model for model in models if model in BY_TAKING_PART]
    if taking_part:
        arms.append(_earned_by_taking_part(quick, players, taking_part))
    names = [str(name) for name in dict.fromkeys(c.key for a in arms for c in a.selected_columns)]
    aligned = [
        select(*((arm.c[name] if name in arm.c else null()).label(name) for name in names))
        for arm in (arm.subquery() for arm in arms)
    ]
    earned = select(union_all(*aligned).subquery("earned"))
    return named(earned, texts) if by_numbers else earned


def _telling(
    query: AttributionQuery, config: Config, players: Mapping[str, Column], models: Sequence[str]
) -> Telling:
    """The touches of credited journeys: their players and those before, ``classed``, and their
    ``decay`` where a model needs it."""
    dated = with_lead_creation(deals(query, config).cte("deals"), query.as_of)
    names = tuple(players)
    aged = ("decay",) if "time_decay" in models else ()
    kept = ("journey", "amount", *names, *before(names), *aged)

    def tell(order: Sequence[str], among: Select | None) -> Select:
        told: FromClause = dated
        if among is not None:
            told = select(dated).where(dated.c.journey.in_(among)).subquery("tied_deals")
        rows = touches_of_deals(told, query, config, players)
        if aged:
            rows = with_decay(rows, query, config)
        placed = placed_touches(rows, names, query, config, ("markov",), kept=aged, order=order)
        touched = classed(placed, kept)
        if order == BY_MOMENT:
            touched = touched.add_columns(is_tied(placed, names).label("is_tied"))
        return touched

    return tell


def _earned_by_place(
    placed: FromClause,
    players: Sequence[str],
    befores: Sequence[str],
    query: AttributionQuery,
    config: Config,
    models: Sequence[str],
) -> Select:
    """What players earn by where their touches stand."""
    touched = alike(placed, (*players, *befores))
    a = touched.c
    is_first = a.place == 1
    groups: list[Column] = [a[name] for name in players]
    if befores:
        groups += [is_first.label("starts"), *(a[name] for name in befores)]
    credits = []
    for model in models:
        if model == "markov":
            continue
        each = weight(model, touched, config, query.basis)
        earned = (each * a.count, each * _money_of(a.amount))
        for name, part in zip(("share", "credit"), earned, strict=True):
            # A weight of a configuration is a decimal to SQLAlchemy, which would cut the answers of
            # DuckDB and PostgreSQL to ten digits.
            credits.append(func.sum(cast(part, Double)).label(f"{name}_{model}"))
    return select(
        *groups,
        func.sum(a.count).label("touches"),
        func.sum(case((is_first, a.count), else_=0)).label("journeys"),
        func.sum(case((is_first, a.amount))).label("amount"),
        *credits,
    ).group_by(*groups)


def _earned_by_taking_part(
    rows: FromClause, players: Sequence[str], models: Sequence[str]
) -> Select:
    """What players earn in a journey wherever their touches stand in it: the same share for each
    of its players (Shapley's closed form), or by how long ago their touches were."""
    has_decay = "time_decay" in models
    by = [rows.c[name] for name in ("journey", "amount", *players)]
    decay = (func.sum(rows.c.decay).label("decay"),) if has_decay else ()
    took_part = select(*by, *decay).group_by(*by).cte("took_part")
    t = took_part.c
    decay = (func.sum(t.decay).label("decay"),) if has_decay else ()
    wholes = (
        select(t.journey, func.count().label("players"), *decay)
        .group_by(t.journey)
        .subquery("wholes")
    )
    shares = {"shapley": 1.0 / cast(wholes.c.players, Double)}
    if has_decay:
        shares["time_decay"] = t.decay / wholes.c.decay
    shared = (
        select(
            *(t[name] for name in players),
            _money_of(t.amount).label("amount"),
            *(shares[model].label(model) for model in models),
        )
        .select_from(took_part.join(wholes, wholes.c.journey == t.journey))
        .subquery("shared")
    )
    s = shared.c
    members = [s[name] for name in players]
    return select(
        *members,
        *(func.sum(s[model]).label(f"share_{model}") for model in models),
        *(func.sum(s[model] * s.amount).label(f"credit_{model}") for model in models),
    ).group_by(*members)


def _money_of(amount: Column) -> ColumnElement[Any]:
    """For arithmetic: a double, 0 where it is unknown."""
    return cast(func.coalesce(amount, 0), Double)


# -- from sums to credit --------------------------------------------------------------------


def _money(value: Any) -> Decimal:
    return Decimal(0) if value is None else Decimal(value)


def _sums(rows: Iterable[Row], by: str, model: str) -> Earned:
    """What each member earns; by team, the team × channel players are added up."""
    money: dict[Member, float] = defaultdict(float)
    share: dict[Member, float] = defaultdict(float)
    for row in rows:
        if row[f"share_{model}"] is not None:
            money[row[by]] += float(row[f"credit_{model}"])
            share[row[by]] += float(row[f"share_{model}"])
    return {member: (money[member], share[member]) for member in money}


def _transitions(
    rows: Iterable[Row], players: Sequence[str], end: Hashable
) -> Iterable[Transition]:
    """The steps of journeys that all come to one end: there go the touches that none follows."""
    last: dict[Hashable, float] = defaultdict(float)
    for row in rows:
        if row["touches"] is None:
            continue
        player: Hashable = tuple(row[name] for name in players)
        count = float(row["touches"])
        last[player] += count
        if row["starts"]:
            yield START, player, count
        else:
            before: Hashable = tuple(row[f"before_{name}"] for name in players)
            last[before] -= count
            yield before, player, count
    for player, count in last.items():
        yield player, end, count


def _markov_earned(
    credited: Sequence[Row], others: Sequence[Row], by: str, attributed: float, conversions: int
) -> Earned:
    """The removal effects, in proportion, of all that can be attributed.

    A member that only journeys without a conversion know earns as well where one that converts
    follows it, for the chain knows steps and no journeys; else it is no row.
    """
    players = tuple(player_columns(by))
    steps = chain(_transitions(credited, players, CREDITED), _transitions(others, players, NOTHING))
    earned: dict[Member, float] = {row[by]: 0.0 for row in credited}
    for player, share in solve_chain(steps).shares.items():
        member = player[0]  # type: ignore[index]
        if member in earned or share > NO_EFFECT:
            earned[member] = earned.get(member, 0.0) + share
    return {member: (share * attributed, share * conversions) for member, share in earned.items()}


def _credits(earned: Earned, attributed: Decimal) -> tuple[Credit, ...]:
    """Rows by credit, largest first, then by name, the NULL member last."""
    money = {member: without_noise(amount) for member, (amount, _) in earned.items()}
    order = sorted(earned, key=lambda m: (-money[m], -round(earned[m][1], 9), m is None, m or ""))
    cents = to_cents([money[member] for member in order], attributed)
    return tuple(
        Credit(member, amount, earned[member][1])
        for member, amount in zip(order, cents, strict=True)
    )
