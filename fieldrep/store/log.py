"""The write-ahead log's usual length: made in idle time, so that a save writes over it.

Where a file grows, each sync of it must note the new length as well, which doubles what a save waits for the disk. The
zeros are no frames: SQLite, and whoever reads the log after a crash, take the first of them for its end. Must not know
what is written into the log.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

LOG_BYTES = 24 * 1024 * 1024
"""Room for about 600 saves, a long day without a sync; a log that has grown longer stays so until the program ends."""

_PORTION = bytes(1024 * 1024)

PLENTY = 64 * LOG_BYTES
"""A disk with less room is not given to the log."""


def lengthen(path: Path) -> None:
    """Gives the log of an open replica its length; nobody may write meanwhile. A disk that refuses changes nothing."""
    log = path.with_name(path.name + "-wal")
    with suppress(OSError):
        descriptor = os.open(log, os.O_WRONLY | getattr(os, "O_BINARY", 0))
        try:
            length = os.fstat(descriptor).st_size
            if length < LOG_BYTES and shutil.disk_usage(log.parent).free > PLENTY:
                os.lseek(descriptor, length, os.SEEK_SET)
                for left in range(LOG_BYTES - length, 0, -len(_PORTION)):
                    os.write(descriptor, _PORTION[:left])
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
