"""An nginx for the tests: found, installed on CI, else a skip that says why."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "deploy" / "nginx" / "shared-scorecard.conf"
INSTALL_SECONDS = 60
START_SECONDS = 10
# The parts of nginx's own configuration that a site takes for granted.
WHOLE = """\
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    types {{ text/html html; }}
    log_format tried '$http_user_agent|$status|$upstream_addr|$request_method $uri';
    access_log {folder}/access.log tried;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """The site as it runs: ``https_url`` by a name that every browser takes for this machine."""

    name: str
    https_port: int
    http_port: int
    folder: Path

    @property
    def https_url(self) -> str:
        return f"https://{self.name}:{self.https_port}"

    def served(self, agent: str) -> list[tuple[str, int]]:
        """``(method and path, port)`` of each answered request of a user agent, in their order;
        a WebSocket's when it has ended."""
        found = []
        for line in (self.folder / "access.log").read_text(encoding="utf-8").splitlines():
            name, _, tried, asked = line.split("|", 3)
            if name == agent and ":" in tried:
                found.append((asked, int(tried.rpartition(":")[2])))
        return found


def executable() -> str:
    """The path of nginx. Skips the test, with the reason, where there is none."""
    found = _found()
    if found is None and os.environ.get("CI") and os.geteuid() == 0 and shutil.which("apt-get"):
        with suppress(subprocess.TimeoutExpired):  # a slow mirror is no defect of the site
            for command in (
                ["apt-get", "update", "-qq"],
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "nginx-light"],
            ):
                subprocess.run(command, capture_output=True, timeout=INSTALL_SECONDS, check=False)
        found = _found()
    if found is None or shutil.which("openssl") is None:
        pytest.skip(
            reason="nginx and openssl are needed to run deploy/nginx/shared-scorecard.conf in "
            "front of the app (Debian: apt install nginx-light openssl)"
        )
    return found


def _found() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A self-signed certificate for ``name`` and its key, made now, good for a day."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-out", str(cert), "-keyout", str(key)],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def site_for(proxy: Proxy, app_ports: tuple[int, int], cert: Path, key: Path) -> str:
    """The site as it is shipped, with this test's name, ports and certificate in it."""
    text = SITE.read_text(encoding="utf-8")
    for shipped, here in (
        (r"scorecard\.example\.com;", f"{proxy.name};"),
        (r"\S+/fullchain\.pem", str(cert)),
        (r"\S+/privkey\.pem", str(key)),
        (r"listen 443 ", f"listen 127.0.0.1:{proxy.https_port} "),
        (r"listen 80;", f"listen 127.0.0.1:{proxy.http_port};"),
        (r"\n +listen \[::\]:(443|80)[^\n]*", ""),  # a machine may have no IPv6
        (r"8501\b", str(app_ports[0])),
        (r"8502\b", str(app_ports[1])),
    ):
        text, times = re.subn(shipped, here, text)
        assert times, f"the site no longer has {shipped}"
    return text


@contextmanager
def running(proxy: Proxy, app_port: int, other_port: int | None = None) -> Iterator[None]:
    """nginx with the site in front of an app on ``app_port``, and of another process of it or of
    none on the other port; always stopped."""
    nginx = executable()
    cert, key = certificate(proxy.folder, proxy.name)
    site = site_for(proxy, (app_port, other_port or free_port()), cert, key)
    (proxy.folder / "site.conf").write_text(site, encoding="utf-8")
    config = proxy.folder / "nginx.conf"
    config.write_text(WHOLE.format(folder=proxy.folder), encoding="utf-8")
    command = [nginx, "-c", str(config), "-p", str(proxy.folder), "-e", str(proxy.folder / "e.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(proxy.https_port)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("nginx did not start")
