"""Every table keeps the contract: columns, types, keys, enums, references, and its own end."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from data.arrow import schema_of
from data.demo.build import build_demo
from data.tables import CONTRACT, ENUMS, EVENT_COLUMNS

# The last row of a leap February, both changes of the clocks, a year's end and its first day.
ENDS = (
    date(2024, 2, 29),
    date(2026, 3, 8),
    date(2026, 11, 1),
    date(2025, 12, 31),
    date(2026, 1, 1),
    date(2026, 3, 30),
)
REFERENCES = (
    ("leads", "account_id", "accounts", "account_id"),
    ("leads", "campaign_id", "campaigns", "campaign_id"),
    ("leads", "owner_id", "reps", "rep_id"),
    ("leads", "merged_into", "leads", "lead_id"),
    ("lead_stages", "lead_id", "leads", "lead_id"),
    ("lead_stages", "actor_id", "reps", "rep_id"),
    ("lead_changes", "lead_id", "leads", "lead_id"),
    ("handoffs", "lead_id", "leads", "lead_id"),
    ("handoffs", "account_id", "accounts", "account_id"),
    ("handoffs", "assigned_to", "reps", "rep_id"),
    ("touches", "lead_id", "leads", "lead_id"),
    ("touches", "campaign_id", "campaigns", "campaign_id"),
    ("touches", "rep_id", "reps", "rep_id"),
    ("opportunities", "account_id", "accounts", "account_id"),
    ("opportunities", "lead_id", "leads", "lead_id"),
    ("opportunities", "owner_id", "reps", "rep_id"),
    ("opportunity_stages", "opportunity_id", "opportunities", "opportunity_id"),
    ("opportunity_stages", "owner_id", "reps", "rep_id"),
    ("opportunity_contacts", "opportunity_id", "opportunities", "opportunity_id"),
    ("opportunity_contacts", "lead_id", "leads", "lead_id"),
    ("spend", "campaign_id", "campaigns", "campaign_id"),
    ("system_records", "lead_id", "leads", "lead_id"),
    ("system_records", "merged_into", "system_records", "record_id"),
)
Tables = dict[str, pa.Table]


def _problems(tables: Tables) -> list[str]:
    """What breaks the contract, in words; empty when nothing does."""
    found = []
    for name, contract in CONTRACT.items():
        table = tables[name]
        if table.schema != schema_of(contract):
            found.append(f"{name}: schema")
        if table.num_rows == 0:
            found.append(f"{name}: empty")
        frame = table.to_pandas()
        for column in contract.columns:
            if not column.nullable and frame[column.name].isna().any():
                found.append(f"{name}.{column.name}: NULL")
            allowed = ENUMS.get((name, column.name))
            if allowed and not set(frame[column.name].dropna()) <= set(allowed):
                found.append(f"{name}.{column.name}: value outside its list")
            is_text = table.schema.field(column.name).type == "string"
            if is_text and (frame[column.name] == "").any():
                found.append(f"{name}.{column.name}: empty text")
        keys = [column.name for column in contract.primary_key.columns]
        if keys and frame.duplicated(keys).any():
            found.append(f"{name}: key twice")
    for name, reference, target, key in REFERENCES:
        known = set(tables[target][key].to_pylist())
        if not set(tables[name][reference].unique().drop_null().to_pylist()) <= known:
            found.append(f"{name}.{reference}: not in {target}")
    return found


def _end_of(through: date) -> pd.Timestamp:
    midnight = pd.Timestamp(through + timedelta(days=1), tz="America/New_York")
    return midnight.tz_convert("UTC").tz_localize(None)


def _newest(table: pa.Table, name: str) -> pd.Timestamp:
    frame = table.select(EVENT_COLUMNS[name]).to_pandas()
    return max(pd.Timestamp(frame[column].dropna().max()) for column in frame)


def test_the_company_keeps_the_contract(demo: Tables):
    assert list(demo) == list(CONTRACT)
    assert _problems(demo) == []


@pytest.mark.parametrize("through", ENDS, ids=str)
def test_any_last_day_keeps_the_contract_and_ends_there(through: date):
    tables = build_demo(leads=1_000, seed=7, through=through)
    assert _problems(tables) == []
    for name in EVENT_COLUMNS:
        assert _newest(tables[name], name) < _end_of(through), name
    first = tables["leads"].to_pandas()["created_at"].min()
    begins = pd.Timestamp(through) - pd.DateOffset(months=24)
    assert begins <= first <= begins + timedelta(days=7)


def test_every_table_with_events_reaches_the_last_day(demo: Tables):
    day = _end_of(date(2026, 11, 20)) - timedelta(days=1)
    reached = {name: _newest(demo[name], name) for name in EVENT_COLUMNS}
    assert {name for name, newest in reached.items() if newest < day} <= {"spend"}
    assert reached["spend"].date() == date(2026, 11, 20)


def test_each_source_says_how_far_it_reaches(demo: Tables):
    loads = demo["loads"].to_pandas()
    assert set(loads["source"]) == {"salesforce", "hubspot", "ads"}
    assert set(loads["table_name"]) == set(CONTRACT) - {"loads"}
    assert (loads["loaded_at"] == pd.Timestamp("2026-11-21 11:00")).all()
    assert loads.groupby("source")["data_through"].nunique().eq(1).all()
    assert (loads["data_through"] > _end_of(date(2026, 11, 20))).all()
    for row in loads.itertuples():
        assert demo[row.table_name].num_rows == row.row_count


def test_what_is_missing_is_null_and_a_literal_unknown_stays(demo: Tables):
    leads = demo["leads"].to_pandas()
    assert leads["channel"].isna().sum() > 100
    assert (leads["channel"] == "unknown").sum() > 100
    for column in ("region", "segment", "product_line", "owner_id", "email", "has_budget"):
        assert 0 < leads[column].isna().sum() < len(leads), column
    deals = demo["opportunities"].to_pandas()
    assert set(deals.loc[deals["amount"].isna(), "status"]) == {"open"}
