"""Planted bugs that only a disk shows that is full or fails: the program lives on, and with it what it remembers.

`bugs.py` has the others and the way they are planted.
"""

from __future__ import annotations

from typing import Any

from sqlcipher3 import dbapi2

from fieldrep.contract.errors import Code, KnownError
from fieldrep.store import engine
from fieldrep.store.replica import Replica
from sync_server.reconcile import taking
from tests.sim.planted.bugs import Bug, Patch


def remembered_before_the_disk(patch: Patch) -> None:
    """A laptop believes to stand where a page that its disk refused would have brought it."""
    real = Replica._end_writing

    def end(self: Any, error: Any) -> None:
        if error is None:
            self._state = self._next_state
        real(self, error)

    patch.setattr(Replica, "_end_writing", end)


def full_disk_kept_quiet(patch: Patch) -> None:
    """What a full disk did not take counts as saved: the outbox forgets it, and nobody is told."""
    real = engine.end

    def end(connection: Any, error: Any) -> None:
        try:
            real(connection, error)
        except KnownError as refused:
            if error is not None or refused.code is not Code.DISK_FULL:
                raise

    patch.setattr(engine, "end", end)


def half_a_page_on_a_full_disk(patch: Patch) -> None:
    """What was written of a page, or of a save, before the disk was full stays there."""
    real = engine.end

    def end(connection: Any, error: Any) -> None:
        if isinstance(error, dbapi2.Error) and connection.in_transaction:
            getattr(connection, "connection", connection).execute("COMMIT")
        real(connection, error)

    patch.setattr(engine, "end", end)


def answered_though_not_written(patch: Patch) -> None:
    """The server tells what became of changes that its disk did not take."""
    real = taking.take_together

    def take(database: Any, first: Any, others: Any, pushes: Any) -> None:
        real(database, first, others, pushes)
        for push in pushes:
            if isinstance(push.error, KnownError) and push.error.code is Code.DISK_FULL:
                push.error = None

    patch.setattr(taking, "take_together", take)


DISK_BUGS: tuple[Bug, ...] = (
    remembered_before_the_disk,
    full_disk_kept_quiet,
    half_a_page_on_a_full_disk,
    answered_though_not_written,
)
