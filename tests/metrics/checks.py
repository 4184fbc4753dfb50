"""Beside each KPI a check in plain SQL, written by hand, and the figures worked out by hand.

A check answers with one row (value, numerator, denominator, maturing), for DuckDB and PostgreSQL
alike. Its parameters are the first business day of the period, the one after its last, the
as-of moment (UTC) and, for cohorts, the window in days.
"""

from __future__ import annotations

import re

from tests.metrics import checks_agreement as agreement
from tests.metrics import checks_reconciliation as reconciliation

# The business day of a moment in New York, where the fixture company is.
DAY_OF = "CAST((({at} AT TIME ZONE 'UTC') AT TIME ZONE 'America/New_York') AS DATE)"
INSIDE = " >= CAST(:first AS DATE) AND {day} < CAST(:last AS DATE)"


def inside(at: str) -> str:
    day = DAY_OF.replace("{at}", at)
    return day + INSIDE.replace("{day}", day)


def _filled(sql: str) -> str:
    """``{inside:COLUMN}`` is the condition that a moment lies in the period."""
    return re.sub(r"\{inside:([\w.]+)\}", lambda found: inside(found[1]), sql)


FIRSTS = """
WITH firsts AS (
    SELECT lead_id,
           MIN(CASE WHEN stage = 'lead' THEN entered_at END) AS own_lead,
           MIN(CASE WHEN stage = 'mql' THEN entered_at END) AS own_mql,
           MIN(CASE WHEN stage = 'sal' THEN entered_at END) AS own_sal,
           MIN(CASE WHEN stage = 'sql' THEN entered_at END) AS own_sql,
           MIN(CASE WHEN stage = 'opportunity' THEN entered_at END) AS own_opportunity,
           MIN(CASE WHEN stage = 'customer' THEN entered_at END) AS own_customer
    FROM lead_stages WHERE entered_at <= :as_of GROUP BY lead_id
), reached AS (
    SELECT firsts.*,
           COALESCE(own_lead, LEAST(own_mql, own_sal, own_sql, own_opportunity, own_customer))
               AS lead_at,
           COALESCE(own_mql, LEAST(own_sal, own_sql, own_opportunity, own_customer)) AS mql_at,
           COALESCE(own_sal, LEAST(own_sql, own_opportunity, own_customer)) AS sal_at,
           COALESCE(own_sql, LEAST(own_opportunity, own_customer)) AS sql_at
    FROM firsts
)
"""
COUNT_STAGE = FIRSTS + "SELECT COUNT(*), COUNT(*), NULL, 0 FROM reached WHERE "
COHORT = """, entered AS (
    SELECT lead_id, {from}_at AS a, (
        SELECT MIN(s.entered_at) FROM lead_stages s
        WHERE s.lead_id = reached.lead_id AND s.entered_at >= reached.{from}_at
          AND s.entered_at <= :as_of
          AND (s.stage = '{to}' OR (own_{to} IS NULL AND s.stage IN ({later})))
    ) AS b
    FROM reached WHERE {inside}
), judged AS (
    SELECT CASE WHEN b <= a + INTERVAL '1' DAY * :days THEN 1 ELSE 0 END AS converted,
           CASE WHEN a + INTERVAL '1' DAY * :days <= :as_of THEN 1 ELSE 0 END AS matured
    FROM entered
), summed AS (
    SELECT SUM((1 - matured) * (1 - converted)) AS maturing, SUM(converted) AS all_converted,
           COUNT(*) AS n, SUM(converted * matured) AS matured_converted, SUM(matured) AS matured
    FROM judged
), chosen AS (
    SELECT COALESCE(maturing, 0) AS maturing,
           COALESCE(CASE WHEN maturing > 0 THEN matured_converted ELSE all_converted END, 0) AS top,
           COALESCE(CASE WHEN maturing > 0 THEN matured ELSE n END, 0) AS bottom
    FROM summed
)
SELECT CAST(top AS DOUBLE PRECISION) / NULLIF(bottom, 0), top, bottom, maturing FROM chosen
"""
LATER = {
    "mql": "'sal', 'sql', 'opportunity', 'customer'",
    "sal": "'sql', 'opportunity', 'customer'",
    "sql": "'opportunity', 'customer'",
    "opportunity": "'customer'",
    "customer": "''",
}


def _cohort(start: str, end: str) -> str:
    days = inside(f"{start}_at")
    text = FIRSTS.rstrip() + COHORT
    for name, value in (("from", start), ("to", end), ("later", LATER[end]), ("inside", days)):
        text = text.replace("{" + name + "}", value)
    return text


def _closed(columns: str, conditions: str) -> str:
    return (
        "SELECT " + columns + " FROM opportunities WHERE created_at <= :as_of "
        "AND closed_at <= :as_of AND " + conditions + " AND " + inside("closed_at")
    )


NEW = "COALESCE(kind, 'new') = 'new'"
WON = "SUM(CASE WHEN status = 'won' THEN 1 ELSE 0 END)"
RATIO = "SELECT CAST(top AS DOUBLE PRECISION) / NULLIF(bottom, 0), top, bottom, {open} FROM ("
DAYS = "EXTRACT(EPOCH FROM (closed_at - created_at)) / 86400.0"
SPENT = (
    "(SELECT COALESCE(SUM(amount), 0) FROM spend WHERE day >= CAST(:first AS DATE) "
    "AND day < CAST(:last AS DATE)) AS top"
)
ANSWERED = """
WITH clocked AS (
    SELECT h.handed_at, c.due_at, c.target_seconds,
           CASE WHEN c.own_response_at <= :as_of THEN c.own_response_seconds
                WHEN c.found_response_at <= :as_of THEN c.found_response_seconds END AS seconds
    FROM handoffs h JOIN handoff_clock c ON c.handoff_id = h.handoff_id
    WHERE h.handed_at <= :as_of
)
"""


def _ratio(inner: str, open_: str = "0") -> str:
    return RATIO.replace("{open}", open_) + inner + ") sums"


def _response(share: str) -> str:
    """An unanswered handoff ranks behind all others; NULL where the percentile meets one."""
    return (
        ANSWERED
        + "SELECT CASE WHEN v < 1e12 THEN v END, NULL, n, waiting FROM ("
        + "SELECT PERCENTILE_CONT("
        + share
        + ") WITHIN GROUP (ORDER BY CASE WHEN due_at <= :as_of "
        "THEN COALESCE(CAST(seconds AS DOUBLE PRECISION) / 3600, 1e18) END) AS v, "
        "SUM(CASE WHEN due_at <= :as_of THEN 1 ELSE 0 END) AS n, "
        "SUM(CASE WHEN due_at > :as_of THEN 1 ELSE 0 END) AS waiting "
        "FROM clocked WHERE " + inside("handed_at") + ") found"
    )


CHECKS: dict[str, str] = {
    "leads": "SELECT COUNT(*), COUNT(*), NULL, 0 FROM leads WHERE created_at <= :as_of "
    "AND (deleted_at IS NULL OR deleted_at > :as_of) AND " + inside("created_at"),
    "mqls": COUNT_STAGE + inside("mql_at"),
    "sals": COUNT_STAGE + inside("sal_at"),
    "sqls": COUNT_STAGE + inside("sql_at"),
    "lead_to_mql": _cohort("lead", "mql"),
    "mql_to_sal": _cohort("mql", "sal"),
    "mql_to_sql": _cohort("mql", "sql"),
    "sql_to_opportunity": _cohort("sql", "opportunity"),
    "mql_to_customer": _cohort("mql", "customer"),
    "lead_to_customer": _cohort("lead", "customer"),
    "stage_days_mql_to_sql": FIRSTS + "SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY "
    "CAST(EXTRACT(EPOCH FROM (sql_at - mql_at)) / 86400.0 AS DOUBLE PRECISION)), "
    "NULL, COUNT(*), 0 FROM reached WHERE mql_at <= sql_at AND " + inside("sql_at"),
    "spend": "SELECT top, top, NULL, 0 FROM (SELECT " + SPENT + ") sums",
    "cost_per_mql": FIRSTS
    + _ratio(
        "SELECT " + SPENT + ", (SELECT COUNT(*) FROM reached WHERE " + inside("mql_at") + ") "
        "AS bottom"
    ),
    "cost_per_opportunity": _ratio(
        "SELECT " + SPENT + ", (SELECT COUNT(*) FROM opportunities "
        "WHERE created_at <= :as_of AND " + inside("created_at") + ") AS bottom"
    ),
    "meetings_held": "SELECT COUNT(*), COUNT(*), NULL, 0 FROM touches WHERE team = 'sales' "
    "AND kind = 'meeting' AND COALESCE(responded, TRUE) AND occurred_at <= :as_of AND "
    + inside("occurred_at"),
    "opportunities_created": "SELECT COUNT(*), COUNT(*), NULL, 0 FROM opportunities "
    "WHERE created_at <= :as_of AND " + inside("created_at"),
    # Closed by then: its amount. Closed or changed since: the last one by then, where there is one.
    "pipeline_created": """
WITH worth AS (
    SELECT CASE WHEN qualified_at <= :as_of THEN qualified_at ELSE created_at END AS entered_at,
           CASE WHEN closed_at <= :as_of THEN o.amount
                WHEN closed_at > :as_of OR EXISTS (
                    SELECT 1 FROM opportunity_stages s
                    WHERE s.opportunity_id = o.opportunity_id AND s.entered_at > :as_of)
                THEN COALESCE((
                    SELECT MAX(s.amount) FROM opportunity_stages s
                    WHERE s.opportunity_id = o.opportunity_id AND s.amount IS NOT NULL
                      AND s.entered_at = (
                        SELECT MAX(t.entered_at) FROM opportunity_stages t
                        WHERE t.opportunity_id = s.opportunity_id AND t.amount IS NOT NULL
                          AND t.entered_at <= :as_of)
                ), o.amount)
                ELSE o.amount END AS amount
    FROM opportunities o WHERE created_at <= :as_of
)
SELECT SUM(amount), SUM(amount), NULL, 0 FROM worth WHERE """
    + inside("entered_at"),
    "won_deals": _closed("COUNT(*), COUNT(*), NULL, 0", "status = 'won'"),
    "lost_deals": _closed("COUNT(*), COUNT(*), NULL, 0", "status = 'lost'"),
    "bookings": _closed("SUM(amount), SUM(amount), NULL, 0", "status = 'won'"),
    "win_rate": _ratio(
        _closed(WON + " AS top, COUNT(*) AS bottom", "status IN ('won', 'lost') AND " + NEW)
    ),
    "win_rate_value": _ratio(
        _closed(
            "SUM(CASE WHEN status = 'won' THEN amount END) AS top, SUM(amount) AS bottom",
            "status IN ('won', 'lost') AND " + NEW,
        )
    ),
    "avg_deal_size": _ratio(
        _closed("SUM(amount) AS top, COUNT(amount) AS bottom", "status = 'won' AND " + NEW)
    ),
    "sales_cycle_days": _closed(
        "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY CAST(" + DAYS + " AS DOUBLE PRECISION)), "
        "NULL, COUNT(*), 0",
        "status = 'won' AND " + NEW,
    ),
    "sales_cycle_days_mean": _closed(
        "AVG(" + DAYS + "), SUM(" + DAYS + "), COUNT(*), 0", "status = 'won' AND " + NEW
    ),
    "sla_response": ANSWERED
    + _ratio(
        "SELECT SUM(CASE WHEN due_at <= :as_of AND seconds <= target_seconds THEN 1 ELSE 0 END) "
        "AS top, SUM(CASE WHEN due_at <= :as_of THEN 1 ELSE 0 END) AS bottom, "
        "SUM(CASE WHEN due_at > :as_of THEN 1 ELSE 0 END) AS waiting FROM clocked WHERE "
        + inside("handed_at"),
        "waiting",
    ),
    "response_hours": _response("0.5"),
    "response_hours_p90": _response("0.9"),
    "lead_velocity_rate": FIRSTS.rstrip()
    + """, bounds AS (
    SELECT CASE WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 14 THEN CAST(:last AS DATE)
                ELSE CAST(DATE_TRUNC('month', CAST(:last AS DATE)) AS DATE) END AS until,
           CASE WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 14
                THEN CAST(:last AS DATE) - 28
                ELSE CAST(DATE_TRUNC('month', CAST(:last AS DATE)) - INTERVAL '1' MONTH AS DATE)
           END AS middle,
           CASE WHEN CAST(:last AS DATE) - CAST(:first AS DATE) <= 14
                THEN CAST(:last AS DATE) - 56
                ELSE CAST(DATE_TRUNC('month', CAST(:last AS DATE)) - INTERVAL '2' MONTH AS DATE)
           END AS since
), days AS (SELECT """
    + DAY_OF.replace("{at}", "sql_at")
    + """ AS day FROM reached), sums AS (
    SELECT SUM(CASE WHEN day >= middle AND day < until THEN 1 ELSE 0 END) AS now,
           SUM(CASE WHEN day >= since AND day < middle THEN 1 ELSE 0 END) AS before
    FROM days CROSS JOIN bounds
)
SELECT CAST(now AS DOUBLE PRECISION) / NULLIF(before, 0) - 1, now, before, 0 FROM sums""",
    "sales_velocity": """
WITH deals AS (
    SELECT """
    + DAY_OF.replace("{at}", "created_at")
    + " AS created_on, CASE WHEN status <> 'open' AND closed_at <= :as_of THEN "
    + DAY_OF.replace("{at}", "closed_at")
    + """ END AS closed_on, status, amount,
           EXTRACT(EPOCH FROM (closed_at - created_at)) / 86400.0 AS days
    FROM opportunities WHERE created_at <= :as_of AND COALESCE(kind, 'new') = 'new'
), year AS (
    SELECT * FROM deals WHERE closed_on < CAST(:last AS DATE)
      AND closed_on >= CAST(:last AS DATE) - INTERVAL '1' YEAR
), parts AS (
    SELECT (SELECT SUM(CASE WHEN created_on < CAST(:last AS DATE) THEN 1 ELSE 0 END)
                 - SUM(CASE WHEN closed_on < CAST(:last AS DATE) THEN 1 ELSE 0 END) FROM deals)
               AS open_deals,
           CAST(SUM(CASE WHEN status = 'won' THEN 1 ELSE 0 END) AS DOUBLE PRECISION) / COUNT(*)
               AS rate,
           CAST(SUM(CASE WHEN status = 'won' THEN amount END) AS DOUBLE PRECISION)
               / SUM(CASE WHEN status = 'won' AND amount IS NOT NULL THEN 1 ELSE 0 END) AS size,
           AVG(CASE WHEN status = 'won' THEN days END) AS cycle
    FROM year
)
SELECT open_deals * rate * size / cycle, open_deals * rate * size, cycle, 0 FROM parts""",
    "lead_rejection_rate": _ratio(
        "SELECT SUM(CASE WHEN disposition = 'rejected' THEN 1 ELSE 0 END) AS top, "
        "COUNT(disposition) AS bottom FROM handoffs WHERE disposed_at <= :as_of "
        "AND handed_at <= :as_of AND " + inside("disposed_at")
    ),
    "mql_delivery": FIRSTS.rstrip() + _filled(agreement.DELIVERED),
    "mql_completeness": FIRSTS + _ratio(_filled(agreement.COMPLETENESS)),
    "overdue_handoffs": ANSWERED + _filled(agreement.OVERDUE),
    "wasted_effort_share": _filled(agreement.WASTED),
    "redundant_outreach_rate": _filled(agreement.REDUNDANT),
    "count_gap": _filled(reconciliation.COUNT_GAP),
}
