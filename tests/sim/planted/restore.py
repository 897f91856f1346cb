"""Planted bugs of what a restored store is given back. They show in long histories, in which it is restored often."""

from __future__ import annotations

from dataclasses import replace

from sync_server.reconcile import giving_back
from tests.sim.planted.bugs import Bug, Patch
from tests.sim.schedule import Step

_STEPS_BETWEEN = 60
"""From one backup to the next; the store is restored when two thirds of them are over."""


def refused_though_it_may_come(patch: Patch) -> None:
    """Work on a record that another laptop has yet to give back is refused for the lack of it."""
    patch.setattr(giving_back.GivingBack, "_may_wait", lambda *_: False)


def moved_on_too_early(patch: Patch) -> None:
    """A move is taken before the records are again as they were when it was made."""
    patch.setattr(giving_back, "comes_early", lambda *_: False)


RESTORE_BUGS: tuple[Bug, ...] = (refused_though_it_may_come, moved_on_too_early)


def restored_often(schedule: list[Step]) -> list[Step]:
    """The same history, with backups and restores in the place of some of its steps."""
    often = list(schedule)
    for at in range(0, len(often) - _STEPS_BETWEEN + 1, _STEPS_BETWEEN):
        often[at] = replace(often[at], what="backup", fault="", files="")
        later = at + _STEPS_BETWEEN * 2 // 3
        often[later] = replace(often[later], what="restore", fault="", files="")
    return often
