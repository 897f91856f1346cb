"""Sticks: files that travel between a laptop and the office instead of messages, late, lost, doubled and in any order.

Owns the files that lie about. Each is real bytes, sealed and signed; the central store answers them with the server's
own code and the oracle judges what it took. Must not decide what is right.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
import pytest

from fieldrep.contract import bundle
from fieldrep.contract.bundle import FILE_MARK
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.files import decode_file_reply, decode_file_request
from fieldrep.contract.messages import ExchangeReply, Verdict, decode_reply
from fieldrep.sync.enrolment import device_keys
from fieldrep.sync.wiping import WipeOrdered
from sync_server.admin.bundles import Asked, open_request, write_answer
from tests.sim.central import Central
from tests.sim.dying import ServerDied
from tests.sim.full import disk_of, failing, require_told
from tests.sim.judge.bodies import Answer
from tests.sim.judge.oracle import Wrong
from tests.sim.judge.replying import check_reply, is_told_a_copy
from tests.sim.laptop import Laptop
from tests.sim.schedule import SERVER_FAULTS, Step
from tests.sim.skew import is_told_to_update, require_understood
from tests.sim.tap import Killed

Look = Callable[[Laptop, ExchangeReply | None], None]


@dataclass
class Sticks:
    """All files of one history, by laptop, newest last; none is ever thrown away.

    Attributes:
        done: how often each thing was done with them.
    """

    central: Central
    look: Look
    obey: Callable[[Laptop, bytes], str]
    asked: dict[str, list[bytes]] = field(default_factory=dict)
    answered: dict[str, list[bytes]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)

    def act(self, laptop: Laptop, step: Step) -> str:
        """One thing done with a stick."""
        pick, kind = divmod(step.pick, 10)
        if kind == 0:
            return self._write(laptop, pick, step.pages)
        if kind in (1, 2, 3):
            return self._answer(laptop, pick if kind < 3 else -1, step)
        if kind in (4, 5, 6):
            return self._read(laptop, pick if kind < 6 else -1, step)
        if kind == 7:
            return self._spoil(laptop, pick)
        wrote = self._write(laptop, pick, step.pages)
        return f"{wrote}, {self._answer(laptop, -1, step)}, {self._read(laptop, -1, step)}"

    def share(self, laptop: Laptop, twin: Laptop) -> None:
        """A laptop and its copy have one stick for their answers: each may be handed those of the other."""
        self.answered[twin.name] = self.answered.setdefault(laptop.name, [])

    def forget(self, laptop: Laptop) -> None:
        """A laptop that enrolled again has other keys: what lies about opens for nobody any more."""
        self.asked.pop(laptop.name, None)
        self.answered.pop(laptop.name, None)

    def refuse(self, laptop: Laptop) -> None:
        """A repair lost who a laptop is: until it enrols again it can neither write files nor read any."""
        answers = self.answered.get(laptop.name) or [b""]
        for refused in (
            lambda: laptop.program.write_request(laptop.replica, io.BytesIO()),
            lambda: laptop.program.read_reply(laptop.replica, io.BytesIO(answers[-1])),
        ):
            with pytest.raises(KnownError) as told:
                refused()
            assert told.value.code is Code.NOT_ENROLLED, told.value
        self._did("", "keys lost")

    def _write(self, laptop: Laptop, pick: int, pages: int) -> str:
        file = io.BytesIO()
        most = (1, 3, 2_000)[pick % 3]
        written = laptop.program.write_request(
            laptop.replica, file, most_changes=most, page_bytes=pages or 1_000_000
        )
        self.asked.setdefault(laptop.name, []).append(file.getvalue())
        return self._did(f"wrote {written.changes} changes", "written")

    def _answer(self, laptop: Laptop, which: int, step: Step) -> str:
        """The office takes a file, perhaps an old one, perhaps once more."""
        files = self.asked.get(laptop.name, [])
        if not files:
            return "no file to answer"
        try:
            asked = open_request(self.central.database, io.BytesIO(files[which % len(files)]))
        except KnownError as error:
            device = bundle.read_header(io.BytesIO(files[which % len(files)])).device_id
            if not self.central.standing.may_refuse(device, error):
                raise
            return self._did("a file of a stranger was refused", "stranger")
        asked = replace(asked, about_files=list(asked.about_files))
        device, requests = asked.device.device_id, asked.requests
        for request in requests:
            require_understood(request)
        epoch, copies = self.central.epoch, self.central.copies
        copies.look(self.central.sql, device)
        copies.told = 0
        shown = (k for k, one in enumerate(requests) if copies.are_shown(epoch, device, one))
        copy = next(shown, None)
        out = io.BytesIO()
        self.central.death = step.fault if step.fault in SERVER_FAULTS else ""
        disk = None if asked.about_files else disk_of(step, server=True)  # of files parts may be taken before
        try:
            with self.central.dying(), failing(self.central.database, disk):
                write_answer(self.central.database, asked, out)
        except ServerDied:
            self.central.reopen()
            self._judge(laptop, asked, copy, failed=True)
            return self._did("the server died over it", "server died")
        except KnownError as error:
            if disk is None or error.code is not Code.SERVER_DISK:
                raise
            self._judge(laptop, asked, copy, failed=True)
            return self._did("the disk of the office failed", "server disk failed")
        changes = self._judge(laptop, asked, copy)
        self._check(laptop, asked, out.getvalue(), copy)
        self._check_files(laptop, asked, out.getvalue())
        self.answered.setdefault(laptop.name, []).append(out.getvalue())
        return self._did(f"answered {changes} changes", "answered")

    def _judge(self, laptop: Laptop, asked: Asked, copy: int | None, failed: bool = False) -> int:
        """All requests of a file are made from one state; none is taken from the one on that shows a copy."""
        device, taken = asked.device.device_id, asked.requests[:copy]
        changes = tuple(change for request in taken for change in request.changes)
        if taken:
            further = copy is not None or taken[-1].further
            whole = msgspec.structs.replace(taken[0], changes=changes, further=further)
            self.central._judge(whole, device, laptop.user, len(taken) == 1, failed)
        if copy is not None:
            self.central._judge(asked.requests[copy], device, laptop.user)
        return len(changes)

    def _check(self, laptop: Laptop, asked: Asked, answer: bytes, copy: int | None) -> None:
        """I5: every reply in the file is looked at, as on the line."""
        replies, device = _replies(laptop, answer), asked.device.device_id
        for reply in replies:
            self.central.standing.is_told(device, reply)
        if copy is not None:
            if len(replies) != copy + 1 or not is_told_a_copy(
                self.central, asked.requests[copy], replies[copy], device
            ):
                raise Wrong(f"I3: a file of a copy got {len(replies)} replies")
            for request, reply in zip(asked.requests[:copy], replies, strict=False):
                check_reply(self.central, reply, request, device, laptop.user)
            return
        # after a restore the device first hears of it; nothing more of its file is looked at
        asked_for = asked.requests[: 1 if replies[0].verdict is Verdict.START_OVER else None]
        for request, reply in zip(asked_for, replies, strict=False):
            check_reply(self.central, reply, request, device, laptop.user)
        nothing = msgspec.structs.replace(asked.requests[-1], changes=())
        for reply in replies[len(asked_for) :]:
            check_reply(self.central, reply, nothing, device, laptop.user)
        last = len(asked_for) - 1
        if not (is_told_to_update(asked_for[last], replies[last]) or replies[last].more):
            heard = self.central.heard.get(device, 0)
            self.central.noted[device] = max(self.central.noted.get(device, 0), heard)

    def _check_files(self, laptop: Laptop, asked: Asked, answer: bytes) -> None:
        """What was brought of files is taken, and what is given of them is what a line would give."""
        bodies, oracle = self.central.bodies, self.central.oracle
        device = asked.device.device_id
        ask = partial(bodies.answer, oracle, device, laptop.user)
        wanted: list[tuple[bytes, Answer]] = []
        up: tuple[bytes, Answer] | None = None
        for part in asked.about_files:
            request = decode_file_request(part[len(FILE_MARK) :])
            row_id, at = request.row_id, request.at
            if up is not None and (request.part is None or up[0] != row_id):
                wanted.append(up)
                up = None
            if request.part is not None:
                up = row_id, ask(row_id, at, request.part)
                continue
            if device in self.central.standing.sending:
                continue  # nothing is given to one that is to be wiped
            while (said := ask(row_id, at, None)).part:
                wanted.append((row_id, said))
                at += len(said.part)
        given = [decode_file_reply(part[len(FILE_MARK) :]) for part in _about_files(laptop, answer)]
        told = [(one.row_id, bool(one.refused), one.held, one.whole, one.part) for one in given]
        wanted += [up] if up else []
        if told != [(row_id, bool(a.refused), a.held, a.whole, a.part) for row_id, a in wanted]:
            raise Wrong(f"I5: of files the answer says {given}, the oracle {wanted}")

    def _read(self, laptop: Laptop, which: int, step: Step) -> str:
        files = self.answered.get(laptop.name, [])
        if not files:
            return "no answer to read"
        answer = files[which % len(files)]
        before = laptop.replica.state().cursor
        if "statement" in step.fault:
            laptop.tap.fuse, laptop.tap.after = step.at, step.fault == "kill after statement"
        disk = laptop.tap.disk = disk_of(step)
        try:
            receipt = laptop.program.read_reply(laptop.replica, io.BytesIO(answer))
            told = "taken" if receipt.digests_equal else "passed over"
            if receipt.digests_equal is False and not laptop.lags:
                raise Wrong(f"{laptop.name} and the central store differ after reading a file: {receipt}")
        except WipeOrdered:
            laptop.tap.fuse = 0
            return self._did(f"read an answer: {self.obey(laptop, answer)}", "wiped")
        except KnownError as error:
            told = error.code.value
        except Killed:
            laptop.kill()
            told = "killed"
        laptop.tap.fuse, laptop.tap.disk = 0, None
        require_told(disk, laptop.name, told)
        self._look(laptop, before, answer)
        return self._did(f"read an answer: {told}", told)

    def _look(self, laptop: Laptop, before: bytes, answer: bytes) -> None:
        """I6: a file moves the cursor to one of its own, and only ever from where it begins."""
        now = laptop.replica.state().cursor
        reached = [reply for reply in _replies(laptop, answer) if reply.cursor == now]
        if now not in (before, b"") and not reached:
            raise Wrong(f"I6: a file moved the cursor of {laptop.name} to a place it does not know")
        self.look(laptop, reached[-1] if reached else None)

    def _spoil(self, laptop: Laptop, pick: int) -> str:
        """A file that was cut or altered on its way is refused on both sides."""
        pick, place = divmod(pick, 1_000_003)
        for files, take in (
            (self.asked.get(laptop.name, []), lambda file: open_request(self.central.database, file)),
            (
                self.answered.get(laptop.name, []),
                lambda file: laptop.program.read_reply(laptop.replica, file),
            ),
        ):
            if not files:
                continue
            whole = files[pick % len(files)]
            at = place % len(whole)
            cut = whole[:at]
            flipped = cut + bytes([whole[at] ^ 1 << pick % 8]) + whole[at + 1 :]
            for wrong in (cut, flipped):
                with pytest.raises(KnownError) as refused:
                    take(io.BytesIO(wrong))
                assert refused.value.code in _REFUSED, refused.value
        self.look(laptop, None)
        return self._did("spoilt files were refused", "spoilt")

    def _did(self, told: str, what: str) -> str:
        self.done[what] = self.done.get(what, 0) + 1
        return told


_REFUSED = frozenset(
    {
        Code.BUNDLE_DAMAGED,
        Code.NOT_A_BUNDLE,
        Code.WRONG_BUNDLE,
        Code.DIFFERENT_SERVER,
        Code.UNAUTHORISED,
        Code.UPGRADE_NEEDED,
        Code.DEVICE_LOCKED,
        Code.DEVICE_REVOKED,
    }
)


def _replies(laptop: Laptop, answer: bytes) -> list[ExchangeReply]:
    keys = device_keys(laptop.replica, laptop.replica.randomness)
    _, *parts = bundle.parts(io.BytesIO(answer), keys)
    return [decode_reply(part) for part in parts if not part.startswith(FILE_MARK)]


def _about_files(laptop: Laptop, answer: bytes) -> list[bytes]:
    keys = device_keys(laptop.replica, laptop.replica.randomness)
    return [part for part in bundle.parts(io.BytesIO(answer), keys) if part.startswith(FILE_MARK)]
