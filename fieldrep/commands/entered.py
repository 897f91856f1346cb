"""What a person entered, checked before a row is touched: known fields, fields a device may write, records that exist.

Owns the checks every command shares. Limits and types are the catalogue's; the store checks those itself.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache

from fieldrep.commands.row_values import ref_of
from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Merge, Value, Writer
from fieldrep.contract.ids import RowId, id_text
from fieldrep.domain.formats import email_problem
from fieldrep.domain.merging import MERGING, end_of_chain
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork

_ONE_LINE = 500
_TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Marks that make what stands beside them read backwards; no name is written with one."""


@cache
def enterable(entity: Entity, *, creating: bool) -> Mapping[str, Field]:
    """The fields a person may enter when making or editing a record; state moves have commands of their own."""
    fields = {
        name: field
        for name, field in entity.fields.items()
        if Writer.DEVICE in (field.writers or Writer.DEVICE)
        and field.merge not in (Merge.SERVER, Merge.GUARDED)
        and (creating or not field.fixed)
    }
    return {**fields, "custom": entity.field("custom")}


def entered(
    uow: UnitOfWork, entity_name: str, values: Mapping[str, Value], *, creating: bool
) -> dict[str, Value]:
    """The values as they are to be written.

    Raises:
        KnownError: `unknown_field`, `field_protected`, `invalid_value` or `not_found`, naming the field.
    """
    entity = CATALOGUE[entity_name]
    allowed = enterable(entity, creating=creating)
    checked: dict[str, Value] = {}
    for name, value in values.items():
        if name not in allowed:
            raise not_enterable(entity, name, allowed)
        checked[name] = _checked(uow, allowed[name], value)
    return checked


def _checked(uow: UnitOfWork, field: Field, value: Value) -> Value:
    if field.kind is Kind.TEXT and isinstance(value, str):
        value = _one_line(value) if field.maximum <= _ONE_LINE else value
        problem = email_problem(value) if field.name == "email" else ""
        if problem:
            raise KnownError(Code.INVALID_VALUE, f"{field.title}: {problem}", field=field.name)
    if _points_nowhere(uow, field, value):
        raise KnownError(Code.NOT_FOUND, f"{field.title}: {_missing(field.to, value)}", field=field.name)
    return surviving(uow, field.to, value) if field.to in MERGING and isinstance(value, bytes) else value


def _one_line(text: str) -> str:
    """A text without blanks around it, with a blank where a line broke, and without marks that turn words around."""
    return " ".join(part.strip() for part in text.translate(_TURNING).splitlines() if part.strip())


def surviving(uow: UnitOfWork, entity_name: str, row_id: bytes) -> RowId:
    """The record that stands for this one: what is entered on a merged record belongs to what it became part of."""
    return end_of_chain(row_id, lambda at: (uow.row(entity_name, at) or {}).get("merged_into_id"))


def _points_nowhere(uow: UnitOfWork, field: Field, value: Value) -> bool:
    if field.kind is not Kind.REF or field.to not in CATALOGUE or not isinstance(value, bytes):
        return False
    return len(value) == 16 and uow.row(field.to, RowId(value)) is None


def not_enterable(entity: Entity, name: str, allowed: Mapping[str, object]) -> KnownError:
    """The error for a field that is not among those one may enter."""
    if entity.has(name):
        title = entity.field(name).title
        if name in ("id", "revision") or name not in enterable(entity, creating=True):
            sentence = f"{title} of {entity.plural.lower()} is not entered here: the office or another command sets it."
        else:
            sentence = f"{title} is given when the {entity.title.lower()} is made and cannot change."
        return KnownError(Code.FIELD_PROTECTED, sentence, field=name)
    return unknown_field(name, allowed, entity.title)


def unknown_field(name: str, allowed: Mapping[str, object], title: str) -> KnownError:
    """The error for a field nobody knows, with the nearest one there is."""
    shown = name[:60].encode(errors="replace").decode()
    near = difflib.get_close_matches(name[:60], list(allowed), n=1)
    advice = f" Did you mean “{near[0]}”?" if near else f" Known are: {', '.join(sorted(allowed))}."
    return KnownError(Code.UNKNOWN_FIELD, f"{title} has no field “{shown}”.{advice}", field=shown)


def standing(uow: UnitOfWork, entity_name: str, row_id: RowId, *, archived: bool = False) -> Row:
    """The record as it stands, for a command that changes it.

    Raises:
        KnownError: `not_found`, or `read_only` when it is archived (with `archived`, when it is not).
    """
    row = uow.row(entity_name, row_id)
    title = CATALOGUE[entity_name].title
    if row is None:
        raise KnownError(Code.NOT_FOUND, _missing(entity_name, row_id), field="id")
    if row.get("merged_into_id") is not None:
        survivor = uow.row(entity_name, surviving(uow, entity_name, row_id)) or row
        names = label_of(entity_name, row), label_of(entity_name, survivor)
        sentence = f"{title} {names[0]} was merged into {names[1]}; change that one, {id_text(ref_of(survivor, 'id'))}."
        raise KnownError(Code.READ_ONLY, sentence, field="id")
    if bool(row["archived"]) is not archived:
        state = "is not archived" if archived else "is archived; restore it first"
        raise KnownError(Code.READ_ONLY, f"{title} {label_of(entity_name, row)} {state}.")
    return row


def _missing(entity_name: str, row_id: Value) -> str:
    assert isinstance(row_id, bytes)  # noqa: S101 - the callers looked a record up by it
    return f"There is no {CATALOGUE[entity_name].title.lower()} {id_text(row_id)} on this device."


def label_of(entity_name: str, row: Mapping[str, Value]) -> str:
    """What people call a record."""
    entity = CATALOGUE[entity_name]
    if entity_name == "sales_order":
        return str(row.get("number_official") or row.get("number_local") or entity.title)
    words = [str(row[name]) for name in entity.label if row.get(name)]
    return " ".join(words)[:80] or entity.title
