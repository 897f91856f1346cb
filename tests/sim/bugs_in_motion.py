"""Planted bugs of scope in motion; `bugs.py` has the others and the way they are planted.

Each breaks one rule for accounts that change hands or for cover by date.
"""

from __future__ import annotations

from fieldrep.domain.holders import Coverage
from sync_server.reconcile import edits, proposals, push
from tests.sim.bugs import Bug, Patch


def proposals_taken_at_once(patch: Patch) -> None:
    """What a former holder changes in a critical field is taken, whoever holds the record now."""
    patch.setattr(edits, "waits_for_holder", lambda *_: False)


def proposals_nobody_hears_of(patch: Patch) -> None:
    """A clash of somebody who has lost the account is kept, and its author is never told."""
    patch.setattr(push, "hand_over", lambda *_: "")


def decided_and_not_told(patch: Patch) -> None:
    """The new holder decides on a proposal, and its author goes on waiting."""
    patch.setattr(proposals, "_settle", lambda *_: None)


def days_of_the_server(patch: Patch) -> None:
    """Temporary cover begins and ends with the server's day instead of the person's."""
    patch.setattr(Coverage, "day_of", lambda self, _: self.days["UTC"])


IN_MOTION: tuple[Bug, ...] = (
    proposals_taken_at_once,
    proposals_nobody_hears_of,
    decided_and_not_told,
    days_of_the_server,
)
