"""What can be read of the central store in one consistent state; snapshots and write transactions share it.

Owns the reading of rows, of the store's identity and of the scope ledger. Must not write, and knows no rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import Revision
from fieldrep.contract.scope import EVERYBODY_KEY, account_key
from sync_server.store.dialect import Row as Tuple
from sync_server.store.schema import scope_stands_for
from sync_server.store.session import Session
from sync_server.store.statements import Row, entity_table

State = tuple[bytes, int, bytes]
"""A state of the store as there is no other: its lineage, its revision, and the end of its audit chain."""


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """Which store this is and where its clock stands.

    Attributes:
        epoch: its lineage; another one after a restore.
        revision: the newest revision given.
        settled_on: the quarter of an hour, in UTC, for which the scope ledger is settled.
        horizon: tombstones and lost grants up to this revision are gone; who stands before it starts over.
        audit_cut, audit_cut_hash: the last audit entry that was cut away, and its hash.
        backup_revision: the state of the newest backup.
        behind: how many devices have shown a later state than the store had (`behind.py`).
    """

    server_id: bytes
    epoch: bytes
    revision: Revision
    audit_n: int
    audit_hash: bytes
    settled_on: str
    made_at: int
    horizon: Revision
    audit_cut: int
    audit_cut_hash: bytes
    backup_revision: Revision
    behind: int

    @property
    def state(self) -> State:
        """The state it tells of."""
        return self.epoch, self.revision, self.audit_hash


INFO_COLUMNS = tuple(field.name for field in fields(StoreInfo))
_INFO = f"SELECT {', '.join(INFO_COLUMNS)} FROM store_info WHERE one = 1"  # noqa: S608 - constants


class Reader:
    """Reads one state of the store."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Tuple]:
        """The tuples of any query, written with `?`."""
        return self.session.rows(sql, parameters)

    def info(self) -> StoreInfo:
        """The store's identity and clock."""
        found = self.session.first(_INFO)
        if found is None:
            raise LookupError("the store has no identity")
        return StoreInfo(*found)

    def row(self, entity: str | Entity, row_id: bytes) -> Row | None:
        """One row with its `created_revision`, None when there is none."""
        table = entity_table(entity)
        found = self.session.first(table.by_field("id"), (row_id,))
        return None if found is None else table.row(found)

    def find(self, entity: str | Entity, field: str, value: Value) -> list[Row]:
        """The rows with that value in that field, by id."""
        table = entity_table(entity)
        if not _can_be_stored(value):
            return []
        if scope_stands_for(table.entity, field) and isinstance(value, bytes):
            value = account_key(value)
        found = self.session.rows(table.by_field(field) + " ORDER BY id", (value,))
        return [table.row(stored) for stored in found]

    def all(self, entity: str | Entity, *, page: int = 2_000) -> Iterator[Row]:
        """Every row of an entity by id, a page at a time."""
        table = entity_table(entity)
        after = b""
        while True:
            found = self.session.rows(table.select + " WHERE id > ? ORDER BY id LIMIT ?", (after, page))
            yield from map(table.row, found)
            if len(found) < page:
                return
            after = found[-1][0]

    def holds(self, user_id: bytes, scope_key: bytes) -> bool:
        """Whether the user holds the key now."""
        sql = "SELECT gained_revision FROM scope_ledger WHERE user_id = ? AND scope_key = ? AND lost_revision IS NULL"
        return self.session.first(sql, (user_id, scope_key)) is not None

    def held_at(self, user_id: bytes, scope_key: bytes, revision: int) -> bool:
        """Whether the user held the key when the store stood at that revision (grant history)."""
        return self.held_between(user_id, scope_key, revision, revision)

    def held_between(self, user_id: bytes, scope_key: bytes, first: int, last: int) -> bool:
        """Whether the user held the key at any state from one to another, both included."""
        sql = (
            "SELECT gained_revision FROM scope_ledger WHERE user_id = ? AND scope_key = ? "
            "AND gained_revision <= ? AND (lost_revision IS NULL OR lost_revision > ?)"
        )
        return self.session.first(sql, (user_id, scope_key, last, first)) is not None

    def holders(self, scope_key: bytes) -> list[bytes]:
        """The users who hold the key now."""
        sql = (
            "SELECT user_id FROM scope_ledger WHERE scope_key = ? AND lost_revision IS NULL ORDER BY user_id"
        )
        return [user_id for (user_id,) in self.session.rows(sql, (scope_key,))]

    def digest_of(self, user_id: bytes) -> Digest:
        """The digest of everything the user holds, from running sums that each write keeps up."""
        sql = (
            "SELECT u.count, u.total, s.count, s.total FROM user_digest AS u "
            "JOIN scope_ledger AS g ON g.user_id = u.user_id AND g.scope_key = ? AND g.lost_revision IS NULL "
            "LEFT JOIN user_digest AS s ON s.user_id = g.scope_key WHERE u.user_id = ?"
        )
        found = self.session.first(sql, (EVERYBODY_KEY, user_id))
        return Digest() if found is None else Digest(found[0], found[1]).plus(found[2] or 0, found[3] or 0)

    def outcome_of(self, device_id: bytes, incarnation: bytes, n: int) -> bytes | None:
        """The stored outcome of a change, None when it was never applied or refused (I3)."""
        sql = "SELECT outcome FROM applied_change WHERE device_id = ? AND incarnation = ? AND n = ?"
        found = self.session.first(sql, (device_id, incarnation, n))
        return None if found is None else bytes(found[0])

    def outcomes_of(self, device_id: bytes, incarnation: bytes, numbers: Sequence[int]) -> dict[int, bytes]:
        """The stored outcomes of those of the changes that have one, by number."""
        return self.ask_outcomes(device_id, incarnation, numbers)()

    def ask_outcomes(
        self, device_id: bytes, incarnation: bytes, numbers: Sequence[int]
    ) -> Callable[[], dict[int, bytes]]:
        """As `outcomes_of`, waited for when they are called for."""
        if not numbers:
            return dict
        sql = (
            "SELECT n, outcome FROM applied_change "
            "WHERE device_id = ? AND incarnation = ? AND n BETWEEN ? AND ?"
        )
        found = self.session.ask(sql, (device_id, incarnation, min(numbers), max(numbers)))
        wanted = set(numbers)
        return lambda: {n: bytes(outcome) for n, outcome in found() if n in wanted}

    def took_between(self, device_id: bytes, incarnation: bytes, after: int, up_to: int) -> bool:
        """Whether a change of that installation was taken whose number is above one and not above another."""
        sql = "SELECT 1 FROM applied_change WHERE device_id = ? AND incarnation = ? AND n > ? AND n <= ?"
        found = self.session.first(f"{sql} LIMIT 1", (device_id, incarnation, after, up_to))
        return found is not None or after < min(up_to, self.settled_floor(device_id, incarnation))

    def settled_floor(self, device_id: bytes, incarnation: bytes) -> int:
        """Up to which number that installation's changes were answered so long ago that the answers are dropped."""
        sql = "SELECT n FROM settled_floor WHERE device_id = ? AND incarnation = ?"
        found = self.session.first(sql, (device_id, incarnation))
        return 0 if found is None else int(found[0])

    def tombstone(self, entity: str, row_id: bytes) -> tuple[bytes, int] | None:
        """The scope key of a record that was purged and the revision of that, None where no tombstone stands."""
        sql = "SELECT scope_key, revision FROM tombstone WHERE row_id = ? AND entity = ?"
        found = self.session.first(sql, (row_id, entity))
        return None if found is None else (bytes(found[0]), int(found[1]))


def _can_be_stored(value: Value) -> bool:
    """Whether any row may hold the value; a text with a NUL or half a character pair is in none."""
    if not isinstance(value, str):
        return True
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in value
