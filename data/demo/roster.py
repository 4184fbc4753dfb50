"""Who takes the next one: people in turn within their office, past those on leave."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa

from data.demo.arrow import REP, contract_table, ids
from data.demo.clock import COMPANY_ZONE, utc
from data.demo.company import LEAVES, REGIONS, REPS, ZONES
from data.demo.draws import Ints, Times, evenly
from data.demo.stories import Stories

REP_ZONES = np.array([rep.zone for rep in REPS])


def in_turn(
    rng: np.random.Generator, desks: list[list[int]], office: Ints, moments: Times, stories: Stories
) -> Ints:
    """A person of each row's office desk; one on leave at the moment passes it to the next."""
    turn = evenly(rng, office, 24)
    rep = np.full(len(office), -1)
    for region, desk in enumerate(desks):
        here = office == region
        rep[here] = np.array(desk)[(turn[here] * len(desk)).astype(np.int64)]
        for person, back, length in LEAVES:
            if person in desk:
                first = stories.through - timedelta(days=back)
                starts = utc(first, COMPANY_ZONE)
                ends = utc(first + timedelta(days=length), COMPANY_ZONE)
                away = (rep == person) & (moments >= starts) & (moments < ends)
                rep[away] = desk[(desk.index(person) + 1) % len(desk)]
    return rep


def build_reps() -> pa.Table:
    """The ``reps`` table; ``manager`` is the manager's name, as it is shown."""
    names = [rep.name for rep in REPS]
    return contract_table(
        "reps",
        {
            "rep_id": ids(REP, np.arange(len(REPS))),
            "name": names,
            "email": [f"{name.lower().replace(' ', '.')}@northwind.example.com" for name in names],
            "team": [rep.team for rep in REPS],
            "role": [rep.role for rep in REPS],
            "manager": [None if rep.manager is None else names[rep.manager] for rep in REPS],
            "region": [REGIONS[rep.region] for rep in REPS],
            "timezone": [ZONES[rep.zone] for rep in REPS],
        },
    )


def rep_ids(numbers: Ints) -> pa.Array:
    """Ids of reps by number; negative is NULL."""
    return ids(REP, numbers)
