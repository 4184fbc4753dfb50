"""The tree keeps the project's rules, and every rule is able to fail."""

from __future__ import annotations

import ast
import itertools
import re
import shutil
import subprocess
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests import rules

ROOT = Path(__file__).resolve().parent.parent
NOT_TEXT = {".png", ".jpg", ".parquet", ".duckdb", ".ico", ".woff2", ".ttf"}


def _files() -> list[str]:
    """Every file of the project, as paths relative to its root."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        names = listed.stdout.splitlines()
    else:  # a copy without history
        names = [
            path.relative_to(ROOT).as_posix()
            for path in ROOT.rglob("*")
            if not {".venv", ".scorecard", "__pycache__"} & set(path.relative_to(ROOT).parts)
            and ".cache" not in path.as_posix()
        ]
    return sorted(name for name in set(names) if (ROOT / name).is_file())


FILES = _files()
PYTHON = [name for name in FILES if name.endswith(".py")]
TEXT = [name for name in FILES if Path(name).suffix not in NOT_TEXT]


def _broken(rule: rules.Rule, names: list[str]) -> list[str]:
    return [
        f"{name}: {complaint}"
        for name in names
        for complaint in rule(name, (ROOT / name).read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("rule", rules.PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_every_python_file_keeps(rule: rules.Rule):
    assert len(PYTHON) > 20
    assert _broken(rule, PYTHON) == []


@pytest.mark.parametrize("rule", rules.TEXT_RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps(rule: rules.Rule):
    # The rules and their broken examples have to name what they forbid.
    names = [name for name in TEXT if name not in {"tests/rules.py", "tests/test_layers.py"}]
    assert _broken(rule, names) == []


def test_no_file_names_the_folder_that_the_project_lies_in():
    named = [name for name in TEXT if f"{ROOT}/" in (ROOT / name).read_text(encoding="utf-8")]
    assert named == []


def _declared(*lists: list[str]) -> set[str]:
    names = (re.split(r"[\[=<>~ ]", line)[0] for line in itertools.chain(*lists))
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def test_every_package_that_is_imported_is_a_declared_requirement():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = _declared(project["project"]["dependencies"])
    everything = runtime | _declared(project["dependency-groups"]["dev"])
    distributions = packages_distributions()
    undeclared = [
        f"{name}: line {line}: {module}"
        for name in PYTHON
        for line, module in rules.imports(ast.parse((ROOT / name).read_text(encoding="utf-8")))
        if (found := distributions.get(module.partition(".")[0]))
        and not _declared(found) & (runtime if rules.layer_of(name) else everything)
    ]
    assert undeclared == []


def test_every_requirement_is_locked_with_a_hash_and_names_no_index():
    for name in ("requirements.txt", "requirements-dev.txt"):
        blocks = re.split(r"\n(?=[a-z])", (ROOT / name).read_text(encoding="utf-8"))[1:]
        assert len(blocks) > 40
        assert [block for block in blocks if "--hash=sha256:" not in block] == []
        assert [line for line in blocks if re.search(r"://|--index|--find-links", line)] == []


BROKEN: list[tuple[rules.Rule, str, str]] = [
    (rules.imports_go_down, "data/load.py", "from metrics.model import Metric"),
    (rules.imports_go_down, "data/load.py", "import pages.view.cards"),
    (rules.imports_go_down, "metrics/engine.py", "def f():\n    from pages.view import state"),
    (rules.imports_go_down, "pages/view/a.py", "import importlib\nimportlib.import_module('app')"),
    (rules.packages_keep_to_their_place, "metrics/engine.py", "import streamlit as st"),
    (rules.packages_keep_to_their_place, "data/load.py", "from streamlit import cache_data"),
    (rules.packages_keep_to_their_place, "pages/view/drill.py", "from sqlalchemy import select"),
    (rules.packages_keep_to_their_place, "app.py", "import sqlalchemy"),
    (rules.packages_keep_to_their_place, "app.py", "import streamlit_authenticator"),
    (rules.packages_keep_to_their_place, "metrics/engine.py", "import duckdb"),
    (rules.packages_keep_to_their_place, "data/load.py", "from tests.matrix import ENGINES"),
    (rules.sql_is_not_put_together, "data/a.py", "text(f'SELECT 1 FROM {table}')"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute(f'delete from {table}')"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute('select * from ' + table)"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute('select ' + a + ' from t')"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute('select * from %s' % table)"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute('select {}'.format(a))"),
    (rules.sql_is_not_put_together, "data/a.py", "query = f'SELECT a FROM {table}'"),
    (rules.sql_is_not_put_together, "data/a.py", "query = f'CREATE TABLE {table} (a int)'"),
    (rules.files_are_short, "data/a.py", "a = 1\n" * (rules.MAX_LINES + 1)),
    (rules.no_file_lies_in_pages, "pages/funnel.py", ""),
    (rules.no_file_lies_in_pages, "pages/__init__.py", ""),
    (rules.names_say_something, "metrics/utils.py", ""),
    (rules.nothing_is_left_for_later, "data/a.py", "a = 1  # TODO: later"),
    (rules.nothing_is_left_for_later, "data/a.py", "raise NotImplementedError"),
    (rules.skips_give_a_reason, "tests/a.py", "import pytest\n@pytest.mark.skip\ndef f(): ..."),
    (rules.skips_give_a_reason, "tests/a.py", "import pytest\npytest.mark.skipif(True)"),
    (rules.skips_give_a_reason, "tests/a.py", "import pytest\npytest.skip('no server')"),
    (rules.downloads_are_logged, "pages/view/some.py", "st.download_button('CSV', data)"),
    (rules.no_path_of_a_machine, "README.md", "see /home/somebody/scorecard"),
    (rules.no_path_of_a_machine, "README.md", "see /Users/somebody/scorecard"),
]

SOUND: list[tuple[rules.Rule, str, str]] = [
    (rules.imports_go_down, "metrics/engine.py", "from data.warehouse import Warehouse"),
    (rules.imports_go_down, "app.py", "from pages.view import state\nimport data"),
    (
        rules.packages_keep_to_their_place,
        "pages/view/authenticator.py",
        "import streamlit_authenticator",
    ),
    (rules.packages_keep_to_their_place, "tests/a.py", "import sqlalchemy, streamlit, duckdb"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute(select(t).where(t.c.a == a))"),
    (rules.sql_is_not_put_together, "data/a.py", "text('SELECT 1')"),
    (rules.sql_is_not_put_together, "data/a.py", "c.execute(sql.SQL('{}').format(name))"),
    (rules.sql_is_not_put_together, "data/a.py", "print(f'Select a file: {name}')"),
    (rules.files_are_short, "data/a.py", "a = 1\n" * rules.MAX_LINES),
    (rules.no_file_lies_in_pages, "pages/funnel/page.py", ""),
    (rules.skips_give_a_reason, "tests/a.py", "import pytest\npytest.skip(reason='no Java')"),
    (rules.no_path_of_a_machine, "README.md", "the page /home and the folder ./home/somebody"),
]


def _named(case: object) -> str | None:
    return getattr(case, "__name__", None) or (case[:40] if isinstance(case, str) else None)


@pytest.mark.parametrize(("rule", "path", "source"), BROKEN, ids=_named)
def test_a_rule_sees_what_breaks_it(rule: rules.Rule, path: str, source: str):
    assert list(rule(path, source)), f"{rule.__name__} let {source!r} in {path} pass"


@pytest.mark.parametrize(("rule", "path", "source"), SOUND, ids=_named)
def test_a_rule_lets_sound_code_pass(rule: rules.Rule, path: str, source: str):
    assert list(rule(path, source)) == []


def test_every_rule_is_shown_to_fail():
    assert {rule for rule, _, _ in BROKEN} == {*rules.PYTHON_RULES, *rules.TEXT_RULES}
