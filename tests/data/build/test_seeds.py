"""The test seeds of Fivetran's dbt packages: true columns and types, rows mostly unlinked.

They are not part of the project: they lie in ``../shared/real`` beside it, or where
``FIVETRAN_SEEDS_DIR`` says, in the folders ``salesforce``, ``hubspot`` and ``marketo``.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from data.build.run import build
from data.config import PROJECT_DIR, Config
from tests.data.build.landing import land, seed_tables

FOLDER = Path(os.environ.get("FIVETRAN_SEEDS_DIR", PROJECT_DIR.parent / "shared" / "real"))
PREFIXES = {"salesforce": "sf_", "hubspot": "", "marketo": "marketo_"}

pytestmark = pytest.mark.skipif(
    not all((FOLDER / name).is_dir() for name in PREFIXES),
    reason="Fivetran's seeds are not at hand: no folders salesforce, hubspot and marketo there",
)


@pytest.mark.parametrize(
    "engine_url", ["duckdb", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_the_seeds_build_without_loss(engine_url: str) -> None:
    landed = {name: seed_tables(FOLDER / name, prefix) for name, prefix in PREFIXES.items()}
    for name, tables in landed.items():
        land(engine_url, f"raw_{name}", tables)
    report = build(
        make_url(engine_url),
        {name: f"raw_{name}" for name in PREFIXES},
        config=Config(),
        now=datetime(2026, 4, 1),
    )
    told = {(s.product, t.name): t for s in report.sources for t in s.tables}
    not_read = {(s.product, name) for s in report.sources for name in s.not_read}
    for product, tables in landed.items():
        for name, rows in tables.items():
            if (product, name) in not_read:
                continue
            table = told[product, name]
            assert (table.rows, table.used + sum(table.aside.values())) == (len(rows),) * 2
    # One lead and four contacts of Salesforce, 22 contacts of HubSpot and 100 leads of Marketo.
    assert report.rows["leads"] == 127
    assert told["salesforce", "opportunity"].aside == {
        "deleted in Salesforce": 8, "an older version of the row": 2,
    }  # fmt: skip
    assert [source.tool for source in report.sources][:2] == ["Fivetran", "Fivetran"]
