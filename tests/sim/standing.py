"""Laptops that the office locks, lets go on, or withdraws: meanwhile nothing is taken of them and nothing given (I18).

What the office did with a laptop stands over a restore. Must not know how the server finds out who is shut out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, Verdict
from sync_server.store.credentials import revoke
from sync_server.store.standing import lock, unlock
from tests.sim.oracle import Key, Wrong

if TYPE_CHECKING:
    from tests.sim.central import Central
    from tests.sim.laptop import Laptop

REFUSALS = {
    "locked": {Code.DEVICE_LOCKED.value},
    "withdrawn": {Code.DEVICE_REVOKED.value, Code.UNAUTHORISED.value},
}
"""How somebody who is shut out hears of it; a restored store may not know a withdrawn device at all."""


@dataclass
class Standing:
    """Who is shut out.

    Attributes:
        shut: how a device stands that gets and gives nothing; over a restore as before it.
        seen: every device the office has ever acted on.
    """

    central: Central
    shut: dict[bytes, str] = field(default_factory=dict)
    seen: set[bytes] = field(default_factory=set)

    def act(self, laptop: Laptop, verb: str) -> str:
        """The office locks, unlocks or withdraws the device a laptop is now."""
        device, now = laptop.device, self.shut.get(laptop.device)
        possible = {"lock": now is None, "unlock": now == "locked", "withdraw": now != "withdrawn"}[verb]
        if not possible or not self.central.knows(device):
            return f"office {verb}: nothing to do"
        with self.central.database.write("office") as tx:
            if verb == "withdraw":
                revoke(tx, device, "lost")
            else:
                (lock if verb == "lock" else unlock)(tx, device)
        if verb == "unlock":
            del self.shut[device]
        else:
            self.shut[device] = "locked" if verb == "lock" else "withdrawn"
        self.seen.add(device)
        self.central.settle()
        self.central.compare(self.written())
        return f"office {verb}: {self.central.names[device]}"

    def let_all_go_on(self, laptops: list[Laptop]) -> None:
        """Nobody stays locked."""
        for laptop in laptops:
            self.act(laptop, "unlock")

    def written(self) -> dict[Key, bytes]:
        """The rows of devices that the office wrote, as the oracle now has them too."""
        rows, touched = self.central.oracle.rows["device"], {}
        for device in self.seen & rows.keys():
            state = self.shut.get(device, "active")
            if rows[device]["state"] != state:
                rows[device] = dict(rows[device], state=state, changed_at=self.central.now())
                touched["device", device] = b"office"
        return touched

    def is_heard(self, device: bytes) -> bool:
        """Whether the central store answers a device at all."""
        return self.central.knows(device) and device not in self.shut

    def may_refuse(self, device: bytes, error: KnownError) -> bool:
        """Whether this is what somebody must hear who is shut out, or a stranger by now."""
        strange = error.code is Code.UNAUTHORISED and not self.central.knows(device)
        return strange or error.code.value in REFUSALS.get(self.shut.get(device, ""), ())

    def is_told(self, device: bytes, reply: ExchangeReply) -> bool:
        """Whether a reply says that its reader is shut out; then it says nothing else, and nobody else gets it."""
        shut = device in self.shut
        if shut != (reply.verdict is Verdict.LOCKED):
            raise Wrong(
                f"I18: {self.central.names.get(device)} is shut out: {shut}, and was told {reply.verdict}"
            )
        if shut and (
            reply.outcomes or reply.pages or reply.leaves or reply.cursor or reply.digest is not None
        ):
            raise Wrong("I18: one who is shut out was given more than the word that he is")
        return shut
