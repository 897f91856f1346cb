"""Many programs at one PostgreSQL store at once: writers that dawdle before they commit, and readers.

Run as a program: `python -m tests.torture.crowd FOLDER [ROWS]` prints a line of JSON for the central store and one for
a naive table, read by `seq > cursor` of this module's own. No reader of the store may miss a row; the naive one must
lose some under the same crowd, or the crowd proves nothing.
"""

from __future__ import annotations

import multiprocessing
import random
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import Any, Protocol

import psycopg

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.page import page_columns
from sync_server.store.database import Database
from tests.store_suite.databases import databases
from tests.store_suite.world import SeededBytes, SteppingClock, World, new_row
from tests.torture.killed_at_steps import tell

WRITERS, READERS, READING_PROGRAMS = 8, 50, 5
ROWS_AT_ONCE = (1, 2, 5, 20)
MANY_ROWS = 100_000
"""From so many rows on some transactions are larger and readers rest longer, or a million would take days."""

PAUSES = (0.0, 0.0, 0.001, 0.004, 0.012)
PAGE_BYTES = 1_000_000
PATIENCE_SECONDS = 240
_END: dict[str, Event] = {}
_ALL: dict[str, Barrier] = {}


@dataclass
class Tally:
    """How many rows, and all their ids added up: two equal tallies are the same rows."""

    count: int = 0
    total: int = 0

    def add(self, ids: Iterable[bytes]) -> None:
        for one in ids:
            self.count += 1
            self.total = (self.total + int.from_bytes(one)) % (1 << 128)


Tallies = dict[int, Tally]
"""Per reader, by number."""


class Desk(Protocol):
    """One program's way to a store."""

    def write(self, rows: list[tuple[int, bytes]], dawdle: Callable[[], None]) -> None:
        """Rows for readers, in one transaction that dawdles before it commits."""

    def read(self, reader: int) -> list[bytes]:
        """What is new for a reader since he last asked; empty when nothing is."""

    def close(self) -> None: ...


@dataclass
class StoreDesk:
    """The product's own central store; each reader is a user with tasks of his own."""

    url: str
    users: list[bytes]
    database: Database = field(init=False)
    cursors: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.database = Database.open(self.url, SteppingClock(), SeededBytes(1))

    def write(self, rows: list[tuple[int, bytes]], dawdle: Callable[[], None]) -> None:
        while not self._written(rows, dawdle):
            pass  # as a device comes again; had it been written, its rows would be there twice and be refused

    def _written(self, rows: list[tuple[int, bytes]], dawdle: Callable[[], None]) -> bool:
        """False when the store is too busy just now, and nothing was written."""
        try:
            with self.database.write() as tx:
                for reader, row_id in rows:
                    new_row(tx, "activity", row_id, subject="Row", assignee_id=self.users[reader])
                dawdle()
        except KnownError as problem:
            if problem.code is not Code.SERVER_BUSY:
                raise RuntimeError(str(problem)) from problem
            return False
        return True

    def read(self, reader: int) -> list[bytes]:
        found: list[bytes] = []
        more = True
        while more:
            try:
                pulled = self.database.pull(self.users[reader], self.cursors.get(reader, b""), PAGE_BYTES)
            except KnownError as problem:
                if problem.code is not Code.SERVER_BUSY:
                    raise RuntimeError(str(problem)) from problem
                return found
            self.cursors[reader], more = pulled.cursor, pulled.more
            for page in pulled.pages:
                if page.entity == "activity":
                    ids: Any = page_columns(page)[page.fields.index("id")]
                    found += [bytes(one) for one in ids]
        return found

    def close(self) -> None:
        self.database.close()


@dataclass
class NaiveDesk:
    """A table with a sequence, read by `seq > cursor`: what one writes before one has thought about commits."""

    url: str
    users: list[bytes]
    line: psycopg.Connection[tuple[Any, ...]] = field(init=False)
    cursors: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.line = psycopg.connect(plain(self.url), autocommit=True)

    def write(self, rows: list[tuple[int, bytes]], dawdle: Callable[[], None]) -> None:
        with self.line.transaction():
            for reader, row_id in rows:
                self.line.execute("INSERT INTO naive (reader, id) VALUES (%s, %s)", (reader, row_id))
            dawdle()

    def read(self, reader: int) -> list[bytes]:
        sql = "SELECT seq, id FROM naive WHERE reader = %s AND seq > %s ORDER BY seq"
        found = self.line.execute(sql, (reader, self.cursors.get(reader, 0))).fetchall()
        if found:
            self.cursors[reader] = found[-1][0]
        return [bytes(row_id) for _, row_id in found]

    def close(self) -> None:
        self.line.close()


def plain(url: str) -> str:
    """The address as the driver itself takes it."""
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def _begin(end: Event, together: Barrier) -> None:
    _END["of writing"], _ALL["here"] = end, together


def write(desk: Callable[[], Desk], number: int, rows: int) -> Tallies:
    """One writing program; what it wrote for each reader."""
    chance, idle, written, left = random.Random(f"writer/{number}"), threading.Event(), Tallies(), rows
    sizes = (*ROWS_AT_ONCE, 100) if rows * WRITERS >= MANY_ROWS else ROWS_AT_ONCE
    place = desk()
    try:
        _ALL["here"].wait(PATIENCE_SECONDS)
        while left:
            some = min(left, chance.choice(sizes))
            made = [(chance.randrange(READERS), chance.randbytes(16)) for _ in range(some)]
            place.write(made, lambda: idle.wait(chance.choice(PAUSES)) and None)
            for reader, row_id in made:
                written.setdefault(reader, Tally()).add([row_id])
            left -= some
    finally:
        place.close()
    return written


def read(desk: Callable[[], Desk], readers: list[int], rest: float) -> Tallies:
    """One reading program with some readers in it; what each was given, until all is written and nothing more comes.

    They rest for so many seconds at most after each of them has read.
    """
    found, idle = {reader: Tally() for reader in readers}, threading.Event()
    place = desk()
    try:
        _ALL["here"].wait(PATIENCE_SECONDS)
        last = False
        while not last:
            last = _END["of writing"].is_set()
            for reader, tally in found.items():
                tally.add(place.read(reader))
            idle.wait(random.random() * rest)
    finally:
        place.close()
    return found


@dataclass
class Made:
    """Makes a desk in another program."""

    kind: type[StoreDesk | NaiveDesk]
    url: str
    users: list[bytes]

    def __call__(self) -> Desk:
        return self.kind(self.url, self.users)


def missed(desk: Made, rows: int) -> tuple[int, int, int]:
    """Rows written, readers whose rows are not the ones written for them, and rows that never reached their reader."""
    context = multiprocessing.get_context("spawn")
    programs = WRITERS + READING_PROGRAMS
    # all begin together: who is ready first would be done before the last one is there
    end, together = context.Event(), context.Barrier(programs)
    rest = 0.25 if rows >= MANY_ROWS else 0.02
    with ProcessPoolExecutor(programs, context, _begin, (end, together)) as pool:
        readings = [
            pool.submit(read, desk, list(range(first, READERS, READING_PROGRAMS)), rest)
            for first in range(READING_PROGRAMS)
        ]
        writings = [pool.submit(write, desk, number, rows // WRITERS) for number in range(WRITERS)]
        try:
            written = _together(writings)
        finally:
            end.set()
        given = _together(readings)
    empty = Tally()
    wrong = sum(written.get(reader, empty) != given[reader] for reader in range(READERS))
    wanted = sum(tally.count for tally in written.values())
    return wanted, wrong, wanted - sum(tally.count for tally in given.values())


def _together(parts: list[Future[Tallies]]) -> Tallies:
    whole: Tallies = {}
    for part in parts:
        for reader, tally in part.result().items():
            known = whole.setdefault(reader, Tally())
            known.count += tally.count
            known.total = (known.total + tally.total) % (1 << 128)
    return whole


def _empty(url: str) -> None:
    Database.create(url, SteppingClock(), SeededBytes(1)).close()


def main(folder: Path, rows: int) -> int:
    """Both stores under the same crowd; not 0 when the product missed a row or the naive one did not."""
    with databases(folder, _empty) as stores:
        url = stores.new("postgresql")
        world = World(url)
        users = [world.user(f"reader{number}") for number in range(READERS)]
        world.close()
        wanted, wrong, lost = missed(Made(StoreDesk, url, users), rows)
        tell(store="central store", rows=wanted, readers=READERS, wrong=wrong, missed=lost)
        with psycopg.connect(plain(url), autocommit=True) as line:
            line.execute("CREATE TABLE naive (seq bigserial PRIMARY KEY, reader integer, id bytea)")
            line.execute("CREATE INDEX ix_naive ON naive (reader, seq)")
            known, fooled, gone = missed(Made(NaiveDesk, url, users), min(rows, 20_000))
            line.execute("DROP TABLE naive")
        tell(store="naive table", rows=known, readers=READERS, wrong=fooled, missed=gone)
        stores.give_back(url)
    return int(wrong > 0 or lost != 0 or not fooled)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 4_000))
