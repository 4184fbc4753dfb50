"""Whether the two databases answer, asked anew each time and never for long.

What the program keeps of a database (open connections, cached answers) says nothing of whether it
still answers, so the warehouse is opened afresh. A server that is gone without a word leaves its
callers waiting; how long they wait here is for the caller to limit.
"""

from __future__ import annotations

from sqlalchemy import select

from data.state import User, open_state
from data.warehouse import Warehouse, warehouse_url

ANSWER_SECONDS = 3.0


def warehouse_version() -> str:
    """The data version of a warehouse that answers; raises ``ScorecardError`` for one that does
    not, or that this program cannot read."""
    fresh = Warehouse(warehouse_url(), timeout_seconds=ANSWER_SECONDS)
    try:
        _ = fresh.meta
        return fresh.data_version
    finally:
        fresh.close()


def check_state() -> None:
    """Raises ``ScorecardError`` when the state database does not answer."""
    with open_state().read() as session:
        session.execute(select(User.username).limit(1))
