"""docs/sources.md and docs/warehouse.md keep to the code."""

from __future__ import annotations

import re
import tomllib

import pytest
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Double, Integer, Numeric, Text

from data.build.fill import SYSTEMS
from data.config import PROJECT_DIR
from data.config_sources import PRODUCTS, Sources
from data.tables import CONTRACT, ENUMS

ROW = re.compile(r"^\| `(\w+)` \| `(.+?)` \| .+ \|$", re.MULTILINE)
TABLE_ROW = re.compile(r"^\| `(\w+)`( \(needed\))? \| (.+) \|$", re.MULTILINE)
COLUMN = re.compile(r"^\| (\*\*)?`(\w+)`(?:\*\*)?( !)? \| ([\w(), ]+) \| (.*) \|$", re.MULTILINE)
# BigInteger is an Integer and Double a Numeric to SQLAlchemy.
TYPES = (
    (Text, "text"), (DateTime, "timestamp"), (Date, "date"), (Boolean, "boolean"),
    (BigInteger, "bigint"), (Integer, "integer"), (Double, "double"), (Numeric, "numeric(18,2)"),
)  # fmt: skip


def section(name: str, heading: str) -> str:
    """The text under a heading, up to the next one."""
    text = (PROJECT_DIR / "docs" / name).read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n{heading}\n")
    assert rest, f"{name} has no heading {heading}"
    return rest.split("\n#", 1)[0]


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_setting_of_a_system_is_documented_with_its_default(product: str) -> None:
    rows = dict(ROW.findall(section("sources.md", f"### `[sources.{product}]`")))
    settings = getattr(Sources(), product)
    assert list(rows) == list(type(settings).model_fields)
    written = tomllib.loads("\n".join(f"{key} = {text}" for key, text in rows.items()))
    assert type(settings).model_validate(written) == settings


@pytest.mark.parametrize(
    ("product", "heading"),
    [("salesforce", "### Salesforce"), ("hubspot", "### HubSpot"), ("marketo", "### Marketo")],
)
def test_every_raw_table_is_documented(product: str, heading: str) -> None:
    rows = TABLE_ROW.findall(section("sources.md", heading))
    specs = SYSTEMS[product].tables(getattr(Sources(), product))
    assert rows == [(s.name, " (needed)" if s.needed else "", s.gives) for s in specs]


@pytest.mark.parametrize("name", CONTRACT)
def test_every_column_of_the_warehouse_is_documented(name: str) -> None:
    rows = COLUMN.findall(section("warehouse.md", f"## {name}"))
    told = [(column, bool(key), bool(required), kind) for key, column, required, kind, _ in rows]
    assert told == [
        (c.name, c.primary_key, not c.nullable, next(n for t, n in TYPES if isinstance(c.type, t)))
        for c in CONTRACT[name].columns
    ]
    for _, column, _, _, about in rows:
        values = ENUMS.get((name, column), ())
        assert about.startswith(", ".join(f"`{value}`" for value in values))
