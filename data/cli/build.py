"""``python -m data build --source salesforce=SCHEMA …``: raw tables → the warehouse's tables."""

from __future__ import annotations

import argparse
import sys

from data.attempts import trying
from data.build.report import as_text
from data.build.run import build
from data.cli.progress import Progress
from data.config import load_config
from data.config_sources import PRODUCTS
from data.errors import LoadError, unknown
from data.warehouse import warehouse_url

HELP = "build the warehouse from raw tables of Salesforce, HubSpot and Marketo that lie in it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--source",
        metavar="SYSTEM=SCHEMA",
        action="append",
        default=[],
        help=f"a system ({', '.join(PRODUCTS)}) and the schema of the warehouse in which its raw "
        "tables lie; once for each system",
    )


def run(options: argparse.Namespace) -> int:
    url = warehouse_url()
    config = load_config(demo=False)
    sources = _sources(options.source)
    with trying("build", url) as told:
        report = build(url, sources, config=config, progress=Progress().tell)
        told.built(report)
    print(as_text(report))
    where = url.render_as_string(hide_password=True)
    for source in report.sources:
        reached = f"{source.data_through} UTC" if source.data_through else "no event"
        print(f"{source.product}: data through {reached}")
    if report.unchanged:
        print(f"Nothing is new: {where} stays as it is.")
    else:
        print(f"Built into {where}.")
    sys.stdout.flush()
    return 0


def _sources(given: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        product, equals, schema = text.partition("=")
        if not equals or not schema:
            raise LoadError(
                f"--source {text} names no schema.", remedy="Write --source salesforce=SCHEMA."
            )
        if product not in PRODUCTS:
            raise LoadError(f"--source: {unknown('system', product, PRODUCTS)}")
        if product in found:
            raise LoadError(f"--source {product} is given twice.")
        found[product] = schema
    return found
