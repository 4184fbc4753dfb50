"""``python -m metrics``: list the KPIs, ask for values, records, credit and gaps, send a digest."""

from __future__ import annotations

import sys

from data.program import Program

PROGRAM = Program(
    "metrics",
    __doc__,
    ("list", "query", "records", "attribution", "reconcile", "digest"),
)


def main(argv: list[str] | None = None) -> int:
    return PROGRAM.run(sys.argv[1:] if argv is None else argv)


if __name__ == "__main__":
    sys.exit(main())
