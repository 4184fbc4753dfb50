"""The check of the KPI of ``metrics/catalog/reconciliation.py`` (tests/metrics/checks.py)."""

from __future__ import annotations

# Both sides count from the later of their first records on.
COUNT_GAP = """
WITH counted AS (
    SELECT system, counted_at FROM system_records
    WHERE stage = 'mql' AND status = 'active' AND counted_at <= :as_of
), sums AS (
    SELECT SUM(CASE WHEN system = 'marketing' THEN 1 ELSE 0 END) AS m,
           SUM(CASE WHEN system = 'sales' THEN 1 ELSE 0 END) AS s
    FROM counted
    WHERE {inside:counted_at}
      AND counted_at >= (SELECT MIN(counted_at) FROM counted WHERE system = 'marketing')
      AND counted_at >= (SELECT MIN(counted_at) FROM counted WHERE system = 'sales')
)
SELECT CASE WHEN m + s > 0 THEN m - s END, m, s, 0 FROM sums
"""
