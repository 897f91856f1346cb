"""The reserve: a small file of nothing, given up when the disk is full to the last byte, so that reading still works.

Opening a replica needs a few pages for the log's index. Must not know what lies in a replica.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from fieldrep.paths import FILE_MODE

RESERVE_BYTES = 256 * 1024
_LEAST_FREE = 2 * RESERVE_BYTES
"""A disk with less than this has nothing to put by."""


def put_by(replica: Path) -> None:
    """Keeps the reserve beside a replica, unless it is there or the disk is short; never an error."""
    path = _name(replica)
    with suppress(OSError):
        if path.exists() or shutil.disk_usage(replica.parent).free < _LEAST_FREE:
            return
        flags = (
            os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
            file.write(bytes(RESERVE_BYTES))


def give_up(replica: Path) -> bool:
    """Frees the reserve; False when there was none."""
    try:
        _name(replica).unlink()
    except OSError:
        return False
    return True


def lies_beside(replica: Path) -> bool:
    """Whether it is kept: only a replica that was opened whole has one."""
    return _name(replica).exists()


def _name(replica: Path) -> Path:
    return replica.with_name(f"{replica.name}.reserve")
