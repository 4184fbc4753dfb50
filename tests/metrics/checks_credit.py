"""Plain SQL, written by hand, for what journeys decide: sourced, influenced, CAC, return on spend.

The lookback is that of ``credit_company``, 30 days, and so is the model, 30-30-30-10.
"""

from __future__ import annotations

from tests.metrics.checks import inside

# Everybody's eligible touches before a deal's creation or closing, each once.
JOURNEYS = """
WITH people AS (
    SELECT opportunity_id, lead_id FROM opportunities WHERE lead_id IS NOT NULL
    UNION SELECT opportunity_id, lead_id FROM opportunity_contacts
), journeys AS (
    SELECT o.opportunity_id, o.amount, o.created_at, o.closed_at, o.lead_id, t.touch_id, t.team,
           t.channel, t.occurred_at
    FROM opportunities o
    JOIN people p ON p.opportunity_id = o.opportunity_id
    JOIN touches t ON t.lead_id = p.lead_id
    WHERE COALESCE(t.responded, TRUE) AND NOT COALESCE(t.automated, FALSE)
      AND t.occurred_at <= o.{anchor} AND t.occurred_at >= o.{anchor} - INTERVAL '30' DAY
)
"""
BEFORE_CREATION = JOURNEYS.replace("{anchor}", "created_at").rstrip()
BEFORE_CLOSING = JOURNEYS.replace("{anchor}", "closed_at").rstrip()

SOURCED = (
    BEFORE_CREATION
    + """, entered AS (
    SELECT CASE WHEN qualified_at <= :as_of THEN qualified_at ELSE created_at END AS day_at,
           COALESCE(sourced_by, (
               SELECT CASE team WHEN 'marketing' THEN 'marketing' END FROM journeys j
               WHERE j.opportunity_id = o.opportunity_id
               ORDER BY occurred_at, touch_id LIMIT 1)) AS source,
           CASE WHEN closed_at > :as_of THEN COALESCE((
               SELECT s.amount FROM opportunity_stages s WHERE s.entered_at <= :as_of
                 AND s.opportunity_id = o.opportunity_id
               ORDER BY s.entered_at DESC LIMIT 1), amount)
               ELSE amount END AS amount
    FROM opportunities o WHERE created_at <= :as_of
)
"""
)
INFLUENCED = (
    BEFORE_CLOSING
    + """, won AS (
    SELECT amount, EXISTS (
        SELECT 1 FROM journeys j WHERE j.opportunity_id = o.opportunity_id
          AND j.team = 'marketing') AS influenced
    FROM opportunities o
    WHERE status = 'won' AND closed_at <= :as_of AND created_at <= :as_of AND """
    + inside("closed_at")
    + """
), sums AS (
    SELECT SUM(CASE WHEN influenced THEN amount END) AS top, SUM(amount) AS bottom FROM won
)
"""
)
# What each touch weighs by itself, divided by what all of its journey weigh.
CREDITED = (
    BEFORE_CLOSING
    + """, won AS (
    SELECT j.*, l.created_at AS lead_at,
           ROW_NUMBER() OVER (PARTITION BY j.opportunity_id ORDER BY occurred_at, touch_id) AS place
    FROM journeys j JOIN opportunities o ON o.opportunity_id = j.opportunity_id
    LEFT JOIN leads l ON l.lead_id = j.lead_id
    WHERE o.status = 'won' AND j.closed_at <= :as_of
), placed AS (
    SELECT won.*, (SELECT COUNT(*) FROM won w WHERE w.opportunity_id = won.opportunity_id
                     AND w.occurred_at <= won.lead_at) AS lead_place,
           (SELECT COUNT(*) FROM won w WHERE w.opportunity_id = won.opportunity_id
              AND w.occurred_at <= won.created_at) AS deal_place
    FROM won
), marked AS (
    SELECT placed.*, CASE WHEN place = 1 THEN 30 ELSE 0 END
        + CASE WHEN place = lead_place THEN 30 ELSE 0 END
        + CASE WHEN place = deal_place THEN 30 ELSE 0 END AS marks
    FROM placed
), weighed AS (
    SELECT marked.*, CASE WHEN marks > 0 THEN marks ELSE 10.0 / SUM(
        CASE WHEN marks = 0 THEN 1 END) OVER (PARTITION BY opportunity_id) END AS weight
    FROM marked
), credited AS (
    SELECT weighed.*, CAST(weight AS DOUBLE PRECISION)
        / SUM(weight) OVER (PARTITION BY opportunity_id) AS share
    FROM weighed
)
"""
)
SPENT = "(SELECT SUM(amount) FROM spend WHERE day >= {first} AND day < CAST(:last AS DATE))"
YEAR_BEFORE = "CAST(:last AS DATE) - INTERVAL '1' YEAR"
DIVIDED = "SELECT CAST(top AS DOUBLE PRECISION) / NULLIF(bottom, 0), top, bottom, {open} FROM "

CHECKS: dict[str, str] = {
    "marketing_sourced_pipeline": SOURCED
    + "SELECT SUM(amount), SUM(amount), NULL, 0 FROM entered WHERE source = 'marketing' AND "
    + inside("day_at"),
    "marketing_influenced_bookings": INFLUENCED + "SELECT top, top, NULL, 0 FROM sums",
    "marketing_influenced_share": INFLUENCED + DIVIDED.replace("{open}", "0") + "sums",
    # An account's first deal is the one before which it has none; the lead's account counts.
    "cac": """
WITH wins AS (
    SELECT o.opportunity_id, closed_at, COALESCE(o.account_id, l.account_id, o.lead_id) AS buyer
    FROM opportunities o LEFT JOIN leads l ON l.lead_id = o.lead_id
    WHERE status = 'won' AND COALESCE(kind, 'new') = 'new' AND closed_at <= :as_of
), firsts AS (
    SELECT buyer, MIN(closed_at) AS closed_at FROM wins GROUP BY buyer
), sums AS (
    SELECT """
    + SPENT.replace("{first}", YEAR_BEFORE)
    + " AS top, (SELECT COUNT(*) FROM firsts WHERE "
    + inside("closed_at").replace("CAST(:first AS DATE)", YEAR_BEFORE)
    + ") AS bottom) "
    + DIVIDED.replace("{open}", "0")
    + "sums",
    "return_on_spend": CREDITED
    + ", sums AS (SELECT (SELECT SUM(share * amount) FROM credited WHERE "
    + inside("occurred_at")
    + ") AS top, "
    + SPENT.replace("{first}", "CAST(:first AS DATE)")
    + """ AS bottom, (
        SELECT COUNT(*) FROM touches WHERE COALESCE(responded, TRUE)
          AND NOT COALESCE(automated, FALSE) AND occurred_at <= :as_of
          AND occurred_at + INTERVAL '30' DAY > :as_of AND """
    + inside("occurred_at")
    + ") AS waiting) "
    + DIVIDED.replace("{open}", "waiting")
    + "sums",
}
