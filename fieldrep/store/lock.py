"""One program at a time: an operating-system lock on a file, which dies with the process that holds it (F6).

The file says whether a window or a command line holds it, for whoever comes second. Must not know what the lock
protects.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from enum import Enum
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


LONGEST_WAITED_SECONDS = 10
"""By a command line for another one; most have ended by then, and a window is not waited for."""

_ASKED_EVERY_SECONDS = 0.05
_WORD_AT, _LONGEST_WORD = 1, 16
"""The lock lies on the first byte, which some systems then let nobody else read."""


class Holder(Enum):
    """What holds a lock, as its file says it."""

    WINDOW = b"window"
    COMMAND = b"command"


_SENTENCES = {
    Holder.WINDOW: "FieldRep is already open on this profile. Use that window, or close it and try again.",
    Holder.COMMAND: "Another fieldrep command is at work on this profile, such as a sync. Try again when it has ended.",
}
_SOMETHING = (
    "Another FieldRep, a window or a command, is at work on this profile. Try again when it has ended."
)


class FileLock:
    """Held from the moment it is made until `release` or the end of the process."""

    def __init__(self, path: Path, holder: Holder = Holder.WINDOW) -> None:
        """Takes the lock; a command line waits a little for another one to end, a window for nobody.

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
            self._take(LONGEST_WAITED_SECONDS if holder is Holder.COMMAND else 0)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._say(holder.value)

    def release(self) -> None:
        """Gives the lock back; the file stays, since deleting it would let two programs in."""
        if self._descriptor >= 0:
            self._say(b"")
            os.close(self._descriptor)
            self._descriptor = -1

    def _take(self, patience: float) -> None:
        until = time.monotonic() + patience
        while True:
            try:
                return _try(self._descriptor)
            except OSError as error:
                held_by = self._holder()
                if held_by is Holder.WINDOW or time.monotonic() >= until:
                    sentence = _SENTENCES[held_by] if held_by else _SOMETHING
                    raise KnownError(Code.ALREADY_OPEN, sentence) from error
            time.sleep(_ASKED_EVERY_SECONDS)

    def _say(self, word: bytes) -> None:
        """Notes who holds the lock. A full disk is no reason not to work, so a word may be missing."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, _WORD_AT, os.SEEK_SET)
            os.write(self._descriptor, word)

    def _holder(self) -> Holder | None:
        """Who holds the lock; None where the file does not say."""
        try:
            os.lseek(self._descriptor, _WORD_AT, os.SEEK_SET)
            return Holder(os.read(self._descriptor, _LONGEST_WORD))
        except (OSError, ValueError):
            return None
        finally:
            os.lseek(self._descriptor, 0, os.SEEK_SET)
