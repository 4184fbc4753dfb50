"""Who earned the revenue: credit by model over the journeys of opportunities (docs/credit.md)."""

from metrics.attribution.credit import attribute, attribute_all
from metrics.attribution.economics import ChannelEconomics, Economics, channel_economics
from metrics.attribution.model import (
    MODELS,
    Attribution,
    AttributionQuery,
    Basis,
    By,
    Credit,
    Model,
)
from metrics.attribution.paths import Journey, JourneyTouch, Path, journey, top_paths
from metrics.attribution.payback import Payback, PaybackRow, payback
from metrics.attribution.teams import (
    TeamFacts,
    TeamSplit,
    Touched,
    team_facts,
    team_share,
    team_split,
)

__all__ = [
    "MODELS",
    "Attribution",
    "AttributionQuery",
    "Basis",
    "By",
    "ChannelEconomics",
    "Credit",
    "Economics",
    "Journey",
    "JourneyTouch",
    "Model",
    "Path",
    "Payback",
    "PaybackRow",
    "TeamFacts",
    "TeamSplit",
    "Touched",
    "attribute",
    "attribute_all",
    "channel_economics",
    "journey",
    "payback",
    "team_facts",
    "team_share",
    "team_split",
    "top_paths",
]
