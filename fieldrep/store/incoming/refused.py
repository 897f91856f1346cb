"""Refused changes: what the central store did not take, with its reason and everything that was entered.

They stay until a person corrects and sends them again or lets them go; nothing that was typed is lost. Then their
numbers are left: a restored store that asks what became of them is told that they had been refused. Owns the tables
`refused_change` and `past_refusal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from fieldrep.contract.catalogue import entity_named
from fieldrep.contract.change import Change, Refused
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Merge
from fieldrep.contract.messages import MAX_CHANGES
from fieldrep.store.engine import Connection
from fieldrep.store.outgoing.pending import decode_change
from fieldrep.store.unit_of_work import UnitOfWork

MOST_PAST = MAX_CHANGES
"""Refusals remembered by their numbers alone, the newest: no more can be told to a restored store."""

_outcomes = msgspec.msgpack.Decoder(Refused)
_COLUMNS = "refused_no, n, made_at, command, label, change, outcome, refused_at"


@dataclass(frozen=True, slots=True)
class RefusedChange:
    """A change that was not taken.

    Attributes:
        refused_no: its number among the refused changes of this device.
        change: everything that was entered.
        entity, row_id, field: what the refusal is about, empty when it says nothing.
    """

    refused_no: int
    n: int
    made_at: int
    command: str
    label: str
    change: Change
    code: Code
    sentence: str
    entity: str
    row_id: bytes
    field: str
    refused_at: int


def refused_changes(connection: Connection) -> list[RefusedChange]:
    """All refused changes, newest first."""
    sql = f"SELECT {_COLUMNS} FROM refused_change ORDER BY refused_no DESC"  # noqa: S608
    return [_read(row) for row in connection.execute(sql)]


def refused_change(connection: Connection, refused_no: int) -> RefusedChange:
    """One refused change.

    Raises:
        KnownError: `not_found`.
    """
    sql = f"SELECT {_COLUMNS} FROM refused_change WHERE refused_no = ?"  # noqa: S608
    found = connection.execute(sql, (refused_no,)).fetchone()
    if found is None:
        raise KnownError(Code.NOT_FOUND, "This refused change is not there any more.")
    return _read(found)


def discard(unit: UnitOfWork, refused_no: int) -> RefusedChange:
    """Lets a refused change go; the caller can still show what it was."""
    entry = refused_change(unit.driver, refused_no)
    unit.driver.execute("DELETE FROM refused_change WHERE refused_no = ?", (refused_no,))
    unit.driver.execute("INSERT OR IGNORE INTO past_refusal (n, ended_at) VALUES (?, ?)", (entry.n, unit.now))
    unit.driver.execute(
        "DELETE FROM past_refusal WHERE n <= (SELECT n FROM past_refusal ORDER BY n DESC LIMIT 1 OFFSET ?)",
        (MOST_PAST,),
    )
    return entry


def send_again(
    unit: UnitOfWork, refused_no: int, corrections: Mapping[bytes, Mapping[str, object]] | None = None
) -> RefusedChange:
    """Makes what was entered anew as part of this unit of work, with corrected values per row id.

    Raises:
        KnownError: as `UnitOfWork.create` and `update`; the refused change then stays as it is.
    """
    entry = discard(unit, refused_no)
    for edit in entry.change.edits:
        values: dict[str, object] = {**edit.after, **(corrections or {}).get(edit.row_id, {})}
        if edit.kind == "create" and unit.row(edit.entity, edit.row_id) is None:
            unit.create(edit.entity, values, edit.row_id)
        else:
            unit.update(edit.entity, edit.row_id, values)
    return entry


def reopen(unit: UnitOfWork, touches: Callable[[Change], bool]) -> RefusedChange | None:
    """Shows again, as one change that is not sent yet, what was entered in refused changes; gives the oldest of them.

    A move of state among it is left out: it is made again when all is right.

    Raises:
        KnownError: when a record of it is not on this device any more; everything then stays as it is.
    """
    entries = [entry for entry in reversed(refused_changes(unit.driver)) if touches(entry.change)]
    for entry in entries:
        discard(unit, entry.refused_no)
        for edit in entry.change.edits:
            described = entity_named(edit.entity)
            values = {
                name: value
                for name, value in edit.after.items()
                if described.field(name).merge is not Merge.GUARDED
            }
            if edit.kind == "create" and unit.row(edit.entity, edit.row_id) is None:
                unit.create(edit.entity, values, edit.row_id)
            elif values:
                unit.update(edit.entity, edit.row_id, values)
    if not entries:
        return None
    first = entries[0]
    unit.hold_back = Refused(first.n, first.code, first.sentence, first.entity, first.row_id, first.field)
    return first


def touches_order(unit: UnitOfWork, change: Change, order_id: bytes) -> bool:
    """Whether a change is about an order, through its head or its lines."""
    for edit in change.edits:
        if edit.row_id == order_id or edit.after.get("order_id") == order_id:
            return True
        line = unit.row(edit.entity, edit.row_id) if edit.entity == "document_line" else None
        if line is not None and line["order_id"] == order_id:
            return True
    return False


def _read(row: tuple[Any, ...]) -> RefusedChange:
    refused_no, n, made_at, command, label, change, outcome, refused_at = row
    why = _outcomes.decode(outcome)
    about = (why.code, why.sentence, why.entity, why.row_id, why.field)
    return RefusedChange(refused_no, n, made_at, command, label, decode_change(change), *about, refused_at)
