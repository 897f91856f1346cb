"""Rows that leave: scope keys a user no longer holds, and the start over that empties the replica but keeps the outbox.

Rows with pending edits stay until those are answered: read-only when their key left, waiting for a fresh image after a
start over. Everything happens inside the caller's transaction.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.digest import Digest
from fieldrep.contract.entity import Entity, ScopeRule
from fieldrep.contract.scope import (
    ACCOUNT_PREFIX,
    EVERYBODY_KEY,
    PAIR_PREFIX,
    ROW_PREFIX,
    TEAM_PREFIX,
    row_and_account_of,
)
from fieldrep.store.engine import Connection
from fieldrep.store.pending import Standing
from fieldrep.store.statements import statements_of


@dataclass(slots=True)
class Leaving:
    """What the leaving of keys came to: rows gone, rows kept until their edits are answered, and the digest then."""

    digest: Digest
    left: int = 0
    kept: int = 0


def leave(connection: Connection, keys: Iterable[bytes], leaving: Leaving, touched: set[str]) -> None:
    """Takes away all rows of the keys."""
    for key in keys:
        for entity in ENTITIES:
            condition = _condition(entity, key)
            if condition:
                _leave(connection, entity, condition, row_and_account_of(key) or (key[1:],), leaving, touched)


def _condition(entity: Entity, key: bytes) -> str:
    """Which rows of an entity have a key, as SQL over the key's id; "" when none can."""
    rule = entity.scope
    if key == EVERYBODY_KEY:
        return "" if rule.account or rule.user else "? = x''"
    if key[:1] in (ACCOUNT_PREFIX, ROW_PREFIX):
        return _of_account(rule, one_row=key[:1] == ROW_PREFIX)
    if rule.pair or key[:1] == PAIR_PREFIX:
        return "id = ?" if rule.pair and key[:1] == PAIR_PREFIX else ""
    if not rule.user or rule.team != (key[:1] == TEAM_PREFIX):
        return ""
    return f"{rule.user} = ?" + (f" AND {rule.account} IS NULL" if rule.account else "")


def _of_account(rule: ScopeRule, *, one_row: bool) -> str:
    """The rows of the account ?1, a record that was merged being its survivor's; or of the account ?2 the row ?1."""
    if not rule.account:
        return ""
    own = f"id = ?1 AND {rule.account} = ?2" if one_row else f"{rule.account} = ?1"
    if not rule.moved:
        return own
    if one_row:
        return f"id = ?1 AND coalesce({rule.moved}, {rule.account}) = ?2"
    return f"({own} AND {rule.moved} IS NULL) OR {rule.moved} = ?1"


def _leave(
    connection: Connection,
    entity: Entity,
    condition: str,
    about: tuple[bytes, ...],
    leaving: Leaving,
    touched: set[str],
) -> None:
    table, texts = entity.table, statements_of(entity)
    rows = connection.execute(f"SELECT row_no, row_hash, id FROM {table} WHERE {condition}", about).fetchall()
    if not rows:
        return
    touched.add(entity.name)
    pending = {
        row[0] for row in connection.execute("SELECT row_id FROM base_row WHERE entity = ?", (entity.name,))
    }
    going = [(row_no,) for row_no, _, row_id in rows if row_id not in pending]
    staying = [row_id for _, _, row_id in rows if row_id in pending]
    counted = [row_hash for _, row_hash, _ in rows if row_hash is not None]
    connection.executemany(f"DELETE FROM {table} WHERE row_no = ?", going)
    if texts.searched:
        connection.executemany(texts.search_delete, going)
    connection.executemany(texts.update(("row_hash",)), [(None, row_id) for row_id in staying])
    connection.executemany(
        "UPDATE base_row SET standing = ? WHERE entity = ? AND row_id = ?",
        [(int(Standing.LEFT), entity.name, row_id) for row_id in staying],
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
        texts = statements_of(entity)
        if texts.searched:
            search = f"{table}_search"
            connection.execute(f"INSERT INTO {search} ({search}) VALUES ('delete-all')")
            columns = ", ".join(texts.searched)
            connection.execute(
                f"INSERT INTO {search} (rowid, {columns}) SELECT row_no, {columns} FROM {table}"
            )
    connection.execute("UPDATE base_row SET standing = ? WHERE image IS NOT NULL", (int(Standing.STALE),))
