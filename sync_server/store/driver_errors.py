"""What the database drivers raise about disks, locks, lines and refused ways in, told as known errors for both kinds.

Owns the telling apart and the sentences. Must not know a statement or a table; a bug stays what it is.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from fieldrep.contract.errors import Code, KnownError

_REFUSALS = {
    r'database "(.+?)" does not exist': (
        "There is no database “{}” on this PostgreSQL server. Make it first: createdb --encoding UTF8 --template "
        "template0 {}"
    ),
    r'role "(.+?)" does not exist': (
        "This PostgreSQL server knows no role “{}”. Make it first (createuser {}), or name another one in the address."
    ),
    r'authentication failed for user "(.+?)"': (
        "This PostgreSQL server does not let “{}” in with this password, or does not let this role in from here. "
        "Correct the address (postgresql+psycopg://{}:PASSWORD@HOST/DATABASE), the file .pgpass or the server's "
        "pg_hba.conf."
    ),
    "no password supplied": (
        "This PostgreSQL server asks for a password. Write it in the address "
        "(postgresql+psycopg://ROLE:PASSWORD@HOST/DATABASE) or in the file .pgpass."
    ),
}
"""What a server that answers says to somebody it does not let in, in English; libpq gives no code with it."""


@contextmanager
def refusals_named() -> Iterator[None]:
    """For whoever opens a store: says what it is that PostgreSQL refuses. Not for what devices are answered."""
    try:
        yield
    except Exception as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        known = _refusal(cause) if type(cause).__module__.startswith("psycopg") else None
        if known is None:
            raise
        raise known from error


def _refusal(error: BaseException) -> KnownError | None:
    import psycopg

    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        return KnownError(
            Code.STORE_UNUSABLE,
            f"PostgreSQL does not let this role work in the database ({_first_line(error)}). Make the role its owner "
            "(ALTER DATABASE … OWNER TO …) and try again; nothing was changed.",
        )
    if not isinstance(error, psycopg.OperationalError) or error.sqlstate is not None:
        return None
    for pattern, sentence in _REFUSALS.items():
        found = re.search(pattern, str(error))
        if found:
            name = found[1] if found.re.groups else ""
            return KnownError(Code.STORE_UNUSABLE, sentence.format(name, name))
    return KnownError(
        Code.SERVER_BUSY,
        f"The database cannot be reached or is busy ({_first_line(error)}). Nothing was changed; check the address "
        "and try again.",
    )


def said_by_driver(error: Exception) -> str:
    """What PostgreSQL, or the way to it, said why it cannot be used; "" for any other error."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return _first_line(cause) if type(cause).__module__.startswith("psycopg") else ""


def _first_line(error: BaseException) -> str:
    """What the server said, without the way to it that the driver puts before."""
    return (str(error).rpartition("failed: ")[2].strip().splitlines() or [type(error).__name__])[0].rstrip(
        "."
    )


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
    if isinstance(error, UnicodeDecodeError) and error.object.startswith(_NO_SCHEMA):
        return _damaged_file()
    if isinstance(error, sqlite3.Error):
        return _known_sqlite(error)
    if type(error).__module__.startswith("psycopg"):
        return _known_postgres(error)
    return None


_NO_TEXT = "Could not decode to UTF-8"
"""What Python says of damaged bytes in a text; SQLite itself has no code for it."""

_NO_SCHEMA = b"malformed database schema"
"""What SQLite says of damaged names of tables, which Python then cannot read: it quotes them."""


def _known_sqlite(error: sqlite3.Error) -> KnownError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return KnownError(Code.DISK_FULL, "The server's disk is full. Nothing was changed; free some space.")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return KnownError(Code.SERVER_BUSY, "The central store is busy. Nothing was changed; try again.")
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or str(error).startswith(_NO_TEXT):
        return _damaged_file()
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
        return KnownError(
            Code.DISK_ERROR,
            f"The central store's file cannot be read or written ({error}). Check the disk and its rights.",
        )
    return None


def _damaged_file() -> KnownError:
    return KnownError(
        Code.STORE_DAMAGED,
        "The central store's file is damaged or is no central store. Restore the last backup with "
        "fieldrep-server restore.",
    )


def _known_postgres(error: BaseException) -> KnownError | None:
    import psycopg

    if isinstance(error, psycopg.errors.DiskFull):
        return KnownError(
            Code.DISK_FULL, "The database's disk is full. Nothing was changed; free some space."
        )
    if isinstance(error, psycopg.errors.IoError):
        return KnownError(
            Code.DISK_ERROR,
            f"The database cannot read or write its disk ({_first_line(error)}). Nothing was changed; check the disk.",
        )
    if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
        return KnownError(
            Code.SERVER_BUSY, "The database can only be read just now. Nothing was changed; try again."
        )
    if isinstance(error, psycopg.OperationalError):
        return KnownError(
            Code.SERVER_BUSY,
            "The server's database cannot be reached or is busy. Nothing was changed there; what a laptop has not sent "
            "yet is kept on it and goes out later.",
        )
    return None
