"""One row made or changed by an act of administration: checked, stamped, staged and audited.

Owns that every such act leaves its entry in the audit log. Must not know what is administered.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.values import check_row
from sync_server.store.audit import described
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction


def add_row(
    tx: WriteTransaction, entity: str, values: dict[str, Value], action: str, known_as: RowId | None = None
) -> RowId:
    """A new row of the office's, under an id of its own or one that laptops know already.

    Raises:
        KnownError: what is wrong with a value.
    """
    declared = CATALOGUE[entity]
    row: Row = {field.name: field.default for field in declared.columns} | values
    check_row(declared, row)
    row_id = known_as or tx.new_id()
    row.update(
        id=row_id,
        revision=tx.new_revision(),
        created_at=tx.now,
        created_by=tx.actor.user_id,
        changed_at=tx.now,
        changed_by=tx.actor.user_id,
    )
    _stage(tx, entity, row, action)
    return row_id


def change_row(tx: WriteTransaction, entity: str, row: Row, values: dict[str, Value], action: str) -> Row:
    """A row with other values; gives it as it then is.

    Raises:
        KnownError: what is wrong with a value.
    """
    changed = row | values
    check_row(CATALOGUE[entity], changed)
    changed.update(revision=tx.new_revision(), changed_at=tx.now, changed_by=tx.actor.user_id)
    _stage(tx, entity, changed, action)
    return changed


def _stage(tx: WriteTransaction, entity: str, row: Row, action: str) -> None:
    position = tx.position()
    tx.stage(entity, row)
    tx.audit(action, entity=entity, row_id=id_of(row), detail=described(tx.moves_since(position)))


def id_of(row: Row) -> RowId:
    """The id of a stored row."""
    row_id = row["id"]
    assert isinstance(row_id, bytes)  # noqa: S101 - ids are never empty
    return RowId(row_id)
