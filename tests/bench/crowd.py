"""Several devices of a crowd in one process: `python -m tests.bench.crowd FILE` is told by lines what to do.

It admits its devices, says so, and at each line from standard input does a step with all of them at once: `warm`, a
few edits and a sync, as on a server that has been at work for a while; `edit`, which makes those that are measured,
without a line; `sync`; `send`, which only sends what the engine had ready and reads the answer, so that the devices
cost the machine they share with the server as little as they can; or `settle`, a last sync after everybody is done.
Each device is a real replica with the product's own engine and line, and comes again when the server says so. Owns
the stop watches; must not know how many other processes there are.
"""

from __future__ import annotations

import itertools
import os
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Incarnation
from fieldrep.contract.messages import EnrollReply, ExchangeReply, ExchangeRequest
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from fieldrep.sync.schedule import Schedule
from fieldrep.sync.session import bearer_of
from fieldrep.sync.transport import HttpBearer
from tests.bench.device import EDIT, now, open_replica
from tests.bench.workload import SIZES, Workload

PATIENCE_SECONDS = 300
WARMING_EDITS = 2
MOST_ROUNDS = 1_000
"""More than there are members of one user: each goes on with rounds of edits that are nobody else's."""


class Member(msgspec.Struct, frozen=True):
    """One device: where it lives, how it was admitted, whose it is, and which edits it makes.

    Attributes:
        round: which of its user's rounds of edits.
        starts_after: seconds after the signal.
    """

    folder: str
    admitted: EnrollReply
    rep: int
    round: int
    starts_after: float


class Task(msgspec.Struct, frozen=True):
    """What one process is given."""

    address: str
    size: str
    edits: int
    members: tuple[Member, ...]


class Seen(msgspec.Struct, frozen=True):
    """What became of one device in one step.

    Attributes:
        done: seconds after the signal.
        busy: how often the server asked it to come again.
        error: the code of anything else that went wrong, "" for nothing.
    """

    done: float
    busy: int
    error: str
    whole: bool
    rep: int
    digest: tuple[int, int]


class Ready:
    """A line that carries nothing: it keeps what the engine would have sent."""

    def __init__(self) -> None:
        self.requests: list[ExchangeRequest] = []

    def exchange(self, request: ExchangeRequest) -> ExchangeReply:
        """Keeps it, and is no line."""
        self.requests.append(request)
        raise KnownError(Code.OFFLINE, "Kept for later.")


class Device:
    """One device under measurement."""

    def __init__(self, task: Task, member: Member) -> None:
        folder = Path(member.folder)
        folder.mkdir(parents=True)
        self._member = member
        self._replica: Replica = open_replica(folder, create=True)
        self._replica.enrolled(member.admitted, task.address, "", Incarnation(os.urandom(16)))
        self._line: HttpBearer = bearer_of(self._replica)
        sync(self._replica, self._line, ahead=True)
        load, rounds = Workload(SIZES[task.size]), itertools.count(member.round, MOST_ROUNDS)
        self._edits = itertools.chain.from_iterable(load.edits(member.rep, number) for number in rounds)
        self._wanted = task.edits

    def warm(self, begun: float) -> Seen:
        """Makes a few edits and syncs."""
        self._edit(WARMING_EDITS)
        return self._until_done(begun)

    def edit(self, begun: float) -> Seen:
        """Makes all that is measured, and keeps what the engine would send of it."""
        self._edit(self._wanted)
        ready = Ready()
        with suppress(KnownError):
            sync(self._replica, ready)
        (self._ready,) = ready.requests
        return self._seen(begun)

    def _edit(self, count: int) -> None:
        for entity, row_id, values in itertools.islice(self._edits, count):
            EDIT[entity](self._replica, row_id=row_id, **values)

    def _seen(self, begun: float, error: str = "") -> Seen:
        return Seen(time.monotonic() - begun, 0, error, False, self._member.rep, (0, 0))

    def send(self, begun: float) -> Seen:
        """What was ready, as it is; `settle` must do the rest."""
        error = ""
        try:
            self._line.exchange(self._ready)
        except KnownError as problem:
            error = str(problem.code)
        return self._seen(begun, error)

    def sync(self, begun: float) -> Seen:
        """Starts at its moment, then as often as the server wants."""
        time.sleep(max(0.0, begun + self._member.starts_after - time.monotonic()))
        return self._until_done(begun)

    def settle(self, begun: float) -> Seen:
        """Once more, at once."""
        return self._until_done(begun)

    def _until_done(self, begun: float) -> Seen:
        schedule, busy, error, whole, digest = Schedule(now(), os.urandom), 0, "", False, (0, 0)
        while time.monotonic() < begun + PATIENCE_SECONDS:
            try:
                receipt = sync(self._replica, self._line, ahead=True)
            except KnownError as problem:
                if problem.code is not Code.SERVER_BUSY:
                    error = str(problem.code)
                    break
                busy += 1
                schedule.failed(now())
                time.sleep(problem.retry_after + schedule.wait(now()) / 1_000)
            else:
                whole, digest = receipt.whole, (receipt.mine.count, receipt.mine.total)
                break
        return Seen(time.monotonic() - begun, busy, error, whole, self._member.rep, digest)


def main(path: str) -> None:
    """Admits, then does what it is told until nobody tells it anything more."""
    task = msgspec.json.decode(Path(path).read_bytes(), type=Task)
    random.shuffle(order := list(task.members))
    with ThreadPoolExecutor(4) as pool:
        devices = list(pool.map(lambda member: Device(task, member), order))
    _say({"ready": len(devices)})
    steps: dict[str, Callable[[Device, float], Seen]] = {
        "warm": Device.warm,
        "edit": Device.edit,
        "sync": Device.sync,
        "send": Device.send,
        "settle": Device.settle,
    }
    with ThreadPoolExecutor(max(1, len(devices))) as pool:
        for line in sys.stdin:
            step, begun = steps[line.strip()], time.monotonic()
            _say(list(pool.map(lambda device, s=step, b=begun: s(device, b), devices)))


def _say(what: Any) -> None:
    print(msgspec.json.encode(what).decode(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
