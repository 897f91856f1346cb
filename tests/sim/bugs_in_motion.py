"""Planted bugs of scope in motion and of restores; `bugs.py` has the others and the way they are planted.

Each breaks one rule for accounts that change hands, cover by date, or what a restored store tells its admin.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec

from fieldrep.domain.holders import Coverage
from fieldrep.store import settle
from sync_server.reconcile import edits, exchange, proposals, push
from sync_server.reconcile.author import Rights
from sync_server.store import returns
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


def made_during_the_exchange_and_refused(patch: Patch) -> None:
    """What was entered while an exchange was on its way is judged by what that exchange brought."""

    def at_the_request_alone(self: Any, key: bytes) -> bool:
        return self.tx.held_at(self.author.user_id, key, self.author.known_revision)

    patch.setattr(Rights, "_held", at_the_request_alone)


def leaves_before_the_last_push(patch: Patch) -> None:
    """An account leaves while changes of the same outbox still wait for their turn."""
    real = exchange._served

    def served(database: Any, snapshot: Any, device: Any, request: Any, reply: Any) -> Any:
        return real(database, snapshot, device, msgspec.structs.replace(request, further=False), reply)

    patch.setattr(exchange, "_served", served)


def row_hidden_that_left_unseen(patch: Patch) -> None:
    """A row made here whose account left in the reply that took it vanishes with what was entered on it since."""
    patch.setattr(settle, "_keep_what_was_made", lambda *_: None)


def restore_report_forgets(patch: Patch) -> None:
    """What a device no longer keeps after a restore is not listed."""
    patch.setattr(returns, "_numbers", lambda _: ())
    real = returns._device

    def without(reader: Any, row: Any, at: int) -> Any:
        return dataclasses.replace(real(reader, row, at), missing=())

    patch.setattr(returns, "_device", without)


IN_MOTION: tuple[Bug, ...] = (
    proposals_taken_at_once,
    proposals_nobody_hears_of,
    decided_and_not_told,
    days_of_the_server,
    made_during_the_exchange_and_refused,
    leaves_before_the_last_push,
    row_hidden_that_left_unseen,
    restore_report_forgets,
)
