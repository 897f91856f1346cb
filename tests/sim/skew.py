"""Laptops whose programs are of another age than the office's: what holds between them, and that it ends well.

Rows of different ages have no common digest, so they are compared here after each whole sync, in what both know. Must
not know how a program of another age is made.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from sync_server.reconcile import exchange
from tests.sim.ages import LATER, NEWEST
from tests.sim.judge.oracle import Wrong
from tests.sim.judge.rules import COST_FIELDS, COST_READERS

if TYPE_CHECKING:
    from tests.sim.central import Central
    from tests.sim.laptop import Laptop

OLDEST_PROTOCOL = 1
"""An older one is too old to be given anything."""

_TELLING = (
    "sync_server.reconcile.exchange",
    "sync_server.store.devices.credentials",
    "sync_server.store.proof.differing",
    "sync_server.store.devices.positions",
)
"""Where the office says how old it is."""


def is_served(request: ExchangeRequest) -> bool:
    """Whether the office answers this request with more than outcomes."""
    return request.handshake.protocol >= OLDEST_PROTOCOL


def is_told_to_update(request: ExchangeRequest, reply: ExchangeReply) -> bool:
    """Whether a reply asks to update; it then holds the outcomes of what was pushed, and nothing to take."""
    asked = reply.verdict is Verdict.UPGRADE
    if asked == is_served(request) and reply.verdict not in (Verdict.LOCKED, Verdict.ENROL_AGAIN):
        raise Wrong(f"10.2: protocol {request.handshake.protocol} was told {reply.verdict}")
    if asked and (reply.pages or reply.leaves or reply.digest is not None):
        raise Wrong("10.2: who is too old to receive was given something")
    return asked


def office() -> int:
    """The version of the catalogue that the office has."""
    return exchange.SCHEMA_VERSION


def require_understood(request: ExchangeRequest) -> None:
    """10.2: a change of which the office does not know a field waits on the laptop as a whole."""
    if request.handshake.schema <= office():
        return
    for change in request.changes:
        for edit in change.edits:
            for name in {*edit.before, *edit.after}:
                if LATER.get((edit.entity, name), NEWEST) > office():
                    raise Wrong(f"10.2: change {change.n} was sent, and the office does not know {name} yet")


@dataclass
class Skew:
    """Programs of different ages in one history.

    Attributes:
        until_the_end: what is put back when the history is over.
    """

    central: Central
    until_the_end: ExitStack

    def update_office(self) -> None:
        """From now on the office knows what was ahead of it; it had the columns all along."""
        patch = self.until_the_end.enter_context(pytest.MonkeyPatch.context())
        for module in _TELLING:
            patch.setattr(f"{module}.SCHEMA_VERSION", NEWEST + 1)

    def synced(self, laptop: Laptop, receipt: Any) -> None:
        """After a sync that came to its end: of different ages nothing is compared but here."""
        if laptop.program.schema != office():
            if receipt.digests_equal is not None or not receipt.ages_differ:
                raise Wrong(f"10.2: {laptop.name} compared digests of different ages: {receipt}")
            if not laptop.replica.depth():
                self._agrees(laptop)
        if receipt.digests_equal:
            laptop.lags = None

    def _agrees(self, laptop: Laptop) -> None:
        """I1 between programs of different ages: in all that both know, the laptop has what its user holds."""
        # what came with a later program than the oldest one is fetched when digests are compared again
        central, knows = self.central, (laptop.lags or laptop.program).knows
        rows, stored = laptop.dump(), central.dump()
        waiting = {row_id for _, row_id in laptop.asked("SELECT entity, row_id FROM outbox_edit")}
        costs = central.oracle.rows["user"][laptop.user]["role"] in COST_READERS
        held = {key for key in central.oracle.visible(laptop.user) if knows(key[0])}
        for entity, row_id in held ^ {key for key in rows if knows(key[0])}:
            if row_id not in waiting:
                side = "holds a foreign" if (entity, row_id) in rows else "lacks"
                raise Wrong(f"I1: {laptop.name} {side} {entity} {central.names.get(row_id)}")
        for entity, row_id in {key for key in held if key[1] not in waiting}:
            row, named = rows[entity, row_id], f"{entity} {central.names.get(row_id)}"
            for name, value in stored[entity][row_id].items():
                wanted = None if (entity, name) in COST_FIELDS and not costs else value
                if knows(entity, name) and row[name] != wanted:
                    raise Wrong(f"I1: {laptop.name} has {named} with {name} {row[name]!r}, not {wanted!r}")

    def end(self, laptops: list[Laptop]) -> None:
        """Everybody has the newest program in the end, and so has the office."""
        if any(laptop.program.schema > office() for laptop in laptops):
            self.update_office()
        for laptop in laptops:
            if laptop.program.schema < office() or not laptop.program.is_served:
                laptop.update("newest" if office() == NEWEST else "ahead")
