"""What stays with a record when a merge into it is undone, named so that nobody looks for it at the other one.

Owns the naming; moves nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Value
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.history import said_at
from sync_server.store.past.merge_log import MergeEntry
from sync_server.store.transaction import Row, WriteTransaction


@dataclass(frozen=True, slots=True)
class Staying:
    """What the survivor of a merge keeps.

    Attributes:
        made: rows made there since the merge, by entity.
        values: fields of the survivor itself that were entered since, also by those who meant the merged record.
        parted: rows that stay while a record they name goes, as entity, id and field.
    """

    made: dict[str, int] = field(default_factory=dict)
    values: tuple[str, ...] = ()
    parted: tuple[tuple[str, bytes, str], ...] = ()


def staying(
    tx: WriteTransaction, entry: MergeEntry, moved: Mapping[str, Collection[bytes]], kept: Collection[str]
) -> Staying:
    """What stays; asked for when the rows of the merged record are back.

    Args:
        moved: the ids of the rows that went, by entity.
        kept: fields of the survivor that are told of as changed since.
    """
    values = _values(tx, entry, kept)
    if entry.entity != "account":
        return Staying(values=values)
    made: Counter[str] = Counter()
    parted: list[tuple[str, bytes, str]] = []
    for entity in ENTITIES:
        name = entity.scope.account
        if not name or name == "id":
            continue
        for row in tx.find(entity, name, entry.survivor_id):
            made[entity.name] += _whole(row["created_revision"]) > entry.revision
            parted += [(entity.name, row_id_of(row), one) for one in _named(entity, row, moved)]
    return Staying({name: count for name, count in made.items() if count}, values, tuple(sorted(parted)))


def _values(tx: WriteTransaction, entry: MergeEntry, kept: Collection[str]) -> tuple[str, ...]:
    entity = CATALOGUE[entry.entity]
    row = tx.row(entity, entry.survivor_id) or {}
    mine = next((image.after for image in entry.images if image.row_id == entry.survivor_id), {})
    before = said_at(tx, entity.name, entry.survivor_id, entry.revision)
    return tuple(
        name
        for name in entity.fields
        if name in before and name not in kept and name not in mine and row.get(name) != before[name]
    )


def _named(entity: Entity, row: Row, moved: Mapping[str, Collection[bytes]]) -> list[str]:
    """The fields of a row that name one of the records that went."""
    return [
        name
        for name, one in entity.fields.items()
        if one.to in moved and not one.parent and not one.required and row[name] in moved[one.to]
    ]


def _whole(value: Value) -> int:
    return value if isinstance(value, int) else 0
