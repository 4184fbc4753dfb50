"""The journeys that ``bench_attribution`` measures: one lead each, in a warehouse of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
import pyarrow as pa
from sqlalchemy.engine import URL

from data.config import Config
from data.load import load_tables

TOUCHES = 5  # a journey, on average
CHANNELS = ("paid_search", "organic_search", "email", "event", "referral", "webinar",
            "paid_social", "direct", "phone", "meeting")  # fmt: skip
SALES = ("phone", "meeting")
CREDITED, LOST = 0.4, 0.3  # shares of the journeys; the others never became an opportunity
FIRST = np.datetime64("2026-01-01T00:00:00", "us")
HOUR = np.timedelta64(3_600_000_000, "us")
AS_OF = datetime(2026, 12, 31)


def build_journeys(url: URL, count: int, seed: int = 1) -> None:
    """A warehouse of ``count`` journeys, ``TOUCHES`` times as many touches, deals of all ends.

    Channels follow each other with a preference, so that paths repeat as real ones do.
    """
    load_tables(url, journey_tables(count, seed), config=Config())


def journey_tables(count: int, seed: int) -> Mapping[str, pa.Table]:
    random = np.random.default_rng(seed)
    names = _ids("L", np.arange(count))
    anchor = FIRST + random.integers(200 * 24, 300 * 24, count) * HOUR
    fate = random.random(count)
    has_deal = fate < CREDITED + LOST
    deals = np.flatnonzero(has_deal)
    leads = pa.table({"lead_id": names, "created_at": anchor - 90 * 24 * HOUR})
    opportunities = pa.table(
        {
            "opportunity_id": _ids("O", deals),
            "lead_id": names.take(pa.array(deals)),
            "created_at": anchor[deals] - 30 * 24 * HOUR,
            "closed_at": anchor[deals],
            "status": np.where(fate[deals] < CREDITED, "won", "lost"),
            "amount": random.integers(1_000, 90_000, len(deals), dtype=np.int32),
        }
    )
    touches = _touches(random, names, anchor)
    return {"leads": leads, "opportunities": opportunities, "touches": touches}


def _touches(random: np.random.Generator, names: pa.Array, anchor: np.ndarray) -> pa.Table:
    per_journey = random.geometric(1 / TOUCHES, len(anchor))
    journey = np.repeat(np.arange(len(anchor)), per_journey)
    total = len(journey)
    preferred = np.array([0.2, 0.18, 0.15, 0.1, 0.1, 0.08, 0.07, 0.05, 0.04, 0.03])
    channel = random.choice(len(CHANNELS), total, p=preferred)
    again = random.random(total) < 0.3
    again[0] = False
    channel = np.where(again, np.roll(channel, 1), channel)
    words = pa.array(CHANNELS).take(pa.array(channel))
    is_sales = np.isin(channel, [CHANNELS.index(name) for name in SALES])
    order = random.permutation(total)  # a table is in no journey's order
    back = random.integers(0, 150 * 24 * 60, total) * np.timedelta64(60_000_000, "us")
    return pa.table(
        {
            "touch_id": _ids("T", np.arange(total)),
            "lead_id": names.take(pa.array(journey)),
            "occurred_at": anchor[journey] - back,
            "team": np.where(is_sales, "sales", "marketing"),
            "channel": words,
        }
    ).take(pa.array(order))


def _ids(letter: str, numbers: np.ndarray) -> pa.Array:
    return pa.array(np.char.add(letter, np.char.zfill(numbers.astype(str), 8)))
