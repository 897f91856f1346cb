"""Whether the write-ahead log is gone that a killed program had left: a mark lies beside a replica while it is open.

The log is there as long as the mark is, since the mark comes after it and goes before it. Who copies a profile without
its log, or deletes it, has lost the newest saves. Must not know what lies in a replica.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from fieldrep.paths import FILE_MODE


def note_open(replica: Path) -> None:
    """Marks a replica whose log is there; a disk that refuses is no reason not to work."""
    if _log(replica).exists():
        flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        with suppress(OSError), os.fdopen(os.open(_name(replica), flags, FILE_MODE), "wb") as mark:
            mark.write(b"open")


def note_closing(replica: Path) -> None:
    """The log may go from now on, for what is in it is being written back.

    Where somebody reads the mark, so that it cannot be deleted, it is emptied, which says the same.
    """
    mark = _name(replica)
    try:
        mark.unlink(missing_ok=True)
    except OSError:
        with suppress(OSError):
            os.truncate(mark, 0)


def log_is_missing(replica: Path) -> bool:
    """Whether a program had the replica open when it ended, and its log is not there."""
    mark = _name(replica)
    return mark.exists() and mark.stat().st_size > 0 and replica.exists() and not _log(replica).exists()


def _log(replica: Path) -> Path:
    return replica.with_name(f"{replica.name}-wal")


def _name(replica: Path) -> Path:
    return replica.with_name(f"{replica.name}.open")
