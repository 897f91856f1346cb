"""A program that is killed at one statement after another: what the tests of faults start as a child.

For each statement of an action a copy of the replica is opened in a fork, which dies there without a word, as by
`kill -9`. The parent opens what is left and says what it found, one JSON line per kill. Must not judge.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldrep.contract.change import Accepted, Refused
from fieldrep.contract.errors import Code
from fieldrep.contract.scope import account_key
from fieldrep.store.export import export_lines
from fieldrep.store.incoming.apply import apply_reply, start_over
from fieldrep.store.replica import Replica
from fieldrep.store.verify import verify
from tests.unit.store.answers import central_row, digest, reply, row_id
from tests.unit.store.conftest import enrol, open_replica

SHOP = ("account", central_row("account", 1, 10, name="Corner Shop"))
MILL = ("account", central_row("account", 2, 11, name="Old Mill"))
ANNA = ("contact", central_row("contact", 3, 12, account_id=row_id(2), family_name="Anders"))
ECHO = ("account", SHOP[1] | {"phone": "mine", "revision": 20})
NEW = ("account", central_row("account", 5, 21, name="Brewery"))


class Fuse:
    """Sits on the writing connection and ends the process at a statement, before or after it ran."""

    def __init__(self, connection: Any, burns_at: int, *, after: bool) -> None:
        self._connection = connection
        self._left = burns_at
        self._after = after

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def execute(self, *arguments: Any) -> Any:
        return self._run(self._connection.execute, arguments)

    def executemany(self, *arguments: Any) -> Any:
        return self._run(self._connection.executemany, arguments)

    def close(self) -> None:
        self._connection.close()

    def _run(self, statement: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self._left -= 1
        if self._left == 0 and not self._after:
            os._exit(9)
        result = statement(*arguments)
        if self._left == 0:
            os._exit(9)
        return result


def save(replica: Replica) -> None:
    with replica.begin("create_order", "Order") as unit:
        order = unit.create("sales_order", {"account_id": row_id(1), "currency": "EUR"}, row_id(90))
        for seq in (1, 2):
            values = {"order_id": order, "account_id": row_id(1), "seq": seq}
            unit.create("document_line", values, row_id(90 + seq))
        unit.update("account", row_id(1), {"note": "ordered"})


def answers(replica: Replica) -> None:
    sent = replica.waiting(10, 10**6)
    outcomes = [Accepted(sent[0].n, 20), Refused(sent[1].n, Code.OUT_OF_SCOPE, "No.")]
    holds = [ECHO, NEW]
    apply_reply(
        replica,
        reply(ECHO, NEW, outcomes=outcomes, leaves=[account_key(row_id(2))], holds=holds, cursor=b"2"),
        sent,
    )


def afresh(replica: Replica) -> None:
    start_over(replica)


ACTIONS: dict[str, Callable[[Replica], None]] = {"save": save, "answers": answers, "afresh": afresh}


def prepare(path: Path) -> None:
    with open_replica(path) as replica:
        enrol(replica)
        apply_reply(replica, reply(SHOP, MILL, ANNA))
        for number, values in ((1, {"phone": "mine"}), (2, {"name": "Mine"})):
            with replica.begin("edit_account", "Edit") as unit:
                unit.update("account", row_id(number), values)


def found(path: Path) -> dict[str, Any]:
    with open_replica(path, create=False) as replica, replica.read() as reader:
        state = replica.state()
        return {
            "findings": [finding.sentence for finding in verify(reader)],
            "rows": b"".join(export_lines(reader)).decode(),
            "waiting": [change.n for change in replica.waiting(10, 10**6)],
            "cursor": state.cursor.decode(),
            "whole": state.digest == digest([SHOP, MILL, ANNA]),
        }


def killed_at(folder: Path, action: str, burns_at: int, *, after: bool) -> bool:
    """Whether the fork died at that statement; False when it came to its end before."""
    shutil.copyfile(folder / "start.db", folder / "replica.db")
    child = os.fork()
    if child == 0:
        replica = Replica.open(folder / "replica.db", bytes(range(32)), lambda: 5, random.Random(3).randbytes)
        replica._writer.connection = Fuse(replica._writer.connection, burns_at, after=after)
        ACTIONS[action](replica)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


def main() -> None:
    folder, action = Path(sys.argv[1]), sys.argv[2]
    prepare(folder / "start.db")
    died = True
    burns_at = 0
    while died:
        burns_at += 1
        for after in (False, True):
            died = killed_at(folder, action, burns_at, after=after)
            kill = {"at": burns_at, "after": after, "died": died, **found(folder / "replica.db")}
            sys.stdout.write(json.dumps(kill) + "\n")
            for left in folder.glob("replica.db*"):
                left.unlink()


if __name__ == "__main__":
    main()
