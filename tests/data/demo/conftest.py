"""One demo company for all tests here, and its tables as plain pandas frames."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pyarrow as pa
import pytest

from data.demo.build import build_demo
from data.demo.stories import LEADS, Stories

THROUGH = date(2026, 11, 20)


@pytest.fixture(scope="session")
def demo() -> dict[str, pa.Table]:
    return build_demo(through=THROUGH)


@pytest.fixture(scope="session")
def frames(demo: dict[str, pa.Table]) -> dict[str, pd.DataFrame]:
    return {name: table.to_pandas() for name, table in demo.items()}


@pytest.fixture(scope="session")
def stories() -> Stories:
    return Stories(THROUGH, LEADS)


@pytest.fixture(scope="session")
def funnel(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """One row a lead: its first entry into each stage, and its own columns."""
    stages = frames["lead_stages"]
    first = stages.pivot_table(index="lead_id", columns="stage", values="entered_at", aggfunc="min")
    return first.join(frames["leads"].set_index("lead_id"))
