"""Deaths of the server at a named moment of one exchange. Must not know what is exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sync_server.store.database import Database


class ServerDied(Exception):
    """The server process was killed before it answered."""


@contextmanager
def dying(database: Database, death: str) -> Iterator[None]:
    """Within this, the server dies before or after it commits, if so wished."""
    write = database.write

    @contextmanager
    def dying_write(*args: Any) -> Iterator[Any]:
        with write(*args) as tx:
            if death == "before commit":
                _die_at_the_end(tx)
            yield tx
        raise ServerDied(death)

    if death in ("before commit", "after commit"):
        database.write = dying_write  # type: ignore[method-assign]
    try:
        yield
    finally:
        vars(database).pop("write", None)


def _die_at_the_end(tx: Any) -> None:
    """Everything is written, and nothing committed."""
    finish = tx.finish

    def finish_and_die() -> None:
        finish()
        raise ServerDied("before commit")

    tx.finish = finish_and_die
