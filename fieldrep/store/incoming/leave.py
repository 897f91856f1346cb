"""Rows that leave: scope keys a user no longer holds, and the start over that empties the replica but keeps the outbox.

Rows with pending edits stay until those are answered: read-only when their key left, waiting for a fresh image after a
start over. Everything happens inside the caller's transaction.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity, ScopeRule
from fieldrep.contract.scope import (
    ACCOUNT_PREFIX,
    EVERYBODY_KEY,
    GONE_PREFIX,
    PAIR_PREFIX,
    ROW_PREFIX,
    TEAM_PREFIX,
    row_and_account_of,
)
from fieldrep.store import search
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import Standing
from fieldrep.store.statements import statements_of

KEYS = 500
"""Accounts, or rows, that one statement looks up."""


@dataclass(slots=True)
class Leaving:
    """What the leaving of keys came to: rows gone, rows kept until their edits are answered, and the digest then."""

    digest: Digest
    left: int = 0
    kept: int = 0


def leave(connection: Connection, keys: Mapping[bytes, bytes], leaving: Leaving, touched: set[str]) -> None:
    """Takes away all rows of the keys; beside each stands who owns its account now, b"" for nobody.

    What is deleted is overwritten in its pages (`engine.py`); `tidy` then gives whole pages back and writes the search
    segments anew, so that nothing of it is left in the file.
    """
    accounts = [key[1:] for key in keys if key[:1] == ACCOUNT_PREFIX]
    purged = [key[1:] for key in keys if key[:1] == GONE_PREFIX]
    others = [key for key in keys if key[:1] not in (ACCOUNT_PREFIX, GONE_PREFIX, ROW_PREFIX)]
    for entity in ENTITIES:
        told = _told(entity.scope)
        for some in _parts(accounts if entity.scope.account else ()):
            marks = ", ".join(f"?{place + 1}" for place in range(len(some)))
            rows = _rows(connection, entity, _of_accounts(entity.scope, marks), some, told)
            owners = {account: keys[ACCOUNT_PREFIX + account] for account in some}
            _leave(connection, entity, rows, owners, leaving, touched)
        for some in _parts(purged):
            marks = ", ".join("?" * len(some))
            rows = _rows(connection, entity, f"id IN ({marks})", some, "NULL")
            _leave(connection, entity, rows, {}, leaving, touched)
        for key in others:
            condition = _condition(entity, key)
            if condition:
                rows = _rows(connection, entity, condition, (key[1:],), "NULL")
                _leave(connection, entity, rows, {}, leaving, touched)
    singly: dict[bytes, list[bytes]] = {}
    for row_id, account in filter(None, map(row_and_account_of, keys)):
        singly.setdefault(account, []).append(row_id)
    for left_account, ids in singly.items():
        _leave_singly(connection, left_account, ids, leaving, touched)


def _leave_singly(
    connection: Connection, account: bytes, ids: Sequence[bytes], leaving: Leaving, touched: set[str]
) -> None:
    """Takes away those rows that are still this account's, each with what stands on it there.

    The key of a child may come in a later reply than its parent's, and a child made here has none; no child stays
    without its parent (I8).
    """
    gone: dict[str, list[bytes]] = {}
    for entity in ENTITIES:
        own = entity.scope.account
        if not own:
            continue
        parents = {n: gone.get(one.to, []) for n, one in entity.fields.items() if one.parent and n != own}
        rows = {}
        for column, named in {"id": ids, **parents}.items():
            for some in _parts(named):
                condition = f"{column} IN ({', '.join('?' * len(some))}) AND {_told(entity.scope)} = ?"
                found = _rows(connection, entity, condition, (*some, account), "NULL")
                rows.update({row[2]: row for row in found})
        gone[entity.name] = list(rows)
        _leave(connection, entity, list(rows.values()), {}, leaving, touched)


def _parts(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """As many at a time as one statement looks up."""
    return (ids[start : start + KEYS] for start in range(0, len(ids), KEYS))


def _rows(
    connection: Connection, entity: Entity, condition: str, about: Sequence[bytes], told: str
) -> list[tuple[int, int | None, bytes, bytes | None]]:
    """Number, hash, id and account of the rows to which a condition applies."""
    sql = f"SELECT row_no, row_hash, id, {told} FROM {entity.table} WHERE {condition}"
    return connection.execute(sql, about).fetchall()


def _told(rule: ScopeRule) -> str:
    """The account by which a row is held, as SQL."""
    if not rule.account:
        return "NULL"
    return f"coalesce({rule.moved}, {rule.account})" if rule.moved else rule.account


def _condition(entity: Entity, key: bytes) -> str:
    """Which rows of an entity have a key, as SQL over the key's id; "" when none can."""
    rule = entity.scope
    if key == EVERYBODY_KEY:
        return "" if rule.account or rule.user else "? = x''"
    if rule.pair or key[:1] == PAIR_PREFIX:
        return "id = ?" if rule.pair and key[:1] == PAIR_PREFIX else ""
    if not rule.user or rule.team != (key[:1] == TEAM_PREFIX):
        return ""
    return f"{rule.user} = ?" + (f" AND {rule.account} IS NULL" if rule.account else "")


def _of_accounts(rule: ScopeRule, marks: str) -> str:
    """The rows of some accounts; a record that was merged is its survivor's."""
    own = f"{rule.account} IN ({marks})"
    return f"({own} AND {rule.moved} IS NULL) OR {rule.moved} IN ({marks})" if rule.moved else own


def _leave(
    connection: Connection,
    entity: Entity,
    rows: Sequence[tuple[int, int | None, bytes, bytes | None]],
    owners: Mapping[bytes, bytes],
    leaving: Leaving,
    touched: set[str],
) -> None:
    if not rows:
        return
    table, texts = entity.table, statements_of(entity)
    touched.add(entity.name)
    pending = {
        row[0] for row in connection.execute("SELECT row_id FROM base_row WHERE entity = ?", (entity.name,))
    }
    going = [row_no for row_no, _, row_id, _ in rows if row_id not in pending]
    staying = [
        (row_no, row_id, owners.get(account or b""))
        for row_no, _, row_id, account in rows
        if row_id in pending
    ]
    counted = [row_hash for _, row_hash, _, _ in rows if row_hash is not None]
    search.forget_rows(connection, texts, going)
    connection.executemany(f"DELETE FROM {table} WHERE row_no = ?", [(row_no,) for row_no in going])
    connection.executemany(texts.update(("row_hash",)), [(None, row_no) for row_no, _, _ in staying])
    connection.executemany(
        "UPDATE base_row SET standing = ?, moved_to = ? WHERE entity = ? AND row_id = ?",
        [(int(Standing.LEFT), owner, entity.name, row_id) for _, row_id, owner in staying],
    )
    leaving.digest = leaving.digest.plus(-len(counted), -sum(counted))
    leaving.left += len(going)
    leaving.kept += len(staying)


def empty(connection: Connection) -> None:
    """Empties every synced table but for rows with pending edits, whose base images become stale."""
    for entity in ENTITIES:
        table, name = entity.table, entity.name
        connection.execute(
            f"DELETE FROM {table} WHERE id NOT IN (SELECT row_id FROM base_row WHERE entity = ?)", (name,)
        )
        connection.execute(f"UPDATE {table} SET row_hash = NULL")
        search.make_anew(connection, statements_of(entity))
    connection.execute("UPDATE base_row SET standing = ? WHERE image IS NOT NULL", (int(Standing.STALE),))
