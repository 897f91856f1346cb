"""A device under measurement, in a process of its own: `python -m tests.bench.device STEP …` prints JSON.

`first` enrols and fetches the first replica; `rounds` edits, pushes and pulls between two replicas of one user; `road`
does the first and pushes E, for a slow line. Owns
the stop watches around the product's own calls, and nothing of how they work.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from fieldrep.commands.accounts import edit_account
from fieldrep.commands.activities import edit_activity
from fieldrep.commands.contacts import edit_contact
from fieldrep.garbage import look_seldom
from fieldrep.queries.accounts import AccountsQuestion, account_rows, find_accounts
from fieldrep.queries.matching import matches
from fieldrep.store.incoming.receipt import Receipt
from fieldrep.store.replica import Replica
from fieldrep.sync.engine import sync
from fieldrep.sync.enrolment import enrol
from fieldrep.sync.session import bearer_of
from tests.bench.machine import peak_mb
from tests.bench.workload import SIZES, Workload

KEY = bytes(range(32))
TODAY = date(2026, 11, 21)
IDLE_SYNCS = 200
ROAD_ROUND = 1_000
"""Of E: another one than those of `rounds`, so that the values differ."""

EDIT = {"account": edit_account, "contact": edit_contact, "activity": edit_activity}


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def open_replica(folder: Path, *, create: bool = False) -> Replica:
    """The replica of a throwaway profile."""
    return Replica.open(folder / "replica.db", KEY, now, os.urandom, create=create)


@dataclass(slots=True)
class Watch:
    """Wall and processor seconds of repeated calls."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def time(self, call: Callable[[], Any]) -> Any:
        """Runs it and notes what it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        answer = call()
        self.wall.append(time.perf_counter() - wall)
        self.cpu.append(time.process_time() - cpu)
        return answer

    def told(self) -> dict[str, list[float]]:
        """All of it, in order."""
        return {"wall": self.wall, "cpu": self.cpu}


def first(folder: Path, link: str) -> dict[str, Any]:
    """A first replica: when the accounts could be listed and searched, when all was there and proven; then tidied."""
    folder.mkdir(parents=True)
    with open_replica(folder, create=True) as replica:
        enrol(replica, link, os.urandom, "bench")
        before = peak_mb(os.getpid())
        bearer = bearer_of(replica)
        usable: list[float] = []
        begun = time.perf_counter()

        def progress(_receipt: Receipt, _left: int) -> None:
            if not usable and _accounts_are_in(replica):
                usable.append(time.perf_counter() - begun)

        watch = Watch()
        receipt = watch.time(lambda: sync(replica, bearer, ahead=True, progress=progress))
        bearer.close()
        peak = peak_mb(os.getpid())
        replica.tidy()
        return {
            "usable": usable[0],
            "complete": watch.wall[0],
            "cpu": watch.cpu[0],
            "pulled": receipt.pulled,
            "exchanges": receipt.exchanges,
            "whole": receipt.whole,
            "peak_mb": peak,
            "peak_before_mb": before,
        }


def _accounts_are_in(replica: Replica) -> bool:
    """Whether rows behind the accounts have begun to arrive; then the list and a search answer, which this tries."""
    with replica.read() as reader:
        if not (reader.rows("SELECT 1 FROM site LIMIT 1") or reader.rows("SELECT 1 FROM contact LIMIT 1")):
            return False
        found = find_accounts(reader, question=AccountsQuestion(), today=TODAY)
        shown = account_rows(reader, keys=found.keys[:30], today=TODAY)
        return bool(shown) and bool(matches(reader, "account", shown[0].name).keys)


def rounds(here: Path, there: Path, size: str, count: int) -> dict[str, Any]:
    """Rounds of: edit here (T5), push here (T2), pull there (T3); then idle syncs (T4) and searches (T6)."""
    load = Workload(SIZES[size])
    saves, pushes, pulls = Watch(), Watch(), Watch()
    whole = True
    with open_replica(here) as mine, open_replica(there) as theirs:
        my_line, their_line = bearer_of(mine), bearer_of(theirs)
        sync(mine, my_line)
        sync(theirs, their_line)
        mine.tidy()
        theirs.tidy()
        for number in range(count):
            for entity, row_id, values in load.edits(0, number):
                saves.time(lambda e=entity, i=row_id, v=values: EDIT[e](mine, row_id=i, **v))
            mine.tidy()
            pushed = pushes.time(lambda: sync(mine, my_line, ahead=True))
            pulled = pulls.time(lambda: sync(theirs, their_line, ahead=True))
            whole = whole and pushed.whole and pulled.whole and pushed.mine == pulled.mine
            mine.tidy()
            theirs.tidy()
        idle = Watch()
        for _ in range(IDLE_SYNCS):
            whole = idle.time(lambda: sync(theirs, their_line, ahead=True)).whole and whole
        my_line.close()
        their_line.close()
        return {
            "save": saves.told(),
            "push": pushes.told(),
            "pull": pulls.told(),
            "idle": idle.told(),
            "whole": whole,
            **_searches(theirs, load.typed()),
        }


def _searches(replica: Replica, typed: list[str]) -> dict[str, Any]:
    accounts, everything, listed = Watch(), Watch(), Watch()
    hits = 0
    for text in typed:
        with replica.read() as reader:
            hits += len(accounts.time(lambda t=text, r=reader: matches(r, "account", t, 50)).keys)
            everything.time(
                lambda t=text, r=reader: [
                    matches(r, name, t, 50) for name in ("account", "contact", "activity")
                ]
            )
        listed.time(lambda t=text: _list_accounts(replica, t))
    return {"search": accounts.told(), "search_all": everything.told(), "list": listed.told(), "hits": hits}


def _list_accounts(replica: Replica, text: str) -> None:
    with replica.read() as reader:
        found = find_accounts(reader, question=AccountsQuestion(text=text), today=TODAY)
        account_rows(reader, keys=found.keys[:30], today=TODAY)


def road(folder: Path, link: str, size: str) -> dict[str, Any]:
    """A first replica, then E made offline and pushed over a connection of its own."""
    fetched = first(folder, link)
    watch = Watch()
    with open_replica(folder) as replica:
        for entity, row_id, values in Workload(SIZES[size]).edits(0, ROAD_ROUND):
            EDIT[entity](replica, row_id=row_id, **values)
        line = bearer_of(replica)
        try:
            receipt = watch.time(lambda: sync(replica, line, ahead=True))
        finally:
            line.close()
    return {**fetched, "push": watch.wall[0], "whole": fetched["whole"] and receipt.whole}


def idle(folder: Path) -> dict[str, Any]:
    """One sync that has nothing to say, for counting its bytes."""
    with open_replica(folder) as replica:
        line = bearer_of(replica)
        try:
            receipt = sync(replica, line, ahead=True)
        finally:
            line.close()
        return {"exchanges": receipt.exchanges, "whole": receipt.whole}


def main(words: list[str]) -> None:
    """Does the step and prints its answer."""
    look_seldom()  # as the programs do
    step, folder, *rest = words
    if step == "first":
        answer = first(Path(folder), rest[0])
    elif step == "rounds":
        answer = rounds(Path(folder), Path(rest[0]), rest[1], int(rest[2]))
    elif step == "road":
        answer = road(Path(folder), *rest)
    else:
        answer = idle(Path(folder))
    print(json.dumps(answer))


if __name__ == "__main__":
    main(sys.argv[1:])
