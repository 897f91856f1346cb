"""The audit log as it is read: the entries that are asked for, newest first, and how many older ones there are.

Walks the log by its numbers and holds no more than was asked for. Must not write; `audit.py` owns the form of an entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fieldrep.contract.ids import id_text
from sync_server.store.audit import ACTIONS
from sync_server.store.reading import Reader

_COLUMNS = "n, at, user_id, device_id, actor, action, result, entity, row_id, detail"
_ENTRIES = f"SELECT {_COLUMNS} FROM audit_entry"  # noqa: S608 - a constant
_COUNT = "SELECT count(*) FROM audit_entry"
_OF_DEVICE = "(device_id = ? OR (entity = 'device' AND row_id = ?))"
_OF_USER = (
    "(user_id = ? OR (entity = 'user' AND row_id = ?) "
    "OR (entity = 'device' AND row_id IN (SELECT id FROM device WHERE user_id = ?)))"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries are meant: those that fit all that is given.

    Attributes:
        device_id: by it or about it.
        user_id: by the person, or about them or a device of theirs.
        actions: one of these.
        since: not before this moment.
        row_id: the record as the first that a change or an act was about, or as one of its further ones.
        before: with a lower number.
    """

    device_id: bytes | None = None
    user_id: bytes | None = None
    actions: tuple[str, ...] = ()
    since: int | None = None
    row_id: bytes | None = None
    before: int | None = None

    def condition(self) -> tuple[str, list[object]]:
        """The same in SQL, with its parameters."""
        parts: list[tuple[str, list[object]]] = []
        if self.before is not None:
            parts.append(("n < ?", [self.before]))
        if self.since is not None:
            parts.append(("at >= ?", [self.since]))
        if self.actions:
            parts.append((f"({' OR '.join(['action = ?'] * len(self.actions))})", [*self.actions]))
        if self.device_id is not None:
            parts.append((_OF_DEVICE, [self.device_id] * 2))
        if self.user_id is not None:
            parts.append((_OF_USER, [self.user_id] * 3))
        if self.row_id is not None:
            named = f'%"id":"{id_text(self.row_id)}"%'
            parts.append(("(row_id = ? OR detail LIKE ?)", [self.row_id, named]))
        where = f" WHERE {' AND '.join(text for text, _ in parts)}" if parts else ""
        return where, [value for _, values in parts for value in values]


@dataclass(frozen=True, slots=True)
class Logged:
    """One entry as the log keeps it."""

    n: int
    at: int
    user_id: bytes | None
    device_id: bytes | None
    actor: str
    action: str
    result: str
    entity: str
    row_id: bytes | None
    detail: str


def newest(asked: Asked, limit: int) -> tuple[str, list[object]]:
    """The statement that finds the newest of the entries that are meant, with its parameters."""
    where, values = asked.condition()
    return f"{_ENTRIES}{where} ORDER BY n DESC LIMIT ?", [*values, limit]


def logged(reader: Reader, asked: Asked, limit: int) -> list[Logged]:
    """The newest of the entries that are meant, the newest first."""
    return [Logged(*row) for row in reader.rows(*newest(asked, limit))]


def count_logged(reader: Reader, asked: Asked) -> int:
    """How many entries are meant."""
    where, values = asked.condition()
    ((count,),) = reader.rows(_COUNT + where, values)
    return int(count)


def unknown_actions(reader: Reader, actions: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those of the actions that neither the server notes nor the log has, and all that there are besides."""
    strange = set(actions) - ACTIONS
    if not strange:
        return [], []
    known = ACTIONS | {action for (action,) in reader.rows("SELECT DISTINCT action FROM audit_entry")}
    return sorted(strange - known), sorted(known)
