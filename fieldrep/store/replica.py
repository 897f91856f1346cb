"""The replica as everybody above the store sees it: open it, write through a unit of work, read through a snapshot.

Owns the writing connection, the lock and the numbers that must not move before a commit. One transaction writes at a
time; readers never wait for it. Must not know any entity by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple, Self

from fieldrep.contract.change import Change
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Clock, IdSource, Incarnation, Randomness
from fieldrep.contract.messages import MAX_CHANGES, MOST_FORMERS, EnrollReply
from fieldrep.contract.steps import Step, reached
from fieldrep.paths import Profile
from fieldrep.store import log, search_due, tidying
from fieldrep.store.engine import Bracket, Connection, connect, driver_errors
from fieldrep.store.left_open import note_closing
from fieldrep.store.lock import FileLock, Holder
from fieldrep.store.opening import open_file, paths
from fieldrep.store.outgoing import newer, outbox
from fieldrep.store.outgoing.pending import move_bases
from fieldrep.store.reader import Reader, ReaderPool
from fieldrep.store.state import SyncState, load_state, save_state
from fieldrep.store.unit_of_work import UnitOfWork
from fieldrep.store.writer import Writer

TOKEN = "token"  # noqa: S105 - the name under which the device's token is kept
SERVER_KEY = "server_key"
DEVICE_KEY, NEXT_DEVICE_KEY = "device_key", "next_device_key"
FORMERS = "formers"
_KEEP_SECRET = "INSERT OR REPLACE INTO secret (name, value) VALUES (?, ?)"  # noqa: S105 - SQL


class ToSend(NamedTuple):
    """What waits for the server: the oldest changes, how many there are in all, up to where all is answered, and the
    number of the newest change ever made."""

    changes: list[Change]
    depth: int
    settled_to: int
    newest: int


class Replica:
    """An open replica. At most one program has it open (F6); any thread may use it."""

    def __init__(
        self,
        path: Path,
        writer: Writer,
        readers: ReaderPool,
        lock: FileLock,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._path = path
        self._writer = writer
        self._readers = readers
        self._lock = lock
        self._writing = RLock()
        self._inside = False
        self._unit: UnitOfWork | None = None
        self._bases_from: int | None = 0
        self._bases_moved = False
        self._contact_unsaved = False
        self._writes = 0
        self._silent: tuple[int, ToSend] | None = None
        self.took_bulk = False
        self.clock = clock
        self.randomness = randomness
        self.ids = IdSource(clock, randomness)
        with driver_errors():
            self._state = self._next_state = load_state(writer.connection)
        self._newest_n = self._state.highest_n

    @classmethod
    def open(
        cls,
        place: Profile | Path,
        key: bytes,
        clock: Clock,
        randomness: Randomness,
        *,
        create: bool = False,
        holder: Holder = Holder.WINDOW,
    ) -> Replica:
        """Opens the replica of a profile, or of a bare path; `create` makes an empty one where there is none.

        A `holder` that is a command line waits for another one to end.

        Raises:
            KnownError: `not_enrolled` when there is none, `already_open`, `replica_damaged`, `replica_newer`,
                or a disk error.
        """
        path, lock_path = paths(place)
        lock = FileLock(lock_path, holder)
        try:
            connection = open_file(path, key, create=create)
            try:
                readers = ReaderPool(partial(connect, path, key))
                writer = Writer(connection, partial(connect, path, key, writer=True), readers.looked_again)
                return cls(path, writer, readers, lock, clock, randomness)
            except BaseException:
                connection.close()
                raise
        except BaseException:
            lock.release()
            raise

    def close(self) -> None:
        """Closes everything; the file then stands alone, without a write-ahead log."""
        if self._contact_unsaved:
            with suppress(KnownError):
                self.change_state()
        with self._writing:
            note_closing(self._path)
            self._readers.close()
            self._writer.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._path.parent

    def state(self) -> SyncState:
        """Where the replica stands after the last commit."""
        return self._with_newest(self._state)

    def read(self) -> AbstractContextManager[Reader]:
        """A consistent snapshot, from any thread, also while somebody writes."""
        return self._readers.reader()

    def begin(self, command: str, label: str) -> AbstractContextManager[UnitOfWork]:
        """One unit of work: commits at the end, and an exception leaves everything as it was (I4).

        Raises:
            KnownError: `not_enrolled`, `disk_full`, `disk_error`.
        """
        return Bracket(partial(self._begin_unit, command, label), self._end_unit)

    def _begin_unit(self, command: str, label: str) -> UnitOfWork:
        connection = self._begin_writing()
        try:
            if not self._state.enrolled:
                raise KnownError(
                    Code.NOT_ENROLLED, "This profile belongs to nobody yet. Enrol it with a link first."
                )
            unit = self._unit = UnitOfWork(connection, self._state, self.clock, self.ids, command, label)
        except BaseException as error:
            self._end_writing(error)
            raise
        return unit

    def _end_unit(self, error: BaseException | None) -> None:
        unit, self._unit = self._unit, None
        assert unit is not None  # noqa: S101 - begun above
        if error is not None:
            self._end_writing(error)
            return
        try:
            unit.finish(self._newest_n + 1)
            reached(Step.SAVE_WRITTEN)
        except BaseException as refused:
            self._end_writing(refused)
            raise
        self._end_writing(None)
        if unit.change_n is not None:
            self._newest_n = unit.change_n
            self._bases_from = unit.change_n if self._bases_from is None else self._bases_from
        reached(Step.SAVED)

    def write(self) -> AbstractContextManager[Connection]:
        """The writing connection inside one transaction; for the store's own modules alone."""
        return Bracket(self._begin_other, self._end_writing)

    def _begin_other(self) -> Connection:
        """Begins what is no save: what saves left for later is done first, so that nobody else must know of it."""
        connection = self._begin_writing()
        try:
            search_due.tell(connection)
            if self._bases_from is not None:
                move_bases(connection, self._bases_from)
                self._bases_moved = True
        except BaseException as error:
            self._end_writing(error)
            raise
        return connection

    @property
    def writes(self) -> int:
        """How many transactions were written: as long as it is the same, no row has become another."""
        return self._writes

    def read_ahead(self, sql: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        """Rows read over the writing connection, for what is written next; a save waits for it meanwhile."""
        with self._writing:
            return self._writer.rows(sql, parameters)

    def _begin_writing(self) -> Connection:
        self._writing.acquire()
        try:
            if self._inside:
                raise RuntimeError("a unit of work is open already; one thing is done at a time")
            connection = self._writer.begin()
        except BaseException:
            self._writing.release()
            raise
        self._inside, self._next_state = True, self._state
        return connection

    def _end_writing(self, error: BaseException | None) -> None:
        try:
            self._writer.end(error)
            if error is None:
                self._state = self._next_state
                self._bases_from = None if self._bases_moved else self._bases_from
        finally:
            self._inside = self._bases_moved = False
            self._writes += 1
            self._writing.release()

    def _with_newest(self, state: SyncState) -> SyncState:
        """The state with the newest change's number, which a save does not store; it is in the outbox."""
        return state if state.highest_n >= self._newest_n else replace(state, highest_n=self._newest_n)

    def store_state(self, connection: Connection, state: SyncState) -> None:
        """Stores a new state in the open transaction; it becomes visible in memory after the commit."""
        self._next_state = self._with_newest(state)
        save_state(connection, self._next_state)
        self._contact_unsaved = False

    def change_state(self, **values: object) -> SyncState:
        """Stores new values of the state in a transaction of their own: who enrolled, when a sync ended."""
        with self.write() as connection:
            self.store_state(connection, replace(self._state, **values))  # type: ignore[arg-type]
        return self._state

    def note_contact(self) -> None:
        """Remembers that a sync found nothing to do; stored with the next commit, since nobody must wait for it."""
        with self._writing:
            self._state = replace(self._state, last_sync_at=self.clock())
            self._contact_unsaved = True

    def enrolled(
        self, reply: EnrollReply, server_url: str, fingerprint: str, incarnation: Incarnation
    ) -> None:
        """Stores what a server's admission says, its token among the secrets, in one transaction.

        A profile that was enrolled before keeps its rows and its place in the feed; what it has not sent, or may have
        to offer again, goes on under the new incarnation with the numbers it has. The keys that were made for the new
        device take the place of the old one's.
        """
        before, formers = self._state, self.formers()
        with self.write() as connection:
            for table in ("outbox", "sent_log"):
                connection.execute(f"UPDATE {table} SET incarnation = ?", (incarnation,))  # noqa: S608
            state = replace(
                self._state,
                device_id=reply.device_id,
                user_id=reply.user_id,
                login=reply.login,
                user_name=reply.user_name,
                server_url=server_url,
                fingerprint=fingerprint,
                server_id=reply.server_id,
                # an older one stays: the next exchange then tells that the store was restored meanwhile
                epoch=self._state.epoch or reply.epoch,
                incarnation=incarnation,
                number_prefix=reply.number_prefix,
                server_schema=reply.schema,
                barred="",
            )
            self.store_state(connection, state)
            was = [(before.device_id, before.incarnation), *formers][:MOST_FORMERS]
            if before.incarnation:
                names = " ".join(f"{device.hex()}:{which.hex()}" for device, which in was)
                connection.execute(_KEEP_SECRET, (FORMERS, names))
            connection.execute(_KEEP_SECRET, (TOKEN, reply.token))
            connection.execute(_KEEP_SECRET, (SERVER_KEY, reply.server_key.hex()))
            connection.execute(
                "UPDATE OR REPLACE secret SET name = ? WHERE name = ?", (DEVICE_KEY, NEXT_DEVICE_KEY)
            )
            reached(Step.ENROLLED)

    def formers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Device and incarnation of those this installation was before, last first; a repair may lose the device."""
        pairs = (name.partition(":") for name in self.secret(FORMERS).split())
        return tuple((bytes.fromhex(device), bytes.fromhex(which)) for device, _, which in pairs)

    def waiting(self, limit: int, limit_bytes: int, after_n: int = 0) -> list[Change]:
        """The oldest changes not yet answered that the server can understand, within both limits."""
        with self.read() as reader:
            kept = self._kept(reader)
            return outbox.waiting(reader.driver, limit, limit_bytes, after_n, without=kept)

    def to_send(self, limit: int, limit_bytes: int) -> ToSend:
        """As `waiting`, `depth` and `settled_to`, of one moment, though somebody goes on saving."""
        silent, writes, newest = self._silence(), self._writes, self.state().highest_n
        if silent is not None:
            return silent
        with self.read() as reader:
            kept = self._kept(reader)
            changes = outbox.waiting(reader.driver, limit, limit_bytes, without=kept)
            depth = outbox.depth(reader.driver) - len(kept) if changes else 0
            newest = max(newest, outbox.newest(reader.driver)) if changes else newest
            found = ToSend(changes, depth, outbox.settled_to(reader.driver, newest), newest)
        if not changes:
            self._silent = writes, found
        return found

    def _silence(self) -> ToSend | None:
        """That nothing waits, where that was found and nothing has been written since; most syncs are idle."""
        silent = self._silent
        return silent[1] if silent is not None and silent[0] == self._writes else None

    def depth(self) -> int:
        """How many changes wait for an answer that the server could give."""
        if self._silence() is not None:
            return 0
        with self.read() as reader:
            return outbox.depth(reader.driver) - len(self._kept(reader))

    def unanswered(self) -> int:
        """How many changes have no answer, whether they can be sent now or not."""
        with self.read() as reader:
            return outbox.depth(reader.driver)

    def told_to_wait(self) -> int:
        """How many changes wait for what others give back to a restored server; the next sync offers them again."""
        with self.read() as reader:
            return len(outbox.told_to_wait(reader.driver))

    def settled_to(self) -> int:
        """Up to which number every change has its answer."""
        newest = self.state().highest_n  # asked before: what is saved meanwhile has no answer
        with self.read() as reader:
            return outbox.settled_to(reader.driver, newest)

    def held_back(self) -> int:
        """How many changes wait for the server to be updated."""
        if newer.knows_all(self._state.server_schema):
            return 0
        with self.read() as reader:
            return len(newer.held_back(reader.driver, self._state.server_schema))

    def _kept(self, reader: Reader) -> frozenset[int]:
        """What waits and is not to be sent now."""
        held = newer.held_back(reader.driver, self._state.server_schema)
        return held | outbox.told_to_wait(reader.driver)

    def refused_before(self, n: int) -> tuple[int, ...]:
        """The changes up to a number that had been refused, newest first, and what corrects one and waits for its
        person.

        As many as a request may name. Those that were refused while this was another device are among them: their
        numbers go on.
        """
        with self.read() as reader:
            return outbox.refused_before(reader.driver, n, MAX_CHANGES)

    def secret(self, name: str) -> str:
        """A secret sealed inside the replica, such as the device's token; "" when there is none."""
        with self.read() as reader:
            found = reader.rows("SELECT value FROM secret WHERE name = ?", (name,))
        return str(found[0][0]) if found else ""

    def keep_secret(self, name: str, value: str) -> None:
        """Keeps a secret inside the replica."""
        with self.write() as connection:
            connection.execute(_KEEP_SECRET, (name, value))

    def tidy(self) -> None:
        """Joins search segments and writes the log back into the file, in small steps between which others may write.

        Called after a sync, when nobody waits, so that no save has to do it.
        """
        whole, self.took_bulk = self.took_bulk, False
        tidying.join_segments(self, whole=whole)
        if whole:
            tidying.give_pages_back(self)
        with self._writing:
            if not self._inside:
                how = "TRUNCATE" if whole else "PASSIVE"
                self._writer.rows(f"PRAGMA wal_checkpoint({how})")
                log.lengthen(self._path)
