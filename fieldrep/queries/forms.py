"""What edit forms start from: a record's values as they stand, and the choices of its reference fields.

Owns reading for editing; titles, limits and options come from the catalogue. It must not check or write anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Merge, Value, Writer
from fieldrep.contract.ids import RowId
from fieldrep.queries.cells import joined, ref
from fieldrep.queries.marks import waiting_rows
from fieldrep.queries.naming import record_name
from fieldrep.store.outgoing.pending import Standing
from fieldrep.store.reader import Reader


@dataclass(frozen=True, slots=True)
class RecordForm:
    """One record to edit; `values` by field name, `writable` those a device may write."""

    entity: str
    id: RowId
    label: str
    values: Mapping[str, Value]
    writable: frozenset[str]
    read_only_reason: str
    waiting: bool
    conflicts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """A record that a reference field may point to."""

    id: RowId
    label: str


_CONFLICTS = "SELECT field FROM conflict WHERE row_id = ? AND status = 'open' AND archived = 0"
_STANDING = "SELECT standing FROM base_row WHERE entity = ? AND row_id = ?"
_CHOICES: Mapping[str, str] = {
    "user": "SELECT id, name, NULL FROM app_user WHERE archived = 0 AND active = 1 ORDER BY name COLLATE NOCASE",
    "territory": "SELECT id, name, NULL FROM territory WHERE archived = 0 ORDER BY name COLLATE NOCASE",
    "price_list": "SELECT id, code, name FROM price_list WHERE archived = 0 ORDER BY code",
}
_OF_ACCOUNT: Mapping[str, str] = {
    "contact": (
        "SELECT id, given_name, family_name FROM contact WHERE account_id = ? AND archived = 0 "
        "ORDER BY family_name COLLATE NOCASE, given_name COLLATE NOCASE"
    ),
    "site": (
        "SELECT id, street, city FROM site WHERE account_id = ? AND archived = 0 ORDER BY kind = 'bill' DESC, row_no"
    ),
}


def record_form(reader: Reader, *, entity: str, row_id: RowId) -> RecordForm | None:
    """What a form of a record starts from, None when the replica does not hold it."""
    row = reader.row(entity, row_id)
    if row is None:
        return None
    described = entity_named(entity)
    return RecordForm(
        entity=entity,
        id=row_id,
        label=record_name(reader, entity, row_id).label,
        values=row,
        writable=writable_fields(described),
        read_only_reason=_reason(reader, described, row_id, bool(row["archived"])),
        waiting=row_id in waiting_rows(reader, entity),
        conflicts=frozenset(field for (field,) in reader.rows(_CONFLICTS, (row_id,))),
    )


def writable_fields(entity: Entity) -> frozenset[str]:
    """The fields of an existing record that a device may write by an edit."""
    return frozenset(
        name
        for name, field in entity.fields.items()
        if Writer.DEVICE in (field.writers or Writer.DEVICE)
        and field.merge not in (Merge.SERVER, Merge.GUARDED)
        and not field.fixed
    )


def choices(reader: Reader, *, entity: str, account_id: RowId | None = None) -> tuple[Choice, ...]:
    """The records a reference may point to: users, territories, price lists, or contacts and sites of an account."""
    owned = entity in _OF_ACCOUNT
    rows = reader.rows(_OF_ACCOUNT[entity], (account_id,)) if owned else reader.rows(_CHOICES[entity])
    between = " " if entity == "contact" else ", "
    return tuple(Choice(ref(row[0]), joined(row[1], row[2], by=between)) for row in rows)


def _reason(reader: Reader, entity: Entity, row_id: RowId, archived: bool) -> str:
    if archived:
        return f"This {entity.title.lower()} is archived; restore it first."
    standing = reader.rows(_STANDING, (entity.name, row_id))
    if standing and standing[0][0] == Standing.LEFT:
        return f"This {entity.title.lower()} now belongs to a colleague; it can only be read here."
    return ""
