"""``python -m metrics``: list the KPIs and ask for their values."""

from __future__ import annotations

import argparse
import importlib
import sys

from data.errors import ScorecardError, unknown

COMMANDS = ("list", "query", "records")


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when not, 2 for a wrong call."""
    arguments = sys.argv[1:] if argv is None else argv
    named = next((a for a in arguments if not a.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="python -m metrics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if named is not None and named not in COMMANDS:
        parser.error(unknown("command", named, COMMANDS))
    for name in COMMANDS:
        module = importlib.import_module(f"metrics.cli.{name}")
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=module.HELP))
    options = parser.parse_args(arguments)
    try:
        return importlib.import_module(f"metrics.cli.{options.command}").run(options)
    except ScorecardError as error:
        print(f"metrics {options.command}: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of a pipe has seen enough (``| head``).
        sys.stderr.close()
        return 0


if __name__ == "__main__":
    sys.exit(main())
