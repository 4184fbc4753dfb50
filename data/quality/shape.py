"""Checks of shape, made from the contract: keys, required columns, lists of values, references.

A load refuses the first three itself; a warehouse filled by other means may break them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from data.quality.model import Check, Level, rows_of
from data.tables import CONTRACT, ENUMS

# What names a row of a table without a key.
ROW_NAMES: dict[str, tuple[str, ...]] = {
    "spend": ("day", "channel"),
    "lead_changes": ("lead_id", "field"),
    "lead_stages": ("lead_id", "stage"),
    "opportunity_stages": ("opportunity_id", "stage"),
    "opportunity_contacts": ("opportunity_id", "lead_id"),
    "targets": ("metric", "grain", "period_start"),
    "system_records": ("system", "record_id"),
    "loads": ("load_id", "table_name"),
}

# Keys of tables that have none of their own: rows that agree in all of these count twice.
NATURAL_KEYS: dict[str, tuple[str, ...]] = {
    "lead_stages": ("lead_id", "stage", "entered_at"),
    "opportunity_contacts": ("opportunity_id", "lead_id", "role"),
    "targets": ("metric", "grain", "period_start", "dimension", "member"),
    "system_records": ("system", "product", "record_id", "stage", "counted_at"),
}

# table.column → the table in whose key its values must occur.
REFERENCES: dict[tuple[str, str], str] = {
    ("spend", "campaign_id"): "campaigns",
    ("leads", "account_id"): "accounts",
    ("leads", "campaign_id"): "campaigns",
    ("leads", "owner_id"): "reps",
    ("leads", "merged_into"): "leads",
    ("lead_changes", "lead_id"): "leads",
    ("lead_stages", "lead_id"): "leads",
    ("handoffs", "lead_id"): "leads",
    ("handoffs", "account_id"): "accounts",
    ("handoffs", "assigned_to"): "reps",
    ("touches", "lead_id"): "leads",
    ("touches", "campaign_id"): "campaigns",
    ("touches", "rep_id"): "reps",
    ("opportunities", "account_id"): "accounts",
    ("opportunities", "lead_id"): "leads",
    ("opportunities", "owner_id"): "reps",
    ("opportunity_stages", "opportunity_id"): "opportunities",
    ("opportunity_stages", "owner_id"): "reps",
    ("opportunity_contacts", "opportunity_id"): "opportunities",
    ("opportunity_contacts", "lead_id"): "leads",
    ("system_records", "lead_id"): "leads",
}

# What other systems write where they have no value.
NULL_MARKS = ("", "-", "n/a", "na", "#n/a", "null", "none", "nan", "nil", "undefined")


def row_name(table: Table) -> ColumnElement[str]:
    """What names a row of the table in a report: its key, or the columns that come nearest."""
    if table.name not in ROW_NAMES:
        return cast(key_of(table), Text)
    name: ColumnElement[str] | None = None
    for column in ROW_NAMES[table.name]:
        part = func.coalesce(cast(table.c[column], Text), literal("?", Text))
        name = part if name is None else name + literal(" ", Text) + part
    assert name is not None
    return name


def key_of(table: Table) -> ColumnElement[str]:
    return next(iter(table.primary_key.columns))


def shape_checks() -> Iterator[Check]:
    for table in CONTRACT.values():
        if table.primary_key.columns:
            yield _unique_key(table)
    for name, columns in NATURAL_KEYS.items():
        yield _natural_key(CONTRACT[name], columns)
    for table in CONTRACT.values():
        for column in table.columns:
            if not column.nullable:
                yield _required(table, column.name)
    for (name, column_name), values in ENUMS.items():
        yield _listed(CONTRACT[name], column_name, values)
    for (name, column_name), target in REFERENCES.items():
        yield _reference(CONTRACT[name], column_name, CONTRACT[target])
    for table in CONTRACT.values():
        yield _null_marks(table)


def _unique_key(table: Table) -> Check:
    key = key_of(table)
    return Check(
        id=f"unique.{table.name}.{key.name}",
        table=table.name,
        rule=f"{key.name} occurs once",
        level=Level.ERROR,
        why="Whatever is joined to the row is counted as often as the key occurs.",
        remedy="Keep one row for each key.",
        find=rows_of(select(key).where(key.is_not(None)).group_by(key).having(func.count() > 1)),
    )


def _natural_key(table: Table, names: tuple[str, ...]) -> Check:
    columns = [table.c[name] for name in names]
    twice = select(func.min(row_name(table))).group_by(*columns).having(func.count() > 1)
    return Check(
        id=f"repeated.{table.name}",
        table=table.name,
        rule=f"no two rows agree in {', '.join(names)}",
        level=Level.WARNING,
        why="The row counts twice.",
        remedy="Remove the copy in the source or in the export.",
        find=rows_of(twice),
    )


def _required(table: Table, name: str) -> Check:
    return Check(
        id=f"required.{table.name}.{name}",
        table=table.name,
        rule=f"{name} is given",
        level=Level.ERROR,
        why="The row cannot be placed; what it stands for is missing from the numbers.",
        remedy=f"Fill {name} in the source, or leave the row out.",
        find=rows_of(select(row_name(table)).where(table.c[name].is_(None))),
    )


def _listed(table: Table, name: str, values: tuple[str, ...]) -> Check:
    return Check(
        id=f"listed.{table.name}.{name}",
        table=table.name,
        rule=f"{name} is one of {', '.join(values)}",
        level=Level.ERROR,
        why="A value outside the list is counted nowhere.",
        remedy="Rename it in the mapping file or in the model that fills the table.",
        find=rows_of(select(row_name(table)).where(table.c[name].not_in(values))),
    )


def _reference(table: Table, name: str, target: Table) -> Check:
    parent = target.alias("parent")
    key = parent.c[key_of(target).name]
    orphans: Select = (
        select(row_name(table))
        .outerjoin_from(table, parent, key == table.c[name])
        .where(table.c[name].is_not(None), key.is_(None))
    )
    return Check(
        id=f"orphans.{table.name}.{name}",
        table=table.name,
        rule=f"{name} occurs in {target.name}",
        level=Level.WARNING,
        why=f"The row has none of the dimensions that come from {target.name}.",
        remedy=f"Load the missing rows of {target.name}, or mend {name}.",
        find=rows_of(orphans),
    )


def _null_marks(table: Table) -> Check:
    texts = [column for column in table.columns if isinstance(column.type, Text)]
    marked = [
        select(row_name(table) + literal(f" ({column.name})", Text).label("id")).where(
            or_(func.lower(func.trim(column)).in_(NULL_MARKS))
        )
        for column in texts
    ]
    return Check(
        id=f"null_marks.{table.name}",
        table=table.name,
        rule="a missing value is NULL, not '' or a mark such as 'N/A'",
        level=Level.WARNING,
        why="The mark is shown and counted as a member of its own.",
        remedy="Turn the mark into an empty field, by rename in the mapping file for instance.",
        find=rows_of(select(union_all(*marked).subquery("marked"))),
    )
