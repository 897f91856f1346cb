"""Deaths at a named moment: of the server in one exchange, of a laptop's program at a named step of its own.

Must not know what is done at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fieldrep.contract import steps
from fieldrep.contract.steps import Step as Moment
from sync_server.store.database import Database
from tests.sim.tap import Killed


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


@contextmanager
def dying_at(moment: str) -> Iterator[None]:
    """Within this, the program on the laptop dies when it comes to the moment of that name; "" for never."""

    def die(reached: Moment) -> None:
        if reached.name == moment:
            raise Killed(moment)

    steps.listener = die if moment else None
    try:
        yield
    finally:
        steps.listener = None
