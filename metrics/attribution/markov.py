"""The first-order Markov chain over all journeys, solved exactly (no simulation).

The states are ``START``, the players and the two ends. Transition counts come from SQL; the
matrix is as large as there are players, not as there are journeys.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from metrics.errors import QueryError

Player = TypeVar("Player", bound=Hashable)

# The chain is solved in memory that grows with the square of the players: here about 200 MB.
MAX_PLAYERS = 3_000


@dataclass(frozen=True)
class End:
    """A state that is no player."""

    name: str


START, CREDITED, NOTHING = End("start"), End("credited"), End("nothing")

Transition = tuple[Hashable, Hashable, float]  # from, to, how often


@dataclass(frozen=True)
class Chain:
    """``base`` is the probability to end credited, which equals conversions ÷ journeys;
    ``removal_effects`` the share of it that is lost without a player."""

    base: float
    removal_effects: dict[Hashable, float]

    @property
    def shares(self) -> dict[Hashable, float]:
        """Removal effects in proportion, adding up to 1; empty where nothing is credited."""
        total = sum(self.removal_effects.values())
        if not total:
            return {}
        return {player: effect / total for player, effect in self.removal_effects.items()}


def solve_chain(transitions: Iterable[Transition]) -> Chain:
    """Solve the chain of (from, to, count); several counts of one pair add up.

    Without a player, whoever would come to it ends with nothing. With N = (I − Q)⁻¹ the visits to
    each state, the share of journeys that ever come to player i is N[start, i] ÷ N[i, i], and what
    is lost is that share times the probability to end credited from there.
    """
    transitions = [(a, b, count) for a, b, count in transitions if count]
    ends = (START, CREDITED, NOTHING)
    players = list(dict.fromkeys(s for a, b, _ in transitions for s in (a, b) if s not in ends))
    if len(players) > MAX_PLAYERS:
        raise QueryError(
            f"The Markov chain of {len(players)} members is too large.",
            remedy=f"Split by something with at most {MAX_PLAYERS} members, e.g. --by channel.",
        )
    if not players:
        return Chain(0.0, {})
    number = {START: 0, **{player: index for index, player in enumerate(players, 1)}}
    among = np.zeros((len(number), len(number)))
    to_credit = np.zeros(len(number))
    leaving = np.zeros(len(number))
    for source, target, count in transitions:
        row = number[source]
        leaving[row] += count
        if target in number:
            among[row, number[target]] += count
        elif target == CREDITED:
            to_credit[row] += count
    leaving[leaving == 0] = 1.0
    visits = np.linalg.inv(np.eye(len(number)) - among / leaving[:, None])
    credited_from = visits @ (to_credit / leaving)
    base = float(credited_from[0])
    lost = visits[0] / visits.diagonal() * credited_from
    if not base:
        return Chain(0.0, dict.fromkeys(players, 0.0))
    effects = lost / base
    return Chain(base, {player: float(effects[number[player]]) for player in players})
