"""Progress of a long command, one line a step on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable

Tell = Callable[[str, float], None]


class Progress:
    """Prints ``" 40%  writing leads"``; never goes back, never says the same thing twice."""

    def __init__(self) -> None:
        self.share = 0.0
        self.last = ""

    def part(self, start: float, end: float) -> Tell:
        """A callback whose 0–1 is ``start``–``end`` of the whole."""
        return lambda text, share: self.tell(text, start + (end - start) * share)

    def tell(self, text: str, share: float) -> None:
        self.share = max(self.share, min(share, 1.0))
        if text != self.last:
            print(f"{self.share:4.0%}  {text}", file=sys.stderr, flush=True)
            self.last = text
