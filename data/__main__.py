"""``python -m data``: build, load, derive, check and describe the warehouse; manage accounts."""

from __future__ import annotations

import argparse
import importlib
import sys

from data.errors import ScorecardError, unknown

COMMANDS = ("demo", "load", "derive", "check", "status", "users")


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 when not, 2 for a wrong call."""
    arguments = sys.argv[1:] if argv is None else argv
    named = next((a for a in arguments if not a.startswith("-")), None)
    parser = argparse.ArgumentParser(prog="python -m data", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if named is not None and named not in COMMANDS:
        parser.error(unknown("command", named, COMMANDS))
    # Only the command that was asked for is imported whole; with none named, help lists all.
    for name in COMMANDS if named is None else (named,):
        module = importlib.import_module(f"data.cli.{name}")
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=module.HELP))
    options = parser.parse_args(arguments)
    try:
        return importlib.import_module(f"data.cli.{options.command}").run(options)
    except ScorecardError as error:
        print(f"data {options.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"data {options.command}: interrupted; nothing was changed.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
