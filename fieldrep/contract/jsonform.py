"""The JSON form of rows and values at the edges: command lines, exports, conflicts, logs.

Ids are hyphenated text, other bytes are base64, flags are true and false, JSON fields are objects; numbers stay whole
numbers. The canonical line of a row is the same bytes for the same content, on either side.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping

import msgspec

from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import id_text, parse_id
from fieldrep.contract.values import canonical_json, whole_number

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


def to_json(field: Field, value: Value) -> JsonValue:
    """A value in its form at the edges."""
    if value is None:
        return None
    if field.kind is Kind.REF and isinstance(value, bytes):
        return id_text(value)
    if field.kind is Kind.BYTES and isinstance(value, bytes):
        return b64encode(value).decode()
    if field.kind is Kind.FLAG:
        return bool(value)
    if field.kind is Kind.JSON and isinstance(value, str):
        decoded: JsonValue = msgspec.json.decode(value)
        return decoded
    if isinstance(value, bytes):
        raise TypeError(f"{field.name} holds bytes, but is no reference")
    return value


def from_json(field: Field, value: object) -> Value:
    """The inner value of a value at the edges; `contract/values.py` still checks its limits.

    Raises:
        KnownError: `invalid_value`, when it has the wrong type; amounts given as fractions are named as such.
    """
    if value is None:
        return None
    if field.kind is Kind.JSON:
        return canonical_json(value)
    if field.kind is Kind.REF and isinstance(value, str):
        try:
            return parse_id(value)
        except ValueError as error:
            raise KnownError(Code.INVALID_VALUE, f"{field.title}: {error}", field=field.name) from error
    if field.kind is Kind.BYTES and isinstance(value, str):
        return _from_base64(field, value)
    if field.kind is Kind.FLAG and isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        sentence = f"{field.title}: {value!r} is a decimal fraction; write {whole_number(field)} instead."
        raise KnownError(Code.INVALID_VALUE, sentence, field=field.name)
    if isinstance(value, bool) or not isinstance(value, int | str | bytes):
        sentence = f"{field.title}: this does not fit; a value of the kind “{field.kind.value}” is wanted."
        raise KnownError(Code.INVALID_VALUE, sentence, field=field.name)
    return value


def _from_base64(field: Field, text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        sentence = f"{field.title}: this is not base64."
        raise KnownError(Code.INVALID_VALUE, sentence, field=field.name) from error


def row_to_json(entity: Entity, row: Mapping[str, Value]) -> dict[str, JsonValue]:
    """All synced fields of a row in their form at the edges."""
    return {field.name: to_json(field, row.get(field.name)) for field in entity.columns}


def canonical_line(entity: Entity, row: Mapping[str, Value]) -> bytes:
    """One line of an export: entity, id and all synced fields, keys sorted, ended by a newline."""
    body: dict[str, JsonValue] = {"entity": entity.name, "row": row_to_json(entity, row)}
    return canonical_json(body).encode() + b"\n"
