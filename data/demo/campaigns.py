"""Campaigns: two a quarter in each channel that runs any, and the trade show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from data.demo.arrow import CAMPAIGN, contract_table, ids, joined
from data.demo.clock import Clock, Window
from data.demo.company import CHANNELS
from data.demo.draws import Draws, Ints, Times
from data.demo.stories import SHOW_CAMPAIGN, SHOW_CHANNEL, SHOW_DAYS, Stories

THEMES = ("Pipeline clarity", "One scorecard", "Forecast week", "The revenue handover")
A_QUARTER = 2
FIRST_LETTER = 7_000  # HubSpot's number of the first letter


def quarter_number(days: np.ndarray) -> Ints:
    """Quarters since 1970 of ``datetime64[D]`` days."""
    return days.astype("datetime64[M]").astype(np.int64) // 3


def quarter_start(number: int) -> date:
    return date(1970 + number // 4, number % 4 * 3 + 1, 1)


@dataclass(frozen=True)
class Campaigns:
    """The campaigns as a table, and which one runs when: [channel, quarter, place] → row."""

    table: pa.Table
    rows: np.ndarray  # -1 where a channel runs none
    first_quarter: int
    show: int
    letters: Ints  # the rows that HubSpot sends as letters, each a campaign of its own

    def of(self, draws: Draws, clock: Clock, channel: Ints, moments: Times, name: str) -> Ints:
        """The campaign of each lead or touch; -1 where its channel runs none."""
        quarter = quarter_number(clock.company_day(moments)) - self.first_quarter
        quarter = np.clip(quarter, 0, self.rows.shape[1] - 1)
        place = draws.named(f"campaign of {name}").integers(0, A_QUARTER, len(channel))
        return np.where(channel < 0, -1, self.rows[channel, quarter, place])


def build_campaigns(window: Window, stories: Stories) -> Campaigns:
    """Every campaign of the window, with its planned days."""
    first = int(quarter_number(window.days[:1])[0])
    quarters = int(quarter_number(window.days[-1:])[0]) - first + 1
    rows = np.full((len(CHANNELS), quarters, A_QUARTER), -1)
    names, channels, starts, ends = [], [], [], []

    def plan(name: str, channel: str | None, starts_on: date, ends_on: date) -> int:
        names.append(name)
        channels.append(channel)
        starts.append(starts_on)
        ends.append(ends_on)
        return len(names) - 1

    show = -1
    for code, channel in enumerate(CHANNELS):
        if channel.name == SHOW_CHANNEL:
            last = stories.show_starts + timedelta(days=SHOW_DAYS - 1)
            show = plan(SHOW_CAMPAIGN, channel.name, stories.show_starts, last)
            rows[code] = show
        elif channel.campaigns:
            for quarter in range(quarters):
                begins = quarter_start(first + quarter)
                finishes = quarter_start(first + quarter + 1) - timedelta(days=1)
                label = f"{begins.year}-Q{begins.month // 3 + 1}"
                for place in range(A_QUARTER):
                    theme = THEMES[(quarter + 2 * place + code) % len(THEMES)]
                    title = f"{str(channel.name).replace('_', ' ')} · {theme} · {label}"
                    rows[code, quarter, place] = plan(title, channel.name, begins, finishes)
    letters = np.array([n for n, channel in enumerate(channels) if channel == "email"])
    none = [None] * len(letters)
    table = contract_table(
        "campaigns",
        {
            "campaign_id": pa.concat_arrays(
                [ids(CAMPAIGN, np.arange(len(names))), letter_ids(letters)]
            ),
            "name": names + [f"Letter: {names[n]}" for n in letters],
            "channel": channels + ["email"] * len(letters),
            "starts_on": starts + none,
            "ends_on": ends + none,
        },
    )
    return Campaigns(table, rows, first, show, letters)


def letter_ids(campaign: Ints) -> pa.Array:
    """The ids of HubSpot's letters: what it calls them, told apart from Salesforce's campaigns."""
    return joined("hubspot-email-", pa.array(FIRST_LETTER + campaign).cast(pa.string()))
