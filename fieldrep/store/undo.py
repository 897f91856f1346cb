"""Undo: a new change that reverses the edits of an earlier one, so that nothing which was sent has to be called back.

Owns which change can be undone and what its reverse is. Must not know commands; `commands` offers it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Kind, Merge
from fieldrep.store.outgoing import outbox
from fieldrep.store.reader import Reader
from fieldrep.store.state import load_state
from fieldrep.store.unit_of_work import UnitOfWork

LOOK_BACK = 50
_UNDO = "undo "
_DECISIONS = ("conflict", "duplicate_candidate")
"""What people decide on: the central store knows the way back."""


@dataclass(frozen=True, slots=True)
class Undoable:
    """A change that can be undone, for the menu and the toast."""

    n: int
    label: str
    made_at: int


def last_undoable(reader: Reader) -> Undoable | None:
    """The newest change not yet sent that is no undo and has not been undone."""
    undone: set[int] = set()
    rows = reader.rows(
        "SELECT n, command, label, made_at FROM outbox WHERE state = 'ready' ORDER BY n DESC LIMIT ?",
        (LOOK_BACK,),
    )
    for n, command, label, made_at in rows:
        if command.startswith(_UNDO):
            undone.add(int(command.removeprefix(_UNDO)))
        elif n not in undone:
            return Undoable(n, label, made_at)
    return None


def undo(unit: UnitOfWork, n: int) -> str:
    """Reverses change `n` as part of this unit of work; gives the label of what was undone.

    A field that was changed again since keeps its newer value.

    Raises:
        KnownError: `not_found` when the change is no longer here, `nothing_to_change` when it cannot be undone.
    """
    found = outbox.find(unit.driver, n)
    if found is None:
        was_made = n <= load_state(unit.driver).highest_n
        gone = "This can no longer be undone: it was sent long ago or refused."
        raise KnownError(Code.NOT_FOUND, gone if was_made else f"No change here has the number {n} yet.")
    change, label = found
    reversed_any = False
    _require_own_decisions(unit, change)
    for edit in reversed(change.edits):
        reversed_any |= _reverse(unit, edit)
    if not reversed_any:
        raise KnownError(
            Code.NOTHING_TO_CHANGE, f"“{label}” cannot be undone: everything in it was changed again since."
        )
    unit.command, unit.label = f"{_UNDO}{n}", f"Undone: {label}"
    return label


def _require_own_decisions(unit: UnitOfWork, change: Change) -> None:
    """A decision is taken back with its value or not at all, and only while it is the one that stands."""
    for edit in change.edits:
        if edit.entity == "duplicate_candidate" and edit.before.get("status") == "merged":
            sentence = "A merge that is taken back is not put back by undo. Merge the two again instead."
            raise KnownError(Code.NOTHING_TO_CHANGE, sentence)
        if edit.entity != "conflict":
            continue
        conflict = unit.row("conflict", edit.row_id)
        if conflict is None or any(conflict[name] != after for name, after in edit.after.items()):
            label = str(conflict["row_label"]) if conflict is not None else "its record"
            raise KnownError(
                Code.NOTHING_TO_CHANGE,
                f"The conflict on {label} was decided differently meanwhile, so this decision is not taken back. "
                "Edit the record to change it.",
            )


def _reverse(unit: UnitOfWork, edit: Edit) -> bool:
    entity = entity_named(edit.entity)
    row = unit.row(edit.entity, edit.row_id)
    if row is None:
        return False
    if edit.kind == "create":
        return not row["archived"] and unit.archive(edit.entity, edit.row_id)
    if edit.entity == "duplicate_candidate" and row["status"] != edit.after.get("status", row["status"]):
        # carried out meanwhile, so that the two are asked to be made two again; anything else is a newer decision
        merged = (edit.after["status"], row["status"]) == ("merge_requested", "merged")
        return merged and unit.update(edit.entity, edit.row_id, {"status": "open"})
    values: dict[str, object] = {}
    for name, after in edit.after.items():
        field = entity.field(name)
        if field.merge is Merge.GUARDED and field.kind is Kind.CHOICE and edit.entity not in _DECISIONS:
            raise KnownError(
                Code.NOTHING_TO_CHANGE,
                f"{field.title} of this {entity.title.lower()} moved on and is not taken back by undo.",
            )
        if row[name] == after:
            values[name] = edit.before.get(name)
    return bool(values) and unit.update(edit.entity, edit.row_id, values)
