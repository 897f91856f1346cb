"""Commands on refused changes: letting one go, or sending what was entered again, corrected where it was wrong.

Owns the verbs; what a refused change keeps is the store's.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.commands.activities import put_beside
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of
from fieldrep.commands.order_lines import settle_totals
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.change import Change
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId, id_text
from fieldrep.contract.jsonform import JsonValue, from_json, to_json
from fieldrep.contract.values import canonical_json
from fieldrep.domain.orders import EDITABLE_STATES
from fieldrep.store.drafts import DraftKey
from fieldrep.store.incoming import quarantine, refused
from fieldrep.store.outgoing import correcting
from fieldrep.store.outgoing.pending import at_the_office
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork

_HANDED = "SELECT 1 FROM handed_change WHERE user_id = ? AND n = ? AND made_at = ? AND status = 'open'"

_STILL_A_DRAFT = "The office does nothing about it until it is submitted."


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
        row_id = _again(uow, entry, {entry.row_id: _corrected(entry, fields)} if fields else {})
    return done("send_again", uow, row_id, also=frozenset({"refused_change"}))


def correct_refused(
    replica: Replica, *, key: int, rows: Mapping[RowId, Mapping[str, Value]], draft: DraftKey | None = None
) -> Done:
    """Sends a refused change again as its form has it by now: corrected values of any of its records."""
    with replica.begin("send_again", "Send again") as uow:
        uow.drop_draft(draft)
        row_id = _again(uow, refused.refused_change(uow.driver, key), rows)
    return done("send_again", uow, row_id, also=frozenset({"refused_change"}))


def _again(
    uow: UnitOfWork,
    entry: refused.RefusedChange,
    corrections: Mapping[RowId, Mapping[str, Value]] | Mapping[bytes, Mapping[str, Value]],
) -> bytes | None:
    """Makes it anew, under its own name; gives the record it begins with.

    A text for an activity that somebody else wrote one for meanwhile becomes one of its own beside that.
    """
    again = {bytes(row_id): dict(values) for row_id, values in corrections.items()}
    beside: list[tuple[Row, Value]] = []
    for edit in entry.change.edits:
        text = again.get(edit.row_id, {}).get("body", edit.after.get("body"))
        first = (
            uow.row("activity", edit.row_id) if edit.entity == "activity" and isinstance(text, str) else None
        )
        if first is not None and first["body"] not in (None, text):
            again.setdefault(edit.row_id, {})["body"] = first["body"]
            beside.append((first, text))
    refused.send_again(uow, entry.refused_no, again)
    for first, text in beside:
        put_beside(uow, first, text)
    uow.command, uow.label = entry.command, entry.label
    return entry.change.edits[0].row_id if entry.change.edits else None


def correct_order(replica: Replica, *, row_id: RowId) -> Done:
    """Brings back the order of refused changes as a draft, with all that was entered; it is not sent meanwhile."""
    with replica.begin("correct_order", "Correct a refused order") as uow:
        standing = at_the_office(uow.driver, "sales_order", row_id)
        first = refused.reopen(uow, lambda change: refused.touches_order(uow, change, row_id))
        order = uow.row("sales_order", row_id)
        if first is None or order is None:
            raise KnownError(Code.NOT_FOUND, "Nothing of this order was refused.", field="id")
        label = label_of("sales_order", order)
        if any(row is not None and row["status"] not in EDITABLE_STATES for row in (order, standing)):
            raise KnownError(Code.READ_ONLY, _closed(label, standing))
        uow.label = f"Order {label}, corrected"
        if order["archived"]:
            uow.update("sales_order", row_id, {"archived": 0})
        settle_totals(uow, row_id)
    return done("correct_order", uow, row_id, also=frozenset({"refused_change"}))


def _closed(label: str, standing: Mapping[str, Value] | None) -> str:
    """Why an order takes no corrections: what it is at the office counts, not what is still on its way there."""
    if standing is None or standing["status"] in EDITABLE_STATES:
        return f"{label} is on its way and the office has not answered yet. Sync first, then look here again."
    return (
        f"{label} is {str(standing['status']).replace('_', ' ')} at the office and takes no more changes. "
        "Hand what you entered to the admin, export it, or let it go."
    )


def send_corrected(replica: Replica, *, row_id: RowId) -> Done:
    """Lets an order that was being corrected go with the next sync, as a draft; `submit_order` submits it as well."""
    with replica.begin("send_corrected", "Send corrected order") as uow:
        if not correcting.release(uow.driver, row_id):
            raise KnownError(Code.NOTHING_TO_CHANGE, "This order is not being corrected.")
        order = uow.row("sales_order", row_id)
        uow.label = f"Order {label_of('sales_order', order or {})} is sent again as a draft"
    return done("send_corrected", uow, row_id, also=frozenset({"sales_order"}), note=_STILL_A_DRAFT)


def hand_over(replica: Replica, *, key: int, note: str = "") -> Done:
    """Hands a refused change to the admin with all that was entered; it stays here until it is answered and let go."""
    with replica.begin("hand_over", "Hand over") as uow:
        entry = refused.refused_change(uow.driver, key)
        if uow.rows(_HANDED, (uow.user_id, entry.n, entry.made_at)):
            raise KnownError(Code.NOTHING_TO_CHANGE, f"“{entry.label}” is with the admin already.")
        uow.label = f"Handed to the admin: {entry.label}"
        values: dict[str, Value] = {
            "user_id": uow.user_id,
            "n": entry.n,
            "label": entry.label[:200],
            "code": entry.code.value,
            "sentence": entry.sentence[:1_000],
            "payload": canonical_json(entered_in(entry.change)),
            "note": note.strip() or None,
            "made_at": entry.made_at,
        }
        row_id = uow.create("handed_change", values)
    return done("hand_over", uow, row_id, also=frozenset({"refused_change"}))


def entered_in(change: Change) -> list[JsonValue]:
    """What was entered, in its JSON form: the records with their fields, before and after."""
    edits: list[JsonValue] = []
    for edit in change.edits:
        entity = entity_named(edit.entity)
        fields: dict[str, JsonValue] = {
            name: {"before": _json(entity, name, edit.before.get(name)), "after": _json(entity, name, after)}
            for name, after in edit.after.items()
        }
        edits.append({"entity": edit.entity, "id": id_text(edit.row_id), "kind": edit.kind, "fields": fields})
    return edits


def _json(entity: Entity, name: str, value: object) -> JsonValue:
    plain = value if isinstance(value, int | str | bytes) else None
    return to_json(entity.field(name), plain) if entity.has(name) else None


def stop_correcting(replica: Replica, *, n: int) -> Done:
    """Gives up a correction for now: what was entered goes back to the refused changes, as it is."""
    touched = quarantine.stop_correcting(replica, n)
    label = "The correction was put back under Refused"
    return Done(command="stop_correcting", entities=touched | {"refused_change"}, label=label)


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
