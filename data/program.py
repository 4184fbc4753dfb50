"""What the two command-line programs have in common: commands, one module each, and errors."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from data.errors import ScorecardError, unknown

INTERRUPTED = 130


@dataclass(frozen=True)
class Program:
    """``python -m <name> COMMAND …``: each command is the module of that name in ``<name>.cli``.

    A command module has ``HELP``, ``add_arguments(parser)`` and ``run(options) -> exit code``.
    """

    name: str
    about: str | None
    commands: tuple[str, ...]
    when_interrupted: str = "interrupted"

    def run(self, arguments: Sequence[str]) -> int:
        """Run one command; 0 when it did what was asked, 1 when not, 2 for a wrong call."""
        options = self._parse(list(arguments))
        try:
            code = int(self._module(options.command).run(options))
            # Here and not when the interpreter ends, which would tell of a closed pipe.
            sys.stdout.flush()
            return code
        except ScorecardError as error:
            print(f"{self.name} {options.command}: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(f"{self.name} {options.command}: {self.when_interrupted}.", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            # The reader of a pipe has seen enough (``| head``).
            sys.stderr.close()
            return 0

    def _parse(self, arguments: list[str]) -> argparse.Namespace:
        parser = argparse.ArgumentParser(prog=f"python -m {self.name}", description=self.about)
        commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
        named = next((a for a in arguments if not a.startswith("-")), None)
        if named is not None and named not in self.commands:
            parser.error(unknown("command", named, self.commands))
        # Only the command that was asked for is imported; with none named, help lists all.
        for name in self.commands if named is None else (named,):
            module = self._module(name)
            module.add_arguments(
                commands.add_parser(name, help=module.HELP, description=module.HELP)
            )
        return parser.parse_args(arguments)

    def _module(self, command: str):
        return importlib.import_module(f"{self.name}.cli.{command}")
