"""``touches``: what marketing, sales and the others did with each lead along its path."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data.demo.arrow import CAMPAIGN, LEAD, contract_table, flags, ids, joined, words
from data.demo.campaigns import Campaigns, letter_ids
from data.demo.clock import Clock, Window
from data.demo.company import CHANNEL_NAMES, CHANNELS, REPS
from data.demo.deals import Deals
from data.demo.draws import Bools, Draws, Floats, Ints, Times, days, pick, seconds
from data.demo.endings import Endings
from data.demo.funnel import Passes
from data.demo.leads import Leads
from data.demo.roster import REP_ZONES, rep_ids
from data.tables import TEAMS

KINDS = ("email", "call", "meeting", "ad", "web", "form", "event", "content")
EMAIL, CALL, MEETING, AD, WEB, FORM, EVENT, CONTENT = range(len(KINDS))
SALES, MARKETING, PARTNER, SUCCESS = (TEAMS.index(t) for t in TEAMS)
INBOUND, OUTBOUND = 0, 1
UNRECORDED = -1
# Touches of sales and success have channels of their own beside the leads' channels.
TOUCH_CHANNELS = (*(name or "direct" for name in CHANNEL_NAMES), "phone", "meeting", "sequence")
PHONE, FACE, SEQUENCE = (TOUCH_CHANNELS.index(n) for n in ("phone", "meeting", "sequence"))
OWN_EMAIL = TOUCH_CHANNELS.index("email")
ASSETS = (
    "pricing page", "ROI calculator", "benchmark report", "product tour", "customer story",
    "forecast guide", "SLA template", "newsletter", "demo request",
)  # fmt: skip
# Marketing's nurture: kind, channel, weight, outbound, automated, odds of a reaction.
NURTURE = (
    (EMAIL, "email", 0.46, True, True, 0.16),
    (AD, "paid_social", 0.16, True, True, 0.06),
    (WEB, "organic_search", 0.16, False, False, 1.0),
    (EVENT, "webinar", 0.10, False, False, 1.0),
    (CONTENT, "content_syndication", 0.05, False, False, 1.0),
    (WEB, "paid_search", 0.07, False, False, 1.0),
)
FIRST_EVENT = 50_000_000  # HubSpot's number of the first event
BEFORE, AFTER = 1.9, 4.7  # mean touches of marketing before and after a lead is created
FOLLOW_UPS, DEAL_TOUCHES = 2.2, 6.0


@dataclass
class _Log:
    """Touches as they are found, column by column."""

    parts: list[list[np.ndarray]] = field(default_factory=list)

    def add(self, lead: Ints, at: Times, *, team: int | Ints, channel: int | Ints,
            kind: int | Ints, direction: int | Ints, responded: int | Ints | Bools,
            automated: int | Bools = 0, rep: int | Ints = -1) -> None:  # fmt: skip
        given = (team, channel, kind, direction, responded, automated, rep)
        spread = [np.broadcast_to(np.asarray(v, dtype=np.int64), len(lead)) for v in given]
        self.parts.append([lead, at, *spread])

    def columns(self) -> list[np.ndarray]:
        return [np.concatenate(column) for column in zip(*self.parts, strict=True)]


def _repeated(rng: np.random.Generator, mean: float, size: int) -> Ints:
    return np.repeat(np.arange(size), rng.poisson(mean, size))


def _origins(draws: Draws, leads: Leads, log: _Log) -> None:
    """The touch with which each lead began, by the team that its channel belongs to."""
    rng = draws.named("first touches")
    size = len(leads)
    team_of = {"sdr": SALES, "partner": PARTNER, "success": SUCCESS}
    team = np.array([team_of.get(c.sourced_by or "", MARKETING) for c in CHANNELS])[leads.channel]
    kind = np.array([KINDS.index(c.kind) for c in CHANNELS])[leads.channel]
    log.add(
        np.arange(size), leads.created - seconds(20 + 900 * rng.random(size)), team=team,
        channel=leads.channel, kind=kind, direction=np.where(team == SALES, OUTBOUND, INBOUND),
        responded=np.where(rng.random(size) < 0.03, UNRECORDED, 1),
    )  # fmt: skip


def _nurture(draws: Draws, leads: Leads, log: _Log) -> None:
    """Marketing before and after the creation, most of it unanswered mail and ads."""
    rng = draws.named("nurture")
    size = len(leads)
    before, after = _repeated(rng, BEFORE, size), _repeated(rng, AFTER, size)
    lead = np.concatenate([before, after])
    lag = np.concatenate([-rng.exponential(18.0, len(before)) - 0.02,
                          rng.exponential(55.0, len(after)) + 0.1])  # fmt: skip
    what = pick(rng.random(len(lead)), [row[2] for row in NURTURE])
    kind, outbound, automated = (np.array([row[i] for row in NURTURE])[what] for i in (0, 3, 4))
    channel = np.array([CHANNEL_NAMES.index(row[1]) for row in NURTURE])[what]
    reacted = rng.random(len(lead)) < np.array([row[5] for row in NURTURE])[what]
    at = leads.created[lead] + days(lag)
    letter = kind == EMAIL
    log.add(
        lead, at, team=MARKETING, channel=channel, kind=kind,
        direction=outbound.astype(np.int64), responded=reacted & ~letter, automated=automated,
    )  # fmt: skip
    # An answer to a letter, a click, is a touch of its own.
    click = np.flatnonzero(letter & reacted)
    log.add(
        lead[click], at[click] + seconds(60 + rng.exponential(9_000.0, len(click))), team=MARKETING,
        channel=channel[click], kind=EMAIL, direction=INBOUND, responded=1,
    )  # fmt: skip


def _triggers(draws: Draws, leads: Leads, passes: Passes, log: _Log) -> None:
    """What lifted the score over the threshold: the buyer did something."""
    rng = draws.named("triggers")
    rows = np.flatnonzero(~passes.direct)
    what = pick(rng.random(len(rows)), [0.35, 0.3, 0.2, 0.15])
    kind = np.array([FORM, WEB, EVENT, CONTENT])[what]
    usual = np.array(
        [CHANNEL_NAMES.index(n) for n in ("email", "organic_search", "webinar", "email")]
    )
    log.add(
        passes.lead[rows], passes.mql[rows] - seconds(5 + 200 * rng.random(len(rows))),
        team=MARKETING, channel=usual[what], kind=kind, direction=INBOUND, responded=1,
    )  # fmt: skip


def _desk(draws: Draws, clock: Clock, passes: Passes, log: _Log) -> None:
    """The SDRs: automated mail to all, the first answer, follow-ups, the meeting at the SQL."""
    rng = draws.named("desk")
    handed = np.flatnonzero(~np.isnat(passes.handed) & ~passes.direct)
    mailed = handed[rng.random(len(handed)) < 0.45]
    log.add(
        passes.lead[mailed], passes.handed[mailed] + days(0.01 + 3 * rng.random(len(mailed))),
        team=SALES, channel=SEQUENCE, kind=EMAIL, direction=OUTBOUND, automated=1,
        responded=0, rep=passes.rep[mailed],
    )  # fmt: skip
    answered = np.flatnonzero(~np.isnat(passes.response) & ~passes.direct)
    called = rng.random(len(answered)) < 0.62
    log.add(
        passes.lead[answered], passes.response[answered], team=SALES,
        channel=np.where(called, PHONE, OWN_EMAIL), kind=np.where(called, CALL, EMAIL),
        direction=OUTBOUND, responded=rng.random(len(answered)) < 0.45, rep=passes.rep[answered],
    )  # fmt: skip
    live = answered[np.isnat(passes.rejected[answered]) | (rng.random(len(answered)) < 0.6)]
    rows = live[_repeated(rng, FOLLOW_UPS, len(live))]
    zone = REP_ZONES[passes.rep[rows]]
    at = clock.after_hours(passes.response[rows], zone, 0.5 + rng.exponential(22.0, len(rows)))
    stop = passes.rejected[rows]
    kept = np.isnat(stop) | (at < stop)
    rows, at = rows[kept], at[kept]
    called = rng.random(len(rows)) < 0.5
    log.add(
        passes.lead[rows], at, team=SALES, channel=np.where(called, PHONE, OWN_EMAIL),
        kind=np.where(called, CALL, EMAIL), direction=OUTBOUND,
        responded=np.where(rng.random(len(rows)) < 0.04, UNRECORDED, rng.random(len(rows)) < 0.30),
        rep=passes.rep[rows],
    )  # fmt: skip
    met = np.flatnonzero(~np.isnat(passes.sql))
    log.add(
        passes.lead[met], passes.sql[met] - seconds(60 + 1500 * rng.random(len(met))), team=SALES,
        channel=FACE, kind=MEETING, direction=OUTBOUND, responded=1,
        rep=np.where(passes.direct[met], -1, passes.rep[met]),
    )  # fmt: skip


def _deal_work(draws: Draws, clock: Clock, deals: Deals, log: _Log) -> None:
    """Meetings, calls and mail between creation and close; partners and success now and then."""
    rng = draws.named("deal work")
    with_lead = np.flatnonzero(deals.lead >= 0)
    rows = with_lead[_repeated(rng, DEAL_TOUCHES, len(with_lead))]
    span = (deals.closes[rows] - deals.created[rows]).astype(np.int64) / 1e6
    at = deals.created[rows] + seconds(span * rng.random(len(rows)))
    at = clock.after_hours(at, REP_ZONES[deals.owner[rows]], 0.1 + 4 * rng.random(len(rows)))
    at = np.minimum(at, deals.closes[rows])
    what = pick(rng.random(len(rows)), [0.42, 0.30, 0.20, 0.05, 0.03])
    kind = np.array([EMAIL, CALL, MEETING, MEETING, EMAIL])[what]
    channel = np.array([OWN_EMAIL, PHONE, FACE, FACE, OWN_EMAIL])[what]
    team = np.array([SALES, SALES, SALES, PARTNER, SUCCESS])[what]
    staff = {t: [r.number for r in REPS if r.team == t] for t in ("partner", "success")}
    helper = np.where(team == PARTNER, staff["partner"][0], staff["success"][0])
    answered = rng.random(len(rows)) < np.where(kind == MEETING, 0.93, 0.55)
    log.add(
        deals.lead[rows], at, team=team, channel=channel, kind=kind,
        direction=(rng.random(len(rows)) < 0.7).astype(np.int64), responded=answered,
        rep=np.where(team == SALES, deals.owner[rows], helper),
    )  # fmt: skip


def touch_table(draws: Draws, clock: Clock, window: Window, leads: Leads, endings: Endings,
                passes: Passes, deals: Deals, campaigns: Campaigns, has_address: Bools,
                alone: Bools) -> pa.Table:  # fmt: skip
    """Every touch inside the window and before its lead was merged or deleted, by moment.

    Nobody writes to a lead without an address; of one that is in HubSpot ``alone``, only the
    letters are known.
    """
    log = _Log()
    _origins(draws, leads, log)
    _nurture(draws, leads, log)
    _triggers(draws, leads, passes, log)
    _desk(draws, clock, passes, log)
    _deal_work(draws, clock, deals, log)
    columns = log.columns()
    lead, at = columns[0], columns[1]
    kept = (at < window.end) & (at >= window.start) & (at <= endings.ended[lead])
    letter = is_letter(columns[2], columns[4])
    kept = np.flatnonzero(kept & np.where(letter, has_address[lead], ~alone[lead]))
    # Nobody does the same twice within a second: that would be one contact logged twice.
    second = at[kept].astype("datetime64[s]").astype(np.int64)
    said = [column[kept].astype(np.int64) for column in (lead, *columns[2:])]
    kept = kept[np.unique(np.stack([second, *said], axis=1), axis=0, return_index=True)[1]]
    order = kept[np.lexsort((columns[4][kept], lead[kept], at[kept]))]
    lead, at, team, channel, kind, direction, responded, automated, rep = (
        column[order] for column in columns
    )
    return _table(draws, clock, leads, campaigns, lead, at, team, channel, kind, direction,
                  responded, automated, rep)  # fmt: skip


def is_letter(team: Ints, kind: Ints) -> Bools:
    """Which touches are letters that HubSpot has sent, or answers to them."""
    return (team == MARKETING) & (kind == EMAIL)


def _table(draws: Draws, clock: Clock, leads: Leads, campaigns: Campaigns, lead: Ints, at: Times,
           team: Ints, channel: Ints, kind: Ints, direction: Ints, responded: Ints,
           automated: Ints, rep: Ints) -> pa.Table:  # fmt: skip
    rng = draws.named("assets")
    by_marketing = team == MARKETING
    own = np.where(by_marketing & (channel < len(CHANNELS)), channel, -1)
    campaign = campaigns.of(draws, clock, own, at, "touches")
    share: Floats = rng.random(len(lead))
    asset = np.where(by_marketing & (share < 0.7), (share / 0.7 * len(ASSETS)).astype(np.int64), -1)
    origin = at < leads.created[lead]
    origin &= by_marketing & (own == leads.channel[lead]) & (leads.campaign[lead] >= 0)
    campaign = np.where(origin, leads.campaign[lead], campaign)
    letter = is_letter(team, kind)
    asset = np.where(letter, -1, asset)
    number = np.arange(len(lead))
    letters = joined("hubspot-email-", pa.array(FIRST_EVENT + number).cast(pa.string()))
    calls = pc.if_else(pa.array(kind == MEETING), ids("00U", number), ids("00T", number))
    return contract_table(
        "touches",
        {
            "touch_id": pc.if_else(pa.array(letter), letters, calls),
            "lead_id": ids(LEAD, lead),
            "occurred_at": at,
            "team": words(TEAMS, team),
            "channel": words(TOUCH_CHANNELS, channel),
            "kind": words(KINDS, kind),
            "direction": words(("inbound", "outbound"), direction),
            "responded": flags(responded),
            "automated": flags(automated),
            "campaign_id": pc.if_else(
                pa.array(letter), letter_ids(np.maximum(campaign, 0)), ids(CAMPAIGN, campaign)
            ),
            "asset": words(ASSETS, asset),
            "rep_id": rep_ids(rep),
        },
    )
