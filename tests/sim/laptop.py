"""A laptop in the simulation: a real encrypted replica in a file, a clock that may be years off, and a power switch.

A kill is honest: at the chosen statement the files are copied as they lie on the disk at that instant, the program
dies, and the copy is what the next start finds. Must not know the oracle.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fieldrep.store.replica import Replica
from tests.sim.rules import MACHINERY, TABLES

KEY = bytes(range(32))


class Killed(BaseException):
    """The program was killed at this very point."""


@dataclass
class Tap:
    """Sits on the writing connection and kills the program at a statement, before or after it ran."""

    connection: Any
    on_kill: Callable[[], None]
    fuse: int = 0
    after: bool = False
    last: str = ""

    @property
    def in_transaction(self) -> bool:
        return bool(self.connection.in_transaction)

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Any:
        return self._run(sql, lambda: self.connection.execute(sql, parameters))

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Any:
        return self._run(sql, lambda: self.connection.executemany(sql, parameters))

    def close(self) -> None:
        self.connection.close()

    def _run(self, sql: str, statement: Callable[[], Any]) -> Any:
        burning = self.fuse == 1
        self.fuse = max(self.fuse - 1, 0)
        if burning and not self.after:
            self._die(sql)
        result = statement()
        if burning:
            self._die(sql)
        return result

    def _die(self, sql: str) -> None:
        self.last = sql
        self.on_kill()
        raise Killed(sql[:60])


@dataclass
class Laptop:
    """One device of one user.

    Attributes:
        skew: ms by which its clock is off.
        made: every change ever made here, by number, as it was put into the outbox.
        whole: whether the last reply applied was the last of its pull.
    """

    name: str
    folder: Path
    now: Callable[[], int]
    skew: int
    seed: int
    user: bytes = b""
    device: bytes = b""
    token: str = ""
    replica: Replica = field(init=False)
    tap: Tap = field(init=False)
    made: dict[int, Any] = field(default_factory=dict)
    kills: int = 0
    whole: bool = True

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        self._random = random.Random(f"{self.name}/{self.seed}")
        self.open(create=True)

    @property
    def path(self) -> Path:
        return self.folder / "replica.db"

    def clock(self) -> int:
        return max(self.now() + self.skew, 0)

    def open(self, *, create: bool = False) -> None:
        self.replica = Replica.open(self.path, KEY, self.clock, self._random.randbytes, create=create)
        self.tap = Tap(self.replica._connection, self._photograph)
        self.replica._connection = self.tap

    def close(self) -> None:
        self.replica.close()

    def restart(self) -> None:
        """An orderly end and a new start."""
        self.close()
        self.open()

    def kill(self) -> None:
        """The power goes now; the next start finds what was on the disk."""
        if not (self.folder / "dead").exists():
            self._photograph()
        self._come_back()

    def _photograph(self) -> None:
        self.kills += 1
        image = self.folder / "dead"
        image.mkdir()
        for ending in ("", "-wal"):
            source = Path(f"{self.path}{ending}")
            if source.exists():
                shutil.copyfile(source, image / source.name)

    def _come_back(self) -> None:
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
        self.open()

    def dump(self) -> dict[tuple[str, bytes], dict[str, Any]]:
        """Every synced row as a person sees it."""
        found: dict[tuple[str, bytes], dict[str, Any]] = {}
        with self.replica.read() as reader:
            for entity, table in TABLES.items():
                cursor: Any = reader.driver.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in cursor.description]
                for values in cursor:
                    row = dict(zip(names, values, strict=True))
                    found[entity, row["id"]] = {
                        name: value for name, value in row.items() if name not in MACHINERY
                    }
        return found

    def numbers(self, sql: str) -> list[Any]:
        """The first column of a query."""
        with self.replica.read() as reader:
            return [row[0] for row in reader.rows(sql)]
