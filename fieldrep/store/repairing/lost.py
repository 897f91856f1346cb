"""A replica whose file is gone or empty: told apart from a profile in which there never was one.

Owns the signs and the sentence. Must not know what is in a file.
"""

from __future__ import annotations

from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.engine import DAMAGED
from fieldrep.store.reserve import lies_beside

LOST = (
    "The replica of this profile is lost: its file is gone or empty, and what was not sent yet from here was in it. "
    "Restore the profile's folder from a backup of this computer; or begin anew (fieldrep repair --set-aside), then "
    "enrol with a new link: the records come again from the server, what was not sent does not."
)


def is_empty(path: Path) -> bool:
    """Whether no file is there, or one without a byte."""
    return not path.exists() or not path.stat().st_size


def is_lost(path: Path) -> bool:
    """Whether there was a whole replica once, as its reserve or its log beside the name says, and there is none now."""
    return is_empty(path) and (lies_beside(path) or _has_log(path))


def lost(path: Path) -> KnownError:
    """What to tell of it: the log may still hold something to save."""
    return KnownError(Code.REPLICA_DAMAGED, DAMAGED if _has_log(path) else LOST)


def _has_log(path: Path) -> bool:
    return not is_empty(path.with_name(path.name + "-wal"))
