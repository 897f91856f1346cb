"""Decisions on conflicts and their undoing as they arrive: the first accepted one stands, a later one is kept and told.

Owns how the decisions of one change stand to what the store holds by now. A decision names its conflict and carries, in
the same change, the value it gives the record's field; both go together or neither does. No clock takes part (I10).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

import msgspec

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit, KeptField
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import from_json
from fieldrep.contract.merge import Fit, merge_field
from fieldrep.contract.values import check_sent
from sync_server.reconcile.author import Rights
from sync_server.reconcile.conflicts import CONFLICT, kept_value, moved_under, open_conflict, raise_conflict
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.transaction import Row, WriteTransaction


class _Turn(Enum):
    """What a decision comes to."""

    TAKEN = auto()
    """The conflict was open and its field as the person saw it."""
    MOVED = auto()
    """The field holds a third value by now: the conflict stays open, against that one."""
    LATE = auto()
    """Somebody decided before: what this one wanted is kept as a conflict of its own, where it differs."""
    REOPENED = auto()
    """Its author takes back a decision that still stands: the conflict is open again, the value as it was."""
    WITHDRAWN = auto()
    """Its author takes back a decision that never stood."""
    VOID = auto()
    """Taken back, and open as it is."""


@dataclass(frozen=True, slots=True)
class _Ruling:
    turn: _Turn
    conflict: Row
    entity: Entity
    field: Field
    fits: bool
    has_value: bool


class Decisions:
    """The decisions of one change, judged before any of its edits is applied.

    Attributes:
        closed: conflicts that the change does not name and that are closed by taking a decision back.
    """

    def __init__(self, tx: WriteTransaction, rights: Rights, change: Change) -> None:
        self._tx, self._rights, self._author = tx, rights, rights.author
        self.closed: list[bytes] = []
        self._by_conflict: dict[bytes, _Ruling] = {}
        self._by_field: dict[tuple[bytes, str], _Ruling] = {}
        edits = {edit.row_id: edit for edit in change.edits if edit.kind == "update"}
        for edit in edits.values():
            if edit.entity == CONFLICT.name and "status" in edit.after:
                self._judge(edit, edits)

    def _judge(self, edit: Edit, edits: dict[bytes, Edit]) -> None:
        conflict = self._tx.row(CONFLICT, RowId(edit.row_id))
        entity = CATALOGUE.get(str(conflict["entity"])) if conflict is not None else None
        if conflict is None or entity is None or not entity.has(str(conflict["field"])):
            return
        field, about = entity.field(str(conflict["field"])), conflict["row_id"]
        row = self._tx.row(entity, RowId(about)) if isinstance(about, bytes) else None
        value = edits.get(about) if isinstance(about, bytes) else None
        if value is not None and (value.entity != entity.name or not _can_be(entity, field, value)):
            value = None  # the edit itself is refused, and the whole change with it
        fits = row is None or value is None or _fits(field, value, row)
        turn = self._turn(conflict, edit, fits)
        ruling = _Ruling(turn, conflict, entity, field, fits, value is not None)
        self._by_conflict[edit.row_id] = ruling
        goes_on = turn is _Turn.TAKEN or (turn is _Turn.REOPENED and fits)
        if isinstance(about, bytes) and not goes_on:
            self._by_field[about, field.name] = ruling

    def _turn(self, conflict: Row, edit: Edit, fits: bool) -> _Turn:
        is_open = conflict["status"] == "open"
        if edit.after["status"] != "open":
            return (_Turn.TAKEN if fits else _Turn.MOVED) if is_open else _Turn.LATE
        if is_open:
            return _Turn.VOID
        own = conflict["resolved_by"] == self._author.user_id
        same = conflict["chosen"] == edit.before.get("chosen")
        return _Turn.REOPENED if own and same else _Turn.WITHDRAWN

    def holds_back(self, row_id: bytes, name: str) -> bool:
        """Whether a field of a record does not go its usual way; nor does bringing the record back for its sake."""
        if name == "archived":
            return any(about == row_id for about, _ in self._by_field)
        return (row_id, name) in self._by_field

    def keep(self, row: Row, name: str, before: Value, after: Value) -> list[KeptField]:
        """What becomes of a value that was held back; `row` is the record as it stands."""
        ruling = self._by_field.get((row_id_of(row), name))
        if ruling is None or ruling.turn is _Turn.VOID:
            return []
        if ruling.turn in (_Turn.MOVED, _Turn.REOPENED):
            wanted = after if ruling.turn is _Turn.MOVED else None
            return [moved_under(self._tx, self._author, ruling.conflict, ruling.entity, row, wanted)]
        if ruling.turn is _Turn.WITHDRAWN and self._withdraw(ruling, row, before):
            return []
        return self._raise(ruling, row, before, after)

    def conflict_values(self, row: Row, edit: Edit) -> tuple[Row, list[KeptField]]:
        """What a decision writes to its conflict, and what is kept because it came too late."""
        ruling = self._by_conflict.get(row_id_of(row))
        if ruling is None:
            return {}, []
        if ruling.turn is _Turn.TAKEN:
            stamps: Row = {"resolved_by": self._author.user_id, "resolved_at": self._tx.now}
            return {"status": "resolved", "chosen": edit.after.get("chosen"), **stamps}, []
        if ruling.turn is _Turn.REOPENED and ruling.fits:
            return {"status": "open", "chosen": None, "resolved_by": None, "resolved_at": None}, []
        if ruling.turn is _Turn.LATE and not ruling.has_value:
            return {}, self._late_choice(ruling, edit.after.get("chosen"))
        return {}, []

    def _late_choice(self, ruling: _Ruling, chosen: Value) -> list[KeptField]:
        """A late decision for a value its device saw standing already carries none itself."""
        kept = ruling.conflict.get(f"{chosen}_value") if chosen in ("mine", "theirs") else None
        about = ruling.conflict["row_id"]
        row = self._tx.row(ruling.entity, RowId(about)) if isinstance(about, bytes) else None
        if row is None or not isinstance(kept, str) or ruling.conflict["reason"] == "deleted":
            return []
        wanted = from_json(ruling.field, msgspec.json.decode(kept))
        return self._raise(ruling, row, row[ruling.field.name], wanted)

    def _raise(self, ruling: _Ruling, row: Row, before: Value, after: Value) -> list[KeptField]:
        if after == row[ruling.field.name]:
            return []
        reason = "deleted" if row["archived"] else "decided"
        entity, field = ruling.entity, ruling.field
        return [raise_conflict(self._tx, self._rights, entity, row, field, before, after, reason)]

    def _withdraw(self, ruling: _Ruling, row: Row, before: Value) -> bool:
        """Closes the conflict that the decision taken back had raised by coming late."""
        found = open_conflict(self._tx, self._author, row, ruling.field, before)
        if found is None or found["mine_value"] != kept_value(ruling.field, before):
            return False
        found.update(status="resolved", chosen="theirs", resolved_by=self._author.user_id)
        found.update(resolved_at=self._tx.now, changed_at=self._tx.now, changed_by=self._author.user_id)
        found["revision"] = self._tx.revision
        self._tx.stage(CONFLICT, found)
        self.closed.append(row_id_of(found))
        return True


def _can_be(entity: Entity, field: Field, value: Edit) -> bool:
    """Whether an edit gives a field a value that it may hold, starting from one."""
    if field.name not in value.after:
        return False
    try:
        for one in (value.before.get(field.name), value.after[field.name]):
            if one is not None:
                check_sent(entity, field, one)
    except KnownError:
        return False
    return True


def _fits(field: Field, value: Edit, row: Row) -> bool:
    after, present = value.after[field.name], row[field.name]
    if row["archived"] and "archived" not in value.after and after != present:
        return False
    return merge_field(field, value.before.get(field.name), after, present)[0] is not Fit.CLASH
