"""What the frame of the window shows on every page: who works here, what waits, what needs a person, how old data is.

Owns the few numbers of the sync pill and the status bar; cheap enough to be asked after every change.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import maybe_ref, text
from fieldrep.queries.handed import refused_standing
from fieldrep.store.outgoing import outbox
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state
from fieldrep.store.undo import last_undoable


@dataclass(frozen=True, slots=True)
class ShellState:
    """The present state of the replica in numbers; times in ms, None for never.

    Attributes:
        refused: refused changes that need this person, also while she corrects them.
        handed_over: those that are with the admin.
        answered: those the admin has answered.
    """

    user_id: RowId | None
    user: str
    login: str
    time_zone: str
    enrolled: bool
    complete: bool
    waiting: int
    oldest_waiting_at: int | None
    conflicts: int
    refused: int
    handed_over: int
    answered: int
    last_sync_at: int | None
    undo_label: str


_CONFLICTS = "SELECT count(*) FROM conflict WHERE status = 'open' AND archived = 0"
_ZONE = "SELECT tz FROM app_user WHERE id = ?"


def shell_state(reader: Reader) -> ShellState:
    """The present numbers of the frame."""
    state = load_state(reader.driver)
    zone = reader.rows(_ZONE, (state.user_id,))
    newest = last_undoable(reader)
    refused = refused_standing(reader)
    return ShellState(
        user_id=maybe_ref(state.user_id or None),
        user=state.user_name,
        login=state.login,
        time_zone=text(zone[0][0]) if zone else "",
        enrolled=state.enrolled,
        complete=state.complete,
        waiting=outbox.depth(reader.driver),
        oldest_waiting_at=outbox.oldest_made_at(reader.driver),
        conflicts=reader.rows(_CONFLICTS)[0][0],
        refused=refused[""] + outbox.correcting(reader.driver),
        handed_over=refused["open"],
        answered=refused["closed"],
        last_sync_at=state.last_sync_at or None,
        undo_label=newest.label if newest else "",
    )
