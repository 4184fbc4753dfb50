"""What each topic of an agreement says: taken from a configuration, in words, and which KPIs it
touches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from data.agreements import Topic
from data.config import CONVERSION_DAYS, FACTS, Config
from metrics.catalog import CATALOG
from metrics.definitions import differences
from metrics.model import Kind, Metric

TITLES = {
    Topic.MQL: "MQL rule",
    Topic.SLA: "SLA response targets",
    Topic.WINDOWS: "Conversion windows",
}
Content = Mapping[str, Any]


def content_of(config: Config, topic: Topic) -> dict[str, Any]:
    """All that a configuration says of a topic, as plain JSON."""
    match topic:
        case Topic.MQL:
            return mql_content(
                config.mql.score_at_least,
                config.mql.required_facts,
                config.mql.never_from,
                config.mql.without_score,
            )
        case Topic.SLA:
            return {
                "sla": {"response_hours": {n: float(h) for n, h in _hours(config).items()}},
                "hours": config.business_hours.model_dump(mode="json"),
            }
        case Topic.WINDOWS:
            return {metric: config.window_days(metric) for metric in CONVERSION_DAYS}


def _hours(config: Config) -> dict[str, float]:
    """Response targets; a priority that is not listed has the default's."""
    return {"default": config.sla.target_hours(None), **config.sla.response_hours}


def mql_content(
    score_at_least: float | None,
    required_facts: Sequence[str],
    never_from: Sequence[str],
    without_score: Sequence[str],
) -> dict[str, Any]:
    """An MQL rule; the order in which things are named makes no difference."""
    return {
        "score_at_least": None if score_at_least is None else float(score_at_least),
        "required_facts": [name for name in FACTS if name in required_facts],
        "never_from": sorted(set(never_from)),
        "without_score": sorted(set(without_score)),
    }


# -- which KPIs -----------------------------------------------------------------------------------


def touches(topic: Topic, metric: Metric, before: Content, now: Content) -> bool:
    """Whether a KPI's number rests on what differs between two versions of a topic."""
    match topic:
        case Topic.MQL:
            return "mql" in metric.needs_stages
        case Topic.SLA:
            return "handoff_clock" in metric.tables
        case Topic.WINDOWS:
            return metric.kind is Kind.COHORT and before.get(metric.id) != now.get(metric.id)


# -- in words -------------------------------------------------------------------------------------


def lines_of(topic: Topic, content: Content) -> list[str]:
    """What a version says, a line each."""
    match topic:
        case Topic.MQL:
            return _mql_lines(content)
        case Topic.SLA:
            return _sla_lines(content)
        case Topic.WINDOWS:
            return [f"{_label(name)}: {days} days" for name, days in content.items()]


def _mql_lines(content: Content) -> list[str]:
    score, facts = content["score_at_least"], content["required_facts"]
    lines = []
    if score is not None:
        lines.append(f"A score of {score:g} or more when it becomes one")
    if facts:
        lines.append(f"Known by then: {', '.join(map(fact_name, facts))}")
    if content["never_from"]:
        lines.append(f"Never from {', '.join(content['never_from'])}")
    if content["without_score"] and score is not None:
        lines.append(f"No score needed from {', '.join(content['without_score'])}")
    return lines or ["No criteria: every entry into the stage is an MQL"]


def _sla_lines(content: Content) -> list[str]:
    targets, hours = content["sla"]["response_hours"], content["hours"]
    named = sorted(targets.items(), key=lambda pair: (pair[0] == "default", pair[1], pair[0]))
    told = [f"{'others' if name == 'default' else name} in {h:g} h" for name, h in named]
    zone = "each rep's time zone" if hours["timezone"] == "rep" else hours["timezone"]
    days = ", ".join(day.capitalize() for day in hours["days"])
    holidays = f", without holidays of {hours['holidays']}" if hours["holidays"] else ""
    return [
        f"First response: {', '.join(told)}",
        f"Business hours: {days}, {hours['opens']}–{hours['closes']} in {zone}{holidays}",
    ]


def fact_name(fact: str) -> str:
    """``budget`` of ``has_budget``."""
    return fact.removeprefix("has_")


def _label(metric_id: str) -> str:
    return CATALOG[metric_id].label if metric_id in CATALOG else metric_id.replace("_", " ")


def changed_lines(topic: Topic, before: Content, now: Content) -> list[str]:
    """What differs between two versions: "MQL → SQL: 30, now 45"."""
    found = []
    for one in differences(before, now):
        part = one.part
        if topic is Topic.WINDOWS:
            part = f"{_label(one.part.replace(' ', '_'))}, days"
        was, is_now = (_plain(side) for side in (one.before, one.now))
        found.append(f"{part[:1].upper()}{part[1:]}: {was}, now {is_now}")
    return found


def _plain(text: str | None) -> str:
    return "none" if not text else text.replace("has_", "")


def as_toml(topic: Topic, content: Content) -> str:
    """The lines of ``scorecard.toml`` that say the same."""
    match topic:
        case Topic.MQL:
            tables = {"mql": content}
        case Topic.SLA:
            tables = {
                "sla.response_hours": content["sla"]["response_hours"],
                "business_hours": content["hours"],
            }
        case Topic.WINDOWS:
            tables = {"conversion_days": content}
    return "\n\n".join(
        "\n".join(
            [f"[{name}]"]
            + [f"{_key(key)} = {_value(part)}" for key, part in table.items() if part is not None]
        )
        for name, table in tables.items()
    )


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() else _value(name)


def _value(part: Any) -> str:
    if isinstance(part, float) and part.is_integer():
        part = int(part)
    # What JSON writes of texts, numbers and lists of them is TOML.
    return json.dumps(part, ensure_ascii=False)
