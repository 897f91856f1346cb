"""The address of a central store: which of the two databases it names, and the files in which that lies.

Must not open it.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.dialect import Dialect, PostgresDialect, SqliteDialect


def dialect_of(url: str) -> Dialect:
    """The dialect an address asks for.

    Raises:
        KnownError: `wrong_usage`, naming the two kinds of address there are.
    """
    try:
        kind = make_url(url).get_backend_name()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise _no_address(url) from error
    if kind == "sqlite":
        return SqliteDialect()
    if kind == "postgresql":
        return PostgresDialect()
    raise _no_address(url)


def store_files(url: str) -> tuple[Path, ...]:
    """The file in which a store lies, nothing for one that a database server keeps."""
    dialect = dialect_of(url)
    return (Path(dialect.file_of(url)),) if isinstance(dialect, SqliteDialect) else ()


def _no_address(url: str) -> KnownError:
    shown = url.rpartition("@")[2][:80]
    return KnownError(
        Code.WRONG_USAGE,
        f"“{shown}” is no address of a central store. Write sqlite:///path/to/store.db or "
        "postgresql+psycopg://user@host/database.",
    )
