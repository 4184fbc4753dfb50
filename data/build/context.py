"""What a system's file is told when it says what its rows feed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from data.build.feeds import renamed
from data.build.raw import As, Col
from data.config import Config
from data.config_sources import Sources

READ_AS = {
    "score": As.NUMBER,
    **dict.fromkeys(("has_budget", "has_authority", "has_timeline", "has_interest"), As.FLAG),
    **dict.fromkeys(("first_response_at", "accepted_at"), As.MOMENT),
    "responded": As.FLAG,
}
# What a field of ours is called in a feed, where that holds the system's own id.
REFERENCES = {"campaign_id": "campaign_ref", "account_id": "account_ref"}


@dataclass(frozen=True)
class Context:
    """The configuration, the moment of the build (UTC) and which products are built from."""

    config: Config
    now: datetime
    products: tuple[str, ...]

    @property
    def sources(self) -> Sources:
        return self.config.sources

    @property
    def leading(self) -> str:
        """The product whose ids leads, accounts and reps have in the warehouse, unprefixed."""
        return self.products[0]

    @property
    def deals_from(self) -> str:
        """The product whose opportunities count; the others' copies of them do not."""
        return self.sources.opportunities_from or next(
            (p for p in self.products if p in ("salesforce", "hubspot")), self.leading
        )

    def system(self, product: str) -> str:
        """Which side a product is for the company: ``marketing`` or ``sales``."""
        set_to: str = getattr(self.sources, product).system
        if set_to:
            return set_to
        return "marketing" if "salesforce" in self.products else "sales"


def lead_fields(
    product: str,
    configured: Mapping[str, str],
    defaults: Mapping[str, str],
    column: Callable[[str, As], Col],
    *,
    block: str = "fields",
) -> Iterable[Col]:
    """The columns that fields of ours are read from; those that a setting names must be there."""
    for field, name in {**defaults, **configured}.items():
        if not name:
            continue
        found = column(name, READ_AS.get(field, As.TEXT))
        setting = f"[sources.{product}.{block}] {field}" if field in configured else ""
        yield Col(name, found.read_as, (found.name, *found.also), configured=setting)


def named_columns(
    columns: Any, named: Mapping[str, str], channels: Mapping[str, str]
) -> dict[str, ColumnElement[Any]]:
    """Fields of ours from the columns named for them; a name of ``""`` leaves the field empty."""
    found = {REFERENCES.get(field, field): columns[name] for field, name in named.items() if name}
    if "channel" in found:
        found["channel"] = renamed(found["channel"], channels)
    return found
