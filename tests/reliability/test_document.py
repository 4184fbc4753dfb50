"""docs/reliability.md: every test that it names is there, and its counts are right."""

from __future__ import annotations

import re

from tests.attack.test_document import TESTS, _tests_of
from tests.reliability.test_many_at_once import CLICKS, LOADS, LOOKING, SESSIONS
from tests.reliability.test_warehouse_fails import GONE_SECONDS

DOCUMENT = (TESTS.parent / "docs" / "reliability.md").read_text(encoding="utf-8")
SUITE = re.findall(r"^\| `(test_\w+\.py)` \| (\d+) \| (.+) \|$", DOCUMENT, re.MULTILINE)


def test_every_test_that_is_named_exists():
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", DOCUMENT)
    assert len(named) > 20
    assert [one for one in named if one[1] not in _tests_of(one[0])] == []


def test_every_file_of_the_suite_is_listed_with_its_tests_and_counts():
    found = {path.name for path in TESTS.glob("reliability/test_*.py")}
    assert {name: int(count) for name, count, _ in SUITE} == {
        name: len(_tests_of(f"reliability/{name}")) for name in found
    }
    tried = next(words for name, _, words in SUITE if name == "test_many_at_once.py")
    assert f"{CLICKS} clicks a tenth of a second apart" in tried
    assert f"{LOADS} loads while {LOOKING} look" in tried
    assert f"{SESSIONS} sessions" in tried
    tried = next(words for name, _, words in SUITE if name == "test_warehouse_fails.py")
    assert f"gone for {GONE_SECONDS} s" in tried
