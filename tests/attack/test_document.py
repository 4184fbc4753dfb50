"""docs/security.md: every test that it names is there, and its counts are right."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.attack import company
from tests.attack.conftest import PATHS, VIEWS
from tests.attack.test_cookies import FORGED
from tests.attack.test_parameters import PAYLOADS
from tests.attack.test_passwords import GUESSES
from tests.attack.test_scope import ESCAPES
from tests.attack.test_signed_out import METHODS, ROUTES

TESTS = Path(__file__).resolve().parent.parent
DOCUMENT = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
SUITE = re.findall(r"^\| `(test_\w+\.py)` \| (\d+) \| (.+) \|$", DOCUMENT, re.MULTILINE)


@cache
def _tests_of(path: str) -> tuple[str, ...]:
    tree = ast.parse((TESTS / path).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return tuple(f.name for f in functions if f.name.startswith("test_"))


def test_every_test_that_is_named_exists():
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", DOCUMENT)
    assert len(named) > 30
    assert [one for one in named if one[1] not in _tests_of(one[0])] == []


def test_every_file_of_the_suite_is_listed_with_its_tests():
    found = {path.name for path in TESTS.glob("attack/test_*.py")}
    assert {name: int(count) for name, count, _ in SUITE} == {
        name: len(_tests_of(f"attack/{name}")) for name in found
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("test_signed_out.py", f"{len(ROUTES) - len(PATHS)} other routes with {len(METHODS)}"),
        ("test_signed_out.py", f"{len(VIEWS) - len(PATHS)} views of one thing"),
        ("test_cookies.py", f"{len(FORGED)} cookies"),
        ("test_parameters.py", f"{len(PAYLOADS)} payloads"),
        ("test_names_in_the_data.py", f"{len(company.HOSTILE)} hostile names"),
        ("test_scope.py", f"{len(ESCAPES)} addresses out of a scope"),
        ("test_passwords.py", f"{GUESSES} guesses"),
    ],
)
def test_the_counts_are_right(name: str, words: str):
    assert words in next(tried for found, _, tried in SUITE if found == name)
