"""``python -m data derive``: compute business time and response clocks anew."""

from __future__ import annotations

import argparse
import sys

from data.attempts import trying
from data.derive import config_in_force, derive
from data.swap import copying
from data.warehouse import warehouse_url

HELP = (
    "compute response clocks anew, after business hours or response targets have changed or "
    "other means have filled the warehouse"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none: the warehouse and the configuration say all."""


def run(options: argparse.Namespace) -> int:
    url = warehouse_url()
    with trying("derive", url), copying(url) as connection:
        derive(connection, config_in_force(connection), progress=_tell)
    print(f"Derived tables are up to date in {url.render_as_string(hide_password=True)}.")
    return 0


def _tell(step: str, share: float) -> None:
    print(f"{share:4.0%}  {step}", file=sys.stderr)
