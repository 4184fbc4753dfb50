"""An executor dies in the middle of a query: the answer is right, or a clear error."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest
from sqlalchemy import text

from data.errors import WarehouseError
from data.warehouse import Warehouse
from tests.build import at, warehouse_of
from tests.spark_server import executors

# Some seconds of work in many small parts, so that both executors are busy and one's parts can be
# done by the other: the sum of x mod 7 over the pairs.
ROWS, PAIRED = 200_000, 150
BUSY = text(
    "SELECT sum((a.id + b.id) % 7) AS n FROM range(0, 200000, 1, 40) a "
    "CROSS JOIN range(0, 150, 1, 1) b"
)


def answer() -> int:
    """The same, worked out from how often each remainder occurs."""
    counts = [sum(1 for x in range(ROWS) if x % 7 == r) for r in range(7)]
    paired = [sum(1 for x in range(PAIRED) if x % 7 == r) for r in range(7)]
    return sum(counts[i] * paired[j] * ((i + j) % 7) for i in range(7) for j in range(7))


def test_a_killed_executor_costs_time_and_no_truth(spark_url, company):
    known = warehouse_of(
        company, spark_url, {"leads": [{"lead_id": "l", "created_at": at("2026-03-02")}]}
    )
    warehouse = Warehouse(known.url, timeout_seconds=600)
    before = executors()
    if len(before) != 2:
        pytest.skip(reason="the executors of a server of someone else's are not for killing")
    found: list[object] = []

    def ask() -> None:
        try:
            found.append(warehouse.rows(BUSY)[0]["n"])
        except WarehouseError as error:
            found.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    time.sleep(1.5)
    assert asking.is_alive(), "the query has ended before anything was killed"
    os.kill(before[0], signal.SIGKILL)
    asking.join()
    assert before[0] not in executors()
    if isinstance(found[0], WarehouseError):
        assert "could not finish the statement" in str(found[0])
        assert "Ask again" in str(found[0])
    else:
        assert found == [answer()]
    # The next one is answered, by a cluster that is whole again.
    assert warehouse.rows(BUSY)[0]["n"] == answer()
    until = time.monotonic() + 60
    while len(executors()) != 2 and time.monotonic() < until:
        time.sleep(0.2)
    assert len(executors()) == 2
    warehouse.close()
