"""Laptops whose programs are of another age than the office's: what holds between them, and that it ends well.

Rows of different ages have no common digest, so they are compared here after each whole sync, in what both know. Must
not know how a program of another age is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fieldrep.contract.messages import ExchangeReply, ExchangeRequest, Verdict
from tests.sim.oracle import Wrong
from tests.sim.rules import COST_FIELDS, COST_READERS

if TYPE_CHECKING:
    from tests.sim.central import Central
    from tests.sim.laptop import Laptop

OLDEST_PROTOCOL = 1
"""An older one is too old to be given anything."""


def is_served(request: ExchangeRequest) -> bool:
    """Whether the office answers this request with more than outcomes."""
    return request.handshake.protocol >= OLDEST_PROTOCOL


def pushed_in_full(request: ExchangeRequest) -> bool:
    """Whether the office notes with a push where the device stands: it serves it, and no more of it is to come."""
    return is_served(request) and not request.further


def is_told_to_update(request: ExchangeRequest, reply: ExchangeReply) -> bool:
    """Whether a reply asks to update; it then holds the outcomes of what was pushed, and nothing to take."""
    asked = reply.verdict is Verdict.UPGRADE
    if asked == is_served(request) and reply.verdict not in (Verdict.LOCKED, Verdict.ENROL_AGAIN):
        raise Wrong(f"10.2: protocol {request.handshake.protocol} was told {reply.verdict}")
    if asked and (reply.pages or reply.leaves or reply.digest is not None):
        raise Wrong("10.2: who is too old to receive was given something")
    return asked


@dataclass
class Skew:
    """Programs of different ages in one history."""

    central: Central

    def synced(self, laptop: Laptop, receipt: Any) -> None:
        """After a sync that came to its end: of different ages nothing is compared but here."""
        program = laptop.program
        if not program.is_newest and (receipt.digests_equal is not None or not receipt.ages_differ):
            raise Wrong(f"10.2: {laptop.name} compared digests of different ages: {receipt}")
        if not program.is_newest and not laptop.replica.depth():
            self._agrees(laptop)
        if receipt.digests_equal:
            laptop.lags = None

    def _agrees(self, laptop: Laptop) -> None:
        """I1 between programs of different ages: in all that both know, the laptop has what its user holds."""
        assert (
            laptop.lags is not None
        )  # the first and oldest; what came with a later one is fetched when digests agree
        central, knows = self.central, laptop.lags.knows
        rows, stored = laptop.dump(), central.dump()
        waiting = {row_id for _, row_id in laptop.asked("SELECT entity, row_id FROM outbox_edit")}
        costs = central.oracle.rows["user"][laptop.user]["role"] in COST_READERS
        held = {key for key in central.oracle.visible(laptop.user) if knows(key[0])}
        for key in held ^ {key for key in rows if knows(key[0])}:
            if key[1] not in waiting:
                side = "holds a foreign" if key in rows else "lacks"
                raise Wrong(f"I1: {laptop.name} {side} {key[0]} {central.names.get(key[1])}")
        for entity, row_id in held - {key for key in held if key[1] in waiting}:
            row, wanted = rows[entity, row_id], stored[entity][row_id]
            for name, value in wanted.items():
                hidden = (entity, name) in COST_FIELDS and not costs
                if knows(entity, name) and row[name] != (None if hidden else value):
                    told = f"{row[name]!r}, the store {value!r}"
                    raise Wrong(
                        f"I1: {laptop.name} has {entity} {central.names.get(row_id)} with {name} {told}"
                    )

    def end(self, laptops: list[Laptop]) -> None:
        """Everybody has the newest program in the end."""
        for laptop in laptops:
            if not laptop.program.is_newest:
                laptop.update("newest")
