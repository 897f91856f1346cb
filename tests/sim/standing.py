"""Laptops that the office locks, lets go on, withdraws or orders to be wiped: nothing is given to them any more (I18).

Of those that are locked, withdrawn or lost nothing is taken either; the others send what waits before they are wiped.

What the office did with a laptop stands over a restore. Must not know how the server finds out who is shut out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import ExchangeReply, Verdict
from sync_server.store.devices.credentials import revoke
from sync_server.store.devices.standing import lock, unlock
from sync_server.store.devices.wiping import cancel_wipe, order_wipe
from sync_server.store.transaction import WriteTransaction
from tests.sim.judge.oracle import Key, Wrong

if TYPE_CHECKING:
    from tests.sim.central import Central
    from tests.sim.laptop import Laptop

REFUSALS = {
    "locked": {Code.DEVICE_LOCKED.value},
    "withdrawn": {Code.DEVICE_REVOKED.value, Code.UNAUTHORISED.value},
    "lost": {Code.DEVICE_REVOKED.value, Code.UNAUTHORISED.value},
    "wiped": {Code.DEVICE_REVOKED.value, Code.UNAUTHORISED.value},
}
"""How somebody who is shut out hears of it; a restored store may not know a withdrawn device at all."""


VERBS: dict[str, tuple[Callable[[WriteTransaction, bytes], object], str]] = {
    "lock": (lock, "locked"),
    "unlock": (unlock, "active"),
    "withdraw": (lambda tx, device: revoke(tx, device, "lost"), "withdrawn"),
    "order": (lambda tx, device: order_wipe(tx, device, lost=False), "sending"),
    "lost": (lambda tx, device: order_wipe(tx, device, lost=True), "lost"),
    "cancel": (cancel_wipe, ""),
}
"""What the office does, and how the device stands then."""

STATES = {"sending": "wipe", "lost": "wipe"}
"""What its row says of one that is to be wiped."""


@dataclass
class Standing:
    """Who is shut out.

    Attributes:
        shut: how a device stands that gets and gives nothing; over a restore as before it.
        sending: devices that are to be wiped once they have sent what waits; nothing is given to them.
        seen: every device the office has ever acted on.
    """

    central: Central
    shut: dict[bytes, str] = field(default_factory=dict)
    sending: set[bytes] = field(default_factory=set)
    seen: set[bytes] = field(default_factory=set)

    def act(self, laptop: Laptop, verb: str) -> str:
        """The office does something with the device a laptop is now."""
        return self._act(laptop.device, verb)

    def _act(self, device: bytes, verb: str) -> str:
        now = self._now(device)
        possible = {
            "lock": now == "active",
            "unlock": now == "locked",
            "withdraw": now in ("active", "locked"),
            "order": now == "active",
            "lost": now in ("active", "sending", "withdrawn"),
            "cancel": now in ("sending", "lost"),
        }
        if not possible[verb] or not (self.central.knows(device) or verb == "unlock"):
            return f"office {verb}: nothing to do"
        act, then = VERBS[verb]
        with self.central.database.write("office") as tx:
            act(tx, device)
        self._stands(device, then or ("withdrawn" if now == "lost" else "active"))
        return f"office {verb}: {self.central.names[device]}"

    def withdraw_former(self, device: bytes) -> None:
        """The office withdraws what a laptop was, also where a restored store does not know it and awaits it."""
        if self.central.knows(device):
            self._act(device, "withdraw")
            return
        try:
            with self.central.database.write("office") as tx:
                revoke(tx, device, "lost")
        except KnownError as error:
            if error.code is not Code.NOT_FOUND:  # the store before could not be read
                raise
        else:
            self._stands(device, "withdrawn")

    def note_wiped(self, device: bytes) -> None:
        """The office has the receipt of a wipe."""
        self._stands(device, "wiped")

    def is_ordered(self, device: bytes) -> bool:
        """Whether a device is to be wiped, and hears of it."""
        return self.central.knows(device) and self._now(device) in STATES

    def _now(self, device: bytes) -> str:
        return "sending" if device in self.sending else self.shut.get(device, "active")

    def _stands(self, device: bytes, state: str) -> None:
        self.shut.pop(device, None)
        self.sending.discard(device)
        if state == "sending":
            self.sending.add(device)
        elif state != "active":
            self.shut[device] = state
        self.seen.add(device)
        self.central.settle()
        self.central.compare(self.written())

    def let_all_go_on(self, laptops: list[Laptop]) -> None:
        """Nobody stays locked."""
        for laptop in laptops:
            self.act(laptop, "unlock")

    def written(self) -> dict[Key, bytes]:
        """The rows of devices that the office wrote, as the oracle now has them too."""
        rows, touched = self.central.oracle.rows["device"], {}
        for device in self.seen & rows.keys():
            now = self._now(device)
            if self.central.oracle.stands.get(device, "active") != now:
                self.central.oracle.stands[device] = now
                state = STATES.get(now, now)
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

    def may_ask(self, device: bytes, part: bytes | None) -> bool:
        """Whether a device is answered about a file: one that is to be wiped hands in, and gets nothing."""
        return device not in self.shut and (device not in self.sending or part is not None)

    def is_told(self, device: bytes, reply: ExchangeReply) -> bool:
        """Whether a reply says that its reader is shut out; then it says nothing else, and nobody else gets it."""
        now, word = self._now(device), reply.verdict
        wanted = {
            "locked": {Verdict.LOCKED},
            "lost": {Verdict.WIPE},
            "wiped": {Verdict.WIPE, Verdict.ENROL_AGAIN},
            "sending": {Verdict.WIPE, Verdict.ENROL_AGAIN},
        }
        others = set(Verdict) - {Verdict.LOCKED, Verdict.WIPE}
        if word not in wanted.get(now, others):
            raise Wrong(f"I18: {self.central.names.get(device)} is {now}, and was told {word}")
        given = reply.pages or reply.leaves or reply.cursor or reply.digest is not None
        if now in wanted and (given or (reply.outcomes and now != "sending")):
            raise Wrong("I18: one who is shut out was given more than the word that he is")
        return device in self.shut
