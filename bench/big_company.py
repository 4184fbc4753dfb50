"""A company of any size for benchmarks, made in SQL: ten touches a lead, two years of history.

The big tables come straight from ``range()`` inside DuckDB, with chances drawn from hashes, so that
a million leads take seconds; proportions and distributions are near those of the demo company, of
which the small tables (reps, campaigns, spend, targets) are taken. A company is kept in a folder of
the machine's cache (``BENCH_CACHE`` names another) and made anew when this file or the engine
changes.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlalchemy import Connection, func, insert, select
from sqlalchemy.engine import URL

from data.config import load_config
from data.demo.build import build_demo
from data.derive import derive
from data.dialects import dialect_of, parse_url
from data.load import write_meta
from data.swap import replacing
from data.tables import CONTRACT, DERIVED, SCHEMA_VERSION, loads

SEED = 42
THROUGH = date(2026, 10, 31)
# Of the small company whose reps, campaigns, spend and targets are taken.
SMALL_LEADS = 2_000
SMALL = ("reps", "campaigns", "spend", "targets")

# u(i, salt) is a draw (0–1) of its own for each row and salt; later(a, u, d) lies an exponential
# time with a mean of d days after a. What lies after the end has not happened.
_MACROS = (
    "CREATE TEMP MACRO u(i, salt) AS (hash(i, salt) % 1000003) / 1000003.0",
    "CREATE TEMP MACRO later(a, u, d) AS a + to_seconds(CAST(-ln(1 - u) * d * 86400 AS BIGINT))",
    "CREATE TEMP MACRO known(a) AS CASE WHEN a <= getvariable('until') THEN a END",
    "CREATE TEMP MACRO one(list, u) AS list[1 + CAST(floor(u * len(list)) AS INTEGER)]",
)
# A row a lead with all that becomes of it; i also gives it its place in time.
_PEOPLE = """
CREATE TEMP TABLE people AS
WITH born AS (
  SELECT i, 'L' || lpad(CAST(i AS TEXT), 8, '0') AS lead_id,
    getvariable('since') + to_seconds(CAST(
      (i + u(i, 1)) / getvariable('leads') * 729 * 86400 AS BIGINT)) AS created_at,
    CASE WHEN u(i, 2) > 0.05
      THEN 'A' || lpad(CAST(hash(i, 3) % (getvariable('leads') * 6 // 10) AS TEXT), 8, '0')
    END AS account_id,
    one(['paid_search', 'paid_social', 'organic', 'webinar', 'event', 'referral', 'outbound',
         'partner', NULL], u(i, 4)) AS channel,
    one(['EMEA', 'AMER', 'APAC', NULL], sqrt(u(i, 5)) * 0.9) AS region,
    one(['smb', 'mid_market', 'enterprise'], u(i, 6) * u(i, 6)) AS segment,
    one(['champion', 'decision_maker', 'user', NULL], u(i, 7)) AS persona,
    one(['core', 'analytics', 'platform'], u(i, 8)) AS product_line,
    one(getvariable('reps'), u(i, 9)) AS owner_id,
    one(getvariable('campaigns'), u(i, 10)) AS campaign_id
  FROM range(getvariable('leads')) t(i)
), mql AS (
  SELECT *, CASE WHEN u(i, 11) < 0.3 THEN known(later(created_at, u(i, 12), 6)) END AS mql_at
  FROM born
), handed AS (
  SELECT *, CASE WHEN u(i, 13) < 0.96 THEN known(later(mql_at, u(i, 14), 0.3)) END AS handed_at
  FROM mql
), sal AS (
  SELECT *, CASE WHEN u(i, 15) < 0.48 THEN known(later(handed_at, u(i, 16), 2)) END AS sal_at,
    CASE WHEN u(i, 15) > 0.78 THEN known(later(handed_at, u(i, 16), 4)) END AS rejected_at
  FROM handed
), sql_ AS (
  SELECT *, CASE WHEN u(i, 17) < 0.5 THEN known(later(sal_at, u(i, 18), 8)) END AS sql_at,
    CASE WHEN u(i, 19) < 0.45 THEN known(later(rejected_at, u(i, 20), 20)) END AS recycled_at
  FROM sal
), opened AS (
  SELECT *, CASE WHEN u(i, 21) < 0.7 THEN known(later(sql_at, u(i, 22), 10)) END AS opened_at,
    CASE WHEN u(i, 23) < 0.5 THEN known(later(recycled_at, u(i, 24), 40)) END AS again_at
  FROM sql_
)
SELECT *, CASE WHEN u(i, 25) < 0.9 THEN known(opened_at + to_days(14)
    + to_seconds(CAST(-ln(1 - u(i, 26)) * 45 * 86400 AS BIGINT))) END AS closed_at,
  u(i, 27) < 0.25 AS is_won,
  CAST(8000 + exp(1.1 * (u(i, 28) + u(i, 29) + u(i, 30)) * 2) * 700 AS DECIMAL(18, 2)) AS amount
FROM opened
"""
_ACCOUNTS = """
INSERT INTO accounts BY NAME
SELECT 'A' || lpad(CAST(i AS TEXT), 8, '0') AS account_id, 'Company ' || i AS name,
  one(['software', 'retail', 'finance', 'health', 'industry', NULL], u(i, 31)) AS industry,
  one(['EMEA', 'AMER', 'APAC'], u(i, 32)) AS region,
  one(['smb', 'mid_market', 'enterprise'], u(i, 33)) AS segment,
  CAST(exp(u(i, 34) * 8) AS INTEGER) AS employees, getvariable('since') AS created_at
FROM range(getvariable('leads') * 6 // 10) t(i)
"""
_LEADS = """
INSERT INTO leads BY NAME
SELECT lead_id, account_id, 'p' || i || '@example.com' AS email, 'Person ' || i AS full_name,
  created_at, channel, campaign_id, region, segment, persona, product_line, owner_id,
  CASE WHEN mql_at IS NOT NULL THEN u(i, 41) < 0.6 END AS has_budget,
  CASE WHEN mql_at IS NOT NULL THEN u(i, 42) < 0.6 END AS has_authority,
  CASE WHEN mql_at IS NOT NULL AND u(i, 43) < 0.9 THEN u(i, 44) < 0.5 END AS has_timeline,
  CASE WHEN mql_at IS NOT NULL THEN true END AS has_interest, round(u(i, 45) * 100) AS score,
  CASE WHEN u(i, 46) < 0.01 THEN known(later(created_at, u(i, 47), 30)) END AS deleted_at
FROM people
"""
_LEAD_STAGES = """
INSERT INTO lead_stages BY NAME
SELECT lead_id, stage, entered_at, 'hubspot' AS source_system
FROM (
  SELECT i, lead_id, unnest(['lead', 'mql', 'sal', 'sql', 'opportunity', 'customer', 'rejected',
    'recycled', 'mql']) AS stage,
    unnest([created_at, mql_at, CASE WHEN u(i, 48) < 0.97 THEN sal_at END, sql_at, opened_at,
      CASE WHEN is_won THEN closed_at END, rejected_at, recycled_at, again_at]) AS entered_at
  FROM people
) WHERE entered_at IS NOT NULL
"""
_LEAD_CHANGES = """
INSERT INTO lead_changes BY NAME
SELECT lead_id, field, value, changed_at, 'hubspot' AS system, 'marketing' AS team FROM (
  SELECT lead_id, 'score' AS field, CAST(round(u(i, n) * 100) AS TEXT) AS value,
    known(later(created_at, u(i, 50 + n), 10)) AS changed_at
  FROM people, range(2) t(n) WHERE n = 0 OR u(i, 49) < 0.7
  UNION ALL
  SELECT lead_id, field, CASE WHEN u(i, 61 + n) < 0.5 THEN 'true' ELSE 'false' END,
    known(later(created_at, u(i, 65 + n), 5))
  FROM people, (VALUES (0, 'has_budget'), (1, 'has_authority'), (2, 'has_timeline'),
    (3, 'has_interest')) f(n, field)
  WHERE mql_at IS NOT NULL AND u(i, 69 + n) < 0.93
  UNION ALL
  SELECT lead_id, 'owner_id', owner_id, mql_at FROM people WHERE mql_at IS NOT NULL
) WHERE changed_at IS NOT NULL
"""
_HANDOFFS = """
INSERT INTO handoffs BY NAME
SELECT 'H' || lpad(CAST(i AS TEXT), 8, '0') AS handoff_id, lead_id, account_id, 'to_sdr' AS leg,
  handed_at, one(['P1', 'P2', 'P3'], sqrt(u(i, 73))) AS priority, owner_id AS assigned_to,
  CASE WHEN u(i, 74) < 0.4 THEN known(later(handed_at, u(i, 75), 0.7)) END AS first_response_at,
  CASE WHEN sal_at IS NOT NULL THEN 'accepted' WHEN rejected_at IS NOT NULL THEN 'rejected'
  END AS disposition,
  coalesce(sal_at, rejected_at) AS disposed_at,
  CASE WHEN rejected_at IS NOT NULL THEN one(['no fit', 'no budget', 'not reached'], u(i, 76))
  END AS reason
FROM people WHERE handed_at IS NOT NULL
"""
# Leads that get on have more of sales' touches.
_TOUCHES = """
INSERT INTO touches BY NAME
SELECT 'T' || lpad(CAST(i * 10 + n AS TEXT), 9, '0') AS touch_id, lead_id, occurred_at, team,
  CASE team WHEN 'sales' THEN 'sales_outreach' ELSE coalesce(channel, 'direct') END AS channel,
  kind,
  CASE WHEN kind IN ('web', 'form', 'event', 'content') THEN 'inbound' ELSE 'outbound'
  END AS direction,
  CASE WHEN u(j, 83) < 0.99 THEN u(j, 84) < CASE WHEN kind IN ('email', 'ad') THEN 0.15
    WHEN kind IN ('call') THEN 0.4 ELSE 0.97 END END AS responded,
  kind IN ('ad') OR (kind = 'email' AND (team = 'marketing' OR u(j, 85) < 0.2)) AS automated,
  CASE WHEN team = 'marketing' THEN campaign_id END AS campaign_id, NULL AS asset,
  CASE WHEN team = 'sales' THEN owner_id END AS rep_id
FROM (
  SELECT *, i * 10 + n AS j,
    CASE WHEN is_sales THEN 'sales' ELSE 'marketing' END AS team,
    CASE WHEN is_sales THEN one(['email', 'email', 'call', 'call', 'meeting'], u(i * 10 + n, 81))
      ELSE one(['email', 'email', 'email', 'web', 'web', 'ad', 'event', 'form', 'content'],
        u(i * 10 + n, 81)) END AS kind,
    coalesce(known(CASE WHEN is_sales THEN later(handed_at, u(i * 10 + n, 82), 12)
      ELSE later(created_at, u(i * 10 + n, 82), 40) END), created_at) AS occurred_at
  FROM (SELECT *, handed_at IS NOT NULL AND n < 5 AS is_sales FROM people, range(10) t(n))
)
"""
_OPPORTUNITIES = """
INSERT INTO opportunities BY NAME
SELECT 'O' || lpad(CAST(i * 2 AS TEXT), 9, '0') AS opportunity_id, account_id, lead_id, owner_id,
  'new' AS kind, 'main' AS pipeline, opened_at AS created_at,
  CASE WHEN u(i, 91) < 0.8 THEN known(later(opened_at, u(i, 92), 3)) END AS qualified_at,
  closed_at,
  CASE WHEN closed_at IS NULL THEN 'open' WHEN is_won THEN 'won' ELSE 'lost' END AS status,
  CASE WHEN closed_at IS NULL THEN 'proposal' ELSE 'closed' END AS stage, amount,
  'USD' AS currency, amount AS amount_original,
  CASE WHEN u(i, 93) < 0.95 THEN one(['marketing', 'sdr', 'sales', 'partner'], u(i, 94))
  END AS sourced_by,
  CAST(opened_at AS DATE) + CAST(30 + u(i, 95) * 90 AS INTEGER) AS expected_close_on,
  channel, region, segment, product_line,
  CASE WHEN closed_at IS NOT NULL AND NOT is_won THEN 'price' END AS loss_reason
FROM people WHERE opened_at IS NOT NULL
UNION ALL BY NAME
SELECT 'O' || lpad(CAST(i * 2 + 1 AS TEXT), 9, '0') AS opportunity_id, account_id, lead_id,
  owner_id, one(['renewal', 'renewal', 'expansion'], u(i, 96)) AS kind, 'main' AS pipeline,
  later(closed_at, u(i, 97), 60) AS created_at, known(later(closed_at, u(i, 97), 60) + to_days(60))
    AS closed_at,
  CASE WHEN known(later(closed_at, u(i, 97), 60) + to_days(60)) IS NULL THEN 'open'
    WHEN u(i, 98) < 0.85 THEN 'won' ELSE 'lost' END AS status, 'closed' AS stage, amount, region,
  segment, product_line, CAST(later(closed_at, u(i, 97), 60) AS DATE) + 60 AS expected_close_on
FROM people WHERE is_won AND closed_at IS NOT NULL AND u(i, 99) < 0.9
  AND known(later(closed_at, u(i, 97), 60)) IS NOT NULL
"""
_OPPORTUNITY_STAGES = """
INSERT INTO opportunity_stages BY NAME
SELECT opportunity_id, one(['discovery', 'proposal', 'negotiation', 'contract'], n / 4.0) AS stage,
  entered_at, CAST(amount * (0.7 + 0.1 * n) AS DECIMAL(18, 2)) AS amount,
  expected_close_on + CAST((n - 3) * 20 AS INTEGER) AS expected_close_on, owner_id
FROM (
  SELECT *, known(created_at + to_seconds(CAST(n * 0.3 * epoch(coalesce(closed_at,
    created_at + to_days(60)) - created_at) AS BIGINT))) AS entered_at
  FROM opportunities, range(4) t(n)
) WHERE entered_at IS NOT NULL
"""
_OPPORTUNITY_CONTACTS = """
INSERT INTO opportunity_contacts BY NAME
SELECT opportunity_id, lead_id, 'primary' AS role FROM opportunities
UNION ALL BY NAME
SELECT o.opportunity_id, min(l.lead_id) AS lead_id, 'user' AS role
FROM opportunities o JOIN leads l ON l.account_id = o.account_id AND l.lead_id <> o.lead_id
GROUP BY o.opportunity_id
"""
_SYSTEM_RECORDS = """
INSERT INTO system_records BY NAME
SELECT system, product, system || '-' || i AS record_id, lead_id,
  'p' || i || '@example.com' AS match_key, 'mql' AS stage,
  later(mql_at, u(i, 101), 0.1) AS counted_at,
  CASE WHEN u(i, 102) < 0.97 THEN 'active' ELSE 'merged' END AS status, 'synced' AS sync_status
FROM people, (VALUES ('marketing', 'hubspot', 1.0), ('sales', 'salesforce', 0.85))
  s(system, product, share)
WHERE mql_at IS NOT NULL AND known(later(mql_at, u(i, 101), 0.1)) IS NOT NULL
  AND u(i, 103) < share
"""
_STEPS = (
    *(_ACCOUNTS, _LEADS, _LEAD_STAGES, _LEAD_CHANGES, _HANDOFFS, _TOUCHES, _OPPORTUNITIES),
    *(_OPPORTUNITY_STAGES, _OPPORTUNITY_CONTACTS, _SYSTEM_RECORDS),
)


def big_company(leads: int) -> URL:
    """The warehouse of a company with so many leads: a kept one, or made now."""
    folder = kept_in()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"company-{leads}-{_stamp()}.duckdb"
    url = parse_url(f"duckdb:///{path}", name="bench")
    if not path.exists():
        _forget_older(folder, leads)
        _build(url, leads)
    return url


def kept_in() -> Path:
    """The folder of the companies that were made."""
    cache_home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BENCH_CACHE") or Path(cache_home) / "shared-scorecard-bench")


@cache
def _stamp() -> str:
    """What a kept company depends on: its statements, the tables, the engine."""
    made_of = (Path(__file__).read_text("utf-8"), *_definitions(), duckdb.__version__)
    return hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:10]


def _definitions() -> list[str]:
    tables = {**CONTRACT, **DERIVED}
    return [f"{name}: {table.c.keys()}" for name, table in tables.items()]


def _forget_older(folder: Path, leads: int) -> None:
    for link in folder.glob(f"company-{leads}-*.duckdb"):
        link.resolve().unlink(missing_ok=True)
        link.unlink(missing_ok=True)


def _build(url: URL, leads: int) -> None:
    config = load_config(demo=True)
    small = build_demo(leads=SMALL_LEADS, seed=SEED, through=THROUGH)
    with replacing(url) as connection:
        for name in SMALL:
            dialect_of(url).insert(connection, CONTRACT[name], small[name])
        _fill(connection, leads, small)
        _write_loads(connection)
        write_meta(connection, {"schema_version": SCHEMA_VERSION, "company": "demo"})
        derive(connection, config)


def _fill(connection: Connection, leads: int, small: dict[str, pa.Table]) -> None:
    run = connection.exec_driver_sql
    for macro in _MACROS:
        run(macro)
    run("SET VARIABLE leads = CAST($1 AS BIGINT)", (leads,))
    run("SET VARIABLE since = TIMESTAMP '2024-11-01 05:00:00'")
    run("SET VARIABLE until = TIMESTAMP '2026-11-01 03:59:59'")
    run("SET VARIABLE reps = (SELECT list(rep_id ORDER BY rep_id) FROM reps WHERE team = 'sales')")
    run("SET VARIABLE campaigns = (SELECT list(campaign_id ORDER BY 1) FROM campaigns)")
    run(_PEOPLE)
    for step in _STEPS:
        run(step)
    run("DROP TABLE people")


def _write_loads(connection: Connection) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    for name in CONTRACT:
        if name != "loads":
            count = connection.execute(
                select(func.count()).select_from(CONTRACT[name])
            ).scalar_one()
            row = {
                "load_id": "bench",
                "source": "bench",
                "table_name": name,
                "loaded_at": now,
                "row_count": count,
                "data_through": datetime(2026, 11, 1, 3, 59, 59),
            }
            connection.execute(insert(loads), [row])
