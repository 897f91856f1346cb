"""A whole store takes the place of another on SQLite: written over it, or, where that one is too damaged, in its stead.

Owns when a file is too damaged to be written over, and where it lies then. Must not know what is in a store.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from fieldrep.contract.errors import Code, KnownError

_LOCK_WAIT_SECONDS = 30
_BESIDE = ("-wal", "-shm", "-journal")
_NO_DAMAGE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
)


def put_in_place(copy: Path, file: Path, now: int) -> Path | None:
    """Makes `file` what `copy` is; gives where a damaged store lies now, None where there was none.

    A sound file is written over in one transaction, and a server that runs goes on with it. A damaged one is moved
    aside with what lies beside it, for whoever looks into it; `copy` is moved then, so the disk need not hold it twice.

    Raises:
        KnownError: `disk_error`, when the damaged file cannot be moved; it is then where it was.
    """
    try:
        _write_over(copy, file)
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in _NO_DAMAGE or not os.access(file, os.R_OK | os.W_OK):
            raise
        return _put_instead(copy, file, now)
    return None


def _write_over(copy: Path, file: Path) -> None:
    with closing(sqlite3.connect(copy)) as source, closing(_opened(file)) as target:
        source.backup(target)
    with closing(_opened(file)) as written:
        if written.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("what was written is not what is read")


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=_LOCK_WAIT_SECONDS)


def _put_instead(copy: Path, file: Path, now: int) -> Path:
    moment = datetime.fromtimestamp(now // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = file.with_name(f"{file.name}.damaged-{moment}")
    moved: list[tuple[Path, Path]] = []
    try:
        with closing(sqlite3.connect(copy)) as whole:
            whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for suffix in (*_BESIDE, ""):
            old, new = file.with_name(file.name + suffix), aside.with_name(aside.name + suffix)
            if old.exists():
                old.replace(new)
                moved.append((old, new))
        copy.chmod(0o600)
        copy.replace(file)
    except OSError as error:
        for old, new in moved:
            new.replace(old)
        raise KnownError(
            Code.DISK_ERROR,
            f"The central store's file {file} is damaged and cannot be moved aside ({error.strerror}). Stop the server "
            "if it runs, and try again. Nothing was restored.",
        ) from error
    return aside
