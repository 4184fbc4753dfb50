"""What the systems have in common: the shape in which each one hands its rows to the build.

A feed is a temporary table. Every row names its ``product`` and the ``raw_table`` it comes from,
and holds that system's own ids; ``people`` and ``names`` say what they are in the warehouse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Double,
    FromClause,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)

from data.tables import ENUMS, MONEY

metadata = MetaData()
NOT_NAMED = "is not named in"  # of a value; the setting that would name it follows


def _feed(feed: str, /, **columns: Any) -> Table:
    return Table(
        f"build_{feed}",
        metadata,
        Column("product", Text),
        Column("raw_table", Text),
        *(Column(key, kind) for key, kind in columns.items()),
        prefixes=["TEMPORARY"],
    )


FACTS = ("has_budget", "has_authority", "has_timeline", "has_interest")
# What a lead's row takes from its records; the marketing system's word counts first for these.
MARKETING_FIRST = ("channel", "campaign_ref", "score")
ATTRIBUTES = (
    "email", "full_name", "account_ref", "owner_ref", "campaign_ref", "channel", "region",
    "segment", "persona", "product_line", "priority", "reject_reason", "score", *FACTS,
)  # fmt: skip

# One row a person as a system knows it. ``next_id`` leads to the record that it goes on as:
# the one it was merged into (``is_merged``) or the contact that a lead was converted to.
records = _feed(
    "records", record_id=Text, kind=Text, created_at=DateTime, email=Text, full_name=Text,
    account_ref=Text, owner_ref=Text, campaign_ref=Text, channel=Text, region=Text, segment=Text,
    persona=Text, product_line=Text, priority=Text, reject_reason=Text, score=Double,
    has_budget=Boolean, has_authority=Boolean, has_timeline=Boolean, has_interest=Boolean,
    deleted_at=DateTime, next_id=Text, next_at=DateTime, is_merged=Boolean,
    sales_lead_ref=Text, sales_contact_ref=Text, created_by_team=Text, created_by_ref=Text,
    sync_status=Text, sync_error=Text, first_response_at=DateTime,
)  # fmt: skip
# Merges told by a table of their own; what was merged away need not be a record any more.
merges = _feed("merges", from_id=Text, into_id=Text, at=DateTime)
# Changes of a record; ``field`` "stage" holds a stage of ours, "first_response_at" a moment for the
# handoffs, others a field of ``leads``.
history = _feed(
    "history", record_id=Text, field=Text, value=Text, at=DateTime, actor_ref=Text, reason=Text
)
touches = _feed(
    "touches", touch_ref=Text, record_id=Text, email=Text, at=DateTime, team=Text, channel=Text,
    kind=Text, direction=Text, responded=Boolean, automated=Boolean, campaign_ref=Text, asset=Text,
    owner_ref=Text,
)  # fmt: skip
accounts = _feed(
    "accounts", account_ref=Text, name=Text, industry=Text, region=Text, segment=Text,
    employees=Integer, created_at=DateTime, sales_ref=Text,
)  # fmt: skip
reps = _feed(
    "reps", owner_ref=Text, name=Text, email=Text, team=Text, role=Text, manager_ref=Text,
    region=Text, timezone=Text,
)  # fmt: skip
campaigns = _feed(
    "campaigns", campaign_ref=Text, name=Text, channel=Text, starts_on=Date, ends_on=Date
)
deals = _feed(
    "deals", deal_ref=Text, account_ref=Text, owner_ref=Text, kind=Text, pipeline=Text,
    created_at=DateTime, closed_at=DateTime, closed_on=Date, status=Text, stage=Text, amount=MONEY,
    currency=Text, expected_close_on=Date, channel=Text, region=Text, segment=Text,
    product_line=Text, sourced_by=Text, loss_reason=Text, first_response_at=DateTime,
    accepted_at=DateTime,
)  # fmt: skip
# ``is_sparse``: what is NULL has not changed with this row.
deal_stages = _feed(
    "deal_stages", deal_ref=Text, stage=Text, at=DateTime, amount=MONEY, expected_close_on=Date,
    owner_ref=Text, is_qualified=Boolean, is_sparse=Boolean,
)  # fmt: skip
deal_contacts = _feed(
    "deal_contacts", deal_ref=Text, record_id=Text, role=Text, is_primary=Boolean, at=DateTime,
    is_converted=Boolean,
)  # fmt: skip


FEEDS = tuple(metadata.tables.values())


@dataclass(frozen=True)
class Feed:
    """Rows of one raw table for one feed.

    ``problem`` is why a row is set aside, in words, or NULL. ``into`` None: the table only looks
    things up. Where a raw table feeds several, one is ``counted`` (its rows are the raw rows, one
    for one) and decides what the report says of the row.
    """

    raw_table: str
    into: Table | None
    rows: FromClause
    columns: Mapping[str, ColumnElement[Any]]
    problem: ColumnElement[Any]
    counted: bool = True

    def statement(self, product: str) -> Select:
        """The rows to insert; every column of ``into`` in its order, those not given NULL."""
        assert self.into is not None
        # Only what is counted names its table: the report asks what became of each of its rows.
        table = literal(self.raw_table if self.counted else None, Text)
        known = {"product": literal(product, Text), "raw_table": table}
        given = {**known, **self.columns}
        assert not set(given) - set(self.into.c.keys()), set(given) - set(self.into.c.keys())
        values = [
            cast(given[c.name], c.type) if c.name in given else cast(null(), c.type)
            for c in self.into.columns
        ]
        return select(*values).select_from(self.rows).where(self.problem.is_(None))

    def counts(self) -> Select:
        """Rows by problem, NULL being those that are used."""
        told = select(self.problem.label("problem")).select_from(self.rows).subquery()
        return select(told.c.problem, func.count().label("rows")).group_by(told.c.problem)


def first_problem(*problems: ColumnElement[Any] | None) -> ColumnElement[Any]:
    """The first of several reasons that holds."""
    given = [problem for problem in problems if problem is not None]
    return cast(func.coalesce(*given), Text) if len(given) > 1 else cast(given[0], Text)


def first_told(*values: ColumnElement[Any] | None) -> ColumnElement[Any]:
    """The first of several values that is not NULL; those that a system does not have are None."""
    given = [value for value in values if value is not None]
    return func.coalesce(*given) if len(given) > 1 else given[0]


def where(condition: ColumnElement[bool], reason: str) -> ColumnElement[Any]:
    """The reason where the condition holds, else NULL."""
    return case((condition, literal(reason, Text)), else_=cast(null(), Text))


def mapped(value: ColumnElement[Any], names: Mapping[str, str]) -> ColumnElement[Any]:
    """What a value is called here, without regard to case; NULL for one that is not listed."""
    if not names:
        return cast(null(), Text)
    return case(
        {name.lower(): literal(ours, Text) for name, ours in names.items()},
        value=func.lower(value),
        else_=cast(null(), Text),
    )


def renamed(value: ColumnElement[Any], names: Mapping[str, str]) -> ColumnElement[Any]:
    """The same, but a value that is not listed stays as it is, and ``""`` is NULL."""
    if not names:
        return value
    return func.nullif(func.coalesce(mapped(value, names), value), "")


def is_listed(value: ColumnElement[Any], names: tuple[str, ...]) -> ColumnElement[Any]:
    """Whether a value is among names, without regard to case; never NULL."""
    return func.coalesce(func.lower(value).in_([name.lower() for name in names]), False)


def not_named(
    problem: ColumnElement[Any],
    value: ColumnElement[Any],
    ours: ColumnElement[Any],
    what: str,
    setting: str,
) -> ColumnElement[Any]:
    """What a row that is used says and no setting names, for a warning; NULL where all is named."""
    is_unnamed = and_(problem.is_(None), value.is_not(None), ours.is_(None))
    return case((is_unnamed, unlisted(value, what, setting)))


def unlisted(value: ColumnElement[Any], what: str, setting: str) -> ColumnElement[Any]:
    """The reason for a value that no setting names; it says the value and the setting."""
    return literal(f"{what} '", Text) + value + literal(f"' {NOT_NAMED} {setting}", Text)


def unlisted_sources(deal: Feed) -> Iterator[Feed]:
    """A feed that warns of sources of deals outside the contract's list, which become NULL."""
    if (source := deal.columns.get("sourced_by")) is not None:
        listed = ENUMS["opportunities", "sourced_by"]
        known = case((func.lower(source).in_(listed), source))
        setting = f"the warehouse's own list ({', '.join(listed)}), and left out"
        problem = not_named(deal.problem, source, known, "sourced_by", setting)
        yield Feed(deal.raw_table, None, deal.rows, {}, problem, counted=False)
