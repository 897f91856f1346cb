"""The bell: server processes hear at once that something was committed, where the database can tell them.

PostgreSQL can (NOTIFY and LISTEN); a store on SQLite is looked at instead. A bell says only that there may be something
new, never what, and one that is missed costs nothing but time. Must not know who waits for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sync_server.store.driver_errors import known_errors
from sync_server.store.session import Session

if TYPE_CHECKING:
    from sync_server.store.database import Database

_HAS_BELL = "postgresql"
CHANNEL = "fieldrep_clock"


def ring(session: Session) -> None:
    """Has the bell rung when this transaction commits, and only then."""
    if session.dialect.name == _HAS_BELL:
        session.run("SELECT pg_notify(?, '')", (CHANNEL,))


class Bell:
    """A line to the database on which it rings. It must be asked by one thread at a time."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._number: int = connection.fileno()

    @classmethod
    def hung(cls, database: Database) -> Bell | None:
        """A bell on a connection of its own, None where the database has none.

        Raises:
            KnownError: `server_busy`, when the database cannot be reached.
        """
        if database.dialect.name != _HAS_BELL:
            return None
        with known_errors():
            pooled = database.engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            try:
                connection.execute(f"LISTEN {CHANNEL}")
            except BaseException:
                connection.close()
                raise
        return cls(connection)

    def fileno(self) -> int:
        """What becomes readable when it rings, or when the line is lost."""
        return self._number

    def heard(self) -> bool:
        """Whether it has rung since it was asked last; does not wait.

        Raises:
            KnownError: `server_busy`, when the line is lost.
        """
        rung = False
        with known_errors():
            self._connection.pgconn.consume_input()
            while self._connection.pgconn.notifies() is not None:
                rung = True
        return rung

    def close(self) -> None:
        """Lets the line go."""
        self._connection.close()
