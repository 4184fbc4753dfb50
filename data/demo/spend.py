"""``spend``: media by day and campaign, people and tools by month, all by channel."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data.demo.arrow import CAMPAIGN, contract_table, ids, money, words
from data.demo.campaigns import A_QUARTER, Campaigns, quarter_number
from data.demo.clock import Clock, Window
from data.demo.company import CHANNELS
from data.demo.draws import Draws
from data.demo.leads import level_of_days
from data.demo.stories import LEADS, SHOW_CHANNEL, SHOW_COST, Stories

COST_TYPES = ("media", "tools", "people", "other")
MONTHLY_USD = {"people": 42_000.0, "tools": 8_000.0}  # of the 20,000-lead company
CAMPAIGN_SPLIT = (0.55, 0.45)
SHOW_PAYMENTS = ((-60, 0.4, "media"), (0, 0.5, "media"), (1, 0.1, "other"))


def build_spend(
    draws: Draws, window: Window, clock: Clock, stories: Stories, campaigns: Campaigns
) -> pa.Table:
    """The ``spend`` table; a campaign pays most of its channel's day, the other the rest."""
    rng = draws.named("spend")
    size = stories.leads / LEADS
    dates = window.days
    level = level_of_days(window, clock)
    share_of_day = level / level.sum()
    quarter = quarter_number(dates) - campaigns.first_quarter
    parts = []  # day, channel, campaign, cost type, amount

    def add(days: np.ndarray, channel: int, campaign: np.ndarray | int, cost: str,
            amount: np.ndarray | float) -> None:  # fmt: skip
        count = len(days)
        parts.append((
            days, np.full(count, channel), np.broadcast_to(campaign, count),
            np.full(count, COST_TYPES.index(cost)), np.broadcast_to(amount, count),
        ))  # fmt: skip

    first_of_month = dates[dates == dates.astype("datetime64[M]")]
    for code, channel in enumerate(CHANNELS):
        if channel.name is None or channel.name == "unknown":
            continue
        expected = channel.cost_per_lead * channel.share * stories.leads
        for place in range(A_QUARTER if channel.campaigns else 1):
            amount = expected * share_of_day * np.exp(0.12 * rng.standard_normal(len(dates)))
            part = CAMPAIGN_SPLIT[place] if channel.campaigns else 1.0
            if expected > 0:
                add(dates, code, campaigns.rows[code, quarter, place], "media", amount * part)
        for cost, monthly in MONTHLY_USD.items():
            add(first_of_month, code, -1, cost, monthly * size * channel.share)
    show = [channel.name for channel in CHANNELS].index(SHOW_CHANNEL)
    for offset, part, cost in SHOW_PAYMENTS:
        day = np.array([np.datetime64(stories.show_starts) + offset])
        add(day, show, campaigns.show, cost, SHOW_COST * size * part)
    day, channel_of, campaign, cost_type, amount = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    order = np.lexsort((cost_type, campaign, channel_of, day))
    # Media is what a plain export means: half of its rows do not even say so.
    said = np.where((cost_type == 0) & (campaign % 2 == 0), -1, cost_type)
    return contract_table(
        "spend",
        {
            "day": day[order],
            "channel": words([channel.name for channel in CHANNELS], channel_of[order]),
            "campaign_id": ids(CAMPAIGN, campaign[order]),
            "cost_type": words(COST_TYPES, said[order]),
            "amount": money(amount[order]),
        },
    )
