"""A database session: statements in, tuples out, at the driver's speed. One transaction of one connection.

Beyond a line a transaction that writes does not wait for the answer to each statement: they travel one behind the
other, and whoever needs an answer, or the commit, waits for all before it. What one was refused for is raised there.
Must not know any table; `dialect.py` knows the two databases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from functools import cache
from itertools import chain
from typing import Any

from sync_server.store.dialect import STREAMED, Cursor, Dialect, Row


class Session:
    """Runs statements written with `?` on one connection. It lives as long as its transaction."""

    def __init__(self, connection: Any, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect
        self._only = dialect.cursor(connection)
        self._text = dialect.text
        self._ahead: AbstractContextManager[object] | None = None

    def begin_read(self) -> None:
        """Starts one consistent snapshot."""
        self.dialect.begin_read(self._only)

    def begin_write(self) -> None:
        """Starts a transaction under the clock lock."""
        self.dialect.begin_write(self._only)
        self._go_ahead()

    def begin_note(self) -> None:
        """Starts a transaction that leaves the clock alone."""
        self.dialect.begin_note(self._only)
        self._go_ahead()

    def begin_nothing(self) -> None:
        """For a single statement: each is a transaction by itself."""

    def _go_ahead(self) -> None:
        """From now on statements do not wait for each other's answers."""
        if not self.dialect.is_local:
            self._ahead = self.connection.pipeline()
            self._ahead.__enter__()

    def _catch_up(self) -> None:
        """Waits for all answers, and from now on for each."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.__exit__(None, None, None)

    @property
    def _cursor(self) -> Cursor:
        """The one for the next statement, which keeps its own answer until that is asked for."""
        return self._only if self._ahead is None else self.dialect.cursor(self.connection)

    def commit(self) -> None:
        """Makes it durable."""
        self._cursor.execute("COMMIT")
        self._catch_up()

    def rollback(self) -> None:
        """Undoes all of it; a connection that is already gone has undone it by itself."""
        with suppress(Exception):  # what it is undone for
            self._catch_up()
        self._only.execute("ROLLBACK")

    def ask(self, sql: str, parameters: Sequence[Any] = ()) -> Callable[[], list[Row]]:
        """All rows of a query, waited for when they are called for; what is asked before that travels along."""
        cursor = self._cursor
        cursor.execute(self._text(sql), parameters)
        if self._ahead is not None:
            return cache(cursor.fetchall)
        rows = cursor.fetchall()
        return lambda: rows

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self.ask(sql, parameters)()

    def stream(self, sql: str) -> Iterator[list[Row]]:
        """The rows of a query in portions, without holding them all."""
        yield from self.dialect.stream(self.connection, sql)

    def first(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row of a query, None when there is none."""
        cursor = self._cursor
        cursor.execute(self._text(sql), parameters)
        return cursor.fetchone()

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Runs a statement that answers nothing."""
        self._cursor.execute(self._text(sql), parameters)

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Runs a statement once per row."""
        self._cursor.executemany(self._text(sql), rows)

    def insert_many(self, table: str, columns: Sequence[str], rows: list[Row]) -> None:
        """Puts new rows into a table."""
        if self._ahead is not None and len(rows) >= STREAMED:
            self._catch_up()
            self.dialect.insert_many(self._only, table, columns, rows)
            self._go_ahead()
        elif rows:
            self.dialect.insert_many(self._cursor, table, columns, rows)

    def put_many(self, table: str, columns: Sequence[str], rows: list[Row], otherwise: str) -> None:
        """Puts rows into a table, no two of one key; `otherwise` says what becomes of those that are there."""
        if rows:
            self.dialect.put_many(self._cursor, table, columns, rows, otherwise)

    def update_many(self, table: str, names: Sequence[str], rows: list[Row]) -> None:
        """Writes these columns of rows, none of them twice; each tuple ends with the row's place."""
        if rows:
            self.dialect.update_many(self._cursor, table, names, rows)

    def chosen(
        self, sql: str, members: Sequence[Any], before: Sequence[Any] = (), after: Sequence[Any] = ()
    ) -> Iterator[Row]:
        """The rows of a query with `IN :members`, whose other parameters stand before and after it.

        As with `ask`, they are waited for when the first is taken.
        """
        texts = self.dialect.members(sql, members)
        asked = [self.ask(text, (*before, *chunk, *after)) for text, chunk in texts]
        return chain.from_iterable(answer() for answer in asked)
