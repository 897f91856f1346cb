"""What search is still to be told. A save changes rows and outbox; the words follow with the next look or in idle time.

Owns which rows those are and the telling. The saves themselves are durable: after a crash the outbox says which changes
are newer than the last telling, and search is made anew from the rows they touch (`Replica` stores the newest number
told with the state). Must not know who looks.
"""

from __future__ import annotations

from collections.abc import Iterable

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.pending import decode_change
from fieldrep.store.statements import Statements, statements_named

MOST_BEHIND = 256
"""Rows of which search has not been told; the save that comes to so many tells it."""

Words = tuple[Value, ...]
Told = tuple[Statements, int, Words | None, Words]
"""A row: its entity's texts, its number, the words search was last to know (None for a new row), and those it has."""

_UNTOLD = "SELECT change FROM outbox WHERE n > coalesce((SELECT highest_n FROM sync_state WHERE id = 1), 0)"


class Behind:
    """The rows that search does not know as they are; false when there are none."""

    def __init__(self, connection: Connection) -> None:
        self._rows: dict[str, dict[int, tuple[Words | None, Words]]] = {}
        self._count = 0
        self._lost = {
            edit.entity
            for (blob,) in connection.execute(_UNTOLD).fetchall()
            for edit in decode_change(blob).edits
            if edit.entity in CATALOGUE and statements_named(edit.entity).searched
        }

    def __bool__(self) -> bool:
        return bool(self._count or self._lost)

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Iterable[Told]) -> None:
        """Notes rows of a save that has committed."""
        for texts, row_no, had, has in rows:
            known = self._rows.setdefault(texts.entity.name, {})
            self._count += row_no not in known
            known[row_no] = known.get(row_no, (had,))[0], has

    def tell(self, connection: Connection) -> None:
        """Tells search everything, in the open transaction; `forget` once that has committed."""
        for name in self._lost:
            search.make_anew(connection, statements_named(name))
        for name, rows in self._rows.items():
            if name not in self._lost:
                texts = statements_named(name)
                tell(connection, [(texts, row_no, had, has) for row_no, (had, has) in rows.items()])

    def forget(self) -> None:
        """Search knows all now."""
        self._rows, self._lost, self._count = {}, set(), 0


def tell(connection: Connection, rows: Iterable[Told]) -> None:
    """Tells search of some rows, in the open transaction."""
    by_entity: dict[str, list[Told]] = {}
    for row in rows:
        by_entity.setdefault(row[0].entity.name, []).append(row)
    for name, some in by_entity.items():
        differ = [(row_no, had, has) for _, row_no, had, has in some if had != has]
        before = [(row_no, *had) for row_no, had, _ in differ if had is not None]
        search.index_rows(
            connection, statements_named(name), before, [(row_no, *has) for row_no, _, has in differ]
        )
