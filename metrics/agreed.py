"""What was agreed in the app, from the state database into a question: the MQL rules that both
teams signed, and the targets that were set.

Both are part of the question, as disputes are: an answer that is kept is kept with the very rules
and targets that it was given under.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from data.config import Config
from data.errors import ConfigError, StateError
from data.row_scope import RowScope
from data.set_targets import SetTarget, holding, read_set_targets
from data.state import has_state
from data.warehouse import Warehouse
from metrics.agreements.standing import signed_rules
from metrics.facts.mql_rule import OFF_RULE
from metrics.model import Metric

if TYPE_CHECKING:
    from metrics.query import MetricQuery

NO_RULE = "no MQL rule has been signed by both teams yet"
NO_STATE = "the state database, which keeps what was signed and set, does not answer"


def with_agreed(warehouse: Warehouse, query: MetricQuery) -> MetricQuery:
    """The question with the rules and targets that its KPIs look at; as it is where they look at
    none, has them already, or the state database does not answer."""
    wants_rules = query.rules is None and any(map(looks_at_rules, query.definitions))
    wants_targets = query.set_targets is None and any(map(looks_at_targets, query.definitions))
    if not (wants_rules or wants_targets):
        return query
    try:
        if wants_rules:
            query = replace(query, rules=signed_rules(warehouse.config))
        if wants_targets:
            query = replace(query, set_targets=set_targets(warehouse, query.as_of))
    except (StateError, ConfigError):
        pass
    return query


def is_unread(query: MetricQuery) -> bool:
    """Whether the question lacks what its KPIs look at: its answer is not for keeping."""
    definitions = query.definitions
    return (query.rules is None and any(map(looks_at_rules, definitions))) or (
        query.set_targets is None and any(map(looks_at_targets, definitions))
    )


def lacking(metric: Metric, query: MetricQuery) -> str | None:
    """Why a KPI that looks at them has no data: no rule is signed, or nobody can tell. A figure
    held against another target than the one that was set would be wrong."""
    is_silent = looks_at_targets(metric) and query.set_targets is None
    if looks_at_rules(metric) and not query.rules:
        return NO_STATE if query.rules is None else NO_RULE
    return NO_STATE if is_silent else None


def looks_at_rules(metric: Metric) -> bool:
    return metric.numerator is not None and metric.numerator.column == OFF_RULE


def looks_at_targets(metric: Metric) -> bool:
    return metric.derived is not None and metric.derived.targets is not None


def set_targets(warehouse: Warehouse, as_of: datetime) -> tuple[SetTarget, ...]:
    """The targets set in the app that hold as of a moment, of those that the viewer may see.

    Raises ``StateError`` or ``ConfigError`` when the state database does not answer.
    """
    if not has_state():
        return ()
    found = holding(read_set_targets(warehouse.config.company.name), as_of)
    return tuple(t for t in found if is_seen(t.dimension, t.member, warehouse.scope))


def known_set_targets(warehouse: Warehouse, as_of: datetime) -> tuple[SetTarget, ...]:
    """The same; none while the state database does not answer."""
    try:
        return set_targets(warehouse, as_of)
    except (StateError, ConfigError):
        return ()


def has_rule(config: Config) -> bool:
    """Whether both teams have signed an MQL rule, as far as the state database says."""
    try:
        return bool(signed_rules(config))
    except (StateError, ConfigError):
        return False


def is_seen(dimension: str | None, member: str | None, scope: RowScope) -> bool:
    """Whether somebody with this scope may see a target: one of a member of theirs; as in the
    warehouse, with several dimensions no single target is of the scope alone."""
    if scope.is_whole:
        return True
    if len(scope.members) != 1:
        return False
    name, members = scope.members[0]
    return dimension == name and member in members
