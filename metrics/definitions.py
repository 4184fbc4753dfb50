"""What decides what a KPI's number means, as named parts; and how that changed, in words.

One place says which parts those are: another definition starts a new baseline
(``metrics/baselines.py``), and each change is recorded with the moment at which it was first seen.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from data.config import FACTS, Config
from data.state import open_state
from data.state.definitions import newest_definitions, read_definitions, record_definitions
from metrics.catalog import CATALOG
from metrics.model import Kind, Metric

# Wording that explains a number does not change it; its definition does. What a derived KPI is
# made of is code, which has no lasting form; its formula says it.
_SAYS_NOTHING = {"label", "owner", "null_rule", "dimensions", "derived"}
# Parts whose names do not speak for themselves.
_NAMES = {
    "metric.counted_by": "counted by",
    "metric.percentile": "percentile",
    "window_days": "window, days",
    "company.timezone": "time zone",
    "fiscal_year_starts": "first month of the fiscal year",
    "hours.days": "working days",
    "hours.opens": "working hours from",
    "hours.closes": "working hours to",
    "hours.timezone": "working hours' time zone",
    "hours.holidays": "holidays",
}
# KPIs that look at the agreed qualification facts; all of them are the default.
_COMPLETE = ("mql_completeness", "mql_delivery")
_TARGET = "sla.response_hours."


def definition_parts(config: Config, metric: Metric) -> dict[str, Any]:
    """All that decides what a KPI's number means: its definition, its window, the calendar and
    hours of the company, the SLA where it is read. Plain JSON.

    A field at its default is left out, so that a program that adds one changes no definition.
    """
    told = asdict(metric)
    kept = {
        field.name: told[field.name]
        for field in fields(metric)
        if field.name not in _SAYS_NOTHING and getattr(metric, field.name) != field.default
    }
    parts: dict[str, Any] = {
        "metric": kept,
        "company": {"name": config.company.name, "timezone": config.company.timezone},
        "fiscal_year_starts": config.company.fiscal_year_starts,
        "hours": config.business_hours.model_dump(mode="json"),
    }
    if metric.kind is Kind.COHORT:
        parts["window_days"] = config.window_days(metric.id)
    if "handoff_clock" in metric.tables:
        parts["sla"] = config.sla.model_dump(mode="json")
    if metric.id in _COMPLETE and config.mql.agreed_facts != FACTS:
        parts["mql"] = {"agreed_facts": config.mql.agreed_facts}
    return json.loads(json.dumps(parts))


def hash_of(parts: Mapping[str, Any]) -> str:
    """A fingerprint of parts; the order in which they are named makes no difference."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


# -- the record -------------------------------------------------------------------------------


def register_definitions(config: Config) -> None:
    """Record every KPI's definition that is not the last one recorded; else write nothing.

    Safe when several processes do it at once. Raises ``StateError`` or ``ConfigError`` when the
    state database does not answer.
    """
    store, company = open_state(), config.company.name
    found = {metric.id: definition_parts(config, metric) for metric in CATALOG.values()}
    known = newest_definitions(store, company)
    changed = {
        metric: (hash_of(parts), json.dumps(parts, sort_keys=True))
        for metric, parts in found.items()
        if known.get(metric) != hash_of(parts)
    }
    if changed:
        record_definitions(store, company, changed)


@dataclass(frozen=True)
class Difference:
    """One part of a definition that changed; ``before`` or ``now`` is None where it was not."""

    part: str  # "window, days"
    before: str | None
    now: str | None


@dataclass(frozen=True)
class Version:
    """A definition as of the moment it was first seen (naive UTC), with what differs from the one
    before; nothing for the first on record."""

    since: datetime
    differences: tuple[Difference, ...]


def definition_history(config: Config, metric: Metric) -> tuple[Version, ...]:
    """The versions of a KPI's definition, newest first.

    A change of the configuration that no start has recorded yet is recorded here. Raises
    ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    company = config.company.name
    stored = read_definitions(open_state(), company, metric.id)
    if not stored or stored[-1].fingerprint != hash_of(definition_parts(config, metric)):
        register_definitions(config)
        stored = read_definitions(open_state(), company, metric.id)
    parts = [json.loads(version.parts) for version in stored]
    before = [None, *parts[:-1]]
    versions = [
        Version(version.seen_at, () if old is None else differences(old, now))
        for version, old, now in zip(stored, before, parts, strict=True)
    ]
    return tuple(reversed(versions))


def definition_version(config: Config, metric: Metric) -> int:
    """The number of the definition that holds now, 0 the first on record.

    Raises as ``definition_history``, which records one that is not.
    """
    definition_history(config, metric)
    return read_definitions(open_state(), config.company.name, metric.id)[-1].version


# -- in words ---------------------------------------------------------------------------------


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What differs between the parts of two definitions, by part."""
    old, new = dict(_flat(before)), dict(_flat(now))
    return tuple(
        Difference(_name(path), old.get(path), new.get(path))
        for path in dict.fromkeys([*new, *old])
        if old.get(path) != new.get(path)
    )


def _flat(parts: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, part in parts.items():
        if isinstance(part, Mapping):
            yield from _flat(part, f"{path}{name}.")
        elif part not in (None, ""):
            yield f"{path}{name}", _text(part)


def _text(part: Any) -> str:
    if isinstance(part, Sequence) and not isinstance(part, str):
        return ", ".join(str(one) for one in part)
    if isinstance(part, bool):
        return "yes" if part else "no"
    return f"{part:g}" if isinstance(part, float) else str(part)


def _name(path: str) -> str:
    if path.startswith(_TARGET):
        return f"response target of {path.removeprefix(_TARGET)}, hours"
    known = _NAMES.get(path)
    return known or re.sub(r"[._]", " ", path.removeprefix("metric."))
