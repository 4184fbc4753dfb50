"""Closing a review freezes what it showed; a frozen review reads without any warehouse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from data import reviews
from data.audit import person
from data.code_version import code_version
from data.config import Config
from data.errors import ReviewError
from data.row_scope import RowScope
from data.state import ReviewFigure, ReviewSnapshot, open_state
from data.state.definitions import newest_versions
from data.users import Account
from data.warehouse import Warehouse
from metrics.calendar import Span
from metrics.catalog import CATALOG
from metrics.definitions import definition_parts, hash_of, register_definitions
from metrics.drivers import cause_of_tile
from metrics.errors import RoleError
from metrics.exceptions import Exceptions, find_exceptions
from metrics.model import Status, Unit
from metrics.review.codec import decode, encode
from metrics.review.figures import Figure, ItemView, Question, figures_of
from metrics.review.meetings import Meeting, find_review, leader
from metrics.review.wins import Wins, joint_wins
from metrics.scorecard import Scorecard, build_scorecard
from metrics.view import View

SCORECARD = "scorecard"
WHOLE_ONLY = (
    "A closed review holds the figures of the whole company; this account sees a part of them."
)


@dataclass(frozen=True)
class FrozenCard:
    """A scorecard as it was shown, with its exceptions and their causes."""

    scorecard: Scorecard
    exceptions: Exceptions


@dataclass(frozen=True)
class FrozenViews:
    """What of a review opens again as it was. ``cards`` by the number of the agenda's item; items
    that showed the same card name the first of them in ``same``."""

    cards: dict[str, FrozenCard]
    same: dict[str, str]
    wins: Wins | None = None

    def card_of(self, item: int) -> FrozenCard | None:
        return self.cards.get(self.same.get(str(item), str(item)))


@dataclass(frozen=True)
class Snapshot:
    """All that closing a review froze.

    ``config`` is the configuration of then; None where this program cannot read it any more.
    ``locale`` and ``currency`` are how its numbers are written. ``definitions`` holds by KPI the
    fingerprint of its definition and that one's number on record.
    """

    review_id: str
    data_version: str
    program_version: str
    as_of: datetime
    taken_at: datetime
    config: Config | None
    company: str
    locale: str
    currency: str
    timezone: str
    figures: tuple[Figure, ...]
    definitions: Mapping[str, tuple[str, int | None]]
    views: FrozenViews


# -- closing --------------------------------------------------------------------------------------


def close_review(
    username: str,
    warehouse: Warehouse,
    meeting: Meeting,
    views: Sequence[ItemView],
    first: View,
    *,
    pages: bytes | None = None,
) -> Meeting:
    """Close a review in somebody's name and freeze every figure of its agenda's views, and with
    them its ``pages`` (metrics/review/closing.py makes them).

    ``views`` are the items that have figures, ``first`` the view that the review began with. All
    is kept in one transaction, or nothing. Raises ``RoleError``, ``ReviewError`` when it is closed
    already, ``WarehouseError`` when the warehouse does not answer: it then stays open.
    """
    account = check_may_close(username, warehouse, meeting)
    figures = figures_of(warehouse, views)
    snapshot = {
        "data_version": warehouse.data_version,
        "program_version": code_version(),
        "as_of": first.as_of,
        "config": warehouse.config.model_dump_json(),
        "views": json.dumps(encode(_freeze_views(warehouse, views, first)), ensure_ascii=False),
        "pages": pages,
    }
    rows = _figure_rows(warehouse.config, figures)
    reviews.close_review(meeting.id, snapshot, rows, by=person(account.username))
    closed = find_review(meeting.id)
    assert closed is not None
    return closed


def check_may_close(username: str, warehouse: Warehouse, meeting: Meeting) -> Account:
    """The account that closes a review. Raises ``RoleError`` where it may not, ``ReviewError``
    when the review is closed already."""
    account = leader(username, "Closing a review")
    if not (account.scope.is_whole and warehouse.scope.is_whole):
        raise RoleError(
            "Closing a review freezes the figures of the whole company, and your account sees a "
            "part of them."
        )
    known = find_review(meeting.id)
    if known is None or known.is_closed:
        raise ReviewError("This review has been closed already; what was frozen then stays.")
    return account


def _freeze_views(warehouse: Warehouse, views: Sequence[ItemView], first: View) -> FrozenViews:
    cards: dict[str, FrozenCard] = {}
    shown: dict[View, str] = {}
    same: dict[str, str] = {}
    for at in views:
        if at.path != SCORECARD:
            continue
        item = str(at.item)
        if at.view in shown:
            same[item] = shown[at.view]
            continue
        shown[at.view] = item
        card = build_scorecard(warehouse, at.view)
        cause = cause_of_tile(warehouse, at.view)
        cards[item] = FrozenCard(card, find_exceptions(card, cause))
    return FrozenViews(cards, same, joint_wins(warehouse, first))


def _figure_rows(config: Config, figures: Sequence[Figure]) -> list[dict[str, Any]]:
    register_definitions(config)
    versions = newest_versions(open_state(), config.company.name)
    prints: dict[str, str] = {}
    for metric in {figure.question.metric for figure in figures}:
        prints[metric] = hash_of(definition_parts(config, CATALOG[metric]))
    return [_row(figure, prints, versions) for figure in figures]


def _row(figure: Figure, prints: Mapping[str, str], versions: Mapping[str, int]) -> dict[str, Any]:
    question = figure.question
    part_from, part_to = question.span.part_of or (None, None)
    return {
        "item": figure.item,
        "metric": question.metric,
        "label": figure.label,
        "qualifier": figure.qualifier,
        "unit": figure.unit.value,
        "grain": figure.grain,
        "starts_on": question.span.start,
        "ends_on": question.span.end,
        "is_cut": question.span.is_cut,
        "part_from": part_from,
        "part_to": part_to,
        "filters": json.dumps([[name, list(members)] for name, members in question.where]),
        "window_days": question.window_days,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "bound": figure.bound,
        "target": figure.target,
        "status": figure.status.value,
        "maturing": figure.maturing,
        "reason": figure.reason,
        "definition": prints[question.metric],
        "definition_version": versions.get(question.metric),
    }


# -- reading --------------------------------------------------------------------------------------


def read_snapshot(review_id: str, scope: RowScope) -> Snapshot | None:
    """What closing a review froze, from the state database alone; None while it is open.

    Raises ``RoleError`` for somebody who may see a part of the data: the figures are of all.
    """
    found = reviews.read_frozen(review_id)
    if found is None:
        return None
    if not scope.is_whole:
        raise RoleError(WHOLE_ONLY)
    stored, figures = found
    told = json.loads(stored.config)
    company = told.get("company", {})
    return Snapshot(
        review_id=review_id,
        data_version=stored.data_version,
        program_version=stored.program_version,
        as_of=stored.as_of,
        taken_at=stored.taken_at,
        config=_config(stored),
        company=company.get("name", ""),
        locale=company.get("locale", "en_US"),
        currency=company.get("currency", "USD"),
        timezone=company.get("timezone", "UTC"),
        figures=tuple(_figure(row) for row in figures),
        definitions={row.metric: (row.definition, row.definition_version) for row in figures},
        views=decode(FrozenViews, json.loads(stored.views)),
    )


def _config(stored: ReviewSnapshot) -> Config | None:
    """The configuration of then; None where a later program knows other keys."""
    try:
        return Config.model_validate_json(stored.config)
    except ValidationError:
        return None


def _figure(row: ReviewFigure) -> Figure:
    part_of = () if row.part_from is None or row.part_to is None else (row.part_from, row.part_to)
    span = Span(row.starts_on, row.ends_on, row.is_cut, part_of)
    where = tuple((name, tuple(members)) for name, members in json.loads(row.filters))
    return Figure(
        item=row.item,
        question=Question(row.metric, span, where, row.window_days),
        label=row.label,
        qualifier=row.qualifier,
        unit=Unit(row.unit),
        grain=row.grain,
        value=row.value,
        numerator=row.numerator,
        denominator=row.denominator,
        bound=row.bound,
        target=row.target,
        status=Status(row.status),
        maturing=row.maturing,
        reason=row.reason,
    )
