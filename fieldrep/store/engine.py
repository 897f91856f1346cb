"""Connections to the encrypted file: how one is opened, and what its errors mean to a person.

Owns every PRAGMA and the one mapping from the driver's errors to `KnownError`. Must not know any table.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError

# The driver binds None and bytes through a search for an adapter that ends in two swallowed exceptions: 2.7 µs each,
# against 0.1 µs for a number. An adapter found at once, which gives the value back, makes that 0.25 µs.
dbapi2.register_adapter(type(None), {}.get)
dbapi2.register_adapter(bytes, bytes)

KEY_BYTES = 32
PAGE_BYTES = 4096
BUSY_MS = 10_000
WRITER_CACHE_KIB = 16_384
READER_CACHE_KIB = 8_192
"""Pages kept decrypted by each connection: there are several readers, and memory is budgeted."""

CHECKPOINT_PAGES = 16_000
"""Pages of write-ahead log after which a commit itself writes back. `tidy` mostly does so earlier, when nobody waits;
a first replica of a usual size stays below."""

DAMAGED = (
    "The replica cannot be read: its file is damaged, or the key belongs to another one. Repair it (in the window when "
    "FieldRep starts, or with fieldrep repair): what was not sent yet is saved out of it, the rest is fetched again."
)

READ_WRONGLY = (
    "The disk gave something wrong when the replica was read; read once more, all of it is sound. Nothing is lost and "
    "nothing was saved now. Try again; where this comes more often, have the disk looked at."
)

LEAST_FREE = 64 * 1024
"""A disk with less than this is full: the log's index alone grows by half of it."""

_FULL, _CORRUPT, _NOTADB, _BUSY = 13, 11, 26, 5
_DISK = frozenset({8, 10, 14})  # READONLY, IOERR, CANTOPEN
_CORRUPT_BY_CIPHER = frozenset(
    {"SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_CORRUPTFS", "SQLITE_IOERR_DATA"}
)


class Cursor(Protocol):
    """What the store uses of a driver's cursor."""

    @property
    def lastrowid(self) -> int:
        """The row number the last INSERT gave."""

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """The rows that are left, one by one."""


class Connection(Protocol):
    """What the store uses of a driver's connection."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Sequence[object] = ..., /) -> Cursor:
        """Runs one statement."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Cursor:
        """Runs one statement for each tuple of parameters."""

    def close(self) -> None:
        """Closes the connection."""


def salt_of(key: bytes) -> bytes:
    """The salt from which the pages' checksums are keyed: made from the key, so that a lost header loses nothing."""
    return hashlib.blake2b(key, digest_size=16, person=b"fieldrep-salt").digest()


def connect(path: Path, key: bytes, *, writer: bool = False) -> Connection:
    """A connection whose first statement hands over the key; the file must be FieldRep's and the key its own.

    Raises:
        KnownError: `replica_damaged`, when the key does not open the file, `disk_full` or a disk error.
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a replica's key has {KEY_BYTES} bytes, not {len(key)}")
    with driver_errors(lambda: path.parent):
        connection = cast(
            Connection, dbapi2.connect(str(path), isolation_level=None, check_same_thread=False)
        )
        try:
            connection.execute("PRAGMA cipher_log_level = NONE")
            # Processors have it built in: a save costs a tenth less than with SHA-512. As a default, before the key, it
            # also gives each page 32 bytes more.
            connection.execute("PRAGMA cipher_default_hmac_algorithm = HMAC_SHA256")
            connection.execute(f"PRAGMA key = \"x'{key.hex()}{salt_of(key).hex()}'\"")
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB if writer else READER_CACHE_KIB}")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("PRAGMA trusted_schema = OFF")
            tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if writer:
                if not tables or not tables[0]:
                    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # so that pages can be given back
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = FAST")  # what leaves is overwritten where it lay
                connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
            else:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
    return connection


def in_memory() -> Connection:
    """A connection to an empty database that is nowhere but in memory; any thread may use it, one at a time."""
    return cast(Connection, dbapi2.connect(":memory:", isolation_level=None, check_same_thread=False))


def write_back(connection: Connection) -> None:
    """Writes the log back into the file, so that the file alone can be checked; a disk that refuses leaves both."""
    with suppress(dbapi2.Error):
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


T_co = TypeVar("T_co", covariant=True)


class Bracket(Generic[T_co]):
    """What is done before and after the block of a `with`, as two calls; a generator would cost each save more."""

    __slots__ = ("_enter", "_leave")

    def __init__(self, enter: Callable[[], T_co], leave: Callable[[BaseException | None], None]) -> None:
        self._enter = enter
        self._leave = leave

    def __enter__(self) -> T_co:
        return self._enter()

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._leave(error)


def transaction(connection: Connection) -> Bracket[Connection]:
    """One write transaction: committed at the end, rolled back whole when anything inside raises."""
    return Bracket(partial(begin, connection), partial(end, connection))


def begin(connection: Connection) -> Connection:
    """Opens a write transaction, which `end` must close."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except Exception as error:
        _raise_known(error, lambda: _folder_of(connection))
        raise
    return connection


def end(connection: Connection, error: BaseException | None) -> None:
    """Commits, or rolls back for an error that was raised since `begin`, which is told as what it means to a person."""
    if error is None:
        try:
            connection.execute("COMMIT")
        except BaseException as refused:
            end(connection, refused)
            raise
        return
    # A full disk has already rolled back; a second ROLLBACK would hide the reason.
    if connection.in_transaction:
        with suppress(dbapi2.Error):
            connection.execute("ROLLBACK")
    _raise_known(error, lambda: _folder_of(connection))


def driver_errors(folder: Callable[[], Path | None] = lambda: None) -> Bracket[None]:
    """Turns errors of disk and file into `KnownError`; all others are bugs and pass.

    Some writes on a full disk come back as a plain I/O error: `folder` says whose disk to look at then.
    """
    return Bracket(_nothing, partial(_raise_known, folder=folder))


def _nothing() -> None:
    """Before a block that needs no preparation."""


def _raise_known(error: BaseException | None, folder: Callable[[], Path | None]) -> None:
    cause = getattr(error, "orig", error)  # SQLAlchemy wraps the driver's error
    known = _known(cause, folder) if isinstance(cause, dbapi2.Error) else None
    if known is not None:
        raise known from error


def _folder_of(connection: Connection) -> Path | None:
    for _, name, file in connection.execute("PRAGMA database_list").fetchall():
        if name == "main" and file:
            return Path(str(file)).parent
    return None


def _is_full(folder: Path | None) -> bool:
    try:
        return folder is not None and shutil.disk_usage(folder).free < LEAST_FREE
    except OSError:
        return False


def _known(error: Exception, folder: Callable[[], Path | None]) -> KnownError | None:
    code = int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF
    name = str(getattr(error, "sqlite_errorname", "") or "")
    if code in (_CORRUPT, _NOTADB) or name in _CORRUPT_BY_CIPHER:
        return KnownError(Code.REPLICA_DAMAGED, DAMAGED)
    if code == _FULL or (code in _DISK and _is_full(folder())):
        return KnownError(
            Code.DISK_FULL,
            "The disk is full, so nothing was saved. Free some space and try again; what you typed is still here.",
        )
    if code in _DISK:
        return KnownError(
            Code.DISK_ERROR,
            f"The disk refused to read or write the replica ({error}). Nothing was saved; "
            "check the disk and the rights of the profile folder, then try again.",
        )
    if code == _BUSY:
        return KnownError(
            Code.ALREADY_OPEN,
            "Another program is using the replica. Close it, then try again; nothing was saved.",
        )
    return None
