"""The writing connection of a laptop, tapped: it can kill the program at a statement, and knows what was written.

Must not know what is in the tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sim.full import Disk

_NAMED = re.compile(r"\b(?:INTO|FROM|JOIN|UPDATE(?:\s+OR\s+\w+)?|TABLE)\s+(\w+)", re.IGNORECASE)
_HARMLESS = re.compile(r"\s*(?:SELECT|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA)\b", re.IGNORECASE)


@cache
def tables_in(sql: str) -> frozenset[str]:
    """The tables a statement names."""
    return frozenset(_NAMED.findall(sql))


@cache
def tables_written(sql: str) -> frozenset[str]:
    """The tables a statement may write; those it only reads from while it writes are among them."""
    if _HARMLESS.match(sql):
        return frozenset()
    named = tables_in(sql)
    assert named, f"a statement of a kind the harness does not know: {sql[:80]}"
    return named


class Killed(BaseException):
    """The program was killed at this very point."""


@dataclass
class Tap:
    """Sits on the writing connection and kills the program at a statement, before or after it ran."""

    connection: Any
    on_kill: Callable[[], None]
    fuse: int = 0
    after: bool = False
    dead: bool = False
    disk: Disk | None = None
    last: str = ""
    written: set[str] = field(default_factory=set)

    @property
    def in_transaction(self) -> bool:
        return bool(self.connection.in_transaction)

    def execute(self, sql: str, parameters: Sequence[object] = (), /) -> Any:
        if self.fuse or self.dead or self.disk:
            return self._run(sql, lambda: self.connection.execute(sql, parameters))
        if written := tables_written(sql):
            self.written |= written
        return self.connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Sequence[object]], /) -> Any:
        return self._run(sql, lambda: self.connection.executemany(sql, parameters))

    def close(self) -> None:
        self.connection.close()

    def take_written(self) -> set[str]:
        """The tables written since this was last asked; those of a transaction under way are told again after it."""
        if self.in_transaction:
            return set(self.written)
        found, self.written = self.written, set()
        return found

    def _run(self, sql: str, statement: Callable[[], Any]) -> Any:
        if self.dead:  # what a dead program would still have done, such as telling why, it does not do
            raise Killed(sql[:60])
        self.written |= tables_written(sql)
        if self.disk is not None:
            self.disk.write(sql, self._undo)
        burning = self.fuse == 1
        self.fuse = max(self.fuse - 1, 0)
        if burning and not self.after:
            self._die(sql)
        result = statement()
        if burning:
            self._die(sql)
        return result

    def _undo(self, sql: str) -> None:
        if self.in_transaction:
            self.connection.execute(sql)

    def _die(self, sql: str) -> None:
        self.last, self.dead = sql, True
        self.on_kill()
        raise Killed(sql[:60])
