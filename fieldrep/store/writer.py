"""The connection that writes, opened anew after the disk has failed it.

SQLCipher refuses everything for ever once a page could not be read, though the disk answers again. Owns that connection
and what its errors come to. Must not know what is written, nor whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store import engine
from fieldrep.store.engine import Connection, driver_errors

_FAILED = frozenset({Code.REPLICA_DAMAGED, Code.DISK_ERROR})


class Writer:
    """Used by one at a time. What a failed connection had not committed is gone with it.

    Attributes:
        connect: opens one more such connection.
    """

    def __init__(
        self,
        connection: Connection,
        connect: Callable[[], Connection],
        looked_again: Callable[[KnownError], KnownError],
    ) -> None:
        self.connection = connection
        self.connect = connect
        self._looked_again = looked_again
        self._failed = False

    def begin(self) -> Connection:
        """Opens a transaction, which `end` must close."""
        try:
            self._open_anew()
            engine.begin(self.connection)
        except KnownError as error:
            raise self._told(error) from error.__cause__
        return self.connection

    def end(self, error: BaseException | None) -> None:
        """Commits, or rolls back for an error, which is told as what it means to a person."""
        try:
            engine.end(self.connection, error)
        except KnownError as known:
            raise self._told(known) from known.__cause__

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What a statement outside of any transaction gives."""
        try:
            self._open_anew()
            with driver_errors():
                return self.connection.execute(sql, parameters).fetchall()
        except KnownError as error:
            raise self._told(error) from error.__cause__

    def close(self) -> None:
        """Closes the connection."""
        self.connection.close()

    def _open_anew(self) -> None:
        """Where the disk failed the connection before: the log outlives it, since another one is open already."""
        if self._failed:
            failed, self.connection = self.connection, self.connect()
            self._failed = False
            failed.close()

    def _told(self, error: KnownError) -> KnownError:
        if error.code in _FAILED and isinstance(error.__cause__, dbapi2.Error):
            self._failed = True
        return self._looked_again(error)
