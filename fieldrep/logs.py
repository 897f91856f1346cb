"""The log of the client: one JSON object per line in the profile's folder, bounded, readable by its owner alone.

Owns form and place of log lines. What goes in are events, codes, counts and ids, never what a person entered (S25).
"""

from __future__ import annotations

import logging
import os
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

import msgspec

from fieldrep.contract.errors import KnownError
from fieldrep.paths import FILE_MODE, FOLDER_MODE, Profile

LOG_BYTES = 1_000_000
LOG_FILES = 3

_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class JsonLines(logging.Formatter):
    """A record as one line of JSON; values given as `extra` become fields of it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, object] = {
            "at": int(record.created * 1000),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and name not in ("message", "asctime"):
                line[name] = value if isinstance(value, int | str | None) else repr(value)
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _describe(record.exc_info[1])
        return msgspec.json.encode(line).decode()


def _describe(error: BaseException) -> str:
    """Kind and place of an error. Its text is left out, because that may quote what was entered."""
    if isinstance(error, KnownError):
        return error.code.value
    frames = traceback.extract_tb(error.__traceback__)
    places = " < ".join(
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames)
    )
    return f"{type(error).__name__} at {places}"


class _OwnFile(RotatingFileHandler):
    """A rotating file that nobody but its owner may read."""

    def _open(self):  # type: ignore[no-untyped-def]
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        return os.fdopen(os.open(self.baseFilename, flags, FILE_MODE), self.mode, encoding=self.encoding)


def start_logging(profile: Profile, level: int = logging.INFO) -> None:
    """Sends the log of the whole program to the profile's folder, once; a disk that refuses stops nothing."""
    root = logging.getLogger()
    if any(isinstance(handler, _OwnFile) for handler in root.handlers):
        return
    try:
        profile.logs.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        file = profile.logs / "fieldrep.log"
        handler = _OwnFile(file, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    except OSError:
        return
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(level)


def stop_logging() -> None:
    """Nothing is written any more, and the file is let go of."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _OwnFile)]:
        root.removeHandler(handler)
        handler.close()
