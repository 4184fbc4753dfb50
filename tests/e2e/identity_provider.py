"""A real OpenID Connect provider on this machine: ``oidc-provider-mock``, in its own process."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30


@dataclass(frozen=True)
class IdentityProvider:
    """A running provider. Its people sign in with their subject alone, and no password."""

    port: int

    @property
    def metadata_url(self) -> str:
        # Not the host that the tests reach the app by: to a browser the two are different sites.
        return f"http://localhost:{self.port}/.well-known/openid-configuration"

    def know(self, subject: str, name: str, groups: list[str], **claims: str) -> None:
        """Make somebody known, or change what is said of them."""
        said = {"name": name, "email": f"{subject}@example.com", "groups": groups, **claims}
        status = self.ask("PUT", f"/users/{subject}", json.dumps(said))
        assert status == 204

    def ask(self, method: str, path: str, body: str | None = None) -> int:
        """The status of an answer; 0 for none."""
        headers = {"content-type": "application/json"}
        with closing(http.client.HTTPConnection("localhost", self.port, timeout=5)) as connection:
            try:
                connection.request(method, path, body, headers)
                return connection.getresponse().status
            except OSError:
                return 0


@contextmanager
def running_provider(folder: Path) -> Iterator[IdentityProvider]:
    """Start a provider, wait until it answers; always stopped. ``folder`` takes its log."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        provider = IdentityProvider(probe.getsockname()[1])
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(provider.port)]
    with (folder / "provider.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        deadline = time.monotonic() + START_SECONDS
        while provider.ask("GET", "/.well-known/openid-configuration") != 200:
            assert process.poll() is None, (folder / "provider.log").read_text()
            assert time.monotonic() < deadline, "the identity provider does not start"
            time.sleep(0.1)
        yield provider
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(10)
