"""Any rows of any entity, for `fieldrep show` and `fieldrep status`: by id, or by the values of fields.

Owns the reading of rows whose kind is known only at run time. Screens have queries of their own.
"""

# ruff: noqa: S608 - the names in these texts come from the catalogue alone

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES, entity_named
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Kind, Value
from fieldrep.contract.ids import RowId, id_text, parse_id
from fieldrep.contract.jsonform import JsonValue, row_to_json
from fieldrep.store.reader import Reader
from fieldrep.store.reads.choices import choices
from fieldrep.store.state import load_state
from fieldrep.store.statements import Row

_WORDS = frozenset({Kind.TEXT, Kind.CHOICE, Kind.DATE, Kind.JSON})
_NOTHING = frozenset({"", "null"})


def record(reader: Reader, *, entity: str, row_id: RowId) -> dict[str, JsonValue]:
    """One row in its form at the edges; an open conflict also says what each choice takes now.

    Raises:
        KnownError: `unknown_entity` or `not_found`.
    """
    described = entity_named(entity)
    row = reader.row(entity, row_id)
    if row is None:
        raise KnownError(
            Code.NOT_FOUND, f"There is no {described.title.lower()} {id_text(row_id)} on this device."
        )
    return _shown(reader, described, row)


def records(
    reader: Reader, *, entity: str, where: Sequence[tuple[str, str]] = ()
) -> Iterator[dict[str, JsonValue]]:
    """The rows of an entity, by id, for which each named field has the value; `null` or nothing for an empty one.

    Raises:
        KnownError: `unknown_entity`, `unknown_field` or `invalid_value`.
    """
    described = entity_named(entity)
    tests = [(_field(described, name), value) for name, value in where]
    parameters = [_value(field, value) for field, value in tests]
    sql = f"SELECT {', '.join(described.column_names)} FROM {described.table}"
    if tests:
        sql += " WHERE " + " AND ".join(f"{field.name} IS ?" for field, _ in tests)
    return _rows(reader, described, f"{sql} ORDER BY id", parameters)


def _rows(
    reader: Reader, entity: Entity, sql: str, parameters: Sequence[Value]
) -> Iterator[dict[str, JsonValue]]:
    for values in reader.driver.execute(sql, parameters):
        yield _shown(reader, entity, dict(zip(entity.column_names, values, strict=True)))


def _shown(reader: Reader, entity: Entity, row: Row) -> dict[str, JsonValue]:
    shown = row_to_json(entity, row)
    if entity.name == "conflict":
        shown.update(_to_choose(reader, row))
    return shown


def _to_choose(reader: Reader, conflict: Row) -> dict[str, JsonValue]:
    """`choose_mine` and `choose_theirs`: what a decision takes now, where one can be made here.

    What the conflict kept stays beside them as it arrived, the same as in every export.
    """
    entity, name, row_id = (conflict[one] for one in ("entity", "field", "row_id"))
    described = CATALOGUE.get(str(entity))
    if conflict["status"] != "open" or described is None or not described.has(str(name)):
        return {}
    record = reader.row(described.name, row_id) if isinstance(row_id, bytes) else None
    if record is None:
        return {}
    me = load_state(reader.driver).user_id
    mine, theirs = choices(reader.driver, conflict, record, described.field(str(name)), me)
    return {"choose_mine": _decoded(mine), "choose_theirs": _decoded(theirs)}


def _decoded(kept: str | None) -> JsonValue:
    found: JsonValue = msgspec.json.decode(kept) if kept is not None else None
    return found


def row_counts(reader: Reader) -> dict[str, int]:
    """How many rows of each entity lie here."""
    return {entity.name: reader.rows(f"SELECT count(*) FROM {entity.table}")[0][0] for entity in ENTITIES}


def _field(entity: Entity, name: str) -> Field:
    if not entity.has(name):
        known = ", ".join(entity.column_names)
        raise KnownError(
            Code.UNKNOWN_FIELD,
            f"{entity.title} has no field “{name[:60]}”. It has: {known}.",
            field=name[:60],
        )
    return entity.field(name)


def _value(field: Field, text: str) -> Value:
    if text in _NOTHING:
        return None
    if field.kind in _WORDS:
        return text
    try:
        if field.kind is Kind.REF:
            return parse_id(text)
        if field.kind is Kind.FLAG:
            return {"true": 1, "false": 0, "1": 1, "0": 0}[text]
        return int(text)
    except (ValueError, KeyError):
        raise KnownError(
            Code.INVALID_VALUE, f"{field.title}: “{text[:60]}” is not a {field.kind.value}.", field=field.name
        ) from None
