"""Commands on refused changes: letting one go, or sending what was entered again, corrected where it was wrong.

Owns the verbs; what a refused change keeps is the store's.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.commands.done import Done, done
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.jsonform import from_json
from fieldrep.store import refused
from fieldrep.store.replica import Replica


def discard_refused(replica: Replica, *, key: int) -> Done:
    """Lets a refused change go; what was entered in it is forgotten."""
    with replica.begin("discard_refused", "Discard a refused change") as uow:
        entry = refused.discard(uow, key)
        uow.label = f"Discard: {entry.label}"
    return done("discard_refused", uow, None, also=frozenset({"refused_change"}))


def send_again(replica: Replica, *, key: int, fields: Mapping[str, object] | None = None) -> Done:
    """Sends a refused change again, with other values, in their JSON form, for the record it was refused for."""
    with replica.begin("send_again", "Send again") as uow:
        entry = refused.refused_change(uow.driver, key)
        corrections: dict[bytes, Mapping[str, object]] = {}
        if fields:
            corrections[entry.row_id] = _corrected(entry, fields)
        refused.send_again(uow, key, corrections)
        uow.command, uow.label = entry.command, entry.label
        row_id = entry.change.edits[0].row_id if entry.change.edits else None
    return done("send_again", uow, row_id, also=frozenset({"refused_change"}))


def _corrected(entry: refused.RefusedChange, fields: Mapping[str, object]) -> dict[str, Value]:
    if not entry.entity or not entry.row_id:
        sentence = (
            "This refusal names no record, so single fields cannot be corrected; enter the change anew."
        )
        raise KnownError(Code.INVALID_VALUE, sentence, field="fields")
    entity = entity_named(entry.entity)
    values = {}
    for name, value in fields.items():
        if not entity.has(name):
            sentence = f"{entity.title} has no field “{name[:60]}”."
            raise KnownError(Code.UNKNOWN_FIELD, sentence, field=name[:60])
        values[name] = from_json(entity.field(name), value)
    return values
