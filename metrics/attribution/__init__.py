"""Who earned the revenue: credit by model over the journeys of opportunities (docs/credit.md)."""

from metrics.attribution.credit import attribute, attribute_all
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
    "Credit",
    "Journey",
    "JourneyTouch",
    "Model",
    "Path",
    "TeamFacts",
    "TeamSplit",
    "Touched",
    "attribute",
    "attribute_all",
    "journey",
    "team_facts",
    "team_share",
    "team_split",
    "top_paths",
]
