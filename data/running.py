"""For whom a statement runs, and whether they still wait for it.

A visitor who clicks again, or goes away, no longer waits for what they asked before: its statement
is cancelled and no further one is begun, so that somebody who plays with the filters has one
statement running and not twenty. And who has older numbers to show does not wait without end.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from data.errors import ScorecardError, WarehouseTimeout

log = logging.getLogger(__name__)
POLL_SECONDS = 0.1


class Superseded(ScorecardError):
    """Nobody waits any more for what was asked."""

    def __init__(self) -> None:
        super().__init__("Something else was asked before this was answered.")


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Asking:
    """What statements are run for. ``is_over``: nobody waits any more. ``patience_seconds``: for
    all of its statements together; None where there is nothing else to show."""

    is_over: Callable[[], bool] = _never
    patience_seconds: float | None = None
    begun: float = field(default_factory=time.monotonic)

    def trouble(self) -> ScorecardError | None:
        """Why no more is to be waited for; None while it is."""
        if self.is_over():
            return Superseded()
        patience = self.patience_seconds
        if patience is not None and time.monotonic() - self.begun > patience:
            return WarehouseTimeout(
                f"The warehouse did not answer within {patience:g} s.",
                remedy="It is asked again with the next click.",
            )
        return None


asking: ContextVar[Asking | None] = ContextVar("asking", default=None)


@dataclass(eq=False)
class _Statement:
    asking: Asking
    cancel: Callable[[], None]
    trouble: ScorecardError | None = None


class _Watch:
    """One thread of the process looks after all statements that run; it sleeps when none does."""

    def __init__(self) -> None:
        self._running: set[_Statement] = set()
        self._some = threading.Condition()
        self._is_started = False

    def add(self, statement: _Statement) -> None:
        with self._some:
            self._running.add(statement)
            if not self._is_started:
                self._is_started = True
                threading.Thread(target=self._look, name="statements", daemon=True).start()
            self._some.notify()

    def remove(self, statement: _Statement) -> None:
        with self._some:
            self._running.discard(statement)

    def _look(self) -> None:
        while True:
            with self._some:
                self._some.wait_for(lambda: self._running)
                for statement in self._running:
                    self._look_at(statement)
            time.sleep(POLL_SECONDS)

    def _look_at(self, statement: _Statement) -> None:
        if statement.trouble is not None:
            return
        statement.trouble = statement.asking.trouble()
        if statement.trouble is None:
            return
        # A line to a server that is gone may take its time: nobody else waits for that.
        threading.Thread(target=_cancel, args=(statement,), daemon=True).start()


def _cancel(statement: _Statement) -> None:
    try:
        statement.cancel()
    except Exception as error:
        log.info("a statement could not be cancelled: %s", error)


_watch = _Watch()


@contextmanager
def watched(cancel: Callable[[], None]) -> Iterator[None]:
    """Around one statement, which ``cancel`` ends from another thread.

    Raises ``Superseded`` or ``WarehouseTimeout`` when nobody waits for it any more, before it is
    begun or in its midst.
    """
    current = asking.get()
    if current is None:
        yield
        return
    trouble = current.trouble()
    if trouble is not None:
        raise trouble
    statement = _Statement(current, cancel)
    _watch.add(statement)
    try:
        yield
    except Exception as error:
        if statement.trouble is not None:
            raise statement.trouble from error
        raise
    finally:
        _watch.remove(statement)
