"""The line between a laptop and the central store: it carries bytes, loses them, doubles them, cuts and flips them.

One fault a sync, at a chosen exchange. After each reply the laptop is looked at before it speaks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.messages import (
    ExchangeReply,
    ExchangeRequest,
    decode_request,
)
from tests.sim.central import Central
from tests.sim.dying import ServerDied
from tests.sim.full import disk_of, failing
from tests.sim.judge.oracle import Wrong
from tests.sim.laptop import Laptop
from tests.sim.schedule import SERVER_FAULTS, Step
from tests.sim.skew import require_understood
from tests.sim.tap import Killed


@dataclass
class Line:
    """A bearer for one sync."""

    central: Central
    laptop: Laptop
    step: Step
    look: Callable[[ExchangeReply | None], None]
    work: Callable[[], None]
    sent: list[tuple[str, bytes, bytes]]
    exchanges: int = 0
    last: ExchangeReply | None = None

    def __post_init__(self) -> None:
        self.disk = disk_of(self.step, server=True)

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """Carries one request, or breaks as planned."""
        if self.exchanges:
            self.look(self.last)
        here = self.exchanges == self.step.at
        fault = self.step.fault if here else ""
        self.exchanges += 1
        require_understood(request)
        if fault == "kill before send":
            raise Killed(fault)
        if fault == "lost request":
            raise offline()
        if self.step.pages:
            request = msgspec.structs.replace(request, page_bytes=self.step.pages)
        messages = self.laptop.program.messages
        reply = messages.completed(self._carry(messages.encode_request(request), fault), request.handshake)
        if not request.beyond:  # tells a restored store what it lacks; its answer is not applied
            self.last = reply
        return reply

    def _carry(self, body: bytes, fault: str) -> ExchangeReply:
        decode_reply = self.laptop.program.messages.decode_reply
        if fault == "cut request":
            damaged(body[: self.step.pick % len(body)], decode_request)
            raise offline()
        self.sent.append((self.laptop.token, self.laptop.device, body))
        if fault == "twice":
            self._handle(body)
        self.central.death = fault if fault in SERVER_FAULTS else ""
        message = self._handle(body)
        if fault in ("lost reply", "kill after send"):
            raise offline() if fault == "lost reply" else Killed(fault)
        if fault == "cut reply":
            damaged(message[: self.step.pick % len(message)], decode_reply)
            raise offline()
        if fault == "flipped":
            damaged(flipped(message, self.step.pick), decode_reply, message)
            raise offline()
        reply: ExchangeReply = decode_reply(message)
        if fault == "kill after reply":
            raise Killed(fault)
        if fault == "work meanwhile":
            self.work()
        return reply

    def _handle(self, body: bytes) -> bytes:
        try:
            with failing(self.central.database, self.disk):
                return self.central.handle(self.laptop.token, body, self.laptop.device, self.laptop.user)
        except ServerDied as died:
            raise offline() from died


def flipped(message: bytes, pick: int) -> bytes:
    """The message with one bit altered."""
    place = pick % len(message)
    return message[:place] + bytes([message[place] ^ 1 << pick % 8]) + message[place + 1 :]


def damaged(message: bytes, decode: Callable[[bytes], object], sound: bytes = b"") -> None:
    """A damaged message must never be believed, unless it says what the sound one does.

    Some bits of a compressed body mean nothing to who inflates it, such as the size of the window.
    """
    try:
        said = decode(message)
    except KnownError as error:
        if error.code in (Code.DAMAGED_MESSAGE, Code.TOO_LARGE):
            return
        raise
    if not sound or said != decode(sound):
        raise Wrong("a message was believed that was damaged on its way")


def offline() -> KnownError:
    """There is no line."""
    return KnownError(Code.OFFLINE, "The line is down.")
