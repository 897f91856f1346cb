"""Several laptops in one program, which may be killed at any moment: `python -m tests.torture.laptops FILE`.

Each is a real replica with the product's own engine and line. It works through its edits, whatever it did before the
program was killed, and syncs after each one until nothing waits. Prints a line of JSON at the end: what a sync was
refused with, and what must not be. Must not know who kills what.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from fieldrep.commands.accounts import create_account, edit_account
from fieldrep.commands.activities import log_activity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.ids import Incarnation
from fieldrep.contract.messages import EnrollReply
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from fieldrep.sync.engine import sync
from fieldrep.sync.session import bearer_of
from fieldrep.sync.transport import HttpBearer

KEY = bytes(range(32))
PATIENCE_SECONDS = 7_200
PAUSE_SECONDS = 0.4
LONGEST_WAIT = 3.0
EXPECTED = {Code.OFFLINE, Code.SERVER_BUSY, Code.DAMAGED_MESSAGE}
"""What a sync may be refused with where servers die."""


class Member(msgspec.Struct, frozen=True):
    """One laptop: where it lies, what it is called, and how it was admitted."""

    folder: str
    name: str
    admitted: EnrollReply


class Task(msgspec.Struct, frozen=True):
    """What one program is given.

    Attributes:
        enough: a file that is there once enough was killed; no laptop makes its last edit before.
    """

    address: str
    edits: int
    enough: str
    members: tuple[Member, ...]


class Told(msgspec.Struct):
    """What a program has to say at its end."""

    refused: dict[str, int]
    wrong: list[str]


class Differs(Exception):
    """A replica had to be repaired."""


class Laptop:
    """One laptop at work."""

    def __init__(self, task: Task, member: Member, refused: Counter[str]) -> None:
        self._task, self._member, self._refused = task, member, refused
        self._chance = random.Random()
        self._until = time.monotonic() + PATIENCE_SECONDS

    def work(self) -> list[str]:
        """All edits that were not made yet, and what must not be."""
        Path(self._member.folder).mkdir(parents=True, exist_ok=True)
        path = Path(self._member.folder) / "replica.db"
        try:
            with Replica.open(path, KEY, _clock, os.urandom, create=True) as replica:
                if not replica.state().enrolled:
                    where = Incarnation(os.urandom(16))
                    replica.enrolled(self._member.admitted, self._task.address, "", where)
                line = bearer_of(replica)
                self._synced(replica, line)
                while (made := replica.state().highest_n) < self._task.edits:
                    if made + 1 < self._task.edits or Path(self._task.enough).exists():
                        self._edit(replica, made + 1)
                        self._synced(replica, line)
                    time.sleep(self._chance.random() * PAUSE_SECONDS)
                wrong = self._looked_at(replica)
                line.close()
                return wrong
        except KnownError as problem:
            return [f"{self._member.name}: {problem.code}: {problem.sentence}"]
        except Differs as problem:
            return [f"{self._member.name}: {problem}"]

    def _edit(self, replica: Replica, n: int) -> None:
        """The nth change: first a customer of its own, then by turns a number to call and a note."""
        name = self._member.name
        if n == 1:
            create_account(replica, name=name)
            return
        with replica.read() as reader:
            ((account,),) = reader.rows("SELECT id FROM account WHERE name = ?", (name,))
        if n % 2:
            log_activity(replica, subject=f"{name} {n}", account_id=account)
        else:
            edit_account(replica, row_id=account, phone=phone(name, n))

    def _synced(self, replica: Replica, line: HttpBearer) -> None:
        """Syncs until nothing waits, as often as it takes."""
        wait = 0.05
        while True:
            try:
                receipt = sync(replica, line, ahead=True)
                if receipt.started_over or receipt.repaired or receipt.digests_equal is False:
                    raise Differs(f"the replica was not the central store's: {receipt}")
                if receipt.whole and not replica.depth():
                    return
            except KnownError as problem:
                self._refused[str(problem.code)] += 1
                if problem.code not in EXPECTED or time.monotonic() > self._until:
                    raise
                wait = min(LONGEST_WAIT, max(2 * wait, problem.retry_after))
            time.sleep(wait * self._chance.random())

    def _looked_at(self, replica: Replica) -> list[str]:
        with replica.read() as reader:
            wrong = [finding.sentence for finding in verify(reader)]
            ((refused,),) = reader.rows("SELECT count(*) FROM refused_change")
        wrong += [f"{refused} changes refused"] * bool(refused)
        return [f"{self._member.name}: {one}" for one in wrong]


def phone(name: str, n: int) -> str:
    """The number a laptop's customer has after the nth change; nobody else's is like it."""
    return f"+31 {int.from_bytes(name.encode()[:6]) % 10**9:09d} {n:03d}"


def _clock() -> int:
    return time.time_ns() // 1_000_000


def main(path: str) -> None:
    """All laptops of a program at once, to their end."""
    task = msgspec.json.decode(Path(path).read_bytes(), type=Task)
    refused: Counter[str] = Counter()

    def work(member: Member) -> list[str]:
        return Laptop(task, member, refused).work()

    with ThreadPoolExecutor(len(task.members)) as pool:
        wrong = [one for found in pool.map(work, task.members) for one in found]
    sys.stdout.write(msgspec.json.encode(Told(dict(refused), wrong)).decode() + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
