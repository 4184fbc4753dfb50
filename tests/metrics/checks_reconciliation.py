"""The check of the KPI of ``metrics/catalog/reconciliation.py`` (tests/metrics/checks.py)."""

from __future__ import annotations

_MQLS = "FROM system_records WHERE stage = 'mql' AND status = 'active' AND counted_at <= :as_of"
# Both sides count from the later of their first records on.
COUNT_GAP = f"""
SELECT CASE WHEN m + s > 0 THEN m - s END, m, s, 0 FROM (
    SELECT SUM(CASE WHEN system = 'marketing' THEN 1 ELSE 0 END) AS m,
           SUM(CASE WHEN system = 'sales' THEN 1 ELSE 0 END) AS s
    {_MQLS} AND {{inside:counted_at}}
      AND counted_at >= (SELECT MIN(counted_at) {_MQLS} AND system = 'marketing')
      AND counted_at >= (SELECT MIN(counted_at) {_MQLS} AND system = 'sales')
) sums"""
