"""What must be true of copies of a profile: noticed by the numbers of changes, and the work of both taken once.

Knows under which device each change was answered and what was in it. Must not judge what a change becomes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from fieldrep.contract.change import Change, Outcome
from fieldrep.contract.messages import ExchangeRequest
from tests.sim.judge.oracle import Wrong
from tests.sim.looking import Sql

if TYPE_CHECKING:
    from tests.sim.laptop import Laptop

Numbered = tuple[bytes, int]
CONTENT = 16
"""Bytes before a stored outcome that tell what the change was."""


def stored_answers(sql: Sql, device: bytes, request: ExchangeRequest) -> dict[int, Outcome]:
    """What the store keeps as its answers to the numbers of a request's changes."""
    asked = ", ".join(str(change.n) for change in request.changes)
    _, found = sql.rows(f"SELECT device_id, incarnation, n, outcome FROM applied_change WHERE n IN ({asked})")
    return {
        n: msgspec.msgpack.decode(bytes(blob)[CONTENT:], type=Outcome)
        for who, which, n, blob in found
        if (bytes(who), bytes(which)) == (device, request.handshake.incarnation)
    }


def shown_by(request: ExchangeRequest) -> int:
    """The revision whose state a device shows to have taken."""
    cursor = request.handshake.cursor
    return int(msgspec.msgpack.decode(cursor)[0]) if cursor else 0


def heading_to(request: ExchangeRequest) -> int:
    """The revision of whose state a device shows to have a part, or all."""
    cursor = request.handshake.cursor
    return int(msgspec.msgpack.decode(cursor)[1]) if cursor else 0


def is_behind(sql: Sql, device: bytes, request: ExchangeRequest) -> bool:
    """Whether the store notes a device to stand at an earlier revision than a request shows, or not at all."""
    _, found = sql.rows("SELECT device_id, revision, pushed_from FROM device_contact")
    return next((max(noted) for who, *noted in found if bytes(who) == device), 0) < shown_by(request)


@dataclass
class Copies:
    """Installations of one history, and what each number stands for.

    Attributes:
        answers: every answer of the store, by the device that handed in the change and its number.
        contents: the change that was answered so.
        was: the devices a device was before it enrolled again, the last first.
        ordered: devices that are to be wiped: a copy that only knows less is told so as well, and destroys what it has.
        noticed: how often somebody was told that he is a copy.
        unsaid: whether the store knows nothing yet of the device of the present request, or has met it again after a
            restore: one that did not say who it was may show it now.
        told: the newest number its device had told of, of a change that was taken, before the present request;
            0 for a file, which may be older than what came since.
    """

    answers: dict[Numbered, Outcome]
    contents: dict[Numbered, Change] = field(default_factory=dict)
    was: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    ordered: set[bytes] = field(default_factory=set)
    noticed: int = 0
    recognised: int = 0
    told: int = 0
    unsaid: bool = False
    _alike: dict[tuple[int, int], tuple[Change, Change]] = field(default_factory=dict)

    def is_anothers(self, device: bytes, change: Change) -> bool:
        """Whether a number was answered with other content: the change is a copy's, and nobody takes it."""
        return (device, change.n) in self.answers and self.contents[device, change.n] != change

    def look(self, sql: Sql, device: bytes) -> None:
        """The newest number that the store has noted of a device, and whose change it has taken."""
        _, found = sql.rows("SELECT device_id, highest_n FROM device_contact")
        _, back = sql.rows("SELECT device_id FROM device_return WHERE epoch = (SELECT epoch FROM store_info)")
        self.unsaid = device not in {bytes(who) for who, _ in found} or device in {
            bytes(who) for (who,) in back
        }
        told = max((n for who, n in found if bytes(who) == device), default=0)
        self.told = max((n for who, n in self.answers if who == device and n <= told), default=0)

    def are_shown(self, epoch: bytes, device: bytes, request: ExchangeRequest) -> bool:
        """Whether a request shows that two installations speak as one device; nothing of it is then taken.

        A number was used twice, or fewer are known than were told of.
        """
        if request.handshake.epoch not in (b"", epoch):
            return False
        gone_back = request.handshake.highest_n < self.told and device not in self.ordered
        return gone_back or any(self.is_anothers(device, change) for change in request.changes)

    def kin(self, device: bytes) -> tuple[bytes, ...]:
        """Those a device was before, and others that came to be from it or from one of these."""
        was = self.was.get(device, ())
        family = {device, *was}
        return (*was, *(one for one, formers in self.was.items() if one != device and family & set(formers)))

    def recognise(
        self, device: bytes, user: bytes, rows: Mapping[bytes, Mapping[str, Any]], changes: Sequence[Change]
    ) -> None:
        """A device that did not say who it was shows it, by a change that another one of its person's was answered."""
        if self.unsaid and not self.kin(device):
            for other in sorted(one for one, row in rows.items() if row["user_id"] == user):
                if other != device and any(self._was_answered(other, change) for change in changes):
                    self.was[device] = (other, *self.was.get(other, ()))
                    self.recognised += 1
                    return

    def _was_answered(self, device: bytes, change: Change) -> bool:
        return (device, change.n) in self.answers and self.contents[device, change.n] == change

    def known(self, device: bytes, change: Change) -> Outcome | None:
        """The answer this very change got, as this device or as one it was before."""
        for one in (device, *self.kin(device)):
            outcome = self.answers.get((one, change.n))
            if outcome is not None and self.contents[one, change.n] == change:
                return outcome
        return None

    def note(self, device: bytes, change: Change, outcome: Outcome) -> None:
        """A change is answered for the first time."""
        kin = (device, *self.kin(device))
        taken = [one for one in kin if self.contents.get((one, change.n)) == change]
        if any((one, change.n) in self.answers for one in taken):
            raise Wrong(
                f"I3: change {change.n} of an installation that enrolled again took effect a second time"
            )
        self.answers[device, change.n], self.contents[device, change.n] = outcome, change

    def answered_as(self, laptop: Laptop, n: int) -> tuple[bytes, Any]:
        """Under which of its devices a change of a laptop was answered, and how; its own and None where it was not."""
        for device in (*laptop.devices, *self.kin(laptop.device)):
            if (device, n) in self.answers and self._is_content(device, n, laptop.made[n]):
                return device, self.answers[device, n]
        return laptop.device, None

    def _is_content(self, device: bytes, n: int, made: Change) -> bool:
        """Whether a number stands for this change; two that were found alike are not compared again."""
        content = self.contents[device, n]
        if (id(content), id(made)) in self._alike:
            return True
        if content != made:
            return False
        self._alike[id(content), id(made)] = content, made  # kept, so that their ids stay theirs
        return True
