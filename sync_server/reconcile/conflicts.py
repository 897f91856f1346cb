"""Clashes: the value that stands and the one that arrived, kept once with who and when (I10)."""

from __future__ import annotations

import hashlib

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import KeptField
from fieldrep.contract.entity import Entity
from fieldrep.contract.fields import Field, Value
from fieldrep.contract.ids import RowId
from fieldrep.contract.jsonform import to_json
from fieldrep.contract.merge import waits
from fieldrep.contract.values import canonical_json
from sync_server.reconcile.author import Author, Rights
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.transaction import Row, WriteTransaction

CONFLICT = CATALOGUE["conflict"]


def raise_conflict(
    tx: WriteTransaction,
    rights: Rights,
    entity: Entity,
    row: Row,
    field: Field,
    before: Value,
    after: Value,
    reason: str,
) -> KeptField:
    """Records that `after`, made from `before`, did not stand against what `row` holds.

    A chain of edits of one device on one field is one clash: the later value replaces the earlier one in it.
    """
    author = rights.author
    found = open_conflict(tx, author, row, field, before)
    if found is None:
        found = _new_conflict(tx, rights, entity, row, field, before, reason)
    found["mine_value"] = kept_value(field, after)
    found["mine_by"], found["mine_at"] = author.user_id, tx.now
    found["changed_at"], found["changed_by"] = tx.now, author.user_id
    found["revision"] = tx.revision
    tx.stage(CONFLICT, found)
    return KeptField(entity.name, row_id_of(row), field.name, row_id_of(found))


def moved_under(
    tx: WriteTransaction, author: Author, conflict: Row, entity: Entity, row: Row, wanted: Value
) -> KeptField:
    """A conflict whose field moved on before it was decided (or reopened): open, against the value that stands now.

    `wanted` is what the decision would have put there, None to leave the arriving value as it was.
    """
    field = entity.field(str(conflict["field"]))
    found = {**conflict, **_standing(tx, entity, row, field), "status": "open", "chosen": None}
    found.update(resolved_by=None, resolved_at=None, changed_at=tx.now, changed_by=author.user_id)
    if wanted is not None and kept_value(field, wanted) != conflict["mine_value"]:
        found.update(mine_value=kept_value(field, wanted), mine_by=author.user_id, mine_at=tx.now)
    found["revision"] = tx.revision
    tx.stage(CONFLICT, found)
    return KeptField(entity.name, row_id_of(row), field.name, row_id_of(found))


def label_of(entity: Entity, row: Row) -> str:
    """What a person calls the row."""
    words = (str(row[name]) for name in entity.label if row.get(name))
    return " ".join(words)[:200] or entity.title


def open_conflict(tx: WriteTransaction, author: Author, row: Row, field: Field, before: Value) -> Row | None:
    """The conflict that this device's chain of edits on the field has raised, while it is open.

    A merge, or a decision taken back, may leave the device several there: the chain goes on in the one that holds the
    value it began with, as its own or else as the other side's.
    """
    tx.gather(CONFLICT, "row_id", row_id_of(row))
    began = kept_value(field, before)
    found = [
        conflict
        for conflict in tx.children(CONFLICT, "row_id", row["id"])
        if conflict["mine_device_id"] == author.device_id
        and conflict["field"] == field.name
        and conflict["status"] == "open"
    ]
    return min(
        found, key=lambda one: (one["mine_value"] != began, one["theirs_value"] != began), default=None
    )


def _new_conflict(
    tx: WriteTransaction, rights: Rights, entity: Entity, row: Row, field: Field, before: Value, reason: str
) -> Row:
    author = rights.author
    conflict: Row = {column.name: column.default for column in CONFLICT.columns}
    conflict.update(
        id=_conflict_id(tx, rights, row, field),
        created_at=tx.now,
        created_by=author.user_id,
        entity=entity.name,
        row_id=row["id"],
        row_label=label_of(entity, row),
        field=field.name,
        account_id=row.get(entity.scope.account) if entity.scope.account else None,
        user_id=author.user_id,
        reason=reason,
        critical=int(waits(field)),
        base_value=kept_value(field, before),
        **_standing(tx, entity, row, field),
        mine_device_id=author.device_id,
        status="open",
    )
    return conflict


def _standing(tx: WriteTransaction, entity: Entity, row: Row, field: Field) -> Row:
    """The value that stands, and who gave it when, or which source did."""
    last = tx.last_change_of(entity.name, row, field)
    return {
        "theirs_value": kept_value(field, row[field.name]),
        "theirs_by": last.user_id,
        "theirs_at": last.at,
        "theirs_source": last.source,
    }


def _conflict_id(tx: WriteTransaction, rights: Rights, row: Row, field: Field) -> RowId:
    """An id that follows from the change that clashed, so that both kinds of store give the same answer (I23).

    So does a restored store that is given this change back: what was decided then finds its conflict again.
    """
    seed = b"|".join((rights.author.device_id, str(rights.n).encode(), row_id_of(row), field.name.encode()))
    raw = bytearray(hashlib.blake2b(seed, digest_size=16).digest())
    raw[6], raw[8] = raw[6] & 0x0F | 0x80, raw[8] & 0x3F | 0x80
    found = RowId(bytes(raw))
    tx.fresh_ids.add(found)  # a change is judged once
    return found


def kept_value(field: Field, value: Value) -> str:
    """A value as a conflict keeps it: in its JSON form."""
    return canonical_json(to_json(field, value))
