"""``data build`` on raw tables of Salesforce and HubSpot: time and memory by their size.

``BENCH_LEADS`` sets the sizes (10,000 and 100,000 contacts unless given, separated by commas), each
with ten activities: three changes of properties, five marketing e-mails, one call of HubSpot's and
one task of Salesforce's. Six in ten are leads of Salesforce as well, two in ten converted.
Then the same once more, with nothing new.
"""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from time import perf_counter

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from data.build.run import build
from data.config import Config
from data.dialects import parse_url

NOW = datetime(2026, 12, 1)
SOURCES = {"salesforce": "crm", "hubspot": "hub"}
# i is the contact; moments spread over 300 days of 2026.
LANDED = (
    "CREATE SCHEMA crm",
    "CREATE SCHEMA hub",
    """CREATE TABLE hub.contact AS SELECT i AS id, 'p' || i || '@x.com' AS property_email,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000) AS property_createdate,
       'ORGANIC_SEARCH' AS property_hs_analytics_source, false AS _fivetran_deleted
       FROM range(:leads) t(i)""",
    """CREATE TABLE hub.contact_property_history AS SELECT i AS contact_id, name, value,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + n * 1440) AS timestamp
       FROM range(:leads) t(i), (VALUES (1, 'hubspotscore', '50'), (3, 'city', 'Rome'),
       (2, 'lifecyclestage', 'marketingqualifiedlead')) p(n, name, value)""",
    """CREATE TABLE hub.email_event AS
       SELECT i || '-' || n AS id, 'P' || i || '@x.com' AS recipient,
       CASE WHEN n = 1 THEN 'CLICK' ELSE 'DELIVERED' END AS type,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + n * 2880) AS created
       FROM range(:leads) t(i), range(5) e(n)""",
    """CREATE TABLE hub.engagement_call AS
       SELECT i AS engagement_id, 11 AS property_hubspot_owner_id,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + 4000) AS property_hs_timestamp
       FROM range(:leads) t(i)""",
    """CREATE TABLE hub.engagement_contact AS SELECT i AS engagement_id, i AS contact_id
       FROM range(:leads) t(i)""",
    """CREATE TABLE hub.owner AS SELECT 11 AS owner_id, 'u1@co.com' AS email""",
    """CREATE TABLE crm.lead AS SELECT '00Q' || i AS id, 'p' || i || '@x.com' AS email,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + 60) AS created_date, 'New' AS status,
       '005' || i % 50 AS owner_id, false AS is_deleted, i % 10 < 2 AS is_converted,
       CASE WHEN i % 10 < 2 THEN '003' || i END AS converted_contact_id,
       CASE WHEN i % 10 < 2 THEN '006' || i END AS converted_opportunity_id,
       CASE WHEN i % 10 < 2 THEN TIMESTAMP '2026-11-10' END AS converted_date
       FROM range(:leads) t(i) WHERE i % 10 < 6""",
    """CREATE TABLE crm.contact AS SELECT '003' || i AS id, 'p' || i || '@x.com' AS email,
       TIMESTAMP '2026-11-10' AS created_date, '001' || i // 3 AS account_id
       FROM range(:leads) t(i) WHERE i % 10 < 2""",
    """CREATE TABLE crm.lead_history AS SELECT '017' || i AS id, '00Q' || i AS lead_id,
       'Status' AS field, 'New' AS old_value, 'Working' AS new_value,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + 5760) AS created_date
       FROM range(:leads) t(i) WHERE i % 10 < 6""",
    """CREATE TABLE crm.opportunity AS SELECT '006' || i AS id, '001' || i // 3 AS account_id,
       TIMESTAMP '2026-11-10' AS created_date, DATE '2026-11-20' AS close_date, 100 AS amount,
       i % 2 = 0 AS is_won, true AS is_closed FROM range(:leads) t(i) WHERE i % 10 < 2""",
    """CREATE TABLE crm.account AS SELECT '001' || i AS id, 'A' || i AS name
       FROM range(:leads // 3 + 1) t(i)""",
    """CREATE TABLE crm.user AS SELECT '005' || i AS id, 'u' || i || '@co.com' AS email
       FROM range(50) t(i)""",
    """CREATE TABLE crm.task AS SELECT '00T' || i AS id, '00Q' || i // 10 * 10 AS who_id,
       '005' || i % 50 AS owner_id, 'Call' AS type, true AS is_closed,
       TIMESTAMP '2026-01-01' + to_minutes(i * 7919 % 432000 + 5000) AS created_date
       FROM range(:leads) t(i)""",
)


def run() -> Iterable[tuple[str, float, str]]:
    for leads in map(int, os.environ.get("BENCH_LEADS", "10000,100000").split(",")):
        with tempfile.TemporaryDirectory() as folder:
            url = parse_url(f"duckdb:///{Path(folder) / 'bench.duckdb'}", name="bench")
            _land(url, leads)
            start = perf_counter()
            report = build(url, SOURCES, config=Config(), now=NOW)
            yield f"{leads:,} contacts: build", perf_counter() - start, "s"
            yield f"{leads:,} contacts: touches built", report.rows["touches"], ""
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            yield f"{leads:,} contacts: peak memory so far", peak, "MB"
            start = perf_counter()
            assert build(url, SOURCES, config=Config(), now=NOW).unchanged
            yield f"{leads:,} contacts: again, nothing new", perf_counter() - start, "s"


def _land(url: URL, leads: int) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in LANDED:
            values = {"leads": leads} if ":leads" in statement else {}
            connection.execute(text(statement), values)
    engine.dispose()
