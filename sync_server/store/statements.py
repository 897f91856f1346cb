"""The statements for each entity's table, composed once from the catalogue, and the way from stored tuples to rows.

Must not know a connection. A stored row is the entity's columns, then `created_revision`, `scope_key`, `row_hash`; only
a write transaction reads what stands behind these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import itemgetter, ne
from typing import Any

from fieldrep.contract.catalogue import ENTITIES, digest_columns, entity_named
from fieldrep.contract.digest import row_hasher
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from sync_server.store.schema import STORE_COLUMNS, scope_stands_for
from sync_server.store.sql_text import compose, insert_text

Row = dict[str, Value]
"""All columns of an entity by name, in their inner form."""

_NEVER_CHANGES = frozenset({"id", "created_at", "created_by"})


@dataclass(frozen=True, slots=True)
class EntityTable:
    """One entity's table.

    Attributes:
        names: the row's columns and `created_revision`, in stored order.
        columns: `names`, then scope key and hash.
        all_columns: these, then the row's run.
        fixed: the columns an update leaves alone.
        changing: the others.
        deciding_key: the columns the scope key follows from.
        parents: the fields by which children are looked up.
        select: all columns, to be continued with a condition.
        insert: of a whole row.
        hashed: the values a row's hash covers.
        row_names: the row's columns, in the order of `values`; `order` tells the place of each.
    """

    entity: Entity
    name: str
    names: tuple[str, ...]
    columns: tuple[str, ...]
    all_columns: tuple[str, ...]
    fixed: frozenset[str]
    changing: tuple[str, ...]
    deciding_key: frozenset[str]
    parents: tuple[str, ...]
    select: str
    insert: str
    values: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    hashed: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    row_names: tuple[str, ...]
    order: Mapping[str, int]
    row_hash: Callable[[tuple[Any, ...]], int]

    def row(self, stored: tuple[Any, ...]) -> Row:
        """The row of a stored tuple; what stands behind `names` is left out."""
        return dict(zip(self.names, stored, strict=False))

    def placed(self, place: str) -> str:
        """As `select` with the run, and behind all columns the one by which the row is found again."""
        return _placed(self.entity.table, self.all_columns, place)

    def differing(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
        """The columns whose values differ between two forms of a row, in order."""
        return tuple(compress(self.row_names, map(ne, self.values(after), self.values(before))))

    def by_field(self, field: str) -> str:
        """The query for rows with one value in one field."""
        column = "scope_key" if scope_stands_for(self.entity, field) else field
        return self.select + compose(" WHERE {column} = ?", column=column)


@lru_cache(maxsize=200)
def _placed(table: str, columns: tuple[str, ...], place: str) -> str:
    return compose("SELECT {columns}, {place} FROM {table}", columns=columns, place=place, table=table)


def _entity_table(entity: Entity) -> EntityTable:
    names = (*entity.column_names, STORE_COLUMNS[0])
    all_columns = (*entity.column_names, *STORE_COLUMNS)
    columns = all_columns[:-1]
    fixed = {field.name for field in entity.columns if field.fixed or field.name in _NEVER_CHANGES}
    rule = entity.scope
    return EntityTable(
        entity=entity,
        name=entity.name,
        names=names,
        columns=columns,
        all_columns=all_columns,
        fixed=frozenset(fixed - {"id"}),
        changing=tuple(name for name in entity.column_names if name not in fixed),
        deciding_key=frozenset(filter(None, (rule.account, rule.user, rule.moved))),
        parents=tuple(name for name, field in entity.fields.items() if field.parent),
        select=compose("SELECT {columns} FROM {table}", columns=columns, table=entity.table),
        insert=insert_text(entity.table, columns),
        values=itemgetter(*entity.column_names),
        row_names=entity.column_names,
        order={name: place for place, name in enumerate(entity.column_names)},
        hashed=itemgetter(*(field.name for field in digest_columns(entity))),
        row_hash=row_hasher(entity),
    )


ENTITY_TABLES: Mapping[str, EntityTable] = {entity.name: _entity_table(entity) for entity in ENTITIES}
"""The statements of each entity, by the entity's name."""


def entity_table(entity: str | Entity) -> EntityTable:
    """The statements of an entity, given itself or by name.

    Raises:
        KnownError: `unknown_entity`.
    """
    name = entity if isinstance(entity, str) else entity.name
    return ENTITY_TABLES.get(name) or ENTITY_TABLES[entity_named(name).name]


def bytes_of(value: object) -> bytes:
    """An id, as it stands in a row or came from a database; b"" where there is none."""
    return value if isinstance(value, bytes) else b""
