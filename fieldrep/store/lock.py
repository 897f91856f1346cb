"""One program at a time: an operating-system lock on a file, which dies with the process that holds it (F6).

Must not know what the lock protects.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from fieldrep.paths import FILE_MODE

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _try(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """Held from the moment it is made until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Takes the lock.

        Raises:
            KnownError: `already_open`, when another program holds it, `disk_error` when the file cannot be made.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            self._descriptor = os.open(path, flags, FILE_MODE)
        except OSError as error:
            raise KnownError(
                Code.DISK_ERROR, f"The lock file {path} cannot be opened ({error.strerror})."
            ) from error
        try:
            _try(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise KnownError(
                Code.ALREADY_OPEN,
                "FieldRep is already open on this profile. Use that window, or close it and try again.",
            ) from error

    def release(self) -> None:
        """Gives the lock back; the file stays, since deleting it would let two programs in."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
