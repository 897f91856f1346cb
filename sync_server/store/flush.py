"""The end of a write transaction: staged rows, digests, ledger and clock go to the database in a few statements.

Owns the order of these steps and the running sums of the digests. Must not decide anything about a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fieldrep.contract.digest import wrap
from fieldrep.contract.fields import Value
from fieldrep.contract.scope import EVERYBODY_KEY
from sync_server.store import history
from sync_server.store.runs import Runs
from sync_server.store.session import Session
from sync_server.store.settling import Grant, Settlement
from sync_server.store.statements import ENTITY_TABLES, EntityTable, Row
from sync_server.store.workspace import Workspace

_NOBODY_KNOWN: Mapping[bytes, list[bytes]] = MappingProxyType({})
_EMPTY = 0, 0
_OF_USERS = "SELECT user_id, count, total FROM user_digest WHERE user_id IN :members"
_OF_KEYS = "SELECT scope_key, count, total FROM scope_digest WHERE scope_key IN :members"
# Sums wrap at 64 bits like those of `contract/digest.py`; neither database does that by itself.
_MOVE_KEY = (
    "ON CONFLICT (scope_key) DO UPDATE SET count = scope_digest.count + excluded.count, total = CASE "
    "WHEN excluded.total > 0 AND scope_digest.total > 9223372036854775807 - excluded.total THEN "
    "(scope_digest.total - 9223372036854775807 - 1) + (excluded.total - 9223372036854775807 - 1) "
    "WHEN excluded.total < 0 AND scope_digest.total < -9223372036854775807 - 1 - excluded.total THEN "
    "(scope_digest.total + 9223372036854775807 + 1) + (excluded.total + 9223372036854775807 + 1) "
    "ELSE scope_digest.total + excluded.total END"
)
_MOVE_USER = "ON CONFLICT (user_id) DO UPDATE SET count = excluded.count, total = excluded.total"


@dataclass(slots=True)
class Sums:
    """How the digests of keys, or of users, moved; `new` are keys of accounts that are made now, held by nobody yet.

    Counts and totals as plain pairs: there is one for each row's key.
    """

    moved: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    new: set[bytes] = field(default_factory=set)

    def add(self, key: bytes, count: int, total: int) -> None:
        """One row's part."""
        before = self.moved.get(key)
        self.moved[key] = (count, total) if before is None else (before[0] + count, before[1] + total)


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
            if entity == "account":
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
    """Moves the sums of the touched keys and of everybody who holds one of them.

    `held_by` says so for keys it is known of already; the ledger does not change before this.
    """
    moved = [(key, count, wrap(total)) for key, (count, total) in sums.moved.items()]
    session.put_many("scope_digest", ("scope_key", "count", "total"), moved, _MOVE_KEY)
    held = [key for key in sums.moved if key != EVERYBODY_KEY and key not in sums.new]
    users = Sums()
    holders = {**held_by, **holders_of(session, [key for key in held if key not in held_by])}
    for key in held:
        count, total = sums.moved[key]
        for user_id in holders[key]:
            users.add(user_id, count, total)
    _move_users(session, users)


def write_ledger(session: Session, settlement: Settlement, revision: int) -> None:
    """Enters gains and losses at a revision, and moves the digests of those who gained or lost.

    The digests of the keys must have been moved before.
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
    known = _digests(session, _OF_KEYS, touched)
    users = Sums()
    for grants, sign in ((settlement.gained, 1), (settlement.lost, -1)):
        for user_id, key in grants:
            count, total = _EMPTY if key == EVERYBODY_KEY else known.get(key, _EMPTY)
            users.add(user_id, sign * count, sign * total)
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
    standing = _digests(session, _OF_USERS, users.moved)
    moved = []
    for user_id, (count, total) in users.moved.items():
        before = standing.get(user_id, _EMPTY)
        moved.append((user_id, before[0] + count, wrap(before[1] + total)))
    session.put_many("user_digest", ("user_id", "count", "total"), moved, _MOVE_USER)


def _digests(session: Session, sql: str, members: Iterable[bytes]) -> dict[bytes, tuple[int, int]]:
    return {key: (count, total) for key, count, total in session.chosen(sql, list(members))}
