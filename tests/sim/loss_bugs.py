"""Planted bugs of what a laptop loses with its file: a repair that leaves something out, a wipe that leaves something.

`bugs.py` has the others and the way they are planted.
"""

from __future__ import annotations

from fieldrep.store import repair
from tests.sim.bugs import Bug, Patch


def forms_left_out_by_a_repair(patch: Patch) -> None:
    """What was typed into an open form is not saved out of a damaged replica."""
    patch.setattr(repair, "_KEPT", tuple(table for table in repair._KEPT if table != "draft"))


def photos_left_out_by_a_repair(patch: Patch) -> None:
    """The records of photos that wait are saved out of a damaged replica, and their bytes are not."""
    patch.setattr(repair, "_keep_bodies", lambda *_: None)


LOSS_BUGS: tuple[Bug, ...] = (
    forms_left_out_by_a_repair,
    photos_left_out_by_a_repair,
)
