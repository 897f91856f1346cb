"""What differs between SQLite and PostgreSQL, all of it: opening, placeholders, the lock, membership; its errors are
in `driver_errors.py`.

Everything else in the store is one statement text for both, written with `?`. Must not know any table but the clock
row it locks.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool, QueuePool

from fieldrep.contract.errors import Code, KnownError
from sync_server.store.sql_text import compose, insert_all_text, insert_text, update_all_text, update_text

Row = tuple[Any, ...]
_MEMBERS = "IN :members"
_ANY = "= ANY(?)"
_CHUNK = 400
"""Values in one `IN` list on SQLite; short lists are filled up, so that the statement stays prepared."""

_LOCK_WAIT_SECONDS = 30
_CACHE_KIB, _WRITER_CACHE_KIB = 8_000, 64_000
"""Pages a connection keeps at hand, until another one writes: so one writes all, and mostly has what it needs."""

_PORTION = 5_000
NO_STORE = "There is no central store here yet. Make one with fieldrep-server init."
_POOL, _OVERFLOW = 20, 80

# The driver looks for an adapter for every None and every bytes it binds, and searches long where there is none: with
# these two a wide row is bound in less than half the time.
sqlite3.register_adapter(type(None), lambda nothing: nothing)
sqlite3.register_adapter(bytes, bytes)


class Cursor(Protocol):
    """What the store uses of a driver's cursor."""

    def execute(self, sql: str, parameters: Sequence[Any] = ..., /) -> object: ...
    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> object: ...
    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...


class Dialect(Protocol):
    """One of the two databases.

    Attributes:
        place: the column by which a row that was just read is found again the quickest.
        is_local: whether it is asked within this process, where nothing travels and nobody waits for a writer.
    """

    name: str
    place: str
    is_local: bool

    def engine(self, url: str) -> Engine:
        """A pool of connections with the driver's own transaction handling off."""

    def writer(self, url: str) -> Engine | None:
        """A pool of the one connection over which all is written; None where any of the others does."""

    def require_there(self, url: str) -> None:
        """Makes sure that opening does not make an empty store where there is none."""

    def schema_engine(self, url: str) -> Engine:
        """An engine whose transactions cover changes of the schema."""

    def lock_schema(self, connection: Connection) -> None:
        """Keeps a second program from changing the schema at the same time, until the transaction ends."""

    def cursor(self, connection: Any) -> Cursor:
        """A cursor that answers with tuples."""

    def text(self, sql: str) -> str:
        """The statement as the driver wants it."""

    def begin_read(self, cursor: Cursor) -> None:
        """Starts one consistent snapshot."""

    def begin_write(self, cursor: Cursor) -> None:
        """Starts a transaction and takes the clock lock, so that revisions become visible in commit order."""

    def begin_note(self, cursor: Cursor) -> None:
        """Starts a transaction that leaves the clock alone."""

    def analyze(self, connection: Any) -> None:
        """Tells the planner of the database how large its tables have become."""

    def tidy(self, connection: Any) -> None:
        """Work left over by commits that nobody needs to wait for."""

    def stream(self, connection: Any, sql: str) -> Iterator[list[Row]]:
        """The rows of a query in portions, without holding them all."""

    def members(self, sql: str, members: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        """The statement and parameters for `IN :members`, as often as needed."""

    def insert_many(self, cursor: Cursor, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        """Puts in many new rows the quickest way the driver has."""

    def put_many(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: list[Row], otherwise: str
    ) -> None:
        """Puts in rows, no two of one key; `otherwise` is the ON CONFLICT clause for those that are there."""

    def update_many(self, cursor: Cursor, table: str, names: Sequence[str], rows: list[Row]) -> None:
        """Writes columns of rows, none of them twice; each tuple ends with the row's place."""


class SqliteDialect:
    """SQLite with WAL and `synchronous=FULL`: an acknowledged commit survives a power cut."""

    name = "sqlite"
    place = "rowid"
    is_local = True

    def engine(self, url: str) -> Engine:
        return self._pool(url, _CACHE_KIB, _POOL, _OVERFLOW)

    def writer(self, url: str) -> Engine | None:
        return self._pool(url, _WRITER_CACHE_KIB, 1, 0)

    def _pool(self, url: str, cache_kib: int, size: int, beyond: int) -> Engine:
        path = self.file_of(url)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        return create_engine(
            "sqlite://",
            creator=lambda: _connect(path, cache_kib),
            poolclass=QueuePool,
            pool_size=size,
            max_overflow=beyond,
            pool_reset_on_return=None,
            pool_use_lifo=True,  # the connection used last has its pages at hand
        )

    @staticmethod
    def file_of(url: str) -> str:
        """The file an address names.

        Raises:
            KnownError: `wrong_usage`, when it names none.
        """
        path = make_url(url).database
        if not path or path == ":memory:":
            raise KnownError(
                Code.WRONG_USAGE, "A central store on SQLite needs a file, as in sqlite:///store.db."
            )
        return path

    def require_there(self, url: str) -> None:
        if not Path(self.file_of(url)).is_file():
            raise KnownError(Code.STORE_MISSING, NO_STORE)

    def schema_engine(self, url: str) -> Engine:
        path = self.file_of(url)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if not Path(path).exists():
            # only its owner may read a store; the files beside it follow its rights
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
        return engine

    def lock_schema(self, connection: Connection) -> None:
        """BEGIN IMMEDIATE has done it."""

    def cursor(self, connection: Any) -> Cursor:
        cursor: Cursor = connection.cursor()
        return cursor

    def text(self, sql: str) -> str:
        return sql

    def begin_read(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN DEFERRED")

    def begin_write(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN IMMEDIATE")

    begin_note = begin_write

    def analyze(self, connection: Any) -> None:
        """The plans of SQLite follow from the statements alone."""

    def tidy(self, connection: Any) -> None:
        """Moves what was committed from the log into the file; hinders neither readers nor writers."""
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def stream(self, connection: Any, sql: str) -> Iterator[list[Row]]:
        yield from _portions(connection.execute(sql))

    def members(self, sql: str, members: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        for start in range(0, len(members), _CHUNK):
            chunk = list(members[start : start + _CHUNK])
            size = 1 if len(chunk) == 1 else 20 if len(chunk) <= 20 else _CHUNK
            chunk += chunk[-1:] * (size - len(chunk))
            yield sql.replace(_MEMBERS, "IN (" + "?," * (size - 1) + "?)"), chunk

    def insert_many(self, cursor: Cursor, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        cursor.executemany(insert_text(table, tuple(columns)), rows)

    def put_many(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: list[Row], otherwise: str
    ) -> None:
        cursor.executemany(f"{insert_text(table, tuple(columns))} {otherwise}", rows)

    def update_many(self, cursor: Cursor, table: str, names: Sequence[str], rows: list[Row]) -> None:
        cursor.executemany(update_text(table, tuple(names)), rows)


def _connect(path: str, cache_kib: int = _CACHE_KIB) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=_LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    settings = ("journal_mode=WAL", "synchronous=FULL", f"cache_size=-{cache_kib}", "temp_store=MEMORY")
    try:
        for pragma in (*settings, "wal_autocheckpoint=8000"):  # pages; `tidy` comes before
            connection.execute("PRAGMA " + pragma)
    except BaseException:  # the file is no database, or cannot be read
        connection.close()
        raise
    return connection


_SETTINGS = (
    "synchronous_commit=on",
    "lock_timeout=30s",
    "idle_in_transaction_session_timeout=120s",
    "enable_seqscan=off",
    "enable_bitmapscan=off",
    "enable_memoize=off",
    "jit=off",
    "plan_cache_mode=force_generic_plan",
)
"""A server process that hangs with the clock lock must not hold up the others for ever. And every statement here walks
an index in its order: a plan made while a table was empty would read it whole ever after, others would sort. So one
plan does for all values; to make it anew for each would cost more than most statements do."""
_PREPARED = 500
STREAMED = 500
"""New rows from which on they are streamed; so many at once cost no more by a statement with an array a column."""


class PostgresDialect:
    """PostgreSQL through psycopg 3; several server processes may share it."""

    name = "postgresql"
    place = "id"
    is_local = False

    def engine(self, url: str) -> Engine:
        from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

        engine = create_engine(
            url,
            pool_size=_POOL,
            max_overflow=_OVERFLOW,
            pool_use_lifo=True,  # the connection used last has its statements prepared
            pool_reset_on_return=None,
            connect_args={
                "autocommit": True,
                "application_name": "fieldrep-server",
                "options": " ".join(f"-c {setting}" for setting in _SETTINGS),
            },
        )

        event.listen(engine, "connect", _require_unicode, insert=True)

        # One wire type for every whole number keeps one prepared statement per text.
        def prepare(connection: Any, _record: object) -> None:
            connection.prepare_threshold, connection.prepared_max = 0, _PREPARED
            connection.adapters.register_dumper(int, Int8Dumper)
            connection.adapters.register_dumper(int, Int8BinaryDumper)

        event.listen(engine, "connect", prepare)
        return engine

    def writer(self, _url: str) -> None:
        """Its pages are kept by the database server."""

    def require_there(self, url: str) -> None:
        """A database that is not there cannot be opened in the first place."""

    def schema_engine(self, url: str) -> Engine:
        engine = create_engine(url, poolclass=NullPool, connect_args={"application_name": "fieldrep-server"})
        event.listen(engine, "connect", _require_unicode, insert=True)
        return engine

    def lock_schema(self, connection: Connection) -> None:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7020615)")

    def cursor(self, connection: Any) -> Cursor:
        cursor: Cursor = connection.cursor(binary=True)
        return cursor

    def text(self, sql: str) -> str:
        return _percent(sql)

    def begin_read(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def begin_write(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        cursor.execute("SELECT revision FROM store_info WHERE one = 1 FOR UPDATE")

    def begin_note(self, cursor: Cursor) -> None:
        cursor.execute("BEGIN ISOLATION LEVEL READ COMMITTED")

    def analyze(self, connection: Any) -> None:
        connection.execute("ANALYZE")

    def tidy(self, connection: Any) -> None:
        """PostgreSQL has processes of its own for that."""

    def stream(self, connection: Any, sql: str) -> Iterator[list[Row]]:
        with connection.cursor("portions", binary=True) as cursor:
            cursor.execute(_percent(sql))
            yield from _portions(cursor)

    def members(self, sql: str, members: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
        if members:
            yield sql.replace(_MEMBERS, _ANY), [list(members)]

    def insert_many(self, cursor: Any, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        if len(rows) < STREAMED:
            self.put_many(cursor, table, columns, rows, "")
            return
        sql = compose("COPY {table} ({columns}) FROM STDIN", table=table, columns=columns)
        with cursor.copy(sql) as copy:
            for row in rows:
                copy.write_row(row)

    def put_many(
        self, cursor: Cursor, table: str, columns: Sequence[str], rows: list[Row], otherwise: str
    ) -> None:
        for arrays in _side_by_side(rows):
            cursor.execute(f"{insert_all_text(table, tuple(columns))} {otherwise}", arrays)

    def update_many(self, cursor: Cursor, table: str, names: Sequence[str], rows: list[Row]) -> None:
        for arrays in _side_by_side(rows):
            cursor.execute(update_all_text(table, tuple(names)), arrays)


def _require_unicode(connection: Any, _record: object) -> None:
    """The server tells its encoding with every connection, unasked.

    Raises:
        KnownError: `store_unusable`.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        name = connection.info.dbname
        connection.close()
        raise KnownError(
            Code.STORE_UNUSABLE,
            f"The database “{name}” is encoded in {encoding}, which cannot hold every name. Make one in UTF-8 "
            "(createdb --encoding UTF8 --template template0 NAME) and give that; pg_dump takes over what this one has.",
        )


def _side_by_side(rows: list[Row]) -> Iterator[list[list[Any]]]:
    """The values of each column, a portion of the rows at a time."""
    for start in range(0, len(rows), _PORTION):
        yield list(map(list, zip(*rows[start : start + _PORTION], strict=True)))


def _portions(cursor: Any) -> Iterator[list[Row]]:
    while rows := cursor.fetchmany(_PORTION):
        yield rows


@lru_cache(maxsize=1000)
def _percent(sql: str) -> str:
    # a list as a binary parameter is read without being parsed; as text each of its ids would be quoted here
    return sql.replace("%", "%%").replace(_ANY, "= ANY(%b)").replace("?", "%s")
