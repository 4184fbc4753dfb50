"""A group of processes that ends with this process, however that ends."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Waits for the end of its input, which is the end of whoever holds the other side; then stops the
# group, first by asking, and takes the folder away.
_WATCH = """
cat > /dev/null
kill -s TERM -- "-$1"
left=60
while kill -s 0 -- "-$1" && [ "$left" -gt 0 ]; do left=$((left - 1)); sleep 0.25; done
kill -s KILL -- "-$1"
rm -rf "$2"
"""


def ends_with_us(group: int, folder: Path) -> subprocess.Popen[bytes]:
    """A watcher that stops the process group, and removes the folder, when this process ends or
    closes the watcher's input, whichever comes first. A signal that kills this process at once is
    an end like any other: nothing has to be run here."""
    return subprocess.Popen(
        ["sh", "-c", _WATCH, "watch", str(group), str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
