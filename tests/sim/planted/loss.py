"""Planted bugs of what a laptop loses with its file: a repair that leaves something out, a wipe that leaves something.

`bugs.py` has the others and the way they are planted.
"""

from __future__ import annotations

from typing import Any

from fieldrep.contract.steps import Step, reached
from fieldrep.store import wiping as destroying
from fieldrep.store.repairing import repair
from fieldrep.sync import session
from fieldrep.sync import wiping as ordered
from sync_server.reconcile import exchange
from tests.sim.planted.bugs import Bug, Patch


def forms_left_out_by_a_repair(patch: Patch) -> None:
    """What was typed into an open form is not saved out of a damaged replica."""
    patch.setattr(repair, "_KEPT", tuple(table for table in repair._KEPT if table != "draft"))


def photos_left_out_by_a_repair(patch: Patch) -> None:
    """The records of photos that wait are saved out of a damaged replica, and their bytes are not."""
    patch.setattr(repair, "_keep_bodies", lambda *_: None)


def key_destroyed_last(patch: Patch) -> None:
    """A wipe destroys the files first: killed before it comes to the key, it leaves that."""
    real = destroying.destroy_key

    def at_last(key_file: Any) -> None:
        reached(Step.KEY_DESTROYED)
        real(key_file)

    patch.setattr(destroying, "destroy_key", at_last)


def damaged_files_left_by_a_wipe(patch: Patch) -> None:
    """A wipe leaves what a repair had kept aside."""
    data = tuple(name for name in destroying._DATA if "damaged" not in name)
    patch.setattr(destroying, "_DATA", data)


def photos_lost_in_a_wipe(patch: Patch) -> None:
    """A laptop that is to send first is wiped with the photos that wait on it."""
    patch.setattr(session, "hand_in", lambda *_: None)


def losses_of_a_wipe_untold(patch: Patch) -> None:
    """The receipt of a wipe says that nothing was lost, whatever was."""
    patch.setattr(ordered, "_lost_with", lambda _: ordered.Destroyed())


def rows_for_who_is_to_be_wiped(patch: Patch) -> None:
    """A laptop that is to be wiped gets what is new, as ever."""
    real = exchange._served

    def served(database: Any, snapshot: Any, device: Any, request: Any, reply: Any) -> Any:
        if reply.verdict is not exchange.Verdict.WIPE:
            return real(database, snapshot, device, request, reply)
        pulled = snapshot.pull(device.user_id, request.handshake.cursor, request.page_bytes)
        return exchange._with(reply, pulled)

    patch.setattr(exchange, "_served", served)


LOSS_BUGS: tuple[Bug, ...] = (
    forms_left_out_by_a_repair,
    photos_left_out_by_a_repair,
    key_destroyed_last,
    damaged_files_left_by_a_wipe,
    photos_lost_in_a_wipe,
    losses_of_a_wipe_untold,
    rows_for_who_is_to_be_wiped,
)
