"""The end of a write transaction: staged rows, digests, ledger and clock go to the database in a few statements.

Owns the order of these steps and the running sums of the digests. Must not decide anything about a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fieldrep.contract.digest import Digest
from fieldrep.contract.fields import Value
from fieldrep.contract.scope import EVERYBODY_KEY
from sync_server.store import history
from sync_server.store.key_digests import digests_of_keys
from sync_server.store.runs import Runs
from sync_server.store.session import Session
from sync_server.store.settling import Grant, Settlement
from sync_server.store.statements import ENTITY_TABLES, EntityTable, Row
from sync_server.store.workspace import Workspace

_NOBODY_KNOWN: Mapping[bytes, list[bytes]] = MappingProxyType({})
_NONE_MADE: Mapping[bytes, Digest] = MappingProxyType({})
_EMPTY = Digest()
_OF_USERS = "SELECT user_id, count, total FROM user_digest WHERE user_id IN :members"
_HAVE_KEYS = frozenset({"account", "duplicate_candidate"})
"""Entities whose rows have a scope key of their own."""

_MOVE_USER = "ON CONFLICT (user_id) DO UPDATE SET count = excluded.count, total = excluded.total"


@dataclass(slots=True)
class Sums:
    """How the digests of keys, or of users, moved; `new` are keys of rows that are made now, held by nobody yet.

    Counts and totals as plain pairs: there is one for each row's key.
    """

    moved: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    new: set[bytes] = field(default_factory=set)

    def add(self, key: bytes, count: int, total: int) -> None:
        """One row's part."""
        before = self.moved.get(key)
        self.moved[key] = (count, total) if before is None else (before[0] + count, before[1] + total)

    def made(self) -> dict[bytes, Digest]:
        """The digests of the new keys."""
        return {key: _EMPTY.plus(*self.moved[key]) for key in self.new}


def write_rows(workspace: Workspace, runs: Runs) -> tuple[Sums, dict[str, int]]:
    """Writes all staged rows, each with its run.

    Gives what their digests moved by and the newest revision of each touched entity.
    """
    sums, clocks, past = Sums(), {}, list[history.Entry]()
    for entity, staged in workspace.staged.items():
        if staged:
            clocks[entity] = _write_entity(workspace, ENTITY_TABLES[entity], runs, sums, past)
    history.keep(workspace.session, past)
    return sums, clocks


def _write_entity(
    workspace: Workspace, table: EntityTable, runs: Runs, sums: Sums, past: list[history.Entry]
) -> int:
    entity = table.entity.name
    images, noted = workspace.images[entity], runs.of(entity)
    new: list[tuple[Any, ...]] = []
    changed: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    carried: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    moved = workspace.moved.get(entity, set())
    # beyond a line a further statement costs more than values that stay: there all rows of a table go by one
    whole = None if workspace.session.dialect.is_local else table.changing
    newest = 0
    for row_id, entry in workspace.staged[entity].items():
        row, image = entry.row, images[row_id]
        digest = table.row_hash(table.hashed(row))
        revision = row["revision"]
        assert isinstance(revision, int)  # noqa: S101 - never empty
        newest = max(newest, revision)
        if image is None:
            new.append((*table.values(row), row["created_revision"], entry.key, digest, noted.get(row_id)))
            sums.add(entry.key, 1, digest)
            if entity in _HAVE_KEYS:
                sums.new.add(entry.key)
            continue
        names, left, run = entry.differing, None, noted.get(row_id, image.run)
        if row_id in moved:
            left = image.key
            carried.setdefault(names, []).append((*_of(row, names), digest, run, entry.key, image.place))
            sums.add(left, -1, -image.row_hash)
            sums.add(entry.key, 1, digest)
        else:
            written = whole or names
            changed.setdefault(written, []).append((*_of(row, written), digest, run, image.place))
            sums.add(entry.key, 0, digest - image.row_hash)
        if names:
            past.append(history.changed_from(table, image.row, names, revision, left))
    workspace.session.insert_many(table.entity.table, table.all_columns, new)
    _write_updates(workspace.session, table, changed, "row_hash", "run")
    _write_updates(workspace.session, table, carried, "row_hash", "run", "scope_key")
    return newest


def _of(row: Row, names: tuple[str, ...]) -> list[Value]:
    return [row[name] for name in names]


def _write_updates(
    session: Session, table: EntityTable, updates: dict[tuple[str, ...], list[tuple[Any, ...]]], *beside: str
) -> None:
    """Writes rows that are there, grouped by the columns that go before those of the store."""
    for names, rows in updates.items():
        session.update_many(table.entity.table, (*names, *beside), rows)


def holders_of(session: Session, keys: Iterable[bytes]) -> dict[bytes, list[bytes]]:
    """Who holds each of the keys now; everybody's key is left out, it would be a long list."""
    found: dict[bytes, list[bytes]] = {key: [] for key in keys if key != EVERYBODY_KEY}
    sql = "SELECT scope_key, user_id FROM scope_ledger WHERE scope_key IN :members AND lost_revision IS NULL"
    for key, user_id in session.chosen(sql, list(found)):
        found[key].append(user_id)
    return found


def write_digests(session: Session, sums: Sums, held_by: Mapping[bytes, list[bytes]] = _NOBODY_KNOWN) -> None:
    """Moves the sums of everybody who holds one of the touched keys; what is everybody's counts under that key.

    `held_by` says who that is for keys of which it is known; the ledger does not change before this.
    """
    asked = holders_of(session, [key for key in sums.moved if key not in held_by and key not in sums.new])
    holders: dict[bytes, list[bytes]] = {**held_by, **asked, EVERYBODY_KEY: [EVERYBODY_KEY]}
    users = Sums()
    for key, (count, total) in sums.moved.items():
        for user_id in holders.get(key, ()):
            users.add(user_id, count, total)
    _move_users(session, users)


def write_ledger(
    session: Session, settlement: Settlement, revision: int, made: Mapping[bytes, Digest] = _NONE_MADE
) -> None:
    """Enters gains and losses at a revision, and moves the digests of those who gained or lost.

    The rows must have been written before, and the digests of their holders moved; `made` are those of new keys.
    """
    session.run_many(
        "UPDATE scope_ledger SET lost_revision = ? WHERE user_id = ? AND scope_key = ? AND lost_revision IS NULL",
        [(revision, user_id, key) for user_id, key in settlement.lost],
    )
    session.insert_many(
        "scope_ledger",
        ("user_id", "scope_key", "gained_revision", "lost_revision"),
        [(user_id, key, revision, None) for user_id, key in settlement.gained],
    )
    touched = {key for _, key in (*settlement.gained, *settlement.lost)}
    known = {**made, **digests_of_keys(session, touched.difference(made, (EVERYBODY_KEY,)))}
    users = Sums()
    for grants, sign in ((settlement.gained, 1), (settlement.lost, -1)):
        for user_id, key in grants:
            digest = known.get(key, _EMPTY)
            users.add(user_id, sign * digest.count, sign * digest.total)
    _move_users(session, users)


def write_leaving(session: Session, grants: Sequence[Grant], revision: int) -> None:
    """Notes that single rows leave users who keep the key these had: closed at once, so that nobody holds it."""
    session.insert_many(
        "scope_ledger",
        ("user_id", "scope_key", "gained_revision", "lost_revision"),
        [(user_id, key, revision, revision) for user_id, key in grants],
    )


def write_clocks(session: Session, clocks: Mapping[str, int]) -> None:
    """Notes the newest revision of each touched entity, so that a pull looks only where something is."""
    otherwise = "ON CONFLICT (entity) DO UPDATE SET revision = excluded.revision"
    session.put_many("entity_clock", ("entity", "revision"), list(clocks.items()), otherwise)


def _move_users(session: Session, users: Sums) -> None:
    standing = {user_id: Digest(*rest) for user_id, *rest in session.chosen(_OF_USERS, list(users.moved))}
    moved = []
    for user_id, (count, total) in users.moved.items():
        now = standing.get(user_id, _EMPTY).plus(count, total)
        moved.append((user_id, now.count, now.total))
    session.put_many("user_digest", ("user_id", "count", "total"), moved, _MOVE_USER)
