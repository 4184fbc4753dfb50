"""The mappings in ``docs/examples``, loaded by the command as a person would.

Olist's own data are not part of the project. Where they are at hand (``OLIST_DIR``, else
``../shared/real/olist`` beside the project) they are loaded and counted; besides, the mapping
always runs on made-up rows of the same shape.
"""

from __future__ import annotations

import csv
import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import extract, func, select

from data.__main__ import main
from data.config import read_config
from data.dialects.functions import local_time
from data.tables import lead_stages, leads, opportunities
from tests.data.loading import reading, rows_of

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLES = PROJECT / "docs" / "examples"
OLIST = Path(os.environ.get("OLIST_DIR", PROJECT.parent / "shared" / "real" / "olist"))
MQL_FILE = "olist_marketing_qualified_leads_dataset.csv"
DEAL_FILE = "olist_closed_deals_dataset.csv"
OLIST_CONFIG = (EXAMPLES / "olist_scorecard.toml").read_text(encoding="utf-8")

Company = Callable[..., None]


def load_example(url: str, company: Company, folder: Path, mapping: str, config: str = "") -> None:
    company(url, config)
    assert main(["load", str(folder), "--mapping", str(EXAMPLES / mapping)]) == 0


def counts(url: str) -> dict[str, object]:
    """What is known of an Olist load: MQLs a month (local), channels, customers, deals."""
    entered = local_time(lead_stages.c.entered_at, "America/Sao_Paulo")
    month = (extract("year", entered), extract("month", entered))
    mqls = select(*month, func.count()).where(lead_stages.c.stage == "mql").group_by(*month)
    stages = select(lead_stages.c.stage, func.count(lead_stages.c.lead_id.distinct()))
    with reading(url) as connection:
        months = sorted(tuple(map(int, row)) for row in connection.execute(mqls))
        channels = select(leads.c.channel, func.count()).group_by(leads.c.channel)
        return {
            "months": [number for *_, number in months],
            "first": months[0][:2],
            "channels": dict(map(tuple, connection.execute(channels))),
            "stages": dict(map(tuple, connection.execute(stages.group_by(lead_stages.c.stage)))),
            "amounts": connection.execute(select(func.count(opportunities.c.amount))).scalar(),
            "deals": connection.execute(
                select(func.count(), func.count(opportunities.c.channel))
            ).one()[0],
        }


def test_olist(engine_url: str, company: Company) -> None:
    if not (OLIST / MQL_FILE).exists():
        pytest.skip(reason="Olist's data set is not at hand: name its folder in OLIST_DIR.")
    load_example(engine_url, company, OLIST, "olist.toml", OLIST_CONFIG)
    found = counts(engine_url)
    assert found["months"] == [4, 239, 386, 312, 416, 445, 200, 1141, 1028, 1174, 1352, 1303]
    assert found["first"] == (2017, 6)
    assert found["stages"] == {"mql": 8000, "customer": 842}
    channels = found["channels"]
    assert isinstance(channels, dict)
    assert (channels[None], channels["unknown"]) == (60, 1099)
    assert (found["deals"], found["amounts"]) == (842, 0)


def made_up_olist(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    draw = random.Random(1)
    channels = ["organic_search", "paid_search", "unknown", ""]
    mqls = [
        {
            "mql_id": f"{number:032x}",
            "first_contact_date": str(datetime(2017, 6, 14).date() + timedelta(days=number % 351)),
            "landing_page_id": f"{number % 5:032x}",
            "origin": draw.choice(channels),
        }
        for number in range(500)
    ]
    deals = [
        {
            "mql_id": mql["mql_id"],
            "seller_id": f"s{number}",
            "sdr_id": f"d{number % 3}",
            "sr_id": f"r{number % 2}",
            # Late in the evening: another day, and at times another month, in UTC.
            "won_date": f"{mql['first_contact_date']} 22:30:00",
            "business_segment": draw.choice(["pet", ""]),
            "declared_monthly_revenue": "50000000.0",
        }
        for number, mql in enumerate(mqls[::9])
    ]
    for name, rows in ((MQL_FILE, mqls), (DEAL_FILE, deals)):
        with (folder / name).open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return mqls, deals


def test_olists_mapping_on_made_up_rows(engine_url: str, company: Company, tmp_path: Path) -> None:
    mqls, deals = made_up_olist(tmp_path)
    load_example(engine_url, company, tmp_path, "olist.toml", OLIST_CONFIG)
    found = counts(engine_url)
    months = Counter(mql["first_contact_date"][:7] for mql in mqls)
    assert found["months"] == [months[month] for month in sorted(months)]
    assert found["channels"] == dict(Counter(mql["origin"] or None for mql in mqls))
    assert found["stages"] == {"mql": len(mqls), "customer": len(deals)}
    assert (found["deals"], found["amounts"]) == (len(deals), 0)
    by_id = {mql["mql_id"]: mql for mql in mqls}
    with reading(engine_url) as connection:
        rows = connection.execute(select(opportunities)).mappings().all()
    for row in rows:
        assert row["channel"] == (by_id[row["lead_id"]]["origin"] or None)
        assert row["closed_at"].hour in (0, 1)  # 22:30 in São Paulo, in summer and in winter time
        assert row["status"] == "won"


def test_olists_configuration() -> None:
    company = read_config(EXAMPLES / "olist_scorecard.toml").company
    assert (company.timezone, company.currency) == ("America/Sao_Paulo", "BRL")


def test_the_minimal_example(engine_url: str, company: Company) -> None:
    folder = EXAMPLES / "minimal"
    load_example(engine_url, company, folder, "minimal/mapping.toml")
    with reading(engine_url) as connection:
        deals = connection.execute(
            select(
                opportunities.c.opportunity_id,
                opportunities.c.status,
                opportunities.c.amount,
                opportunities.c.closed_at,
                opportunities.c.region,
            ).order_by(opportunities.c.opportunity_id)
        ).all()
    assert [tuple(deal) for deal in deals] == [
        ("D-1", "won", Decimal("12500.00"), datetime(2026, 2, 27), "Germany"),
        ("D-2", "lost", Decimal("8000.00"), datetime(2026, 3, 10), "Spain"),
        ("D-3", "open", Decimal("19900.50"), None, "France"),
    ]
    stages = Counter(row[1] for row in rows_of(engine_url, lead_stages))
    assert stages == {"mql": 5, "sql": 3}
    channels = Counter(row[5] for row in rows_of(engine_url, leads))
    assert channels == {"paid_search": 2, "webinar": 2, "referral": 1, None: 1}
