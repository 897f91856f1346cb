"""The fields of a record that have one value now and had another before: what a restore report names.

Values come from devices, so one that its field cannot hold is passed over. Must not know who told of them, nor why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Edit
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Field, Value, Writer
from fieldrep.contract.ids import id_text
from fieldrep.contract.values import check_value

_PEOPLES = ("archived", "custom")
"""The system fields that people write."""


@dataclass(frozen=True, slots=True)
class TwoValues:
    """One field of a record with both its values, None for nothing.

    Attributes:
        whole: the record itself begins with it, or is not there at all.
        currency: that of the record's amounts, "" where it says none.
    """

    entity: str
    row_id: str
    field: str
    before: Value
    after: Value
    whole: bool
    currency: str


def differing(
    entity: Entity, row_id: bytes, before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[TwoValues, ...]:
    """The fields named in `after` whose values differ, but for those that only the server writes.

    A field that begins with what it holds anyway is nobody's doing.
    """
    currency = after.get("currency") or before.get("currency")
    found = []
    for field in (*entity.fields.values(), *map(entity.field, _PEOPLES)):
        if field.name in after and field.writers != Writer.SERVER:
            was, now = (_fit(entity, field, values.get(field.name)) for values in (before, after))
            begun = field.name not in before and now == field.default
            if was != now and not begun:
                named = currency if isinstance(currency, str) else ""
                found.append(TwoValues(entity.name, id_text(row_id), field.name, was, now, not before, named))
    return tuple(found)


def entered(edits: Iterable[Edit]) -> tuple[TwoValues, ...]:
    """What the edits of a change made of each field; its records have one currency where one of them says it."""
    edits = tuple(edits)
    said = {
        values["currency"] for edit in edits for values in (edit.before, edit.after) if values.get("currency")
    }
    currency = said.pop() if len(said) == 1 else None
    return tuple(
        replace(pair, currency=pair.currency or currency) if isinstance(currency, str) else pair
        for edit in edits
        if edit.entity in CATALOGUE
        for pair in differing(CATALOGUE[edit.entity], edit.row_id, edit.before, edit.after)
    )


def _fit(entity: Entity, field: Field, value: object) -> Value:
    try:
        return None if value is None else check_value(entity, field, value)
    except KnownError:
        return None
