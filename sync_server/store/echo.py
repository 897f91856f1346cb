"""The echo of a push: what a transaction has just written, for the device that pushed it and pulls next.

Those rows are at hand and need not be read again. That holds only while nothing else lies between the two states of
the store, which is judged here; in every other case there is no echo and the feed reads. Must not know cursors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter

from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

_POSITION = itemgetter("revision", "id")


@dataclass(frozen=True, slots=True)
class Echo:
    """All rows a user has to get between two states of the store, per entity in the order of their revisions."""

    user_id: bytes
    since: int
    target: int
    rows: Mapping[str, list[Row]]

    def leads(self, user_id: bytes, since: int, target: int) -> bool:
        """Whether it holds what that user needs to get from one of those states to the other."""
        return (self.user_id, self.since, self.target) == (user_id, since, target)

    def after(self, entity: str, position: tuple[int, bytes], wanted: int) -> list[Row]:
        """The rows of an entity behind a revision and id, so many of them."""
        return [row for row in self.rows.get(entity, ()) if _POSITION(row) > position][:wanted]


def echo_of(tx: WriteTransaction, user_id: bytes) -> Echo | None:
    """What a committed transaction wrote that its author holds; None when anybody's keys changed with it, or when it
    was not asked who holds the key of a row."""
    if not tx.keys_stood:
        return None
    found: dict[str, list[Row]] = {}
    for entity, staged in tx.staged.items():
        rows = []
        for entry in staged.values():
            revision, holders = entry.row["revision"], tx.known_holders(entry.key)
            if not isinstance(revision, int) or revision <= tx.revision_now:
                continue  # staged as it stood
            if holders is None:
                return None
            if user_id in holders:
                rows.append(entry.row)
        found[entity] = sorted(rows, key=_POSITION)
    return Echo(user_id, tx.revision_now, tx.revision, found)
