"""Reading: one consistent snapshot of the replica per `with`, from any thread, beside a writer.

Owns the pool of reading connections. A reader cannot write: its connection refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from threading import Lock
from typing import Any, TypeVar

from sqlcipher3 import dbapi2

from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store.damage import damaged_pages
from fieldrep.store.engine import READ_WRONGLY, Connection, driver_errors
from fieldrep.store.statements import Row, statements_of

MOST_IDLE = 4

T = TypeVar("T")


class Reader:
    """A snapshot of the replica; valid inside the `with` that gave it."""

    def __init__(self, driver: Connection) -> None:
        self.driver = driver
        self._version = -1
        self._kept: dict[str, Any] = {}

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query, at the driver's speed."""
        return self.driver.execute(sql, parameters).fetchall()

    def row(self, entity_name: str, row_id: bytes) -> Row | None:
        """One row as a person sees it, None when the replica does not hold it."""
        texts = statements_of(entity_named(entity_name))
        found = self.driver.execute(texts.select, (row_id,)).fetchone()
        return None if found is None else texts.row(found[2:])

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """What `make` gives, which is asked again only when anything was committed since."""
        ((version,),) = self.rows("PRAGMA data_version")
        if version != self._version:
            self._kept.clear()
            self._version = version
        if name not in self._kept:
            self._kept[name] = make()
        found: T = self._kept[name]
        return found

    def end(self) -> None:
        """Lets the snapshot go."""
        if self.driver.in_transaction:
            self.driver.execute("ROLLBACK")


class ReaderPool:
    """Hands each caller a reader of its own; a few stay open for the next."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._idle: list[Reader] = []
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """A snapshot from now until the end of the `with`."""
        try:
            with driver_errors():
                with self._lock:
                    reader = self._idle.pop() if self._idle else None
                if reader is None:
                    reader = Reader(self._connect())
                try:
                    reader.driver.execute("BEGIN")
                    yield reader
                finally:
                    reader.end()
                    self._take_back(reader)
        except KnownError as error:
            raise self.looked_again(error) from error.__cause__

    def looked_again(self, error: KnownError) -> KnownError:
        """What an error of the driver comes to: damage is damage where it is there when all is read once more.

        A connection that has read something wrong says so for ever, so none of these is used again.
        """
        if error.code is not Code.REPLICA_DAMAGED or not isinstance(error.__cause__, dbapi2.Error):
            return error
        self._let_go()
        try:
            with closing(self._connect()) as connection:
                sound = not list(damaged_pages(connection))
        except (KnownError, dbapi2.Error):
            sound = False
        return KnownError(Code.DISK_ERROR, READ_WRONGLY) if sound else error

    def close(self) -> None:
        """Closes idle readers now and the others when they come back."""
        with self._lock:
            self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for reader in idle:
            reader.driver.close()

    def _take_back(self, reader: Reader) -> None:
        with self._lock:
            if not self._closed and len(self._idle) < MOST_IDLE:
                self._idle.append(reader)
                return
        reader.driver.close()
