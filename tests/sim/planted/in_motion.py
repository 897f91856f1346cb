"""Planted bugs of scope in motion, of what grows old and of copies; `bugs.py` has the others and how they are planted.

Each breaks one rule for accounts that change hands, for cover by date, for what is let go of, or for a second profile.
"""

from __future__ import annotations

from fieldrep.domain.holders import Coverage
from fieldrep.sync import bundle
from sync_server.reconcile import edits, exchange, handshake, proposals, push
from sync_server.store.feed import pulling as feed
from sync_server.store.upkeep import purge, retention
from tests.sim.planted.bugs import Bug, Patch


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


def purged_though_named(patch: Patch) -> None:
    """A deleted customer is purged while what is kept of him still names him."""
    patch.setattr(purge, "_named", lambda *_: set())


def purged_too_early(patch: Patch) -> None:
    """Whatever is deleted is purged at the next tidying."""
    real = retention.purge
    patch.setattr(retention, "purge", lambda database, actor, _: real(database, actor, database.clock()))


def tombstones_unsent(patch: Patch) -> None:
    """Nobody is told of what was purged."""
    patch.setattr(feed._Feed, "_gone", lambda _, at: feed._next(at))


def horizon_forgotten(patch: Patch) -> None:
    """A laptop goes on from a cursor of which the tombstones are gone, as if it had missed nothing."""
    patch.setattr(handshake, "is_before", lambda *_: False)


def copies_taken_for_one(patch: Patch) -> None:
    """A number that comes again gets its first answer, whatever the change holds now."""
    patch.setattr(push, "_content", lambda change: change.n.to_bytes(16, "big"))


def enrolled_as_a_stranger(patch: Patch) -> None:
    """Nobody remembers what a laptop had sent before it enrolled again: that takes effect a second time."""
    patch.setattr(push, "formers_of", lambda *_: [])


def older_self_overlooked(patch: Patch) -> None:
    """A laptop that knows less of its own than it has told of goes on, until a number is used twice."""
    patch.setattr(exchange, "_require_no_older_self", lambda *_: None)


def answers_of_the_other_copy(patch: Patch) -> None:
    """A copy of a laptop takes the answer to the other one's file for the answer to its own."""
    patch.setattr(bundle, "was_written_here", lambda *_: True)


IN_MOTION: tuple[Bug, ...] = (
    proposals_taken_at_once,
    proposals_nobody_hears_of,
    decided_and_not_told,
    days_of_the_server,
    purged_though_named,
    purged_too_early,
    tombstones_unsent,
    horizon_forgotten,
    copies_taken_for_one,
    older_self_overlooked,
    answers_of_the_other_copy,
    enrolled_as_a_stranger,
)
