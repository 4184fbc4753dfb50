"""Wall-clock times of a zone as moments in UTC, many at once.

A time that the clocks show twice is the first of the two; one that they skip is as far after the
change as it was written after it began (PEP 495, fold 0: what ``zoneinfo`` does). Offsets come
from ``zoneinfo``, the program's one source of time zones.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

HOUR_US = 3_600_000_000
EPOCH = datetime(1970, 1, 1)
_FIRST = (datetime(1, 1, 2) - EPOCH) // timedelta(microseconds=1)
_LAST = (datetime(9999, 12, 30) - EPOCH) // timedelta(microseconds=1)


def local_to_utc(times: pa.Array, zone: ZoneInfo) -> pa.Array:
    """``timestamp("us")`` wall-clock times of ``zone`` as ``timestamp("us")`` in UTC.

    NULL stays NULL. Times on the first or last day that Python knows stay as they are.
    """
    empty = np.asarray(times.is_null())
    local = np.asarray(times.fill_null(EPOCH).cast(pa.int64()))
    hours, place = np.unique(local // HOUR_US, return_inverse=True)
    at_start = np.array([_offset(int(hour) * HOUR_US, zone) for hour in hours], dtype=np.int64)
    at_end = np.array([_offset((int(hour) + 1) * HOUR_US - 1, zone) for hour in hours], np.int64)
    offsets = at_start[place]
    # Within almost every hour the offset is one; where it changes, look at each time.
    for row in np.flatnonzero((at_start != at_end)[place]):
        offsets[row] = _offset(int(local[row]), zone)
    return pa.array(local - offsets, pa.int64(), mask=empty).cast(pa.timestamp("us"))


def _offset(local_us: int, zone: ZoneInfo) -> int:
    if not _FIRST <= local_us <= _LAST:
        return 0
    offset = (EPOCH + timedelta(microseconds=local_us)).replace(tzinfo=zone).utcoffset()
    return (offset or timedelta()) // timedelta(microseconds=1)
