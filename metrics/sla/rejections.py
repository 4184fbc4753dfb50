"""What sales gave back and why, by channel and campaign: the feedback that marketing needs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select

from data.tables import campaigns, handoffs
from metrics.compile import dimension_column
from metrics.engine import cached_rows
from metrics.facts.handoffs import disposed
from metrics.sla.model import Rate, ReasonRow, Rejections
from metrics.sla.question import WINDOW_WEEKS, Question

SHOWN_REASONS = 5
SHOWN_CHANNELS = 12
SHOWN_CAMPAIGNS = 8


def rejections_statement(question: Question) -> Select:
    """One row a channel, campaign and reason of the window's dispositions, by ``disposed_at``."""
    fact = disposed(question.context)
    dimensions, conditions = question.filtered(fact)
    flags = {name: m.columns(name)[name] for name, m in fact.measures.items()}
    rows = (
        select(
            dimension_column(dimensions, "channel").label("channel"),
            dimension_column(dimensions, "campaign").label("campaign"),
            handoffs.c.reason,
            handoffs.c.disposition,
            *(column.label(name) for name, column in flags.items()),
        )
        .select_from(dimensions.source)
        .where(
            *conditions,
            question.within(handoffs.c.disposed_at, question.last_weeks(WINDOW_WEEKS)),
            handoffs.c.disposition.is_not(None),
        )
        .subquery("disposed")
    )
    # An accepted handoff's reason is none of a rejection's.
    kept = [rows.c.channel, rows.c.campaign, rows.c.disposition, rows.c.reason]
    sums = select(*kept, *(func.sum(rows.c[name]).label(name) for name in flags)).group_by(*kept)
    counted = sums.subquery("counted")
    return select(counted, campaigns.c.name.label("campaign_name")).outerjoin_from(
        counted, campaigns, campaigns.c.campaign_id == counted.c.campaign
    )


def rejections(question: Question) -> Rejections:
    """Raises ``UnsupportedDimension`` for a filter that handoffs do not know."""
    rows = [
        row | {"rejected": int(row["rejected"]), "disposed": int(row["disposed"])}
        for row in cached_rows(question.warehouse, rejections_statement(question))
    ]
    frequent: Counter[str | None] = Counter()
    for row in rows:
        if row["rejected"]:
            frequent[row["reason"]] += row["rejected"]
    ranked = sorted(frequent, key=lambda reason: (-frequent[reason], reason is None, reason or ""))
    reasons = tuple(ranked[:SHOWN_REASONS])
    total = _row(None, rows, reasons)
    return Rejections(
        reasons,
        total.counts[-1] > 0,
        total,
        _grouped(rows, lambda row: row["channel"], reasons, SHOWN_CHANNELS),
        _grouped(rows, _campaign, reasons, SHOWN_CAMPAIGNS),
    )


def _campaign(row: dict[str, Any]) -> str | None:
    return row["campaign_name"] if row["campaign_name"] is not None else row["campaign"]


def _row(
    member: str | None,
    rows: Iterable[dict[str, Any]],
    reasons: Sequence[str | None],
    members: int = 1,
) -> ReasonRow:
    counts = [0] * (len(reasons) + 1)
    rate = Rate(0, 0)
    for row in rows:
        rate += Rate(row["rejected"], row["disposed"])
        if row["rejected"]:
            known = row["reason"] in reasons
            counts[reasons.index(row["reason"]) if known else -1] += row["rejected"]
    return ReasonRow(member, rate, tuple(counts), members)


def _grouped(
    rows: Sequence[dict[str, Any]], member: Any, reasons: Sequence[str | None], shown: int
) -> tuple[ReasonRow, ...]:
    """The members with most rejections, and all the rest in one row: they add up to the total."""
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[member(row)].append(row)
    made = {name: _row(name, of_member, reasons) for name, of_member in found.items()}
    order = sorted(made, key=lambda n: (-made[n].rejected.count, -made[n].rejected.total, n or ""))
    cut = shown if len(order) > shown + 1 else len(order)
    kept = [made[name] for name in order[:cut]]
    if rest := order[cut:]:
        together = [row for name in rest for row in found[name]]
        kept.append(_row(None, together, reasons, len(rest)))
    return tuple(kept)
