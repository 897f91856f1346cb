"""Named steps: the moments at which a program may die, each at its place in the code, for the test that kills it there.

In a product nobody listens and a step costs one call. The test listens, kills at every step in turn, starts again, and
fails when a step is never reached; so a new moment that matters is a new name here.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """Every named step, of both programs."""

    CREATED = "all tables of a new replica are made, not committed"
    ENROLLED = "what the server's admission says is written, not committed"
    SAVE_WRITTEN = "a person's change is written, not committed"
    SAVED = "a person's change is committed, nobody has heard of it"
    ANSWERED = "the server's reply is here, nothing of it is applied"
    SETTLED = "outcomes are noted, rows have not arrived"
    ARRIVED = "rows are written, the cursor has not moved"
    CURSOR_MOVED = "the cursor is written, not committed"
    PULLED = "a reply is committed"
    EMPTIED = "a start over has emptied the replica, not committed"
    MIGRATED = "a migration is done, not committed"
    REPAIR_BUILT = "a repaired replica is built, it does not lie ready yet"
    REPAIR_READY = "a repaired replica lies ready, nothing has moved"
    DAMAGED_MOVED = "the damaged file is aside, the repaired one not in its place"
    CARRIED_OUT = "a file for the server is written, the replica has not noted it"
    CARRIED_IN = "the server's file is proven, nothing of it is taken"
    WIPE_NOTED = "the order to wipe is noted on the device, nothing is destroyed"
    KEY_DESTROYED = "the key is destroyed, the files are not"
    FILES_DESTROYED = "the files are destroyed, which is not noted"
    WIPE_TOLD = "the server has the receipt of a wipe, which is not noted on the device"
    JUDGED = "the server has judged a push, written nothing"
    FLUSHED = "the server has written, not committed"
    COMMITTED = "the server has committed, not replied"
    WIPE_CONFIRMED = "the server has written that a device is wiped, not committed"
    CARRIED_ANSWER = "the server has taken a file, its answer is not whole"


listener: Callable[[Step], None] | None = None
"""Who is told of each step; nobody but a test ever listens."""


def reached(step: Step) -> None:
    """The program is at that step now."""
    if listener is not None:
        listener(step)
