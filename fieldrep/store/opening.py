"""Opening a replica's file: what must be finished or looked at before anybody reads it, and making a new one.

Owns the order of that. Must not know what is done with the open file.
"""

from __future__ import annotations

import os
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError
from fieldrep.paths import FILE_MODE, Profile
from fieldrep.store import migrate
from fieldrep.store.engine import DAMAGED, Connection, connect, driver_errors, write_back
from fieldrep.store.left_open import log_is_missing, note_closing, note_open
from fieldrep.store.repairing.aside import finish_switch
from fieldrep.store.repairing.lost import is_lost, lost
from fieldrep.store.reserve import give_up, put_by

REPLICA_VERSION = 1
"""The version of the file this program writes; `schema.py` says the same, and a test compares them."""


def paths(place: Profile | Path) -> tuple[Path, Path]:
    if isinstance(place, Profile):
        place.make()
        return place.replica, place.lock
    return place, place.with_name(place.name + ".lock")


def open_file(path: Path, key: bytes, *, create: bool) -> Connection:
    """The writing connection to an existing or new file, at the present version; a lost one is not made anew.

    A disk may give something wrong once, so damage is told only where it is found twice.
    """
    try:
        return _opened(path, key, create=create)
    except KnownError as error:
        if error.code is not Code.REPLICA_DAMAGED:
            raise
    return _opened(path, key, create=create)


def _opened(path: Path, key: bytes, *, create: bool) -> Connection:
    finish_switch(path)
    if is_lost(path):
        raise lost(path)
    crashed = _has_sound_log(path, key)
    note_closing(path)  # whatever ends this early writes the log back
    if not path.exists():
        if not create:
            raise _not_enrolled()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), FILE_MODE)
        os.close(descriptor)
    connection = _connect(path, key)
    try:
        with driver_errors(lambda: path.parent):
            if migrate.stored_version(connection) == migrate.NO_VERSION:
                if not create:
                    raise _not_enrolled()
                migrate.create(connection)
            migrate.bring_up_to_date(connection, REPLICA_VERSION)
        if crashed:
            write_back(connection)
    except BaseException:
        connection.close()
        raise
    put_by(path)
    note_open(path)
    return connection


def _connect(path: Path, key: bytes) -> Connection:
    """The writing connection; on a disk full to the last byte the reserve makes room to read and send."""
    try:
        return connect(path, key, writer=True)
    except KnownError as error:
        if error.code is not Code.DISK_FULL or not give_up(path):
            raise
    return connect(path, key, writer=True)


def _has_sound_log(path: Path, key: bytes) -> bool:
    """Whether a crash left a log. One that lost acknowledged commits must not be opened: they would be written over.

    Raises:
        KnownError: `replica_damaged`, also where the log that a crash had left is gone.
    """
    if log_is_missing(path):
        raise KnownError(Code.REPLICA_DAMAGED, DAMAGED)
    log = path.with_name(path.name + "-wal")
    if not log.exists() or not log.stat().st_size:
        return False
    from fieldrep.store.repairing.pages import log_is_damaged

    if log_is_damaged(path, key):
        raise KnownError(Code.REPLICA_DAMAGED, DAMAGED)
    return True


def _not_enrolled() -> KnownError:
    return KnownError(
        Code.NOT_ENROLLED,
        "There is no replica here yet. Ask your admin for an enrolment link and enter it first.",
    )
