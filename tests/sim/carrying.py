"""Files on their way between laptops and the central store: over a bad line, after each sync and when one is opened.

Owns the line for files, and what must hold of the bytes a laptop has. Every request is judged by `bodies.py`. Must not
decide who may hold what.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import (
    FileReply,
    FileRequest,
    decode_file_reply,
    decode_file_request,
    encode_file_message,
)
from fieldrep.sync.files import FilePolicy, bring, carry
from tests.sim.central import Central
from tests.sim.full import Disk, disk_of, failing
from tests.sim.judge.bodies import PART, Answer
from tests.sim.judge.oracle import Wrong
from tests.sim.laptop import Laptop
from tests.sim.line import damaged, flipped, offline
from tests.sim.people import natural
from tests.sim.schedule import Step
from tests.sim.tap import Killed

POLICIES = (
    FilePolicy(),
    FilePolicy(),
    FilePolicy(brought=10**9),
    FilePolicy(metered=True, on_metered=0),
    FilePolicy(metered=True),
)
"""What may travel by itself; a day's budget is all or nothing here, since days depend on the laptop's clock."""

ALL = FilePolicy(brought=10**9)
_HERE = "SELECT sha256, held, whole FROM file_body ORDER BY sha256"
_PARTS = "SELECT sha256, part FROM file_part ORDER BY sha256, at"
_WAITING = "SELECT row_id, sha256 FROM file_upload ORDER BY row_id"
_CUT_INTO = (
    "fieldrep.contract.files",
    "fieldrep.store.files",
    "fieldrep.sync.files",
    "fieldrep.sync.carried_files",
    "sync_server.store.files",
)


@contextmanager
def small_parts() -> Iterator[None]:
    """Within this, files travel in parts of a few bytes, so that small ones take several."""
    with pytest.MonkeyPatch.context() as patch:
        for module in _CUT_INTO:
            patch.setattr(f"{module}.PART", PART)
        yield


@dataclass
class FileLine:
    """The way of files of one laptop in one step; breaks once, as the step says."""

    carrying: Carrying
    laptop: Laptop
    step: Step
    asked: int = 0

    def __post_init__(self) -> None:
        self.disk = disk_of(self.step, server=True)

    def file(self, request: FileRequest) -> FileReply:
        """Carries one request about a file, or breaks as planned."""
        fault = self.step.files if self.asked == self.step.pick % 5 else ""
        self.asked += 1
        body = encode_file_message(request)
        if fault == "lost request":
            raise offline()
        if fault == "cut request":
            damaged(body[: self.step.pick % len(body)], decode_file_request)
            raise offline()
        if fault == "late":
            self.carrying.again(self.laptop, self.step.pick)
        return self._carried(body, fault)

    def _carried(self, body: bytes, fault: str) -> FileReply:
        laptop = self.laptop
        self.carrying.sent.setdefault(laptop.name, []).append((laptop.token, laptop.device, body))
        message = self.carrying.handle(laptop.token, laptop.device, laptop.user, body, self.disk)
        if fault == "twice":
            message = self.carrying.handle(laptop.token, laptop.device, laptop.user, body)
        if fault in ("lost reply", "kill after send"):
            raise offline() if fault == "lost reply" else Killed(fault)
        if fault in ("cut reply", "flipped"):
            place = self.step.pick % len(message)
            bad = message[:place] if fault == "cut reply" else flipped(message, self.step.pick)
            damaged(bad, decode_file_reply, message)
            raise offline()
        reply = decode_file_reply(message)
        if fault == "kill after reply":
            raise Killed(fault)
        return reply


@dataclass
class Carrying:
    """All files under way in one history.

    Attributes:
        sent: every request about a file by laptop, oldest first, with the credential it came with.
    """

    central: Central
    sent: dict[str, list[tuple[str, bytes, bytes]]] = field(default_factory=dict)

    def after_sync(self, laptop: Laptop, step: Step, *, policy: FilePolicy | None = None) -> str:
        """What travels by itself after a whole sync; says how many files arrived."""
        line = FileLine(self, laptop, step)
        gives_way = policy is None and step.pick % 7 == 0
        chosen = policy or POLICIES[step.pick // 7 % len(POLICIES)]
        arrived = carry(laptop.replica, line, chosen, lambda: gives_way).sent
        self.has_no_foreign(laptop)
        return f", {arrived} files" if arrived else ""

    def open(self, laptop: Laptop, step: Step) -> str:
        """Somebody opens a file his laptop shows; what he sees is what its author added."""
        names = self.central.names
        rows = [row for (entity, _), row in laptop.dump().items() if entity == "attachment"]
        rows = sorted((row for row in rows if not row["archived"]), key=lambda row: natural(names[row["id"]]))
        if not rows:
            return "no file to open"
        row = rows[step.pick // 5 % len(rows)]
        try:
            shown = bring(laptop.replica, FileLine(self, laptop, step), row["id"])
        except KnownError as error:
            return f"opens {names[row['id']]}: {error.code}"
        self._is_right(laptop, row["sha256"], shown)
        return f"opens {names[row['id']]}: {len(shown)} bytes"

    # -- the central store's half

    def handle(self, token: str, device: bytes, user: bytes, body: bytes, disk: Disk | None = None) -> bytes:
        """One request about a file as the HTTP route treats it, and what must come of it."""
        central, request = self.central, decode_file_request(body)
        central.new_day()
        before = (central.bodies.copied(), set(central.bodies.ever)) if disk else None
        wanted = Answer(Code.UNAUTHORISED.value)
        if central.standing.is_heard(device):
            asked = request.row_id, request.at, request.part
            wanted = central.bodies.answer(central.oracle, device, user, *asked)
        try:
            with failing(central.database, disk):
                message = central.files(token, body)
        except KnownError as error:
            if before and error.code is Code.SERVER_DISK:
                central.bodies.put_back(before[0])
                central.bodies.ever = before[1]
                raise
            refused = wanted.refused
            if device in central.standing.sending and request.part is None:
                refused = Code.DEVICE_LOCKED.value
            if error.code.value != refused and not central.standing.may_refuse(device, error):
                raise Wrong(f"I5: a file was refused as {error.code}, the oracle says {wanted}") from error
            raise
        finally:
            central.settle()
        reply = decode_file_reply(message)
        if not central.standing.may_ask(device, request.part):
            raise Wrong(f"I18: {central.names[device]} was answered about a file")
        if wanted.refused or (reply.held, reply.whole, reply.part) != (
            wanted.held,
            wanted.whole,
            wanted.part,
        ):
            raise Wrong(f"I5: of a file the store says {reply}, the oracle {wanted}")
        return message

    def again(self, laptop: Laptop, pick: int) -> None:
        """An old request about a file arrives once more; nobody hears the answer."""
        kept = self.sent.get(laptop.name, [])
        if kept:
            token, device, body = kept[pick % len(kept)]
            try:
                self.handle(token, device, laptop.user, body)
            except KnownError as error:
                known = error.code in (Code.NOT_FOUND, Code.TOO_LARGE, Code.UNAUTHORISED)
                if not known and not self.central.standing.may_refuse(device, error):
                    raise

    def pry(self, laptop: Laptop, pick: int) -> None:
        """Somebody asks for the bytes of a record he does not hold, and offers some, under an id he has heard of."""
        central = self.central
        mine = central.oracle.visible(laptop.user)
        files = [row_id for row_id in central.oracle.rows["attachment"] if ("attachment", row_id) not in mine]
        for row_id in sorted(files, key=lambda row_id: natural(central.names[row_id]))[pick % 3 :][:2]:
            for part in (None, b""):
                body = encode_file_message(FileRequest(row_id=row_id, at=0, part=part))
                with suppress(KnownError):
                    self.handle(laptop.token, laptop.device, laptop.user, body)

    def compare(self) -> None:
        """The store has the bytes it was given."""
        self.central.bodies.compare(self.central.oracle, self.central.sql.rows)

    # -- what a laptop has

    def look(self, laptop: Laptop) -> None:
        """I13: whatever is said to be here is what its author added; what was added here is here until it is there."""
        kept: dict[str, bytes] = {}
        for sha256, part in laptop.asked(_PARTS):
            kept[sha256] = kept.get(sha256, b"") + part
        here = set()
        for sha256, held, whole in laptop.asked(_HERE):
            body = kept.pop(sha256, b"")
            if len(body) != held or not body:
                raise Wrong(f"I13: {laptop.name} says it has {held} bytes of a file and has {len(body)}")
            if whole:
                here.add(sha256)
                self._is_right(laptop, sha256, body)
            elif not self.central.bodies.by_hash.get(sha256, b"").startswith(body):
                raise Wrong(f"I13: {laptop.name} has bytes of a file that nobody added")
        if kept:
            raise Wrong(f"{laptop.name} has {len(kept)} files it does not know of")
        self._not_lost(laptop, here)

    def _is_right(self, laptop: Laptop, sha256: str, body: bytes) -> None:
        if body != self.central.bodies.by_hash.get(sha256):
            raise Wrong(f"I13: {laptop.name} shows a file that is not what its author added")

    def _not_lost(self, laptop: Laptop, here: set[str]) -> None:
        """I2 for bytes: a file added here is here, and waits to go up, until the store has had it."""
        waiting = dict(laptop.asked(_WAITING))
        for row_id, sha256 in laptop.added():
            bodies = self.central.bodies
            if row_id in bodies.ever | bodies.lost or ("attachment", row_id) in self.central.purged:
                continue
            if sha256 not in here or waiting.get(row_id) != sha256:
                named = self.central.names.get(row_id)
                raise Wrong(f"I2: the bytes of {named} are gone from {laptop.name} before the store had them")

    def has_no_foreign(self, laptop: Laptop) -> None:
        """I5: after a whole sync no bytes are on a laptop but those of its records, and of what it must still give."""
        named = {row["sha256"] for (entity, _), row in laptop.dump().items() if entity == "attachment"}
        named |= {sha256 for _, sha256 in laptop.asked(_WAITING)}
        for sha256, *_ in laptop.asked(_HERE):
            if sha256 not in named:
                raise Wrong(f"I5: {laptop.name} still has a file of a record it holds no more")

    # -- when everybody is quiet

    def queue(self, laptop: Laptop) -> list[object]:
        """What moves when files do."""
        return [laptop.asked(_WAITING), laptop.asked(_HERE)]

    def arrived(self, laptops: list[Laptop]) -> None:
        """Every file whose bytes anybody has is at the store, and each laptop shows those of all its records."""
        central, bodies = self.central, self.central.bodies
        self.compare()
        had = {sha256 for laptop in laptops for sha256, _, whole in laptop.asked(_HERE) if whole}
        files = central.oracle.rows["attachment"]
        for row_id, row in files.items():
            if row_id in bodies.whole | bodies.lost or row_id not in bodies.made:
                continue  # there, or told to be lost, or one that a forger claimed to have
            alike = sum(body == bodies.made[row_id] for body in bodies.made.values())
            # who got the same bytes by another record after he had offered his to a restored store offers none here
            if not central.restored or (row["sha256"] in had and alike == 1):
                raise Wrong(f"I2: the bytes of {central.names.get(row_id)} never arrived")
        for laptop in laptops:
            self._shows_all(laptop, {row_id for row_id in files if row_id in bodies.whole})

    def _shows_all(self, laptop: Laptop, whole: set[bytes]) -> None:
        files = self.central.oracle.rows["attachment"]
        held = {
            row_id for entity, row_id in self.central.oracle.visible(laptop.user) if entity == "attachment"
        }
        may = {files[row_id]["sha256"] for row_id in held}
        may |= {sha256 for _, sha256 in laptop.asked(_WAITING)}
        must = {files[row_id]["sha256"] for row_id in held & whole if not files[row_id]["archived"]}
        here = {sha256 for sha256, *_ in laptop.asked(_HERE)}
        if here - may:
            raise Wrong(f"I5: {laptop.name} has {len(here - may)} files it may not have")
        if must - here:
            raise Wrong(f"I15: {laptop.name} never got {len(must - here)} files of its records")
