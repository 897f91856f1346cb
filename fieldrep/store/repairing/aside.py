"""Setting a replica's file aside and putting a repaired one in its place, so that a kill at any moment loses neither.

The repaired file lies ready under a name of its own before anything moves; whoever opens the replica next finishes what
was begun. Nothing is ever deleted. Must not know what is in a file.
"""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.steps import Step, reached
from fieldrep.store.left_open import note_closing
from fieldrep.store.repairing.lost import is_lost
from fieldrep.store.reserve import give_up

_READY = ".repaired-"
_LOG, _SHARED = "-wal", "-shm"


def stamp_of(path: Path, now: int) -> str:
    """A name for this moment under which nothing lies aside yet."""
    moment = datetime.fromtimestamp(now / 1000, tz=UTC).strftime("%Y%m%d-%H%M%S")
    taken = {file.name for file in path.parent.iterdir()}
    further = [moment, *(f"{moment}-{number}" for number in range(2, 1_000))]
    return next(stamp for stamp in further if aside_name(path, stamp).name not in taken)


def ready_name(path: Path, stamp: str) -> Path:
    """Where the repaired file lies once it is whole."""
    return path.with_name(f"{path.name}{_READY}{stamp}")


def finish_switch(path: Path) -> Path | None:
    """Puts a repaired file that lies ready into its place; gives the name under which the damaged one is kept.

    Raises:
        KnownError: `disk_error`; the next call goes on.
    """
    ready = sorted(path.parent.glob(f"{path.name}{_READY}*")) if path.parent.is_dir() else []
    if not ready:
        return None
    kept = aside_name(path, ready[0].name.partition(_READY)[2])
    try:
        # The main file goes first: without it nobody takes the log for the repaired file's.
        note_closing(path)
        _move(path, kept)
        reached(Step.DAMAGED_MOVED)
        _move_companions(path, kept)
        ready[0].replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    return kept


def set_aside(path: Path, key_file: Path, now: int) -> Path | None:
    """Moves a replica that cannot be opened or is lost, and its key file, out of the way; None when no file was there.

    Raises:
        KnownError: `disk_error`.
    """
    finish_switch(path)
    there = path.exists()
    if not there and not is_lost(path):
        return None
    stamp = stamp_of(path, now)
    kept = aside_name(path, stamp)
    try:
        note_closing(path)
        _move(path, kept)
        _move_companions(path, kept)
        _move(key_file, key_file.with_name(f"{key_file.stem}-{stamp}{key_file.suffix}"))
        give_up(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _refused(path, error) from error
    return kept if there else None


def sync_folder(folder: Path) -> None:
    """Makes names last over a power cut, where the system can."""
    if os.name != "posix":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def aside_name(path: Path, stamp: str) -> Path:
    """Where the file that was in its place lies from then on."""
    return path.with_name(f"{path.stem}-damaged-{stamp}{path.suffix}")


def _move(source: Path, target: Path) -> None:
    if source.exists():
        source.rename(target)


def _move_companions(path: Path, kept: Path) -> None:
    _move(path.with_name(path.name + _LOG), kept.with_name(kept.name + _LOG))
    path.with_name(path.name + _SHARED).unlink(missing_ok=True)


def _refused(path: Path, error: OSError) -> KnownError:
    return KnownError(
        Code.DISK_ERROR,
        f"The files in {path.parent} cannot be moved ({error.strerror or error}). Nothing is lost; "
        "check the rights of the folder and try again.",
    )
