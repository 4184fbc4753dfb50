"""Joint wins, worked by hand, and the same found by plain Python over the rows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from data.row_scope import RowScope
from data.warehouse import open_warehouse
from metrics.calendar import Cadence, Calendar
from metrics.report.format import Formats
from metrics.review.wins import joint_wins
from metrics.row_scope import scoped
from metrics.view import View
from pages.view.review_html import wins_html
from tests.build import at, warehouse_of

WON = "2026-02-10"


def touch(deal: str, team: str, when: str, **more) -> dict:
    number = f"{deal}-{team}-{when}"
    return {
        "touch_id": number, "lead_id": deal, "team": team, "channel": "email",
        "occurred_at": at(when), **more,
    }  # fmt: skip


def deal(name: str, amount: int | None, closed: str = WON, status: str = "won", **more) -> dict:
    return {
        "opportunity_id": name, "account_id": f"acc-{name}", "lead_id": name, "status": status,
        "created_at": at("2026-01-05"), "closed_at": at(closed), "amount": amount, **more,
    }  # fmt: skip


DEALS = [
    deal("small", 100),
    deal("large", 900, region="EMEA"),
    deal("unknown", None),
    deal("ours", 5000),  # sales alone
    deal("logged", 6000),  # marketing's touch got no answer
    deal("old", 7000),  # marketing's touch lies before the lookback
    deal("later", 8000),  # marketing came after the win
    deal("lost", 9000, status="lost"),
    deal("march", 9500, closed="2026-03-10"),
]
TOUCHES = [
    *(touch(d, "marketing", "2026-01-06") for d in ("small", "large", "unknown", "lost", "march")),
    touch("logged", "marketing", "2026-01-06", responded=False),
    touch("old", "marketing", "2025-02-09 23:00"),
    touch("later", "marketing", "2026-02-11"),
    *(touch(d["opportunity_id"], "sales", "2026-01-20", responded=True) for d in DEALS),
]
TABLES = {
    "accounts": [{"account_id": f"acc-{d['opportunity_id']}", "name": f"<{d['opportunity_id']}>"}
                 for d in DEALS],
    "leads": [{"lead_id": d["opportunity_id"], "created_at": at("2025-01-01")} for d in DEALS],
    "opportunities": DEALS,
    "touches": TOUCHES,
}  # fmt: skip


def by_plain_python() -> list[str]:
    """The same from the rows alone: won in February, both teams' eligible touches in 365 days."""
    found = []
    for row in DEALS:
        closed = row["closed_at"]
        if row["status"] != "won" or not at("2026-02-01") <= closed < at("2026-03-01"):
            continue
        teams = {
            t["team"]
            for t in TOUCHES
            if t["lead_id"] == row["lead_id"]
            and t.get("responded") is not False
            and closed - timedelta(days=365) <= t["occurred_at"] <= closed
        }
        if {"marketing", "sales"} <= teams:
            found.append(row)
    found.sort(key=lambda row: (row["amount"] is None, -(row["amount"] or 0)))
    return [row["opportunity_id"] for row in found]


def test_wins_of_both_teams_the_largest_first(engine_url: str, company):
    warehouse = warehouse_of(company, engine_url, TABLES)
    calendar = Calendar(warehouse.config)
    view = View(calendar.parse_period("2026-02", Cadence.MONTHLY), at("2026-04-01"))
    wins = joint_wins(warehouse, view)
    assert [win.opportunity_id for win in wins.deals] == ["large", "small", "unknown"]
    assert [win.opportunity_id for win in wins.deals] == by_plain_python()
    assert (wins.count, wins.amount) == (3, Decimal(1000))
    assert (wins.won, wins.won_amount) == (7, Decimal(27000))
    text = wins_html(wins, Formats("en_US", "USD"), warehouse.config.company.zone)
    assert "&lt;large&gt;" in text
    assert "<large>" not in text
    assert "3 of 7 won" in text
    # Who may see a part sees the wins of that part; before they were won there are none.
    part = scoped(open_warehouse(), RowScope.parse(["region=EMEA"]))
    assert [win.opportunity_id for win in joint_wins(part, view).deals] == ["large"]
    early = View(view.period, at("2026-02-01 12:00"))
    assert joint_wins(warehouse, early).count == 0


def test_without_touches_it_says_why(duckdb_url: str, company):
    warehouse = warehouse_of(company, duckdb_url, {"opportunities": DEALS})
    calendar = Calendar(warehouse.config)
    view = View(calendar.parse_period("2026-02", Cadence.MONTHLY), at("2026-04-01"))
    assert joint_wins(warehouse, view).reason == "The table touches is empty."
