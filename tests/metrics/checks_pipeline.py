"""Plain SQL, written by hand, for what is still to come: coverage, quota, slips, re-MQLs."""

from __future__ import annotations

from tests.metrics.checks import DAY_OF, inside

CLOSED_ON = DAY_OF.replace("{at}", "closed_at")
TODAY = DAY_OF.replace("{at}", "CAST(:as_of AS TIMESTAMP)")
# What is set for a week, a month or a quarter, by its length; of several the last one set holds.
SET = """
    metric = 'bookings' AND (set_at IS NULL OR set_at <= :as_of)
      AND period_start = CAST(:first AS DATE)
      AND grain = CASE WHEN CAST(:last AS DATE) - CAST(:first AS DATE) = 7 THEN 'week'
                       WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 31 THEN 'month'
                       ELSE 'quarter' END
"""


def _then(column: str) -> str:
    """A column of an open deal as it was: the last one by then, if the record changed since."""
    return (
        "CASE WHEN closed_at > :as_of OR EXISTS (SELECT 1 FROM opportunity_stages s "
        "WHERE s.opportunity_id = o.opportunity_id AND s.entered_at > :as_of) "
        "THEN COALESCE((SELECT MAX(s.column) FROM opportunity_stages s WHERE s.opportunity_id = "
        "o.opportunity_id AND s.column IS NOT NULL AND s.entered_at = ("
        "SELECT MAX(t.entered_at) FROM opportunity_stages t WHERE t.opportunity_id = "
        "s.opportunity_id AND t.column IS NOT NULL AND t.entered_at <= :as_of)), o.column) "
        "ELSE o.column END"
    ).replace("column", column)


WON = (
    "status = 'won' AND closed_at <= :as_of AND created_at <= :as_of AND " + CLOSED_ON + " >= "
    "CAST(:first AS DATE) AND " + CLOSED_ON + " < CAST(:last AS DATE)"
)
COVERAGE = (
    "WITH pipeline AS (SELECT "
    + _then("amount")
    + " AS worth, "
    + _then("expected_close_on")
    + """ AS due FROM opportunities o
    WHERE created_at <= :as_of AND (status = 'open' OR closed_at > :as_of)
      AND COALESCE(kind, 'new') = 'new'
), goals AS (
    SELECT (SELECT value FROM targets WHERE dimension IS NULL AND """
    + SET
    + """ ORDER BY set_at DESC NULLS LAST LIMIT 1) AS every,
           (SELECT value FROM targets WHERE dimension = 'kind' AND member = 'new' AND """
    + SET
    + """ ORDER BY set_at DESC NULLS LAST LIMIT 1) AS new
), booked AS (
    SELECT COALESCE(SUM(amount), 0) AS every,
           COALESCE(SUM(CASE WHEN COALESCE(kind, 'new') = 'new' THEN amount END), 0) AS new
    FROM opportunities WHERE """
    + WON
    + """
), parts AS (
    SELECT CASE WHEN """
    + TODAY
    + """ < CAST(:last AS DATE) THEN (
               SELECT COALESCE(SUM(worth), 0) FROM pipeline WHERE due < CAST(:last AS DATE)
                 AND due >= CAST(:first AS DATE) AND due >= """
    + TODAY
    + """) END AS top,
           GREATEST(CASE WHEN goals.new IS NULL THEN goals.every - booked.every
                         ELSE goals.new - booked.new END, 0) AS bottom
    FROM goals CROSS JOIN booked
)
SELECT CAST(top AS DOUBLE PRECISION) / NULLIF(bottom, 0), top, bottom, 0 FROM parts"""
)
QUOTAS = (
    """
WITH quotas AS (
    SELECT member, SUM(value) AS quota FROM targets WHERE dimension = 'rep' AND """
    + SET
    + """ GROUP BY member
), attained AS (
    SELECT quota, COALESCE((SELECT SUM(amount) FROM opportunities WHERE owner_id = member AND """
    + WON
    + """), 0) AS booked FROM quotas
), sums AS ("""
)
SHARE = ") SELECT CAST(top AS DOUBLE PRECISION) / NULLIF(bottom, 0), top, bottom, 0 FROM sums"
# The deals whose newest expected close before the period's end lies within the period and was
# followed by nothing but later ones; a deal closed before the end has not slipped.
SLIPPED = """
WITH known AS (
    SELECT s.opportunity_id, s.entered_at, s.expected_close_on AS due
    FROM opportunity_stages s JOIN opportunities o ON o.opportunity_id = s.opportunity_id
    WHERE s.entered_at <= :as_of AND s.expected_close_on IS NOT NULL AND o.created_at <= :as_of
      AND (o.status = 'open' OR s.entered_at <= o.closed_at)
), newest AS (
    SELECT opportunity_id, MAX(entered_at) AS at FROM known
    WHERE due < CAST(:last AS DATE) GROUP BY opportunity_id
), slipped AS (
    SELECT o.* FROM newest n JOIN known k ON k.opportunity_id = n.opportunity_id
      AND k.entered_at = n.at AND k.due >= CAST(:first AS DATE)
    JOIN opportunities o ON o.opportunity_id = n.opportunity_id
    WHERE EXISTS (SELECT 1 FROM known l WHERE l.opportunity_id = n.opportunity_id
                    AND l.entered_at > n.at)
      AND NOT (o.status <> 'open' AND o.closed_at <= :as_of AND """
SLIPPED += DAY_OF.replace("{at}", "o.closed_at") + " < CAST(:last AS DATE)))"

CHECKS: dict[str, str] = {
    "re_mqls": "SELECT COUNT(*), COUNT(*), NULL, 0 FROM (SELECT DISTINCT r.lead_id, "
    "(SELECT MIN(m.entered_at) FROM lead_stages m WHERE m.lead_id = r.lead_id AND m.stage = 'mql' "
    "AND m.entered_at > r.entered_at AND m.entered_at <= :as_of) AS back_at FROM lead_stages r "
    "WHERE r.stage = 'recycled') again WHERE EXISTS (SELECT 1 FROM lead_stages f WHERE "
    "f.lead_id = again.lead_id AND f.stage = 'mql' AND f.entered_at < again.back_at) AND "
    + inside("back_at"),
    "pipeline_coverage": COVERAGE,
    "quota_attainment": QUOTAS
    + "SELECT SUM(booked) AS top, SUM(quota) AS bottom FROM attained"
    + SHARE,
    "reps_at_quota": QUOTAS
    + "SELECT SUM(CASE WHEN booked >= quota THEN 1 ELSE 0 END) AS top, COUNT(*) AS bottom "
    "FROM attained" + SHARE,
    "slipped_deals": SLIPPED + " SELECT COUNT(*), COUNT(*), NULL, 0 FROM slipped",
    "slipped_amount": SLIPPED
    + ", amounts AS (SELECT CASE WHEN status <> 'open' AND closed_at <= :as_of THEN amount ELSE "
    + _then("amount")
    + " END AS worth FROM slipped o), sums AS (SELECT CASE WHEN COUNT(*) = 0 THEN 0 "
    "ELSE SUM(worth) END AS lost FROM amounts) SELECT lost, lost, NULL, 0 FROM sums",
}
