"""What people do about what was refused: they send it again as they had entered it, or let it go.

Must not know why it was refused, nor whether it will be taken now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fieldrep.store.incoming import refused

if TYPE_CHECKING:
    from tests.sim.people import Hand


def let_go(hand: Hand) -> str:
    """Somebody is done with what was refused, and lets it go."""
    found = hand.uow.rows("SELECT refused_no FROM refused_change ORDER BY n")
    if not found:
        return "nothing was refused"
    gone = refused.discard(hand.uow, found[hand.draw(len(found))][0])
    files = {
        edit.row_id for edit in gone.change.edits if edit.entity == "attachment" and edit.kind == "create"
    }
    hand.people.bodies.lost |= files
    return f"{gone.n}"


def send_again(hand: Hand) -> str:
    """What was refused goes out again as it was entered, most often the oldest of it."""
    found = hand.uow.rows("SELECT refused_no FROM refused_change ORDER BY n")
    if not found:
        return "nothing was refused"
    tried = refused.send_again(hand.uow, found[hand.draw(len(found)) if hand.draw(3) == 0 else 0][0])
    return f"{tried.n}"
