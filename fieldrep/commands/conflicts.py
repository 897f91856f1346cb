"""Deciding conflicts: the record's field and the conflict's state move in one change.

Owns the verb. Both values stay readable in the conflict whatever is chosen (I10).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of
from fieldrep.commands.order_lines import settle_totals
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import from_json
from fieldrep.domain.orders import amount_of_line
from fieldrep.store.drafts import DraftKey
from fieldrep.store.reads.choices import choices
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """How one conflict is decided: mine, theirs, or another value, in its JSON form, in their place."""

    row_id: RowId
    choose: str
    value: object = None


def resolve_conflict(replica: Replica, *, row_id: RowId, choose: str, value: object = None) -> Done:
    """Decides a conflict: take mine, keep theirs, or put another value, in its JSON form, in their place."""
    return decide_conflicts(replica, choices=(Choice(row_id=row_id, choose=choose, value=value),))


def decide_conflicts(replica: Replica, *, choices: Sequence[Choice], draft: DraftKey | None = None) -> Done:
    """Decides several conflicts as one change, so that one undo takes all of it back."""
    with replica.begin("resolve_conflict", "Decide a conflict") as uow:
        decided = [_decide(uow, choice) for choice in choices]
        titles = ", ".join(title for title, _ in decided)
        uow.label = f"{titles} of {decided[0][1]} decided"
        uow.drop_draft(draft)
    return done("resolve_conflict", uow, choices[0].row_id)


def _decide(uow: UnitOfWork, choice: Choice) -> tuple[str, str]:
    """Writes one decision; gives the field's title and what people call the record."""
    conflict = _open_conflict(uow, choice.row_id)
    entity_name, record_id = text_of(conflict, "entity"), ref_of(conflict, "row_id")
    field = entity_named(entity_name).field(text_of(conflict, "field"))
    record = uow.row(entity_name, record_id)
    if record is None:
        label = text_of(conflict, "row_label")
        sentence = f"{label} is no longer on this device, so its conflict is not yours to decide."
        raise KnownError(Code.NOT_FOUND, sentence, field="id")
    values = {field.name: _chosen(uow, conflict, field, choice, record)}
    if choice.choose == "other":
        values = entered(uow, entity_name, values, creating=False)
    if conflict["reason"] == "deleted" and choice.choose != "theirs":
        values["archived"] = 0
    if choice.choose != "theirs" or conflict["reason"] != "deleted":
        uow.update(entity_name, record_id, values)
        _settle_order(uow, entity_name, record_id, record)
    uow.update("conflict", choice.row_id, {"status": "resolved", "chosen": choice.choose})
    return field.title, label_of(entity_name, record)


def _settle_order(uow: UnitOfWork, entity_name: str, record_id: RowId, record: Row) -> None:
    """A decision on an order or one of its lines changes its sums at once, as the office will."""
    if entity_name == "document_line":
        order = uow.row("sales_order", ref_of(record, "order_id"))
        line = uow.row(entity_name, record_id)
        assert line is not None  # noqa: S101 - just written
        if order is not None:
            amount = amount_of_line(line, text_of(order, "currency"))
            uow.update(entity_name, record_id, {"line_amount": amount})
            settle_totals(uow, ref_of(order, "id"))
    elif entity_name == "sales_order":
        settle_totals(uow, record_id)


def _open_conflict(uow: UnitOfWork, row_id: RowId) -> Row:
    conflict = uow.row("conflict", row_id)
    if conflict is None:
        raise KnownError(Code.NOT_FOUND, "There is no such conflict on this device.", field="id")
    if conflict["status"] != "open":
        chosen = text_of(conflict, "chosen") or "decided"
        sentence = f"This conflict is decided already ({chosen}); edit the record to change it again."
        raise KnownError(Code.NOTHING_TO_CHANGE, sentence, field="id")
    return conflict


def _chosen(uow: UnitOfWork, conflict: Row, field: Field, choice: Choice, record: Row) -> Value:
    if choice.choose == "other":
        if choice.value is None:
            sentence = f"Give the value {field.title} is to have; to keep what stands, choose theirs."
            raise KnownError(Code.REQUIRED, sentence, field="value")
        return from_json(field, choice.value)
    if choice.choose not in ("mine", "theirs"):
        sentence = f"Choose one of mine, theirs or other; “{choice.choose[:40]}” is none of them."
        raise KnownError(Code.INVALID_VALUE, sentence, field="choose")
    mine, theirs = choices(uow.driver, conflict, record, field, uow.user_id)
    kept = mine if choice.choose == "mine" else theirs
    return from_json(field, msgspec.json.decode(kept)) if kept is not None else None
