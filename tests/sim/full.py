"""Disks that are full or refuse a write, of a laptop and of the office: at a drawn write of a save or of a sync.

A full disk takes no write any more until the step is over; one that fails does so once. As SQLite does, it may undo the
whole transaction by itself, and always does so when it cannot commit. Must not know what is written.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError
from sync_server.http.errors import OF_THE_DISK
from sync_server.store.database import Database
from tests.sim.judge.oracle import Wrong
from tests.sim.schedule import DISK_FAULTS, Step

FULL, ERROR = "disk full", "disk error"
SERVER = "server "
assert DISK_FAULTS == (FULL, ERROR, SERVER + FULL, SERVER + ERROR)
_OF_THE_SERVER = Code.SERVER_DISK.value
_OF_THE_LAPTOP = {FULL: Code.DISK_FULL.value, ERROR: Code.DISK_ERROR.value}
_CODES = {
    FULL: (sqlite3.SQLITE_FULL, "SQLITE_FULL"),
    ERROR: (sqlite3.SQLITE_IOERR_WRITE, "SQLITE_IOERR_WRITE"),
}
_ALL_CODES = frozenset(code.value for code in Code) - {*_OF_THE_LAPTOP.values()}
_WRITES = re.compile(r"\s*(?:INSERT|REPLACE|UPDATE|DELETE|CREATE|DROP|COMMIT)\b", re.IGNORECASE)
_COMMITS = re.compile(r"\s*COMMIT\b", re.IGNORECASE)


def of_the_laptop(fault: str) -> Exception:
    """What the driver of a laptop raises; its numbers are SQLite's own."""
    error = dbapi2.OperationalError(fault)
    error.sqlite_errorcode, error.sqlite_errorname = _CODES[fault]
    return error


@dataclass
class Disk:
    """A disk that fails.

    Attributes:
        at: which write fails, from 1; a full disk refuses all that follow as well.
        undoes: whether the database undoes the whole transaction by itself.
        late: whether it is noticed only when something is to be committed, as it is where there is much memory.
        refused: how many writes failed.
    """

    fault: str
    at: int
    undoes: bool
    late: bool
    writes: int = 0
    refused: int = 0

    def write(
        self,
        sql: str,
        execute: Callable[[str], object],
        error: Callable[[str], Exception] = of_the_laptop,
    ) -> None:
        """Lets a statement pass, or fails it; `execute` undoes what the database undoes by itself."""
        if not _WRITES.match(sql):
            return
        self.writes += 1
        if self.writes < self.at or (self.fault == ERROR and self.refused):
            return
        commits = _COMMITS.match(sql)
        if self.late and not commits and not self.refused:
            return
        self.refused += 1
        if self.undoes or self.fault == ERROR or commits:
            execute("ROLLBACK")
        raise error(self.fault)


def disk_of(step: Step, *, server: bool = False) -> Disk | None:
    """The disk that fails in a step, on the one side or the other; None where none does."""
    fault = step.fault.removeprefix(SERVER)
    if step.fault not in DISK_FAULTS or server != (step.fault != fault):
        return None
    return Disk(fault, step.at, step.pick % 2 == 0, step.pick % 4 < 2)


def require_told(disk: Disk | None, who: str, told: str, *, server: bool = False) -> str:
    """What happened, for counting; a laptop hears of a disk that failed, its own or the office's.

    Raises:
        Wrong: nobody was told.
    """
    if disk is None or not disk.refused:
        return ""
    if (
        told in _ALL_CODES and not server
    ):  # what ended the sync before matters more than that it cannot be kept
        return f"{disk.fault}, told of {told}"
    if (_OF_THE_SERVER if server else _OF_THE_LAPTOP[disk.fault]) not in told:
        raise Wrong(f"I2: {who} met a {disk.fault} at write {disk.at} and was told “{told}”")
    return f"{SERVER * server}{disk.fault}, told"


# -- the office's


@dataclass
class _Cursor:
    """A cursor of the central store on a disk that fails."""

    cursor: Any
    disk: Disk

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> object:
        self._write(sql)
        return self.cursor.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object:
        self._write(sql)
        return self.cursor.executemany(sql, parameters)

    def _write(self, sql: str) -> None:
        connection = self.cursor.connection
        self.disk.write(
            sql, self._undo, _of_sqlite if isinstance(connection, sqlite3.Connection) else _of_postgres
        )

    def _undo(self, sql: str) -> None:
        connection = self.cursor.connection
        if not isinstance(connection, sqlite3.Connection) or connection.in_transaction:
            self.cursor.execute(sql)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


def _of_sqlite(fault: str) -> Exception:
    error = sqlite3.OperationalError(fault)
    error.sqlite_errorcode, error.sqlite_errorname = _CODES[fault]
    return error


def _of_postgres(fault: str) -> Exception:
    import psycopg

    return psycopg.errors.DiskFull(fault) if fault == FULL else psycopg.errors.IoError(fault)


@contextmanager
def failing(database: Database, disk: Disk | None) -> Iterator[None]:
    """Within this, the store lies on that disk; what it then raises comes as it goes over the line."""
    if disk is None:
        yield
        return
    dialect = database.dialect
    cursor = dialect.cursor
    dialect.cursor = lambda connection: _Cursor(cursor(connection), disk)  # type: ignore[method-assign] - this store alone
    try:
        yield
    except KnownError as error:
        if error.code in OF_THE_DISK:
            raise KnownError(Code.SERVER_DISK, OF_THE_DISK[error.code]) from error
        raise
    finally:
        dialect.cursor = cursor  # type: ignore[method-assign] - as it was
