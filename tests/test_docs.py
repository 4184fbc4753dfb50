"""The documents keep to the code: every key, command and link that they name exists."""

from __future__ import annotations

import ast
import re
import tomllib

import pytest
from pydantic import BaseModel

from data.config import CONVERSION_DAYS, Config
from tests.test_layers import FILES, PYTHON, ROOT

DOCUMENTS = [name for name in FILES if name.endswith(".md")]
SETTING = re.compile(r"(SCORECARD_[A-Z_]+|WAREHOUSE_URL|STATE_URL|TEST_[A-Z]+_URL|TEST_ENGINES)")
TEST_SETTINGS = ("tests/postgres.py", "tests/spark_server.py", "tests/matrix.py")
SECTION = re.compile(r"^## `\[(\w+)\]`\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _documented() -> dict[str, dict[str, str]]:
    """Section → key → default as docs/config.md writes it."""
    return {
        section: dict(ROW.findall(body))
        for section, body in SECTION.findall(_read("docs/config.md"))
    }


def _declared() -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for name, field in Config.model_fields.items():
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            sections[name] = list(model.model_fields)
        else:
            sections[name] = list(CONVERSION_DAYS)
    return sections


def test_every_key_of_the_configuration_is_documented_and_no_other():
    assert {name: list(keys) for name, keys in _documented().items()} == _declared()


def test_the_documented_defaults_are_the_defaults():
    lines = []
    for section, keys in _documented().items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {text.strip('`')}" for key, text in keys.items() if text != "none"]
    assert Config.model_validate(tomllib.loads("\n".join(lines))) == Config()


def test_every_setting_that_the_program_reads_is_documented():
    named = {
        node.value
        for name in PYTHON
        if not name.startswith("tests/") or name in TEST_SETTINGS
        for node in ast.walk(ast.parse(_read(name)))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SETTING.fullmatch(node.value)
    }
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", _read("docs/config.md"), re.MULTILINE))
    assert {"WAREHOUSE_URL", "SCORECARD_CONFIG"} <= named
    assert named <= documented


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_file_leads_somewhere(name: str):
    text = re.sub(r"<!--.*?-->", "", _read(name), flags=re.DOTALL)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text)]
    files = [link for link in links if link and not re.match(r"[a-z]+:", link)]
    assert [link for link in files if not ((ROOT / name).parent / link).exists()] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name: str):
    targets = set(re.findall(r"^([a-z-]+):", _read("Makefile"), re.MULTILINE))
    assert {"run", "test"} <= targets
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", _read(name), re.MULTILINE)) <= targets


def test_make_help_names_every_target():
    makefile = _read("Makefile")
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)", makefile, re.MULTILINE)) - {"help"}
    assert targets == set(re.findall(r'@echo "make ([a-z-]+) ', makefile))


def test_what_a_project_is_expected_to_have_is_whole():
    assert "Apache License" in _read("LICENSE")
    assert "END OF TERMS AND CONDITIONS" in _read("LICENSE")
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
