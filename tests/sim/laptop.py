"""A laptop in the simulation: a real encrypted replica in a file, a clock that may be years off, and a power switch.

A kill is honest: at the chosen statement the files are copied as they lie on the disk at that instant, the program
dies, and the copy is what the next start finds. Must not know the oracle.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from fieldrep.store.replica import Replica
from tests.sim.ages import Program, program
from tests.sim.judge.rules import TABLES
from tests.sim.looking import Row, Values, by_id
from tests.sim.places import memory
from tests.sim.tap import Tap, tables_in

KEY = bytes(range(32))
Key = tuple[str, bytes]


@cache
def _new_replica() -> bytes:
    """The file of a replica just made, without a log; it holds nothing random, so that all begin with a copy."""
    with tempfile.TemporaryDirectory(prefix="fieldrep-new-", dir=memory()) as folder:
        path = Path(folder) / "replica.db"
        Replica.open(path, KEY, lambda: 0, bytes, create=True).close()
        return path.read_bytes()


@dataclass
class Laptop:
    """One device of one user.

    Attributes:
        skew: ms by which its clock is off.
        made: every change ever made here, by number, as it was put into the outbox.
        whole: whether the last reply applied was the last of its pull.
        formers: the devices it was before it enrolled again, the last first.
        off: whether it is being wiped: nobody may use it until that is done.
        program: what it runs, of this age or another.
        lags: the oldest program that brought any of its rows, until they were compared with the store's again.
        lost: numbers of changes of which nothing is here any more, as its person was told after damage.
        repaired: whether its records have not all come again since its replica was repaired.
    """

    name: str
    folder: Path
    now: Callable[[], int]
    skew: int
    seed: int
    user: bytes = b""
    device: bytes = b""
    token: str = ""
    off: bool = False
    program: Program = field(default_factory=lambda: program("newest"))
    lags: Program | None = None
    replica: Replica = field(init=False)
    tap: Tap = field(init=False)
    made: dict[int, Any] = field(default_factory=dict)
    formers: list[bytes] = field(default_factory=list)
    kills: int = 0
    whole: bool = True
    repaired: bool = False
    lost: set[int] = field(default_factory=set)
    _read: dict[str, tuple[list[Values], dict[bytes, Row]]] = field(default_factory=dict)
    _current: set[str] = field(default_factory=set)
    _all: dict[Key, Row] = field(default_factory=dict)
    _made_rows: dict[int, set[Key]] = field(default_factory=dict)
    _added: dict[int, list[tuple[bytes, str]]] = field(default_factory=dict)
    _answers: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._random = random.Random(f"{self.name}/{self.seed}")
        if not self.path.exists():
            self.path.write_bytes(_new_replica())
        self.open()

    @property
    def is_locked(self) -> bool:
        """Whether it heard that it is locked; it goes on as it is once it is let in again, and takes no new link."""
        return "locked" in self.replica.state().barred

    @property
    def devices(self) -> tuple[bytes, ...]:
        """The device it is, and those it was before."""
        return self.device, *self.formers

    @property
    def path(self) -> Path:
        return self.folder / "replica.db"

    def clock(self) -> int:
        return max(self.now() + self.skew, 0)

    def open(self) -> None:
        self.replica = self.program.open(self.path, KEY, self.clock, self._random.randbytes)
        writer = self.replica._writer
        self.tap = writer.connection = Tap(writer.connection, self._photograph)
        writer.connect = partial(self._tapped, writer.connect)
        self._current.clear()
        self._answers.clear()

    def _tapped(self, connect: Callable[[], Any]) -> Tap:
        """The tap on the connection that a disk made necessary."""
        self.tap = replace(self.tap, connection=connect())
        return self.tap

    def close(self) -> None:
        self.replica.close()

    def restart(self) -> None:
        """An orderly end and a new start."""
        self.close()
        self.open()

    def update(self, age: str) -> None:
        """From the next start on its program is of that age."""
        self.program = program(age)
        if not self.program.is_newest:
            self.lags = self.lags or self.program
        self.restart()

    def kill(self) -> None:
        """The power goes now; the next start finds what was on the disk."""
        self.lie_still()
        self.open()

    def copy(self, name: str) -> Laptop:
        """Another laptop with a copy of the folder as it lies now."""
        self._image(folder := self.folder.with_name(name))
        who = (self.skew, self.seed, self.user, self.device, self.token)
        twin = Laptop(name, folder, self.now, *who)
        twin.made, twin.whole, twin.formers = dict(self.made), self.whole, list(self.formers)
        twin.repaired, twin.lost = self.repaired, set(self.lost)
        return twin

    def lie_still(self) -> None:
        """The power goes, and nobody starts the program again yet."""
        if not (self.folder / "dead").exists():
            self._photograph()
        self._drop()

    def _photograph(self) -> None:
        self.kills += 1
        self._image(self.folder / "dead")

    def _image(self, image: Path) -> None:
        image.mkdir()
        for ending in ("", "-wal"):
            source = Path(f"{self.path}{ending}")
            if source.exists():
                shutil.copyfile(source, image / source.name)

    def _drop(self) -> None:
        """A dead program does not say goodbye: its handles are dropped, nothing more is written."""
        self.replica._readers.close()
        self.tap.connection.close()
        self.replica._lock.release()
        image = self.folder / "dead"
        for ending in ("", "-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)
        for file in image.iterdir():
            shutil.move(file, self.folder / file.name)
        image.rmdir()

    def dump(self) -> dict[Key, Row]:
        """Every synced row as a person sees it, not to be altered; one that did not change is the object it was."""
        self._forget_what_was_written()
        return self._dump(self._eyes())

    def dump_all(self) -> dict[Key, Row]:
        """Every synced row read once more, also what seems to be the same, through a reader of the program."""
        self.tap.take_written()
        self._current.clear()
        self._answers.clear()
        self._read.clear()
        with self.replica.read() as reader:
            return self._dump(reader.driver)

    def _dump(self, connection: Any) -> dict[Key, Row]:
        missing = [entity for entity in TABLES if entity not in self._current]
        for entity in missing:
            cursor = connection.execute(f"SELECT * FROM {TABLES[entity]}")
            names = [column[0] for column in cursor.description]
            before, known = self._read.get(entity, ([], {}))
            read = cursor.fetchall()
            self._read[entity] = read, by_id(names, read, before, known)
        if missing:
            self._current.update(missing)
            self._all = {
                (entity, row_id): row for entity in TABLES for row_id, row in self._read[entity][1].items()
            }
        return self._all

    def _eyes(self) -> Any:
        """The writing connection: between transactions it shows what is committed, and has the pages at hand."""
        assert not self.tap.in_transaction, "somebody looks in the middle of a transaction"
        return self.tap.connection

    def _forget_what_was_written(self) -> None:
        """Tables that a statement has named since they were last read are to be read again."""
        written = self.tap.take_written()
        self._current = {entity for entity in self._current if TABLES[entity] not in written}
        for sql in [sql for sql in self._answers if tables_in(sql) & written]:
            del self._answers[sql]

    def asked(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        self._forget_what_was_written()
        if sql not in self._answers:
            self._answers[sql] = self._eyes().execute(sql).fetchall()
        return self._answers[sql]

    def units(self) -> dict[int, set[Key]]:
        """The rows that each change of more than one new row made."""
        for n in self.made.keys() - self._made_rows.keys():
            edits = self.made[n].edits
            self._made_rows[n] = {(edit.entity, edit.row_id) for edit in edits if edit.kind == "create"}
        return {n: rows for n, rows in self._made_rows.items() if len(rows) > 1 and n in self.made}

    def added(self) -> list[tuple[bytes, str]]:
        """The files added here, with the names of their bytes."""
        for n in self.made.keys() - self._added.keys():
            edits = [
                edit for edit in self.made[n].edits if (edit.entity, edit.kind) == ("attachment", "create")
            ]
            self._added[n] = [(edit.row_id, edit.after["sha256"]) for edit in edits]
        return [file for n, files in self._added.items() if n in self.made for file in files]

    def numbers(self, sql: str) -> list[Any]:
        """The first column of a query."""
        return [row[0] for row in self.asked(sql)]
