"""The statements of the feed, for each entity: rows by scope key, the rest of one key, rows by revision.

Owns the shape of these queries, on which the cost of every pull hangs: each walks an index and none sorts. Must not
know a cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Kind, Reader
from sync_server.store.sql_text import compose

COST_ROLES = frozenset({"manager", "office", "admin"})
"""Roles that may see what things cost."""

_LONG = 1_000

# The ledger leads, the rows follow key by key. Neither database may turn it round: SQLite keeps the order of a
# CROSS JOIN, PostgreSQL that of a lateral subquery with OFFSET.
_BY_KEY = {
    "sqlite": (
        "SELECT {columns} FROM scope_ledger AS l CROSS JOIN {table} AS t "
        "WHERE l.user_id = ? AND l.lost_revision IS NULL AND l.scope_key > ? AND l.scope_key < ? "
        "AND l.gained_revision > ? AND l.gained_revision <= ? "
        "AND t.scope_key = l.scope_key AND t.revision > ? AND t.created_revision <= ? "
        "ORDER BY l.scope_key, t.id LIMIT ?"
    ),
    "postgresql": (
        "SELECT {columns} FROM ("
        "SELECT scope_key FROM scope_ledger "
        "WHERE user_id = ? AND lost_revision IS NULL AND scope_key > ? AND scope_key < ? "
        "AND gained_revision > ? AND gained_revision <= ? ORDER BY scope_key OFFSET 0"
        ") AS l CROSS JOIN LATERAL ("
        "SELECT * FROM {table} AS r WHERE r.scope_key = l.scope_key AND r.revision > ? "
        "AND r.created_revision <= ? ORDER BY r.id OFFSET 0"
        ") AS t ORDER BY l.scope_key, t.id LIMIT ?"
    ),
}
_IN_KEYS = (
    "SELECT {columns} FROM {table} AS t WHERE t.scope_key IN :members AND t.revision > ? "
    "AND t.created_revision <= ? ORDER BY t.scope_key, t.id LIMIT ?"
)
_REST_OF_KEY = (
    "SELECT {columns} FROM {table} AS t WHERE t.scope_key = ? AND t.id > ? "
    "AND t.revision > ? AND t.created_revision <= ? ORDER BY t.id LIMIT ?"
)
# The scalar subquery is asked row by row, in the order of the revisions; a join might start from the user's keys.
_BY_REVISION = (
    "SELECT {columns} FROM {table} AS t WHERE (t.revision, t.id) > (?, ?) AND t.created_revision <= ? "
    "AND (SELECT l.gained_revision FROM scope_ledger AS l WHERE l.user_id = ? AND l.scope_key = t.scope_key "
    "AND l.lost_revision IS NULL) <= ? ORDER BY t.revision, t.id LIMIT ?"
)
# Rows by their ids, of those the user holds, that changed since.
_NAMED = (
    "SELECT {columns} FROM {table} AS t WHERE t.id IN :members AND t.revision > ? AND EXISTS (SELECT 1 "
    "FROM scope_ledger AS l WHERE l.user_id = ? AND l.scope_key = t.scope_key AND l.lost_revision IS NULL)"
)
GAINED = (
    "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND gained_revision > ? AND gained_revision <= ? "
    "AND lost_revision IS NULL LIMIT ?"
)
# SQLite would walk all keys of the user; what was gained on a short step is quicker found by the revisions.
GAINED_OF_LATE = {
    "sqlite": GAINED.replace("scope_ledger", "scope_ledger INDEXED BY ix_scope_ledger_gained"),
    "postgresql": GAINED,
}
# One look at what a step may bring; most bring no key, take none and purge nothing, and a few kinds of record changed.
_OUTLOOK = (
    "SELECT u.role, EXISTS (SELECT 1 FROM scope_ledger AS g WHERE g.gained_revision > ? "
    "AND g.gained_revision <= ? AND g.user_id = ?), EXISTS (SELECT 1 FROM scope_ledger AS l "
    "WHERE l.user_id = ? AND l.lost_revision > ? AND l.lost_revision <= ?), "
    "EXISTS (SELECT 1 FROM tombstone AS t WHERE t.revision > ?), c.entity "
    "FROM app_user AS u LEFT JOIN entity_clock AS c ON c.revision > ? WHERE u.id = ?"
)
OUTLOOK = {
    "sqlite": _OUTLOOK.replace("ledger AS g", "ledger AS g INDEXED BY ix_scope_ledger_gained"),
    "postgresql": _OUTLOOK,
}
_CHANGED = "SELECT count(*) FROM (SELECT 1 AS one FROM {table} AS t WHERE t.revision > ? LIMIT ?) AS c"


@dataclass(frozen=True, slots=True)
class FeedTable:
    """One entity in the feed, as one kind of reader sees it.

    Attributes:
        names: the columns that travel.
        values: those of a row at hand.
        long: positions among them of texts that may be long.
        parents: positions of the fields that name a row without which one cannot stand, and the entity of that.
        alike: whether everybody reads the same columns.
        lowest, highest: the bounds of the scope keys its rows can have, both exclusive.
    """

    entity: Entity
    names: tuple[str, ...]
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    long: tuple[int, ...]
    parents: tuple[tuple[int, str], ...]
    alike: bool
    lowest: bytes
    highest: bytes
    by_key: Mapping[str, str]
    in_keys: str
    rest_of_key: str
    by_revision: str
    named: str
    changed: str


def _key_bounds(entity: Entity) -> tuple[bytes, bytes]:
    """The range that holds every key a row of the entity can have, by the prefixes of `contract/scope.py`."""
    rule = entity.scope
    if rule.pair:
        return b"D", b"E"
    prefixes = [b"A"] if rule.account else []
    prefixes.append((b"T" if rule.team else b"U") if rule.user else b"G")
    return bytes([min(prefixes)[0] - 1]) + b"\xff" * 17, bytes([max(prefixes)[0] + 1])


@lru_cache(maxsize=2)
def feed_tables(sees_cost: bool) -> Mapping[str, FeedTable]:
    """All entities in the order they travel, with or without the columns that say what things cost."""
    return {entity.name: _feed_table(entity, sees_cost) for entity in ENTITIES}


def _feed_table(entity: Entity, sees_cost: bool) -> FeedTable:
    fields = [field for field in entity.columns if sees_cost or field.reader is not Reader.COST]
    names = tuple(field.name for field in fields)
    columns = tuple(f"t.{name}" for name in names)

    def text(template: str) -> str:
        return compose(template, columns=columns, table=entity.table)

    lowest, highest = _key_bounds(entity)
    long_kinds = (Kind.TEXT, Kind.JSON, Kind.BYTES)
    return FeedTable(
        entity=entity,
        names=names,
        values=itemgetter(*names),
        long=tuple(i for i, field in enumerate(fields) if field.kind in long_kinds and field.maximum > _LONG),
        parents=tuple((i, field.to) for i, field in enumerate(fields) if field.parent),
        alike=all(field.reader is not Reader.COST for field in entity.columns),
        lowest=lowest,
        highest=highest,
        by_key={name: text(template) for name, template in _BY_KEY.items()},
        in_keys=text(_IN_KEYS),
        rest_of_key=text(_REST_OF_KEY),
        by_revision=text(_BY_REVISION),
        named=text(_NAMED),
        changed=text(_CHANGED),
    )
