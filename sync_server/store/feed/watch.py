"""Whom a stretch of the store's history touches: the users who hold what changed in it, or gained or lost a key.

What a live server wakes waiting devices by. Owns that one question; knows neither devices nor how anybody waits. It
says of each user how far the newest touch reaches and nothing of what it was (I5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fieldrep.contract.scope import EVERYBODY_KEY
from sync_server.store.reading import Reader
from sync_server.store.sql_text import compose
from sync_server.store.statements import ENTITY_TABLES

MOST_ROWS = 20_000
"""Rows of one stretch that are looked at; a longer stretch, such as a large import, is taken to touch everybody."""

_CHANGED = {
    name: compose(
        "SELECT scope_key, revision FROM {table} WHERE revision > ? AND revision <= ? ORDER BY revision LIMIT ?",
        table=table.entity.table,
    )
    for name, table in ENTITY_TABLES.items()
}
_GAINED = (
    "SELECT user_id, gained_revision FROM scope_ledger "
    "WHERE gained_revision > ? AND gained_revision <= ? ORDER BY gained_revision LIMIT ?"
)
_LOST = (
    "SELECT user_id, lost_revision FROM scope_ledger WHERE lost_revision IS NOT NULL "
    "AND lost_revision > ? AND lost_revision <= ? ORDER BY lost_revision LIMIT ?"
)
_HOLDERS = "SELECT scope_key, user_id FROM scope_ledger WHERE scope_key IN :members AND lost_revision IS NULL"


@dataclass(slots=True)
class Touched:
    """Up to which revision a stretch touches.

    Attributes:
        everybody: all users, 0 for none such.
        users: single users.
    """

    everybody: int = 0
    users: dict[bytes, int] = field(default_factory=dict)

    def note(self, user_id: bytes, revision: int) -> None:
        """One more touch of a user."""
        self.users[user_id] = max(revision, self.users.get(user_id, 0))

    def reaches(self, user_id: bytes) -> int:
        """Up to which revision it touches one user."""
        return max(self.everybody, self.users.get(user_id, 0))


def touched(reader: Reader, since: int, until: int) -> Touched:
    """Who has something new between two revisions of the store, the first exclusive."""
    found = Touched()
    keys: dict[bytes, int] = {}
    room = MOST_ROWS
    for rows in _stretch(reader, since, until):
        room -= len(rows)
        if room < 0:
            return Touched(everybody=until)
        for key, revision in rows:
            keys[key] = max(revision, keys.get(key, 0))
    for sql in (_GAINED, _LOST):
        moves = reader.rows(sql, (since, until, room + 1))
        room -= len(moves)
        if room < 0:
            return Touched(everybody=until)
        for user_id, revision in moves:
            found.note(user_id, revision)
    found.everybody = keys.pop(EVERYBODY_KEY, 0)
    for key, user_id in reader.session.chosen(_HOLDERS, list(keys)):
        found.note(user_id, keys[key])
    return found


def _stretch(reader: Reader, since: int, until: int) -> Iterator[list[tuple[bytes, int]]]:
    """Scope keys and revisions of the rows changed in it, entity by entity."""
    for (entity,) in reader.rows("SELECT entity FROM entity_clock WHERE revision > ?", (since,)):
        yield reader.rows(_CHANGED[entity], (since, until, MOST_ROWS + 1))
