"""``python -m data``: build, load, derive, check and describe the warehouse; manage accounts."""

from __future__ import annotations

import sys

from data.program import Program

PROGRAM = Program(
    "data",
    __doc__,
    ("demo", "load", "build", "derive", "check", "status", "users", "audit"),
    when_interrupted="interrupted; nothing was changed",
)


def main(argv: list[str] | None = None) -> int:
    return PROGRAM.run(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
