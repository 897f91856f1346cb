"""What records and values are called: the label of a row, and a field's value as people read it.

Owns the words for rows that stand, rows that are gone but were named in a change, and single values. Screens that know
their own columns need none of this; it serves conflicts, refused changes and the outbox, which may be about anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import from_json
from fieldrep.domain.money import format_amount, format_millionths
from fieldrep.store.reader import Reader

NOTHING = "–"
_PERCENT = 100
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class RecordName:
    """A record as people name it: its kind and its label."""

    entity: str
    id: RowId
    title: str
    label: str


def record_name(
    reader: Reader, entity_name: str, row_id: bytes, entered: Mapping[str, object] | None = None
) -> RecordName:
    """The name of a record, from what was entered when the replica does not hold it."""
    entity = CATALOGUE.get(entity_name)
    if entity is None:
        return RecordName(entity_name, RowId(row_id), entity_name, "")
    row = reader.row(entity_name, row_id)
    return RecordName(entity_name, RowId(row_id), entity.title, _label(reader, entity, row or entered or {}))


def _label(reader: Reader, entity: Entity, row: Mapping[str, object]) -> str:
    if entity.name == "sales_order":
        number = str(row.get("number_official") or row.get("number_local") or "")
        return " · ".join(part for part in (number, _account_name(reader, row.get("account_id"))) if part)
    label = " ".join(str(row[name]) for name in entity.label if row.get(name))[:_LONGEST]
    if entity.name in ("account", "user", "product", "conflict"):
        return label
    return " · ".join(part for part in (label, _account_name(reader, row.get("account_id"))) if part)


def _account_name(reader: Reader, account_id: object) -> str:
    if not isinstance(account_id, bytes):
        return ""
    found = reader.rows("SELECT name FROM account WHERE id = ?", (account_id,))
    return found[0][0] if found else ""


def user_name(reader: Reader, user_id: object) -> str:
    """The name of a person, "" when nobody is named."""
    if not isinstance(user_id, bytes):
        return ""
    found = reader.rows("SELECT name FROM app_user WHERE id = ?", (user_id,))
    return found[0][0] if found else ""


def device_name(reader: Reader, device_id: object) -> str:
    """The name of a device, "" when this replica does not know it."""
    if not isinstance(device_id, bytes):
        return ""
    found = reader.rows("SELECT name FROM device WHERE id = ?", (device_id,))
    return (found[0][0] or "") if found else ""


def kept_text(reader: Reader, field: Field, kept: object, currency: str, zone: tzinfo) -> str:
    """The text of a value that a conflict keeps in its JSON form."""
    if not isinstance(kept, str):
        return NOTHING
    try:
        value = from_json(field, msgspec.json.decode(kept))
    except (KnownError, msgspec.DecodeError):
        return kept[:_LONGEST]
    return value_text(reader, field, value, currency, zone)


def value_text(reader: Reader, field: Field, value: Value, currency: str, zone: tzinfo) -> str:
    """A value as people read it; a dash for nothing."""
    if value is None or value == "":
        return NOTHING
    if field.kind is Kind.BYTES:
        return "a small picture"
    if isinstance(value, bytes):
        named = record_name(reader, field.to, value) if field.to in CATALOGUE else None
        return (named.label if named else "") or "a record not on this device"
    if isinstance(value, int):
        return _number_text(field.kind, value, currency, zone)
    return value


def _number_text(kind: Kind, value: int, currency: str, zone: tzinfo) -> str:
    if kind is Kind.FLAG:
        return "yes" if value else "no"
    if kind is Kind.AMOUNT:
        return f"{format_amount(value, currency)} {currency}"
    if kind is Kind.RATE:
        return f"{format_millionths(value * _PERCENT)} %"
    if kind in (Kind.PRICE, Kind.QUANTITY):
        return format_millionths(value)
    if kind is Kind.INSTANT:
        return f"{datetime.fromtimestamp(value / 1000, tz=zone):%Y-%m-%d %H:%M}"
    return str(value)
