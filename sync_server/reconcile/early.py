"""Whether a change given back comes before what it builds on: it was taken once, so the store lacks what led to it.

Knows which refusals others may still lift, and which moves of a state another one comes before. Must not know who may
still come.
"""

from __future__ import annotations

from msgspec import DecodeError
from msgspec.json import decode as decode_json

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Kind, Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.orders import EDITABLE_STATES
from sync_server.reconcile.orders import DERIVED, ORDER
from sync_server.reconcile.pairs import DONE
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.restoring.after_backup import told_of
from sync_server.store.restoring.given_back import revision_restored, revision_shared
from sync_server.store.statements import bytes_of
from sync_server.store.transaction import Row, WriteTransaction

LACKS_A_STATE = frozenset({Code.MOVE_NOT_ALLOWED, Code.NOTHING_TO_CHANGE, Code.INVALID_VALUE})
"""What a change is refused with that does not fit the records as they stand; of others no device brings about that it
does: nobody makes an order a draft again, nor takes back what is written once.
"""


def comes_early(tx: WriteTransaction, change: Change) -> bool:
    """Whether a change moves a record on from a state that it has not come to yet, or back from one, or is of one that
    is still part of another.
    """
    return any(_comes_early(tx, edit) for edit in change.edits if edit.kind == "update")


def _comes_early(tx: WriteTransaction, edit: Edit) -> bool:
    entity = CATALOGUE.get(edit.entity)
    row = tx.row(entity, RowId(edit.row_id)) if entity is not None and len(edit.row_id) == 16 else None
    if row is None:
        return False
    return _moves_early(tx, edit, row) or _is_put_back(tx, edit, row) or _stood_for_itself(tx, edit, row)


def _moves_early(tx: WriteTransaction, edit: Edit, row: Row) -> bool:
    name = _STATES.get(edit.entity)
    if name is None or name not in edit.after:
        return False
    if edit.entity == "sales_order" and row[name] not in EDITABLE_STATES:
        return False
    return (
        _is_apart(edit.entity, edit.before.get(name), row[name])
        or _was_seen_later(tx, edit, row)
        or (edit.entity == "sales_order" and _was_held_otherwise(tx, row))
    )


def _is_put_back(tx: WriteTransaction, edit: Edit, row: Row) -> bool:
    """Whether its author had seen something else, since the backup, where a field says already what the edit brings.

    What was put back is still to come then, and would come over it. In a draft also where it says something third: an
    order must not be moved on before all of it is there, nor with what somebody decides about it later.
    """
    if edit.entity == "duplicate_candidate":
        return False
    derived, drafted = DERIVED.get(edit.entity, frozenset()), _is_drafted(tx, edit, row)
    apart = any(
        name in row
        and name not in derived
        and edit.before.get(name) != row[name]
        and (drafted or after == row[name])
        and edit.before.get(name) != after
        for name, after in edit.after.items()
    )
    apart = apart or any(
        _takes_out(row[name], edit.before.get(name), after)
        for name, after in edit.after.items()
        if name in row and CATALOGUE[edit.entity].field(name).kind is Kind.JSON
    )
    return apart and edit.base_revision > revision_shared(tx)


def _takes_out(present: Value, before: Value, after: Value) -> bool:
    """Whether a key goes that is not there yet, of a field whose keys are joined: there it would not clash."""
    try:
        now, was, wanted = (
            decode_json(value) if isinstance(value, str) else {} for value in (present, before, after)
        )
    except DecodeError:
        return False
    if not isinstance(now, dict) or not isinstance(was, dict) or not isinstance(wanted, dict):
        return False
    return not was.keys() - wanted.keys() <= now.keys()


def _stood_for_itself(tx: WriteTransaction, edit: Edit, row: Row) -> bool:
    """Whether a record is part of another one, and its author may have seen that taken back."""
    return row.get("merged_into_id") is not None and edit.base_revision > revision_shared(tx)


def _is_drafted(tx: WriteTransaction, edit: Edit, row: Row) -> bool:
    """Whether a record is an order that is a draft, or a line of one."""
    order: Row | None = row if edit.entity == "sales_order" else None
    if edit.entity == "document_line":
        order = tx.row(ORDER, RowId(bytes_of(row["order_id"])))
    return order is not None and order["status"] in EDITABLE_STATES


def _was_held_otherwise(tx: WriteTransaction, order: Row) -> bool:
    """Whether a laptop held the order with another sum, so that lines of it are still to come.

    That somebody has written in it since the backup says nothing: it may be the author, who gave back work of before.
    """
    held = told_of(tx, "sales_order", row_id_of(order))
    return any(held[name] != order[name] for name in DERIVED["sales_order"] if name in held)


def _was_seen_later(tx: WriteTransaction, edit: Edit, row: Row) -> bool:
    """Whether its author saw what somebody had written since the backup, while nobody has written there since.

    A draft may lack lines then, and nobody may write in it once it is moved on. Whatever restore lost what was seen,
    what the backup has is older than that.
    """
    return edit.base_revision > int(str(row["revision"])) <= revision_restored(tx)


_STATES = {"sales_order": "status", "duplicate_candidate": "status", "activity": "done_at"}
"""The fields whose moves come one after another."""


def _is_apart(entity: str, before: Value, present: Value) -> bool:
    """Whether a record has not come to the state it was moved on from.

    The server makes a submitted order received or held, and a merge asked for a merge; the office moves an order on.
    """
    if entity == "sales_order":
        return before not in EDITABLE_STATES
    if entity == "duplicate_candidate" and before in DONE and present in DONE:
        return False
    return before != present
