"""Who came, when, from where: the demo's leads and the accounts that they belong to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.clock import Clock, Window
from data.demo.company import (
    CHANNEL_NAMES,
    CHANNELS,
    PERSONA_SHARES,
    PRODUCT_SHARES,
    REGION_SHARES,
    REGION_ZONES,
    SEGMENT_SHARES,
    ZONES,
)
from data.demo.draws import Bools, Draws, Floats, Ints, Times, days, evenly, pick
from data.demo.stories import SHOW_CHANNEL, SHOW_DAYS, SHOW_LEADS, SHOW_ZONE, Stories

GROWTH_A_YEAR = 1.20
WEEKDAYS = np.array([1.04, 1.12, 1.10, 1.04, 0.86, 0.16, 0.14])
MONTH_LEVELS = np.array([1.0, 1.02, 1.05, 1.02, 1.0, 0.98, 0.92, 0.80, 1.06, 1.08, 1.04, 0.82])
YEAR_END_LEVEL = 0.45  # 20 to 31 December, on top of the month's level
HOLIDAY_LEVEL = 0.35
JOINS_ACCOUNT = 0.46  # share of leads that are a colleague of an earlier one
COLLEAGUE_SPAN = 900  # mean distance of colleagues, in leads of a 20,000-lead company


@dataclass(frozen=True)
class Leads:
    """One row a lead, by creation. Codes index the lists of ``company``; -1 is NULL."""

    created: Times
    channel: Ints
    campaign: Ints
    account: Ints
    region: Ints
    segment: Ints
    persona: Ints
    product: Ints
    zone: Ints
    parent: Ints  # the colleague through whom the account was found, else -1
    duplicate: Bools  # a second record of ``parent``
    is_show: Bools

    def __len__(self) -> int:
        return len(self.created)

    @property
    def office(self) -> Ints:
        """The region that works the lead; one without a region goes to the first."""
        return np.maximum(self.region, 0)


@dataclass(frozen=True)
class Accounts:
    """One row an account; those of before the window (customers, old deals) come last."""

    region: Ints
    segment: Ints
    industry: Ints
    created: Times

    def __len__(self) -> int:
        return len(self.region)


def level_of_days(window: Window, clock: Clock) -> Floats:
    """How much a day brings: growth, season, weekday, holidays."""
    dates = window.days
    months = dates.astype("datetime64[M]")
    month = months.astype(np.int64) % 12
    day_of_month = (dates - months).astype(np.int64) + 1
    weekday = (dates.astype(np.int64) + 3) % 7
    level = GROWTH_A_YEAR ** (np.arange(len(dates)) / 365.25)
    level *= MONTH_LEVELS[month] * WEEKDAYS[weekday]
    level *= np.where((month == 11) & (day_of_month >= 20), YEAR_END_LEVEL, 1.0)
    return level * np.where((weekday < 5) & ~clock.is_working(dates), HOLIDAY_LEVEL, 1.0)


def _created_days(draws: Draws, window: Window, clock: Clock, size: int) -> Ints:
    """The index of the day of each lead, ascending; days vary by a tenth, not by dice alone."""
    rng = draws.named("lead days")
    level = level_of_days(window, clock)
    level = level * np.exp(0.10 * rng.standard_normal(len(level)))
    edges = np.cumsum(level) / level.sum()
    points = (np.arange(size) + rng.random(size)) / size
    return np.minimum(np.searchsorted(edges, points, side="right"), len(level) - 1)


def _colleagues(draws: Draws, size: int) -> tuple[Ints, Ints]:
    """For each lead the earlier colleague (-1: none) and the first lead of its account."""
    rng = draws.named("colleagues")
    span = COLLEAGUE_SPAN * max(size / 20_000, 0.05)
    distance = 1 + rng.exponential(span, size).astype(np.int64)
    parent = np.arange(size) - distance
    parent = np.where((rng.random(size) < JOINS_ACCOUNT) & (parent >= 0), parent, -1)
    root = np.where(parent >= 0, parent, np.arange(size))
    while True:  # follow the chain of colleagues to its start, twice as far each time
        further = root[root]
        if np.array_equal(further, root):
            return parent, root
        root = further


def _channels(draws: Draws, is_show: Bools) -> Ints:
    rng = draws.named("channels")
    shares = [channel.share for channel in CHANNELS]
    channel = pick(evenly(rng, np.zeros(len(is_show), dtype=np.int64), 100), shares)
    return np.where(is_show, CHANNEL_NAMES.index(SHOW_CHANNEL), channel)


def _moments(
    draws: Draws, window: Window, clock: Clock, day: Ints, zone: Ints, is_show: Bools
) -> Times:
    """Local waking hours of each lead's zone, inside the window."""
    rng = draws.named("lead hours")
    size = len(day)
    hour = np.where(is_show, 9.5 + 8 * rng.random(size), 7 + 13 * rng.beta(2.3, 2.5, size))
    created = clock.to_utc(window.days[day], hour * 3600, zone)
    # The first morning of the east is still the day before at headquarters.
    created = np.where(created < window.start, created + np.timedelta64(1, "D"), created)
    return np.where(created >= window.end, created - np.timedelta64(1, "D"), created)


def build_leads(
    draws: Draws, window: Window, clock: Clock, stories: Stories, total: int
) -> tuple[Leads, Accounts]:
    """All leads of the window and the accounts that they open."""
    show_size = stories.scaled(SHOW_LEADS)
    usual = _created_days(draws, window, clock, total - show_size)
    first_show_day = int((np.datetime64(stories.show_starts) - window.days[0]).astype(np.int64))
    show = first_show_day + np.arange(show_size) % SHOW_DAYS
    day = np.concatenate([usual, show])
    is_show = np.arange(total) >= len(usual)
    order = np.argsort(day, kind="stable")
    day, is_show = day[order], is_show[order]

    parent, root = _colleagues(draws, total)
    rng = draws.named("lead facts")
    everyone = np.zeros(total, dtype=np.int64)
    region = pick(evenly(rng, everyone, 50), REGION_SHARES)
    region = np.where(is_show & (rng.random(total) < 0.6), 0, region)[root]
    segment = pick(evenly(rng, everyone, 50), SEGMENT_SHARES)[root]
    zones = np.array(REGION_ZONES)
    zone = zones[region, rng.integers(0, zones.shape[1], total)[root]]
    zone = np.where(is_show, ZONES.index(SHOW_ZONE), zone)
    created = _moments(draws, window, clock, day, zone, is_show)

    order = np.argsort(created, kind="stable")
    place = np.empty(total, dtype=np.int64)
    place[order] = np.arange(total)
    parent = np.where(parent >= 0, place[np.maximum(parent, 0)], -1)[order]
    # Within a day the hour may turn the two round: then nobody came before.
    parent = np.where(parent < np.arange(total), parent, -1)
    _, account = np.unique(place[root][order], return_inverse=True)

    doubled = draws.named("duplicates").random(total) < 0.06
    duplicate = doubled & (parent >= 0) & ~doubled[np.maximum(parent, 0)] & ~is_show[order]
    holes = draws.named("missing values").random((3, total))
    leads = Leads(
        created=created[order],
        channel=_channels(draws, is_show[order]),
        campaign=np.full(total, -1),
        account=account,
        region=np.where(holes[0] < 0.012, -1, region[order]),
        segment=np.where(holes[1] < 0.010, -1, segment[order]),
        persona=pick(evenly(draws.named("personas"), everyone, 50), PERSONA_SHARES),
        product=np.where(
            holes[2] < 0.020,
            -1,
            pick(evenly(draws.named("products"), everyone, 50), PRODUCT_SHARES),
        ),
        zone=zone[order],
        parent=parent,
        duplicate=duplicate,
        is_show=is_show[order],
    )
    _, first = np.unique(account, return_index=True)
    accounts = Accounts(
        region=region[order][first],
        segment=segment[order][first],
        industry=draws.named("industries").integers(0, 8, len(first)),
        created=leads.created[first] - days(draws.named("account age").random(len(first)) * 0.01),
    )
    return leads, accounts
