"""Planted bugs of what a restored store is given back. Histories with a restore in them must be long to show them."""

from __future__ import annotations

from sync_server.reconcile import giving_back
from tests.sim.planted.bugs import Bug, Patch


def refused_though_it_may_come(patch: Patch) -> None:
    """Work on a record that another laptop has yet to give back is refused for the lack of it."""
    patch.setattr(giving_back.GivingBack, "_may_wait", lambda *_: False)


def moved_on_too_early(patch: Patch) -> None:
    """A move is taken before the records are again as they were when it was made."""
    patch.setattr(giving_back, "comes_early", lambda *_: False)


RESTORE_BUGS: tuple[Bug, ...] = (refused_though_it_may_come, moved_on_too_early)
