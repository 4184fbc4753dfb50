"""The checks of the KPIs of ``metrics/catalog/agreement.py`` (tests/metrics/checks.py)."""

from __future__ import annotations

# Blind to the order of rows and to time zones; {inside:COLUMN} is the period's condition.
_FACTS = "('has_budget', 'has_authority', 'has_timeline', 'has_interest')"
# A fact is known at a moment where its newest row by then has a value. (No subquery here looks out
# further than into the one around it: not every engine can.)
_KNOWN = (
    """(
    SELECT COUNT(DISTINCT k.field) FROM (
        SELECT c.lead_id, c.field, c.value, c.changed_at, (
            SELECT MIN(n.changed_at) FROM lead_changes n WHERE n.lead_id = c.lead_id
              AND n.field = c.field AND n.changed_at > c.changed_at) AS until
        FROM lead_changes c
    ) k
    WHERE k.lead_id = m.lead_id AND k.changed_at <= m.moment AND k.value IS NOT NULL
      AND (k.until IS NULL OR k.until > m.moment) AND k.field IN """
    + _FACTS
    + ")"
)
# An MQL after the first is one where a recycling lies between it and the MQL before it.
_PASSES = """, passes AS (
    SELECT lead_id, mql_at AS moment FROM reached WHERE mql_at IS NOT NULL
    UNION
    SELECT lead_id, entered_at FROM (
        SELECT s.lead_id, s.entered_at, r.mql_at, (
            SELECT MAX(b.entered_at) FROM lead_stages b WHERE b.lead_id = s.lead_id
              AND b.stage = 'recycled' AND b.entered_at <= s.entered_at) AS back_at, (
            SELECT MAX(e.entered_at) FROM lead_stages e WHERE e.lead_id = s.lead_id
              AND e.stage = 'mql' AND e.entered_at < s.entered_at) AS before_at
        FROM lead_stages s JOIN reached r ON r.lead_id = s.lead_id
        WHERE s.stage = 'mql' AND s.entered_at > r.mql_at AND s.entered_at <= :as_of
    ) later
    WHERE back_at >= mql_at
      AND (before_at IS NULL OR before_at <= mql_at OR before_at < back_at)
)"""

COMPLETENESS = (
    "SELECT SUM(CASE WHEN known = 4 THEN 1 ELSE 0 END) AS top, COUNT(*) AS bottom FROM "
    "(SELECT m.moment, " + _KNOWN + " AS known FROM "
    "(SELECT lead_id, mql_at AS moment FROM reached) m) judged WHERE {inside:moment}"
)
OVERDUE = (
    "SELECT COUNT(*), COUNT(*), NULL, 0 FROM clocked "
    "WHERE due_at <= :as_of AND seconds IS NULL AND {inside:handed_at}"
)
# Every touch looks for its own handoff.
WASTED = """
WITH answered AS (
    SELECT h.*, CASE WHEN c.own_response_at <= :as_of THEN c.own_response_at
                     WHEN c.found_response_at <= :as_of THEN c.found_response_at END AS answered_at
    FROM handoffs h JOIN handoff_clock c ON c.handoff_id = h.handoff_id
    WHERE h.handed_at <= :as_of
), efforts AS (
    SELECT m.touch_id, (
        SELECT MAX(a.handoff_id) FROM answered a
        WHERE a.lead_id = m.lead_id AND a.handed_at = m.last_at
    ) AS handoff_id, m.occurred_at
    FROM (
        SELECT t.touch_id, t.lead_id, t.occurred_at, (
            SELECT MAX(b.handed_at) FROM answered b
            WHERE b.lead_id = t.lead_id AND b.handed_at <= t.occurred_at) AS last_at
        FROM touches t
        WHERE t.team = 'sales' AND COALESCE(t.automated, FALSE) = FALSE
          AND t.occurred_at <= :as_of
    ) m
), judged AS (
    SELECT CASE WHEN a.disposition = 'rejected' AND a.reason IN ('no_fit', 'duplicate')
                 AND a.disposed_at >= a.handed_at
                 AND a.disposed_at <= a.handed_at + INTERVAL '30' DAY THEN 1 ELSE 0 END AS wasted
    FROM efforts e JOIN answered a ON a.handoff_id = e.handoff_id
    WHERE e.occurred_at > a.answered_at AND e.occurred_at <= a.handed_at + INTERVAL '30' DAY
      AND a.handed_at + INTERVAL '30' DAY <= :as_of AND {inside:a.handed_at}
)
SELECT CAST(SUM(wasted) AS DOUBLE PRECISION) / COUNT(*), COALESCE(SUM(wasted), 0), COUNT(*),
       (SELECT COUNT(*) FROM answered a
        WHERE a.handed_at + INTERVAL '30' DAY > :as_of AND {inside:a.handed_at})
FROM judged HAVING COUNT(*) > 0
UNION ALL
SELECT NULL, 0, 0, (SELECT COUNT(*) FROM answered a
        WHERE a.handed_at + INTERVAL '30' DAY > :as_of AND {inside:a.handed_at})
WHERE NOT EXISTS (SELECT 1 FROM judged)
"""
REDUNDANT = """
WITH contacts AS (
    SELECT lead_id, team, occurred_at AS moment FROM touches
    WHERE direction = 'outbound' AND team IN ('marketing', 'sales') AND occurred_at <= :as_of
)
SELECT CAST(COUNT(DISTINCT CASE WHEN twice = 1 THEN lead_id END) AS DOUBLE PRECISION)
           / NULLIF(COUNT(DISTINCT lead_id), 0),
       COUNT(DISTINCT CASE WHEN twice = 1 THEN lead_id END), COUNT(DISTINCT lead_id), 0
FROM (
    SELECT c.lead_id, CASE WHEN EXISTS (
        SELECT 1 FROM contacts o WHERE o.lead_id = c.lead_id AND o.team <> c.team
          AND o.moment BETWEEN c.moment - INTERVAL '3' DAY AND c.moment + INTERVAL '3' DAY
    ) THEN 1 END AS twice
    FROM contacts c WHERE {inside:c.moment}
) found
"""
DELIVERED = (
    _PASSES
    + """
SELECT CAST(delivered AS DOUBLE PRECISION) / NULLIF(aim, 0), delivered, aim, 0 FROM (
    SELECT (
        SELECT SUM(CASE WHEN known = 4 AND handed_at IS NOT NULL
                    AND (next_at IS NULL OR handed_at < next_at) THEN 1 ELSE 0 END)
        FROM (
            SELECT m.moment, """
    + _KNOWN
    + """ AS known, (
                SELECT MIN(h.handed_at) FROM handoffs h WHERE h.lead_id = m.lead_id
                  AND h.handed_at >= m.moment AND h.handed_at <= :as_of) AS handed_at, (
                SELECT MIN(p.moment) FROM passes p
                WHERE p.lead_id = m.lead_id AND p.moment > m.moment) AS next_at
            FROM passes m
        ) judged
        WHERE {inside:moment}
    ) AS delivered, (
        SELECT SUM(value) FROM targets WHERE metric = 'mqls' AND dimension IS NULL
          AND period_start = CAST(:first AS DATE) AND grain = CASE
            WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 7 THEN 'week'
            WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 31 THEN 'month'
            ELSE 'quarter' END
    ) AS aim
) sums"""
)
