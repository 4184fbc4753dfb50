"""Credit as data: the models, the question, the answer (handbook §7; docs/credit.md)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from data.errors import unknown
from metrics.calendar import Span
from metrics.errors import QueryError
from metrics.query import Filters, check_dimension

MAX_LOOKBACK_DAYS = 3650


class Position(StrEnum):
    """Where in a journey a touch stands.

    ``lead``, ``opportunity`` and ``close`` are the last touches at or before these milestones;
    ``middle`` are the touches that stand at no other position of the model.
    """

    FIRST = "first"
    LEAD = "lead"
    OPPORTUNITY = "opportunity"
    CLOSE = "close"
    LAST = "last"
    MIDDLE = "middle"


@dataclass(frozen=True)
class Model:
    """One attribution model: its names for a reader and, where it is one of positions, weights.

    ``by_journey``: it gives every single opportunity weights that add up to 1; Markov exists in
    aggregate only.
    """

    id: str
    label: str
    words: str
    weights: Mapping[Position, float] = field(default_factory=dict)
    by_journey: bool = True


def _positions(**weights: float) -> dict[Position, float]:
    return {Position(name): weight for name, weight in weights.items()}


# Every model there is, in the order in which they are shown.
MODELS: dict[str, Model] = {
    model.id: model
    for model in (
        Model(
            "first_touch",
            "First touch",
            "All credit to the touch that began the journey.",
            _positions(first=1),
        ),
        Model(
            "last_touch",
            "Last touch",
            "All credit to the last touch before the deal.",
            _positions(last=1),
        ),
        Model("linear", "Linear", "The same credit to every touch.", _positions(middle=1)),
        Model(
            "time_decay",
            "Time decay",
            "The later the touch, the more credit: it halves with every half-life before the deal.",
        ),
        Model(
            "position_40_20_40",
            "Position 40-20-40",
            "40% to the first touch, 40% to the last, 20% over those between.",
            _positions(first=40, last=40, middle=20),
        ),
        Model(
            "u_50_50",
            "U-shaped 50-50",
            "50% to the first touch, 50% to the last one before the lead was created.",
            _positions(first=50, lead=50),
        ),
        Model(
            "w_30_30_30_10",
            "W-shaped 30-30-30-10",
            "30% each to the first touch, lead creation and opportunity creation, 10% over the "
            "rest.",
            _positions(first=30, lead=30, opportunity=30, middle=10),
        ),
        Model(
            "full_path_22_5",
            "Full path 22.5",
            "22.5% each to the first touch, lead creation, opportunity creation and closing, 10% "
            "over the rest.",
            _positions(first=22.5, lead=22.5, opportunity=22.5, close=22.5, middle=10),
        ),
        Model("custom", "Custom", "The company's own weights, from its configuration."),
        Model(
            "markov",
            "Markov chain",
            "By how many deals would be lost without it: the removal effect in the chain of all "
            "journeys, won or not.",
            by_journey=False,
        ),
        Model(
            "shapley",
            "Shapley value",
            "Every member that took part in a journey has the same share of it, however often it "
            "touched.",
        ),
    )
}


class By(StrEnum):
    """What credit can be split by: attributes of the touch."""

    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    TEAM = "team"
    ASSET = "asset"
    REP = "rep"


class Basis(StrEnum):
    """Which opportunities are credited: those won in the span, or those created in it."""

    WON = "won"
    PIPELINE = "pipeline"


@dataclass(frozen=True)
class AttributionQuery:
    """A validated question. ``lookback_days`` and ``half_life_days`` are the configuration's where
    None; ``where`` filters opportunities by their own dimensions (not touches by theirs).

    Raises ``QueryError`` with the nearest valid name.
    """

    model: str
    by: str
    span: Span
    as_of: datetime
    basis: str = Basis.WON
    lookback_days: int | None = None
    half_life_days: float | None = None
    where: Filters = ()

    def __post_init__(self) -> None:
        for kind, name, known in (
            ("attribution model", self.model, MODELS),
            ("dimension of credit", self.by, [str(by) for by in By]),
            ("basis", self.basis, [str(basis) for basis in Basis]),
        ):
            if name not in known:
                raise QueryError(unknown(kind, name, known))
        for name, _ in self.where:
            check_dimension(name)
        if self.lookback_days is not None and not 1 <= self.lookback_days <= MAX_LOOKBACK_DAYS:
            raise QueryError(
                f"A lookback of {self.lookback_days} days is impossible.",
                remedy=f"Give 1 to {MAX_LOOKBACK_DAYS} days.",
            )
        # Written so that NaN is refused as well.
        if self.half_life_days is not None and not 0 < self.half_life_days <= MAX_LOOKBACK_DAYS:
            raise QueryError(
                f"A half-life of {self.half_life_days:g} days is impossible.",
                remedy=f"Give more than 0 and at most {MAX_LOOKBACK_DAYS} days.",
            )


@dataclass(frozen=True)
class Credit:
    """What one member earned: money to the cent, and a fractional count of opportunities."""

    member: str | None
    credit: Decimal
    conversions: float


@dataclass(frozen=True)
class Attribution:
    """The answer of one model: ``total`` = ``unattributed`` + the rows' credit, to the cent.

    ``opportunities`` are all of the basis, ``unattributed_opportunities`` those without an
    eligible touch; ``unknown_amounts`` of them have no amount: they count, but carry no money.
    Rows are by credit, largest first; every member that took part in a credited journey has one.
    """

    model: str
    by: str
    basis: str
    as_of: datetime
    total: Decimal
    unattributed: Decimal
    opportunities: int
    unattributed_opportunities: int
    unknown_amounts: int
    rows: tuple[Credit, ...]

    @property
    def attributed(self) -> Decimal:
        return self.total - self.unattributed

    def credit_of(self, member: str | None) -> Decimal:
        """The credit of a member; 0 where it took no part."""
        return next((row.credit for row in self.rows if row.member == member), Decimal(0))
