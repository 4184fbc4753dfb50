"""``python -m data demo``: build the demo company and the accounts to look at it with."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, date, datetime

from data.attempts import trying
from data.cli.progress import Progress
from data.config import load_config
from data.demo.build import EARLIEST, FEWEST_LEADS, LEADS, simulate, yesterday
from data.demo.load import load_demo
from data.demo_accounts import ensure_demo_accounts
from data.dialects import dialect_of
from data.load import load_tables
from data.warehouse import warehouse_url

HELP = "replace the whole warehouse by the demo company, a made-up one that is the same each time"
MOST_LEADS = 2_000_000
SEED = 42
# Inventing the company takes about this share of the time, landing and building the rest.
BUILT = 0.15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--leads", type=_leads, default=LEADS, help="how many leads (default: %(default)s)"
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=SEED,
        help="another seed, another company (default: %(default)s)",
    )
    parser.add_argument(
        "--through", type=_day, metavar="DATE", help="its last day (default: yesterday)"
    )


def run(options: argparse.Namespace) -> int:
    started = time.monotonic()
    url = warehouse_url()
    config = load_config(demo=True)
    through = options.through or yesterday()
    progress = Progress()
    with trying("demo", url) as told:
        world = simulate(
            leads=options.leads,
            seed=options.seed,
            through=through,
            progress=progress.part(0, BUILT),
        )
        rest = progress.part(BUILT, 1)
        if dialect_of(url).has_catalog:
            built = load_demo(url, world, seed=options.seed, config=config, progress=rest)
            told.built(built)
            rows = built.rows
        else:  # it cannot be built there from raw tables; what a build would find is loaded
            loaded = load_tables(
                url, world.truth(), company="demo", config=config, source="demo", progress=rest
            )
            told.loaded(loaded)
            rows = loaded.rows
    print(
        f"The demo company stands in {url.render_as_string(hide_password=True)}: "
        f"{sum(rows.values()):,} rows, {rows.get('leads', 0):,} leads, "
        f"through {through}, in {time.monotonic() - started:.1f} s."
    )
    _print_accounts(ensure_demo_accounts())
    return 0


def _print_accounts(created: list[tuple[str, str, str]]) -> None:
    if not created:
        print("Its accounts are there already ('python -m data users list').")
        return
    print("\nAccounts to sign in with. The passwords are shown this once:")
    for username, password, role in created:
        print(f"  {username:<12} {password:<24} {role}")
    print("Give one a new password with 'python -m data users password NAME'.")


def _leads(text: str) -> int:
    count = _whole(text)
    if not FEWEST_LEADS <= count <= MOST_LEADS:
        raise argparse.ArgumentTypeError(
            f"{text} is not between {FEWEST_LEADS:,} and {MOST_LEADS:,} leads"
        )
    return count


def _seed(text: str) -> int:
    seed = _whole(text)
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError(f"{text} is not a seed: a whole number, 0 or more")
    return seed


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2026-01-31") from None
    if not EARLIEST <= day <= datetime.now(UTC).date():
        raise argparse.ArgumentTypeError(f"{text} is not between {EARLIEST} and today")
    return day
