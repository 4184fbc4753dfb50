"""``python -m data demo``: what it builds, prints and refuses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from data.__main__ import main
from data.tables import CONTRACT
from data.warehouse import open_warehouse


def test_it_fills_every_table_and_prints_each_password_once(
    duckdb_url: str, company: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    company(duckdb_url)
    assert main(["demo", "--leads", "400", "--seed", "7", "--through", "2026-06-30"]) == 0
    out, err = capsys.readouterr()
    assert "400 leads, through 2026-06-30, in " in out
    assert "shown this once" in out
    assert "editor_marketing" in out
    assert "100%" in err
    warehouse = open_warehouse()
    assert warehouse.is_demo
    assert warehouse.empty_tables(tuple(CONTRACT)) == ()
    version = warehouse.data_version
    assert main(["demo", "--leads", "400", "--seed", "8", "--through", "2026-06-30"]) == 0
    out, _ = capsys.readouterr()
    assert "shown this once" not in out
    assert "users list" in out
    assert open_warehouse().data_version != version


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--leads", "99"], "is not between"),
        (["--leads", "2000001"], "is not between"),
        (["--leads", "many"], "'many' is not a whole number"),
        (["--seed", "-1"], "is not a seed"),
        (["--through", "tomorrow"], "is not a date"),
        (["--through", "0001-01-01"], "is not between"),
        (["--through", str((datetime.now(UTC) + timedelta(days=2)).date())], "is not between"),
    ],
)
def test_impossible_options_are_refused(
    options: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["demo", *options])
    assert caught.value.code == 2
    assert reason in capsys.readouterr().err
