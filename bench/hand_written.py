"""The default scorecard's numbers as a good SQL author would ask for them by hand, on DuckDB.

53 weeks and 12 months of every KPI of the default scorecard: one statement an entity, each table
read once, events counted by day first and days rolled up. The trailing 13 weeks of slow KPIs, the
medians, the cohorts with who is still maturing, early reads and the look at what was known of a
lead when it became an MQL are in it. Not in it are what the program does with the numbers: limits,
targets, comparisons in words. Where the program has a rule for a rare case (a lead that skipped a
stage, entries in an impossible order, amounts as they were known then), so has this.

The values are bound once a connection: SQL by hand does not count its author's time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, RowMapping

from metrics.calendar import Calendar

# The company's day of a UTC moment; New York, by its offsets, which is ten times faster than asking
# for the zone of every row.
_MACROS = (
    """CREATE OR REPLACE TEMP MACRO day_of(t) AS CAST(CASE
         WHEN t >= TIMESTAMP '2026-03-08 07:00' THEN t - INTERVAL 4 HOUR
         WHEN t >= TIMESTAMP '2025-11-02 06:00' THEN t - INTERVAL 5 HOUR
         WHEN t >= TIMESTAMP '2025-03-09 07:00' THEN t - INTERVAL 4 HOUR
         ELSE t - INTERVAL 5 HOUR END AS DATE)""",
)
_PERIODS = """
CREATE OR REPLACE TEMP TABLE periods AS
SELECT 'week' AS grain, w AS first_day, w + 7 AS end_day, w - 84 AS trailing_day
FROM (SELECT CAST($1 AS DATE) - 7 * CAST(i AS INTEGER) AS w FROM range(53) t(i))
UNION ALL
SELECT 'month', CAST(m AS DATE), CAST(m + INTERVAL 1 MONTH AS DATE), CAST(m AS DATE)
FROM (SELECT date_trunc('month', CAST($1 AS DATE)) - to_months(CAST(i AS INTEGER)) AS m
      FROM range(12) t(i))
"""
# What the scorecard reads of a lead's way, in one pass over the stages.
_STAGES = """
WITH own AS (
  SELECT lead_id,
    min(entered_at) FILTER (stage = 'mql') AS mql, min(entered_at) FILTER (stage = 'sal') AS sal,
    min(entered_at) FILTER (stage = 'sql') AS sql,
    min(entered_at) FILTER (stage = 'opportunity') AS opp,
    min(entered_at) FILTER (stage = 'customer') AS customer
  FROM lead_stages
  WHERE entered_at <= getvariable('as_of')
    AND stage IN ('mql', 'sal', 'sql', 'opportunity', 'customer')
  GROUP BY lead_id
), reached AS (
  SELECT lead_id, coalesce(mql, least(sal, sql, opp, customer)) AS mql_at,
    coalesce(sal, least(sql, opp, customer)) AS sal_at,
    coalesce(sql, least(opp, customer)) AS sql_at, coalesce(opp, customer) AS opp_at
  FROM own
), odd AS (
  SELECT * FROM reached WHERE sal_at < mql_at OR sql_at < mql_at OR opp_at < sql_at
), odd_later AS (
  SELECT o.lead_id,
    min(s.entered_at) FILTER (stage = 'sal' AND s.entered_at >= mql_at) AS sal_at,
    min(s.entered_at) FILTER (stage = 'sql' AND s.entered_at >= mql_at) AS sql_at,
    min(s.entered_at) FILTER (stage = 'opportunity' AND s.entered_at >= sql_at) AS opp_at
  FROM odd o JOIN lead_stages s USING (lead_id)
  WHERE s.entered_at <= getvariable('as_of') GROUP BY o.lead_id
), way AS (
  SELECT r.lead_id, r.mql_at, r.sql_at,
    CASE WHEN r.sal_at < r.mql_at THEN l.sal_at ELSE r.sal_at END AS mql_sal,
    CASE WHEN r.sql_at < r.mql_at THEN l.sql_at ELSE r.sql_at END AS mql_sql,
    CASE WHEN r.opp_at < r.sql_at THEN l.opp_at ELSE r.opp_at END AS sql_opp
  FROM reached r LEFT JOIN odd_later l USING (lead_id)
), mql_days AS (
  SELECT day_of(mql_at) AS day, count(*) AS mqls,
    count(*) FILTER (mql_sal <= mql_at + INTERVAL 14 DAY) AS sal_14,
    count(*) FILTER (mql_at + INTERVAL 14 DAY <= getvariable('as_of')) AS matured_14,
    count(*) FILTER (mql_sal <= mql_at + INTERVAL 14 DAY
      AND mql_at + INTERVAL 14 DAY <= getvariable('as_of')) AS sal_matured_14,
    count(*) FILTER (mql_sql <= mql_at + INTERVAL 30 DAY) AS sql_30,
    count(*) FILTER (mql_at + INTERVAL 30 DAY <= getvariable('as_of')) AS matured_30,
    count(*) FILTER (mql_sql <= mql_at + INTERVAL 30 DAY
      AND mql_at + INTERVAL 30 DAY <= getvariable('as_of')) AS sql_matured_30,
    count(*) FILTER (mql_sal <= mql_at + INTERVAL 7 DAY) AS sal_7,
    count(*) FILTER (mql_sql <= mql_at + INTERVAL 7 DAY) AS sql_7,
    count(*) FILTER (mql_at + INTERVAL 7 DAY <= getvariable('as_of')) AS matured_7
  FROM way WHERE mql_at >= getvariable('since') GROUP BY 1
), sql_days AS (
  SELECT day_of(sql_at) AS day, count(*) AS sqls,
    count(*) FILTER (sql_opp <= sql_at + INTERVAL 30 DAY) AS opp_30,
    count(*) FILTER (sql_at + INTERVAL 30 DAY <= getvariable('as_of')) AS matured_30,
    count(*) FILTER (sql_opp <= sql_at + INTERVAL 30 DAY
      AND sql_at + INTERVAL 30 DAY <= getvariable('as_of')) AS opp_matured_30,
    count(*) FILTER (sql_opp <= sql_at + INTERVAL 7 DAY) AS opp_7
  FROM way WHERE sql_at >= getvariable('since') GROUP BY 1
), recycled AS (
  SELECT DISTINCT lead_id FROM lead_stages
  WHERE stage = 'recycled' AND entered_at <= getvariable('as_of')
), again AS (
  SELECT lead_id, entered_at AS pass_at FROM (
    SELECT s.lead_id, stage, entered_at, lag(stage) OVER w AS before,
      min(nullif(stage, 'recycled')) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        AS mql_before
    FROM lead_stages s SEMI JOIN recycled USING (lead_id)
    WHERE stage IN ('mql', 'recycled') AND entered_at <= getvariable('as_of')
    WINDOW w AS (PARTITION BY s.lead_id ORDER BY entered_at, stage)
  ) WHERE stage = 'mql' AND before = 'recycled' AND mql_before = 'mql'
), passes AS (
  SELECT *, lead(pass_at) OVER (PARTITION BY lead_id ORDER BY pass_at) AS next_at FROM (
    SELECT lead_id, mql_at AS pass_at, false AS is_again FROM way WHERE mql_at IS NOT NULL
    UNION ALL SELECT lead_id, pass_at, true FROM again
  )
), recent AS (
  SELECT * FROM passes WHERE pass_at >= getvariable('since')
), known AS (
  SELECT p.lead_id, p.pass_at,
    max(changed_at) FILTER (field = 'has_budget' AND value IS NOT NULL) AS budget,
    max(changed_at) FILTER (field = 'has_budget' AND value IS NULL) AS no_budget,
    max(changed_at) FILTER (field = 'has_authority' AND value IS NOT NULL) AS authority,
    max(changed_at) FILTER (field = 'has_authority' AND value IS NULL) AS no_authority,
    max(changed_at) FILTER (field = 'has_timeline' AND value IS NOT NULL) AS timeline,
    max(changed_at) FILTER (field = 'has_timeline' AND value IS NULL) AS no_timeline,
    max(changed_at) FILTER (field = 'has_interest' AND value IS NOT NULL) AS interest,
    max(changed_at) FILTER (field = 'has_interest' AND value IS NULL) AS no_interest
  FROM recent p JOIN lead_changes c ON c.lead_id = p.lead_id AND changed_at <= p.pass_at
  WHERE field IN ('has_budget', 'has_authority', 'has_timeline', 'has_interest') GROUP BY 1, 2
), complete AS (
  SELECT lead_id, pass_at FROM known
  WHERE budget >= coalesce(no_budget, budget) AND authority >= coalesce(no_authority, authority)
    AND timeline >= coalesce(no_timeline, timeline) AND interest >= coalesce(no_interest, interest)
), handed AS (
  SELECT DISTINCT p.lead_id, p.pass_at FROM recent p JOIN handoffs h
    ON h.lead_id = p.lead_id AND handed_at >= p.pass_at AND (next_at IS NULL OR handed_at < next_at)
  WHERE handed_at <= getvariable('as_of')
), pass_days AS (
  SELECT day_of(p.pass_at) AS day, count(*) FILTER (is_again) AS re_mqls,
    count(*) FILTER (NOT is_again AND c.pass_at IS NOT NULL) AS complete,
    count(*) FILTER (c.pass_at IS NOT NULL AND h.pass_at IS NOT NULL) AS delivered
  FROM recent p LEFT JOIN complete c ON c.lead_id = p.lead_id AND c.pass_at = p.pass_at
    LEFT JOIN handed h ON h.lead_id = p.lead_id AND h.pass_at = p.pass_at
  GROUP BY 1
), days AS (
  SELECT * FROM mql_days FULL JOIN pass_days USING (day) FULL JOIN sql_days USING (day)
), medians AS (
  SELECT grain, first_day, median(epoch(sql_at - mql_at) / 86400) AS stage_days
  FROM (SELECT day_of(sql_at) AS day, sql_at, mql_at FROM way
        WHERE sql_at >= getvariable('since') AND mql_at <= sql_at)
    JOIN periods ON day >= first_day AND day < end_day
  GROUP BY 1, 2
), sums AS (
  SELECT grain, first_day, sum(COLUMNS(* EXCLUDE (grain, first_day, end_day, trailing_day, day)))
  FROM days JOIN periods ON day >= first_day AND day < end_day GROUP BY 1, 2
)
SELECT * FROM sums LEFT JOIN medians USING (grain, first_day)
"""
_HANDOFFS = """
WITH answered AS (
  SELECT day_of(handed_at) AS day, due_at <= getvariable('as_of') AS is_due,
    CASE WHEN own_response_at <= getvariable('as_of') THEN own_response_seconds
      WHEN found_response_at <= getvariable('as_of') THEN found_response_seconds END AS seconds,
    target_seconds
  FROM handoffs JOIN handoff_clock USING (handoff_id)
  WHERE handed_at <= getvariable('as_of') AND handed_at >= getvariable('since')
), days AS (
  SELECT day, count(*) FILTER (is_due) AS due, count(*) FILTER (NOT is_due) AS pending,
    count(*) FILTER (is_due AND seconds <= target_seconds) AS met,
    count(*) FILTER (is_due AND seconds IS NULL) AS overdue
  FROM answered GROUP BY 1
), disposed AS (
  SELECT day_of(disposed_at) AS day, count(disposition) AS disposed,
    count(*) FILTER (disposition = 'rejected') AS rejected
  FROM handoffs
  WHERE disposed_at <= getvariable('as_of') AND disposed_at >= getvariable('since')
    AND handed_at <= getvariable('as_of')
  GROUP BY 1
)
SELECT grain, first_day, sum(due) AS due, sum(pending) AS pending, sum(met) AS met,
  sum(overdue) AS overdue, sum(disposed) AS disposed, sum(rejected) AS rejected
FROM (SELECT * FROM days FULL JOIN disposed USING (day))
  JOIN periods ON day >= first_day AND day < end_day
GROUP BY 1, 2
"""
_MEETINGS = """
WITH days AS (
  SELECT day_of(occurred_at) AS day, count(*) AS held FROM touches
  WHERE team = 'sales' AND kind = 'meeting' AND responded IS NOT FALSE
    AND occurred_at >= getvariable('since') AND occurred_at <= getvariable('as_of')
  GROUP BY 1
)
SELECT grain, first_day, sum(held) AS held FROM days
  JOIN periods ON day >= first_day AND day < end_day GROUP BY 1, 2
"""
_SPEND = """
SELECT grain, first_day, sum(amount) AS spent
FROM (SELECT day, sum(amount) AS amount FROM spend GROUP BY 1)
  JOIN periods ON day >= trailing_day AND day < end_day GROUP BY 1, 2
"""
# Deals, and what marketing took part in: the touches of the deals' contacts in the lookback.
_DEALS = """
WITH then_known AS (
  SELECT opportunity_id,
    arg_max(amount, (entered_at, stage)) FILTER (entered_at <= getvariable('as_of')
      AND amount IS NOT NULL) AS amount_then,
    arg_max(expected_close_on, (entered_at, stage)) FILTER (entered_at <= getvariable('as_of')
      AND expected_close_on IS NOT NULL) AS expected_then,
    max(entered_at) > getvariable('as_of') AS changed_later
  FROM opportunity_stages GROUP BY 1
), deals AS (
  SELECT o.opportunity_id, lead_id, created_at, closed_at, status, sourced_by,
    coalesce(kind, 'new') = 'new' AS is_new, amount,
    coalesce(CASE WHEN qualified_at <= getvariable('as_of') THEN qualified_at END, created_at)
      AS qualified_at,
    coalesce(status <> 'open' AND closed_at <= getvariable('as_of'), false) AS is_closed,
    CASE WHEN NOT is_closed AND (closed_at > getvariable('as_of') OR changed_later)
      THEN coalesce(amount_then, amount) ELSE amount END AS amount_known,
    CASE WHEN NOT is_closed AND (closed_at > getvariable('as_of') OR changed_later)
      THEN coalesce(expected_then, expected_close_on) ELSE expected_close_on END AS expected_on
  FROM opportunities o LEFT JOIN then_known USING (opportunity_id)
  WHERE created_at <= getvariable('as_of')
), contacts AS (
  SELECT opportunity_id, lead_id FROM deals WHERE lead_id IS NOT NULL
  UNION
  SELECT opportunity_id, c.lead_id FROM opportunity_contacts c JOIN deals USING (opportunity_id)
), anchored AS (
  SELECT c.lead_id, opportunity_id, true AS is_won, closed_at AS anchor
  FROM deals JOIN contacts c USING (opportunity_id)
  WHERE status = 'won' AND is_closed AND closed_at >= getvariable('since')
  UNION ALL
  SELECT c.lead_id, opportunity_id, false, created_at
  FROM deals JOIN contacts c USING (opportunity_id)
  WHERE sourced_by IS NULL AND qualified_at >= getvariable('since')
), touched AS (
  SELECT opportunity_id, is_won, arg_min(team, (occurred_at, touch_id)) AS first_team,
    bool_or(team = 'marketing') AS by_marketing
  FROM anchored JOIN touches USING (lead_id)
  WHERE occurred_at <= anchor AND occurred_at >= anchor - INTERVAL 365 DAY
    AND team IN ('marketing', 'sales') AND responded IS NOT FALSE AND automated IS NOT TRUE
  GROUP BY 1, 2
), closed AS (
  SELECT d.*, day_of(closed_at) AS day, by_marketing FROM deals d
    LEFT JOIN (SELECT * FROM touched WHERE is_won) t USING (opportunity_id)
  WHERE is_closed AND closed_at >= getvariable('since')
), closed_days AS (
  SELECT day, sum(amount) FILTER (status = 'won') AS bookings,
    sum(amount) FILTER (status = 'won' AND is_new) AS new_bookings,
    count(*) FILTER (status = 'won' AND is_new) AS won, count(*) FILTER (is_new) AS closed,
    sum(amount) FILTER (status = 'won' AND by_marketing) AS influenced
  FROM closed GROUP BY 1
), qualified_days AS (
  SELECT day_of(qualified_at) AS day, sum(amount_known) AS created_pipeline,
    sum(amount_known) FILTER (sourced_by = 'marketing'
      OR (sourced_by IS NULL AND first_team = 'marketing')) AS sourced
  FROM deals LEFT JOIN (SELECT * FROM touched WHERE NOT is_won) USING (opportunity_id)
  WHERE qualified_at >= getvariable('since') GROUP BY 1
), created_days AS (
  SELECT day_of(created_at) AS day, count(*) AS created FROM deals
  WHERE created_at >= getvariable('since') GROUP BY 1
), expected AS (
  SELECT sum(amount_known) AS expected FROM deals
  WHERE is_new AND NOT is_closed AND expected_on >= day_of(getvariable('as_of'))
    AND expected_on < CAST(date_trunc('quarter', day_of(getvariable('as_of')))
      + INTERVAL 6 MONTH AS DATE)
), medians AS (
  SELECT grain, first_day, median(epoch(closed_at - created_at) / 86400) AS cycle_days
  FROM closed JOIN periods ON day >= trailing_day AND day < end_day
  WHERE status = 'won' AND is_new GROUP BY 1, 2
), sums AS (
  SELECT grain, first_day, sum(COLUMNS(* EXCLUDE (grain, first_day, end_day, trailing_day, day)))
  FROM (SELECT * FROM closed_days FULL JOIN qualified_days USING (day)
        FULL JOIN created_days USING (day))
    JOIN periods ON day >= trailing_day AND day < end_day GROUP BY 1, 2
)
SELECT * FROM sums LEFT JOIN medians USING (grain, first_day), expected
"""
STATEMENTS = (_STAGES, _HANDOFFS, _MEETINGS, _SPEND, _DEALS)
WEEKS = 53


def prepare(connection: Connection, calendar: Calendar, as_of: datetime, week: date) -> None:
    """Bind what the statements speak of: the moment, and the periods up to a week's Monday."""
    run = connection.exec_driver_sql
    for macro in _MACROS:
        run(macro)
    run(_PERIODS, (week,))
    run("SET VARIABLE as_of = CAST($1 AS TIMESTAMP)", (as_of,))
    # The trailing 13 weeks of the oldest week begin here.
    first = connection.exec_driver_sql("SELECT min(trailing_day) FROM periods").scalar_one()
    run("SET VARIABLE since = CAST($1 AS TIMESTAMP)", (calendar.starts_at(first),))


def ask(connection: Connection) -> list[list[RowMapping]]:
    """All numbers, once: by statement its rows, one a period."""
    return [
        list(connection.exec_driver_sql(statement).mappings().all()) for statement in STATEMENTS
    ]
