"""Undo: a new change that takes back an earlier one that is still here.

Owns the verb; which change can be undone and what its reverse is, the store knows.
"""

from __future__ import annotations

from fieldrep.commands.done import Done, done
from fieldrep.contract.errors import Code, KnownError
from fieldrep.store import undo as reversal
from fieldrep.store.replica import Replica


def undo(replica: Replica, *, n: int | None = None) -> Done:
    """Takes back a change, by itself the newest one that can be; newer values of the same fields stay."""
    if n is None:
        with replica.read() as reader:
            last = reversal.last_undoable(reader)
        if last is None:
            raise KnownError(Code.NOTHING_TO_CHANGE, "There is nothing to undo.")
        n = last.n
    with replica.begin("undo", "Undo") as uow:
        reversal.undo(uow, n)
    return done("undo", uow, None)
