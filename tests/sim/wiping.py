"""Laptops that the office orders to be wiped: what is sent before, what is destroyed, and what is left: nothing.

Owns the laptop's half from the order to the receipt, killed at any of its steps and again, and the person's next laptop
in the same folder. Counts by plain SQL what is lost with it. Must not know how an order is signed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import FileReply, FileRequest
from fieldrep.contract.messages import ExchangeReply, ExchangeRequest
from fieldrep.contract.wiping import Destroyed, Manner, WipeReceipt
from fieldrep.paths import Profile
from fieldrep.secrets import KeyFile
from fieldrep.store.wiping import is_due, marker_of
from fieldrep.sync.bundle import carry_in, read_reply
from fieldrep.sync.session import wiped_by
from fieldrep.sync.wiping import carry_out, tell
from sync_server.store.devices.wiping import note_wiped
from tests.sim.carrying import Carrying, FileLine
from tests.sim.central import Central
from tests.sim.damage import OnlyHere, type_something
from tests.sim.dying import ServerDied, dying_at
from tests.sim.enrolling import Enrolling
from tests.sim.judge.oracle import Wrong
from tests.sim.laptop import KEY, Laptop
from tests.sim.line import Line, offline
from tests.sim.schedule import Step
from tests.sim.sticks import Sticks
from tests.sim.tap import Killed

KILLS = (
    "",
    "WIPE_NOTED",
    "KEY_DESTROYED",
    "FILES_DESTROYED",
    "WIPE_TOLD",
    "WIPE_NOTED KEY_DESTROYED",
    "WIPE_NOTED KEY_DESTROYED KEY_DESTROYED FILES_DESTROYED",
    "KEY_DESTROYED FILES_DESTROYED WIPE_TOLD",
)
"""At which of its steps a wipe is killed, one program after the other."""

WAYS = ("", "", "lost request", "lost reply", "before commit", "after commit")
"""What happens to the first receipt."""

LEFT = {"wiping.json", "profile.lock"}
"""All that may lie in the folder of a profile that is wiped."""


@dataclass
class Both:
    """The line of one sync, for exchanges and for files."""

    line: Line
    files: FileLine

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """One exchange."""
        return self.line.exchange(request)

    def file(self, request: FileRequest) -> FileReply:
        """One request about a file."""
        return self.files.file(request)


@dataclass
class Wiping:
    """The wipes of one history.

    Attributes:
        chances: of each device that was ordered to be wiped, what its wipe meets.
        gone: the laptops that are wiped, as they were.
        told: receipts that the store has taken.
        done: how often what.
    """

    central: Central
    enrolling: Enrolling
    carrying: Carrying
    sticks: Sticks
    place: Path
    laptops: list[Laptop]
    replaced: Callable[[Laptop, Laptop], None]
    chances: dict[bytes, random.Random] = field(default_factory=dict)
    gone: list[Laptop] = field(default_factory=list)
    told: int = 0
    done: dict[str, int] = field(default_factory=dict)
    _kills: dict[str, list[str]] = field(default_factory=dict)

    def order(self, laptop: Laptop, step: Step) -> str:
        """The office orders a laptop to be wiped, or takes that back; its person has a form open."""
        if sum(one.device == laptop.device for one in self.laptops) > 1:
            return "nobody to wipe: there are two of it"
        if (laptop.folder / "wiping.json").exists():
            return "nobody to wipe: the receipt of the last time has not been there"
        self.chances.setdefault(laptop.device, random.Random(step.pick))
        if step.pick & 1:
            type_something(laptop, step)
        return self.central.standing.act(laptop, step.verb)

    # -- the program that hears of it

    def obey(self, laptop: Laptop, line: Line, manner: Manner, step: Step) -> str:
        """A sync brought the order: what waits is sent where that is wanted, then all is destroyed."""
        both = Both(line, FileLine(self.carrying, laptop, step))
        return self._obey(laptop, manner, lambda: wiped_by(laptop.replica, both, manner))  # type: ignore[arg-type]

    def obey_file(self, laptop: Laptop, answer: bytes) -> str:
        """A file brought the order."""
        file = self.place / "answer"
        file.write_bytes(answer)

        def read() -> KnownError:
            try:
                carry_in(laptop.replica, file)
            except KnownError as error:
                return error
            raise Wrong("a file ordered a wipe, and did not when it was read again")

        return self._obey(laptop, Manner.SEND_FIRST, read)

    def _obey(self, laptop: Laptop, manner: Manner, prepare: Callable[[], KnownError]) -> str:
        _keep_key(laptop)
        chance = self.chances.get(laptop.device) or random.Random(laptop.name)
        kills = chance.choice(KILLS).split()
        try:
            with dying_at(kills[0] if kills[:1] == ["WIPE_NOTED"] else ""):
                error = prepare()
        except KnownError as other:  # not all went out; the next sync goes on
            return f"to be wiped: {other.code}"
        except Killed as killed:
            if str(killed) != "WIPE_NOTED":
                laptop.kill()
                return "to be wiped: killed"
            kills.pop(0)
            self._judge(laptop, manner)
            laptop.lie_still()
        else:
            if error.code is not Code.WIPED:
                return f"to be wiped: {error.code}"
            self._judge(laptop, manner)
            laptop.tap.fuse = 0  # what is prepared is carried out, whenever the program dies after it
            laptop.close()
        laptop.off = True
        self._kills[laptop.name] = kills
        return f"{self.central.names[laptop.device]} is to be destroyed"

    def _judge(self, laptop: Laptop, manner: Manner) -> None:
        """I2: all that waited is answered unless it is lost; the receipt says what is destroyed, and so it is told."""
        marker, has = marker_of(Profile(laptop.folder)), OnlyHere.of(laptop)
        waiting = set(laptop.numbers("SELECT n FROM outbox WHERE state <> 'settled'"))
        destroyed = Destroyed(len(waiting), len(has.refused), len(has.drafts), len(has.files))
        if marker is None or marker.receipt.destroyed != destroyed:
            raise Wrong(f"I2: {laptop.name} destroys {destroyed} and says {marker}")
        files = laptop.numbers("SELECT row_id FROM file_upload WHERE refused = ''")
        if manner is Manner.SEND_FIRST and (waiting or files):
            raise Wrong(
                f"I2: {laptop.name} is wiped before {sorted(waiting)} and {len(files)} files were sent"
            )
        # who is lost, or reads a file, may not have heard of a restore, and gives nothing back any more
        strict = manner is Manner.SEND_FIRST and laptop.replica.state().epoch == self.central.epoch
        not_given_back = has.refused | has.done_with if strict else has.numbers
        for n in laptop.made.keys() - waiting:
            known = self.central.copies.answered_as(laptop, n)[1] is not None
            if not known and not (self.central.restored and n in not_given_back):
                raise Wrong(f"I2: {laptop.name} is wiped, and nobody ever answered its change {n}")
        bodies = self.central.bodies
        bodies.lost |= {row_id for row_id, _ in has.files if row_id not in bodies.whole}
        what = f"{manner.value}, {'something' if destroyed != Destroyed() else 'nothing'} lost"
        self.done[what] = self.done.get(what, 0) + 1

    # -- the next program

    def started(self, laptop: Laptop) -> Laptop:
        """The laptop that somebody turns on; one that is being wiped goes on with that first and is set up anew."""
        if not laptop.off:
            return laptop
        profile, chance = (
            Profile(laptop.folder),
            self.chances.get(laptop.device) or random.Random(laptop.name),
        )
        if not is_due(profile):
            raise Wrong(f"{laptop.name} was killed while it was wiped, and nothing goes on with that")
        way = chance.choice(WAYS)
        for moment in (*self._kills.pop(laptop.name, ()), ""):
            try:
                with dying_at(moment):
                    carry_out(profile)
                    tell(profile, lambda _, way=way: Receiver(self, way))  # type: ignore[misc]
            except Killed:
                _has_no_key(laptop)
            way = ""
        _has_nothing(laptop)
        return self._set_up_anew(laptop)

    def _set_up_anew(self, old: Laptop) -> Laptop:
        """I18: a fresh link makes a new device; nothing of the old one opens anything."""
        self.gone.append(old)
        name = f"{old.name.partition('w')[0]}w{len(self.gone)}"
        new = self.enrolling.enrol(name, old.user, old.skew, old.folder)
        _keep_key(new)
        self.replaced(old, new)
        for answer in self.sticks.answered.pop(old.name, [])[-2:]:
            with pytest.raises(KnownError):
                read_reply(new.replica, BytesIO(answer))
        return new

    def tell_late(self, laptop: Laptop) -> None:
        """After a whole sync the receipt of a wipe before is given, where it could not be then."""
        if (laptop.folder / "wiping.json").exists():
            tell(Profile(laptop.folder), lambda _: Receiver(self, ""))

    def receive(self, receipt: WipeReceipt, way: str) -> None:
        """The office takes a receipt, or the way there or back is bad."""
        central, device = self.central, receipt.device_id
        if way == "lost request":
            raise offline()
        central.death = way if way.endswith("commit") else ""
        try:
            with central.dying():
                note_wiped(central.database, receipt)
        except ServerDied as died:
            central.reopen()
            self._took(device, taken=way == "after commit")
            raise offline() from died
        except KnownError:
            if central.knows(device):
                raise
            raise  # a restored store never knew it: nobody waits for the receipt
        self._took(device, taken=True)
        if way == "lost reply":
            raise offline()

    def _took(self, device: bytes, *, taken: bool) -> None:
        if taken and self.central.standing.shut.get(device) != "wiped":
            self.told += 1
            self.central.standing.note_wiped(device)

    def all_done(self) -> None:
        """I15, I18: whoever was ordered to be wiped is, and the office knows."""
        for laptop in self.laptops:
            if self.central.standing.is_ordered(laptop.device) or laptop.off:
                raise Wrong(f"I15: {laptop.name} was ordered to be wiped, and is not")
            if (laptop.folder / "wiping.json").exists():
                raise Wrong(f"I15: the office never heard that the laptop before {laptop.name} is wiped")


@dataclass
class Receiver:
    """The way of one receipt."""

    wiping: Wiping
    way: str

    def wiped(self, receipt: WipeReceipt) -> None:
        """Gives it to the office."""
        self.wiping.receive(receipt, self.way)

    def close(self) -> None:
        """Nothing is held."""


def _keep_key(laptop: Laptop) -> None:
    """The key of a laptop lies in its file; what wraps it matters to nobody here."""
    kept = KeyFile(profile=laptop.name, kept="passphrase", sealed=KEY.hex())
    Profile(laptop.folder).key_file.write_bytes(msgspec.json.encode(kept))


def _has_no_key(laptop: Laptop) -> None:
    """Killed at whatever step after its beginning, a wipe leaves nothing that opens the data."""
    for file in laptop.folder.rglob("*"):
        if file.is_file() and KEY.hex().encode() in file.read_bytes():
            raise Wrong(f"I18: a wipe of {laptop.name} was killed, and {file.name} still has its key")


def _has_nothing(laptop: Laptop) -> None:
    left = {file.name for file in laptop.folder.iterdir()}
    if left - LEFT:
        raise Wrong(f"I18: of {laptop.name}, which is wiped, {sorted(left - LEFT)} are left")
