"""MQL entries against the rule that both teams had signed for the day of the entry (handbook §8).

The rule checks, it does not recount: an entry that does not meet it is an MQL all the same. What
was known of a lead when it became one is in ``lead_changes``; where that table has no scores (or
nothing at all), today's score (and facts) of ``leads`` stand in. The source is the lead's channel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from operator import add

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.types import Double

from data.agreements import SignedRule
from data.config import FACTS
from data.dialects.functions import number_of
from data.tables import lead_changes, leads

SCORE = "score"
# The measure that counts the entries that lack something.
OFF_RULE = "off_rule"
Condition = ColumnElement[bool]


def checked_entries(
    entries: FromClause, rules: Sequence[SignedRule], as_of: datetime
) -> FromClause:
    """By entry (``lead_id``, ``at``) its ``score`` at the entry and what it ``lacks`` of the rule,
    in words: NULL where it meets it, or where no rule held then."""
    e = entries.c
    then, today = _known_then(entries, as_of), leads.alias("checked_lead")
    source = entries.outerjoin(then, and_(then.c.lead_id == e.lead_id, then.c.at == e.at))
    source = source.outerjoin(today, today.c.lead_id == e.lead_id)
    score = case((_has_history(SCORE), then.c.score), else_=today.c.score.cast(Double))
    known = {
        name: case(
            (_has_history(), func.coalesce(then.c[name] == 1, false())),
            else_=today.c[name].is_not(None),
        )
        for name in FACTS
    }
    lacks = [(_held(rule, e.at), _lacks(rule, score, known, today.c.channel)) for rule in rules]
    words = case(*lacks, else_="")
    # The words begin with what stands between two of them.
    return (
        select(
            e.lead_id,
            e.at,
            score.label("score"),
            func.nullif(func.substr(words, 3), "").label("lacks"),
        )
        .select_from(source)
        .subquery("checked")
    )


def _held(rule: SignedRule, at: ColumnElement) -> Condition:
    """Whether a rule held at a moment."""
    since = true() if rule.from_at is None else at >= rule.from_at
    return since if rule.until is None else and_(since, at < rule.until)


def _lacks(
    rule: SignedRule,
    score: ColumnElement,
    known: Mapping[str, ColumnElement],
    channel: ColumnElement,
) -> ColumnElement[str]:
    """What an entry lacks of a rule: ``, score under 45, budget unknown``; empty where nothing."""
    lacking: list[tuple[Condition, str]] = []
    if rule.score_at_least is not None:
        enough = score >= rule.score_at_least
        if rule.without_score:
            enough = or_(enough, channel.in_(rule.without_score))
        lacking.append((func.coalesce(enough, false()), f"score under {rule.score_at_least:g}"))
    lacking += [
        (known[name] == true(), f"{name.removeprefix('has_')} unknown")
        for name in rule.required_facts
    ]
    if rule.never_from:
        fine = func.coalesce(channel.not_in(rule.never_from), true())
        lacking.append((fine, "its source"))
    parts = [case((is_met, ""), else_=f", {words}") for is_met, words in lacking]
    return reduce(add, parts) if parts else literal("")


def _has_history(field: str | None = None) -> Condition:
    """Whether anything is on record of how leads (or one field of them) changed."""
    history = lead_changes.alias(f"history_of_{field or 'all'}")
    found = select(history.c.lead_id)
    return exists(found if field is None else found.where(history.c.field == field))


def _known_then(entries: FromClause, as_of: datetime) -> FromClause:
    """By entry with any change before it: its score then, and 1 for each fact that was known.

    Of two changes in one moment a value counts before none, and the higher score.
    """
    e, c = entries.c, lead_changes.c
    number = case((c.field == SCORE, number_of(c.value)))
    newest = func.row_number().over(
        partition_by=(e.lead_id, e.at, c.field),
        order_by=(
            c.changed_at.desc(),
            case((c.value.is_(None), 1), else_=0),
            number.desc().nulls_last(),
        ),
    )
    rows = (
        select(e.lead_id, e.at, c.field, c.value, number.label("number"), newest.label("place"))
        .join_from(entries, lead_changes, and_(c.lead_id == e.lead_id, c.changed_at <= e.at))
        .where(c.field.in_((SCORE, *FACTS)), c.changed_at <= as_of)
        .subquery("changes_by_then")
    )
    r = rows.c
    return (
        select(
            r.lead_id,
            r.at,
            func.max(r.number).label("score"),
            *(
                func.max(
                    case((and_(r.field == name, r.value.is_not(None)), literal(1, Integer)))
                ).label(name)
                for name in FACTS
            ),
        )
        .where(r.place == 1)
        .group_by(r.lead_id, r.at)
        .subquery("checked_then")
    )
