"""The admin page's parts by hand: days of the log, escaped cells, who clicked last."""

from __future__ import annotations

from datetime import date, datetime
from types import SimpleNamespace

import pytest

from data.audit_search import AuditFilter
from pages.view import presence
from pages.view.admin_audit import audit_filter
from pages.view.admin_html import facts, heading, table
from tests.pages.test_state import BOUNDS

REQUEST: object = SimpleNamespace(bounds=BOUNDS)  # of a company in New York


def test_the_days_of_the_log_are_the_company_s_and_both_inclusive():
    # The day on which the clocks go back has 25 hours: 04:00 UTC to 05:00 UTC.
    day = date(2026, 11, 1)
    found = audit_filter(["export"], "ada", day, day, REQUEST)  # type: ignore[arg-type]
    assert found == AuditFilter(
        ("export",), "ada", datetime(2026, 11, 1, 4), datetime(2026, 11, 2, 5)
    )
    assert audit_filter([], None, None, None, REQUEST) == AuditFilter()  # type: ignore[arg-type]


def test_what_comes_from_data_is_escaped_and_what_is_not_known_can_be_left_out():
    made = table("x", ['<i>"Name', "#Rows"], [["<b>bold</b>", "–"]])
    assert '&lt;i&gt;&quot;Name"><b>bold</b></td>' in made
    assert '<td class="num none" data-label="Rows">–</td>' in made
    assert "&lt;script&gt;" in heading("<script>") + facts([("a", "b")])
    assert "<script>" not in facts([("<script>", "<script>")])


def test_the_last_click_of_each_and_no_more_than_fit(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(presence, "_clicks", {})
    monkeypatch.setattr(presence, "MOST", 2)
    for name in ("ada", "bob", "ada", "eve"):
        presence.note(name)
    assert list(presence.last_clicks()) == ["ada", "eve"]
    assert presence.last_clicks()["ada"] <= presence.now()
