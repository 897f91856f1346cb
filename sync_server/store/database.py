"""The way into the central store: open or create one, read a snapshot, write under the clock lock.

Owns connections and transactions. Must not know any entity.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from sqlalchemy import Engine, Pool

from fieldrep.contract.ids import ID_BYTES, Clock, IdSource, Randomness
from fieldrep.contract.messages import Handshake
from fieldrep.contract.steps import Step, reached
from fieldrep.domain.holders import Coverage
from sync_server.store.address import dialect_of
from sync_server.store.audit import FIRST_HASH, Actor
from sync_server.store.away import Away
from sync_server.store.bell import ring
from sync_server.store.devices.contact import DeviceIdentity, contact_note, keep_contact
from sync_server.store.devices.positions import Position, keep_position
from sync_server.store.dialect import Dialect, Row
from sync_server.store.driver_errors import known_errors
from sync_server.store.feed.echo import Echoes
from sync_server.store.feed.pulling import Pulled
from sync_server.store.migrate import bring_up_to_date, check_version
from sync_server.store.moments import moment_of
from sync_server.store.reading import StoreInfo
from sync_server.store.session import Session
from sync_server.store.settling import STRUCTURAL, coverage
from sync_server.store.snapshot import Snapshot
from sync_server.store.together import Together
from sync_server.store.transaction import WriteTransaction
from sync_server.store.whereabouts import Lookout
from sync_server.store.workspace import Workspace

__all__ = ["Actor", "Database", "StoreInfo"]

TIDY_AFTER = 300
"""Rows written after which what commits leave over is tidied, beside whatever goes on."""

TIDY_PAUSE_SECONDS = 0.25
"""From such a commit to the tidying: whoever waits for an answer to it has the processor and the disk first."""

_LOOKED = "fieldrep_looked"
"""The mark of a connection over which it was seen where the store lies."""

_BEGIN = {
    "read": Session.begin_read,
    "write": Session.begin_write,
    "note": Session.begin_note,
    "statement": Session.begin_nothing,
}
_WRITING = frozenset({"write", "note"})


class Database:
    """One central store. Safe for threads: each transaction has a connection of its own.

    Attributes:
        pushes: those that wait to be taken; what they are is known to whoever takes them.
        echoes: what those that were taken wrote.
    """

    def __init__(
        self, url: str, clock: Clock, randomness: Randomness, dialect: Dialect | None = None
    ) -> None:
        self.url = url
        self.dialect = dialect or dialect_of(url)
        self.engine = self.dialect.engine(url)
        self._writers = self.dialect.writer(url) or self.engine
        self.clock = clock
        self.randomness = randomness
        self.pushes: Together[Any] = Together()
        self.echoes = Echoes()
        self._ids = IdSource(clock, randomness)
        self._writing = threading.Lock()
        self._turn_of_notes: AbstractContextManager[object] = (
            self._writing if self.dialect.is_local else nullcontext()
        )
        self._untidy = 0
        self._tidier = ThreadPoolExecutor(1, "store-tidy")
        self._tidying: Future[None] | None = None
        self._closing = threading.Event()
        self._letting_go = threading.Lock()
        self._lookout = Lookout(randomness, lambda session: self._transaction(session, Actor("server")))
        self._away = Away()
        self._settled_on = ""
        self._coverage: tuple[tuple[object, ...], Coverage] | None = None

    @classmethod
    def open(cls, url: str, clock: Clock, randomness: Randomness) -> Database:
        """Opens a store that exists.

        Raises:
            KnownError: `store_missing`, `store_newer` or `store_damaged`, with what to do.
        """
        database = cls(url, clock, randomness)
        try:
            database.dialect.require_there(url)
            with known_errors():
                check_version(database.engine)
        except BaseException:
            database.close()
            raise
        return database

    @classmethod
    def create(cls, url: str, clock: Clock, randomness: Randomness) -> Database:
        """Opens a store; makes it first where there is none, and brings an older one up to date."""
        database = cls(url, clock, randomness)
        try:
            with known_errors():
                bring_up_to_date(url, database.dialect)
                database._give_identity()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Lets all connections go; one that is in use goes when it is given back."""
        self._closing.set()
        self._tidier.shutdown()
        for engine in (self.engine, self._writers):
            self._let_go(engine, engine.pool)

    @property
    def whereabouts(self) -> str:
        """Where the store was seen to lie, "" where nobody can tell or it was not looked yet."""
        return self._lookout.here or ""

    def info(self) -> StoreInfo:
        """The store's identity and where its clock stands."""
        with self.read() as snapshot:
            return snapshot.info()

    @contextmanager
    def read(self) -> Iterator[Snapshot]:
        """One consistent state, whatever is written meanwhile."""
        with known_errors(), self._session("read") as session:
            try:
                yield Snapshot(session, self.echoes)
            finally:
                with suppress(Exception):
                    session.rollback()

    def pull(self, user_id: bytes, cursor: bytes, page_bytes: int) -> Pulled:
        """What a user's replica at `cursor` takes next, read in one snapshot."""
        with self.read() as snapshot:
            return snapshot.pull(user_id, cursor, page_bytes)

    @contextmanager
    def write(self, actor: Actor | str = "server") -> Iterator[WriteTransaction]:
        """A write transaction; commits at the end, and an exception undoes all of it.

        `actor` is who administers; a pushed change names its own author.
        """
        who = Actor(actor) if isinstance(actor, str) else actor
        with known_errors(), self._writing, self._session("write") as session:
            try:
                transaction = self._transaction(session, who)
                yield transaction
                transaction.finish()
                if transaction.revision != transaction.revision_now:
                    ring(session)
                reached(Step.FLUSHED)
                session.commit()
                reached(Step.COMMITTED)
                self._tidy_after(transaction.position())
            except BaseException:
                with suppress(Exception):
                    session.rollback()
                raise

    @contextmanager
    def rehearse(self, actor: str) -> Iterator[WriteTransaction]:
        """A write transaction that is never committed: what it would settle can be asked in it, then it is undone."""
        with known_errors(), self._writing, self._session("write") as session:
            try:
                yield self._transaction(session, Actor(actor))
            finally:
                with suppress(Exception):
                    session.rollback()

    @contextmanager
    def statement(self) -> Iterator[Session]:
        """For a single statement, which is one state by itself: there is no transaction around it."""
        with known_errors(), self._session("statement") as session:
            yield session

    @contextmanager
    def beside(self) -> Iterator[Session]:
        """A short write beside the clock: for notes that no replica ever pulls."""
        with known_errors(), self._turn_of_notes, self._session("note") as session:
            try:
                yield session
                session.commit()
            except BaseException:
                with suppress(Exception):
                    session.rollback()
                raise

    @contextmanager
    def exclusive(self) -> Iterator[Session]:
        """A write under the clock lock that replaces what the store is; for restoring alone."""
        with known_errors(), self._writing, self._session("write") as session:
            try:
                yield session
                ring(session)
                session.commit()
            except BaseException:
                with suppress(Exception):
                    session.rollback()
                raise

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A driver connection outside any transaction."""
        pool, pooled = self._taken(self.engine)
        try:
            yield pooled.driver_connection
        finally:
            self._give_back(self.engine, pool, pooled)

    def analyze(self) -> None:
        """Tells the database's planner how large the tables have become; for after an import or a restore."""
        with known_errors(), self.connection() as connection:
            self.dialect.analyze(connection)

    def _tidy_after(self, rows: int) -> None:
        """Has the database tidied once enough was written, unless that is under way."""
        self._untidy += 1 + rows
        if self._untidy >= TIDY_AFTER and (self._tidying is None or self._tidying.done()):
            self._untidy = 0
            self._tidying = self._tidier.submit(self._tidy)

    def _tidy(self) -> None:
        self._closing.wait(TIDY_PAUSE_SECONDS)
        with suppress(Exception), self.connection() as connection:  # the next commit tries again
            self.dialect.tidy(connection)

    def settle_due(self) -> None:
        """Settles the scope ledger when a new day has begun for anybody since; days open and close grants."""
        if not self.is_settled():
            moment = moment_of(self.clock())
            with self.read() as reader:
                due = coverage(reader, reader.info().settled_on).is_overtaken(moment)
            if due:
                with self.write("new day"):
                    pass
            self._settled_on = moment

    def is_settled(self) -> bool:
        """Whether it is known that no new day has begun for anybody since the ledger was settled."""
        return self._settled_on == moment_of(self.clock())

    def note_contact(
        self,
        device: DeviceIdentity,
        handshake: Handshake,
        present: int,
        position: Position | None = None,
        *,
        further: bool = False,
    ) -> None:
        """Keeps what a device that pushes nothing told of itself, when that is news or the last note is old.

        `present` is the store's revision as the device's exchange saw it; `further` where changes are still to come.
        """
        note = contact_note(device, handshake, present, self.clock(), further=further)
        if note is not None or position is not None:
            with self.beside() as session:
                if note is not None:
                    keep_contact(session, note)
                if position is not None:
                    keep_position(session, device.device_id, position)

    def note_position(self, device_id: bytes, position: Position | None) -> None:
        """Keeps where an exchange left a device that told nothing else new."""
        if position is not None:
            with self.beside() as session:
                keep_position(session, device_id, position)

    @contextmanager
    def _session(self, kind: str) -> Iterator[Session]:
        """A session in a transaction just begun. A pooled connection the database has closed meanwhile is replaced."""
        engine = self._writers if kind in _WRITING else self.engine
        pool, pooled, session = self._begun(engine, _BEGIN[kind])
        try:
            yield session
        except BaseException:
            if self._is_gone(session):
                pooled.invalidate()
            raise
        finally:
            self._give_back(engine, pool, pooled)

    def _begun(self, engine: Engine, begin: Callable[[Session], None]) -> tuple[Pool, Any, Session]:
        for attempt in (1, 2):
            pool, pooled = self._taken(engine)
            session = Session(pooled.driver_connection, self.dialect)
            try:
                begin(session)
            except BaseException:
                if not self._is_gone(session):
                    with suppress(Exception):
                        session.rollback()
                    self._give_back(engine, pool, pooled)
                    raise
                pooled.invalidate()
                pooled.close()
                self._let_go(engine, pool)
                if attempt == 2:
                    raise
            else:
                return pool, pooled, session
        raise AssertionError("unreachable")

    def _taken(self, engine: Engine) -> tuple[Pool, Any]:
        """A connection and the pool to which it goes back; on its first time it is seen where the store lies."""
        pool = engine.pool
        pooled = self._away.connected(pool)
        if not self.dialect.is_local and _LOOKED not in pooled.info:
            seen = self._lookout.here
            try:
                if self._lookout.look(Session(pooled.driver_connection, self.dialect)):
                    pooled.info[_LOOKED] = True
                    self._away.is_here()
            except BaseException:
                pooled.invalidate()
                pooled.close()
                raise
            if self._lookout.here != seen:
                self._settled_on = ""
        return pool, pooled

    def _give_back(self, engine: Engine, pool: Pool, pooled: Any) -> None:
        """Puts a connection back, or closes it where its pool was let go of meanwhile."""
        pooled.close()
        if pool is not engine.pool or self._closing.is_set():
            pool.dispose()

    def _let_go(self, engine: Engine, pool: Pool) -> None:
        """Has a new pool used from now on. The order counts: what comes back before is closed here, later by itself."""
        with self._letting_go:
            if pool is engine.pool:
                engine.dispose(close=False)
        pool.dispose()

    @staticmethod
    def _is_gone(session: Session) -> bool:
        return bool(getattr(session.connection, "closed", False))

    def _transaction(self, session: Session, actor: Actor) -> WriteTransaction:
        return WriteTransaction(session, actor, self.clock, self._ids, self._coverage_of)

    def _coverage_of(self, workspace: Workspace, info: StoreInfo, clocks: list[Row]) -> Coverage:
        """People and territories as stored, remembered until one of them changes."""
        stamp = (info.epoch, info.settled_on, *(row for row in clocks if row[0] in STRUCTURAL))
        if self._coverage is None or self._coverage[0] != stamp:
            self._coverage = (stamp, coverage(workspace, info.settled_on))
        return self._coverage[1]

    def _give_identity(self) -> None:
        with self._session("read") as session:
            known = session.first("SELECT one FROM store_info")
            session.rollback()
        if known is not None:
            return
        with self.connection() as connection:
            now = self.clock()
            session = Session(connection, self.dialect)
            session.run(
                "INSERT INTO store_info (one, server_id, epoch, revision, audit_n, audit_hash, settled_on, made_at, "
                "horizon, audit_cut, audit_cut_hash, backup_revision, backup_at, tidied_at, history_floor, "
                "history_since, whereabouts, behind) VALUES (1, ?, ?, 0, 0, ?, ?, ?, 0, 0, ?, 0, 0, 0, 0, ?, '', 0) "
                "ON CONFLICT (one) DO NOTHING",
                (
                    self.randomness(ID_BYTES),
                    self.randomness(ID_BYTES),
                    FIRST_HASH,
                    moment_of(now),
                    now,
                    FIRST_HASH,
                    now,
                ),
            )
