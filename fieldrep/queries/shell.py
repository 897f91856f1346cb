"""What the frame of the window shows on every page: who works here, what waits, what needs a person, how old data is.

Owns the few numbers of the sync pill and the status bar; cheap enough to be asked after every change.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId


@dataclass(frozen=True, slots=True)
class ShellState:
    """The present state of the replica in numbers; times in ms, None for never."""

    user_id: RowId | None
    user: str
    login: str
    time_zone: str
    enrolled: bool
    complete: bool
    waiting: int
    conflicts: int
    refused: int
    last_sync_at: int | None
    undo_label: str
