"""What the database drivers raise about disks, locks and lines, told as known errors, once for both databases.

Owns the telling apart and the sentences. Must not know a statement or a table; a bug stays what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from fieldrep.contract.errors import Code, KnownError


@contextmanager
def known_errors() -> Iterator[None]:
    """Maps what the drivers raise about disk, locks and lines to known errors; a bug stays what it is."""
    try:
        yield
    except DBAPIError as error:
        known = _known(error.orig) if error.orig is not None else None
        if known is None:
            raise
        raise known from error
    except Exception as error:
        known = _known(error)
        if known is None:
            raise
        raise known from error


def _known(error: BaseException) -> KnownError | None:
    if isinstance(error, sqlite3.Error):
        return _known_sqlite(error)
    if type(error).__module__.startswith("psycopg"):
        return _known_postgres(error)
    return None


def _known_sqlite(error: sqlite3.Error) -> KnownError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return KnownError(Code.DISK_FULL, "The server's disk is full. Nothing was changed; free some space.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return KnownError(Code.SERVER_BUSY, "The central store is busy. Nothing was changed; try again.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return KnownError(
            Code.STORE_DAMAGED,
            "The central store's file is damaged or is no central store. Restore the last backup with "
            "fieldrep-server restore.",
        )
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return KnownError(
            Code.DISK_ERROR,
            f"The central store's file cannot be read or written ({error}). Check the disk and its rights.",
        )
    return None


def _known_postgres(error: BaseException) -> KnownError | None:
    import psycopg

    if isinstance(error, psycopg.errors.DiskFull):
        return KnownError(
            Code.DISK_FULL, "The database's disk is full. Nothing was changed; free some space."
        )
    if isinstance(error, psycopg.OperationalError):
        return KnownError(
            Code.SERVER_BUSY, "The database cannot be reached or is busy. Nothing was changed; try again."
        )
    return None
