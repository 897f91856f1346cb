"""Commands on refused changes: letting one go, or sending what was entered again, corrected where it was wrong.

Owns the verbs; what a refused change keeps is the store's.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of
from fieldrep.commands.order_lines import settle_totals
from fieldrep.commands.row_values import text_of
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.change import Change
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import from_json
from fieldrep.domain.orders import EDITABLE_STATES
from fieldrep.store import correcting, refused
from fieldrep.store.drafts import DraftKey
from fieldrep.store.replica import Replica
from fieldrep.store.unit_of_work import UnitOfWork


def discard_refused(replica: Replica, *, key: int) -> Done:
    """Lets a refused change go; what was entered in it is forgotten."""
    with replica.begin("discard_refused", "Discard a refused change") as uow:
        entry = refused.discard(uow, key)
        uow.label = f"Discard: {entry.label}"
    return done("discard_refused", uow, None, also=frozenset({"refused_change"}))


def send_again(
    replica: Replica,
    *,
    key: int,
    fields: Mapping[str, object] | None = None,
    rows: Mapping[RowId, Mapping[str, Value]] | None = None,
    draft: DraftKey | None = None,
) -> Done:
    """Sends a refused change again, with other values, in their JSON form, for the record it was refused for.

    `rows` are corrected values of any of its records; `draft` is the form they were corrected in.
    """
    with replica.begin("send_again", "Send again") as uow:
        entry = refused.refused_change(uow.driver, key)
        corrections: dict[bytes, Mapping[str, object]] = dict(rows.items()) if rows else {}
        if fields:
            corrections[entry.row_id] = _corrected(entry, fields)
        refused.send_again(uow, key, corrections)
        uow.drop_draft(draft)
        uow.command, uow.label = entry.command, entry.label
        row_id = entry.change.edits[0].row_id if entry.change.edits else None
    return done("send_again", uow, row_id, also=frozenset({"refused_change"}))


def correct_order(replica: Replica, *, row_id: RowId) -> Done:
    """Brings back the order of refused changes as it was entered; nothing of it is sent before `send_corrected`."""
    with replica.begin("correct_order", "Correct a refused order") as uow:
        first = refused.reopen(uow, lambda change: _of_order(uow, change, row_id))
        order = uow.row("sales_order", row_id)
        if first is None or order is None:
            raise KnownError(Code.NOT_FOUND, "Nothing of this order was refused.", field="id")
        label = label_of("sales_order", order)
        if order["status"] not in EDITABLE_STATES:
            sentence = (
                f"{label} is {text_of(order, 'status').replace('_', ' ')} at the office and takes no more changes. "
                "Hand what you entered to the admin, export it, or let it go."
            )
            raise KnownError(Code.READ_ONLY, sentence)
        uow.label = f"Order {label}, corrected"
        settle_totals(uow, row_id)
    return done("correct_order", uow, row_id, also=frozenset({"refused_change"}))


def send_corrected(replica: Replica, *, row_id: RowId) -> Done:
    """Lets an order that was being corrected go with the next sync, as one new change."""
    with replica.begin("send_corrected", "Send corrected order") as uow:
        if not correcting.release(uow.driver, row_id):
            raise KnownError(Code.NOTHING_TO_CHANGE, "This order is not being corrected.")
        order = uow.row("sales_order", row_id)
        uow.label = f"Order {label_of('sales_order', order or {})} is sent again"
    return done("send_corrected", uow, row_id, also=frozenset({"sales_order"}))


def _of_order(uow: UnitOfWork, change: Change, order_id: RowId) -> bool:
    for edit in change.edits:
        if edit.row_id == order_id or edit.after.get("order_id") == order_id:
            return True
        line = uow.row(edit.entity, edit.row_id) if edit.entity == "document_line" else None
        if line is not None and line["order_id"] == order_id:
            return True
    return False


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
