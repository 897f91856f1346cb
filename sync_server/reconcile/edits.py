"""One edit against the row as it stands: rights, references, and the merge rule of each field.

Everything a device names is judged by the catalogue; the result is staged in the transaction, nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.catalogue import CATALOGUE, ENTITIES
from fieldrep.contract.change import Edit, KeptField
from fieldrep.contract.entity import Entity
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Field, Merge, Reader, Value, Writer
from fieldrep.contract.ids import RowId, ScopeKey
from fieldrep.contract.merge import Fit, merge_field
from fieldrep.contract.scope import EVERYBODY_KEY, scope_key
from fieldrep.contract.values import check_sent
from fieldrep.domain.parents import CIRCLE, makes_circle
from sync_server.reconcile.author import Rights
from sync_server.reconcile.conflicts import label_of, raise_conflict
from sync_server.reconcile.decisions import Decisions
from sync_server.reconcile.files import require_owner
from sync_server.reconcile.orders import (
    DERIVED,
    check_move,
    name_of,
    require_account_of_order,
    require_open_draft,
)
from sync_server.reconcile.pairs import judge_pair
from sync_server.reconcile.proposals import has_left, waits_for_holder
from sync_server.reconcile.redirects import reaches, reaches_row
from sync_server.reconcile.refusal import Refusal, row_id_of
from sync_server.store.history import last_form
from sync_server.store.transaction import Row, WriteTransaction

_DECIDED = ("status", "chosen")
"""What a decision writes to its conflict; `decisions` judges both together."""

_OPEN: Mapping[str, frozenset[str]] = {
    entity.name: frozenset(
        field.name
        for field in entity.columns
        if Writer.DEVICE in (field.writers or Writer.SERVER)
        and field.name != "id"
        and field.reader is not Reader.COST
    )
    for entity in ENTITIES
}
"""Per entity the fields that a device may write."""

OPEN_TO: Mapping[str, Mapping[str, Mapping[str, Field]]] = {
    "create": {entity.name: {name: entity.field(name) for name in _OPEN[entity.name]} for entity in ENTITIES},
    "update": {
        entity.name: {name: field for name in _OPEN[entity.name] if not (field := entity.field(name)).fixed}
        for entity in ENTITIES
    },
}
"""Per kind of edit and entity the fields that it may name."""

_REFERENCES: Mapping[str, frozenset[str]] = {
    entity.name: frozenset(field.name for field in entity.columns if field.to in CATALOGUE)
    for entity in ENTITIES
}
"""Per entity the fields that point to another record."""

_GONE = "This record is not (or no longer) among those you hold in the central store; what you entered is kept here."

_NO_CONFLICT = (
    "This conflict is not (or no longer) among those you hold in the central store; what you decided is kept here. "
    "Where the record shows the conflict again, as after a restore, decide it there and let this one go."
)

_PURGED = (
    "{title} was deleted and has since been removed for good. What you entered is kept here; make a new record "
    "if it is still needed."
)


def apply_edit(
    tx: WriteTransaction, rights: Rights, edit: Edit, decisions: Decisions | None = None
) -> tuple[bool, list[KeptField]]:
    """Stages what the edit becomes; says whether anything merged with changes from elsewhere, and the clashes.

    `decisions` are those of the edit's change, None when it decides no conflict.

    Raises:
        Refusal: when the edit, and with it its change, is not taken.
    """
    entity = CATALOGUE.get(edit.entity)
    if entity is None:
        raise Refusal(Code.UNKNOWN_ENTITY, f"This server knows no records called “{edit.entity[:60]}”.")
    row_id = RowId(edit.row_id)
    if len(row_id) != 16:
        raise Refusal(Code.INVALID_VALUE, "The record's id is not an id.", entity.name)
    open_fields = OPEN_TO[edit.kind][entity.name]
    for name, value in edit.after.items():
        field = open_fields.get(name)
        if field is None:
            raise _not_open(entity, row_id, name, creating=edit.kind == "create")
        _check_fit(entity, row_id, field, value)
    if edit.kind == "create":
        _create(tx, rights, entity, row_id, edit)
        return False, []
    return _update(tx, rights, entity, row_id, edit, decisions)


def _not_open(entity: Entity, row_id: RowId, name: str, *, creating: bool) -> Refusal:
    """Why an edit may not name a field."""
    if not entity.has(name):
        sentence = (
            f"This server knows no field “{name[:60]}” of {entity.plural.lower()}; it may be older than you."
        )
        return Refusal(Code.UNKNOWN_FIELD, sentence, entity.name, row_id, name[:60])
    sentence = why_protected(entity, name, creating=creating)
    return Refusal(Code.FIELD_PROTECTED, sentence, entity.name, row_id, name)


def why_protected(entity: Entity, name: str, *, creating: bool) -> str:
    """Why a device may not write a field of its catalogue, "" where it may."""
    field = entity.field(name)
    if name not in _OPEN[entity.name]:
        return f"{field.title} of {entity.plural.lower()} is set by the office, not on a laptop."
    if field.fixed and not creating:
        return f"{field.title} is given when the {entity.title.lower()} is made and cannot change."
    return ""


def _check_fit(entity: Entity, row_id: RowId, field: Field, value: Value) -> None:
    try:
        check_sent(entity, field, value)
    except KnownError as error:
        raise Refusal.of(error, entity.name, row_id) from error


def _create(tx: WriteTransaction, rights: Rights, entity: Entity, row_id: RowId, edit: Edit) -> None:
    if tx.row(entity, row_id) is not None:
        raise Refusal(
            Code.ALREADY_EXISTS, f"This {entity.title.lower()} is already there.", entity.name, row_id
        )
    if tx.tombstone(entity.name, row_id) is not None:
        raise Refusal(Code.PURGED, _PURGED.format(title=entity.title), entity.name, row_id)
    row: Row = {column.name: column.default for column in entity.columns}
    row.update(edit.after)
    user = rights.author.user_id
    row.update(
        id=row_id,
        revision=tx.revision,
        created_at=tx.now,
        created_by=user,
        changed_at=tx.now,
        changed_by=user,
    )
    if entity.name == "account":
        row["owner_user_id"] = user
        rights.gave_birth(row_id)
    key = _checked_key(entity, row)
    if not _OPEN[entity.name].intersection(entity.fields):
        sentence = f"{entity.plural} are kept by the office and cannot be made on a laptop."
        raise Refusal(Code.FIELD_PROTECTED, sentence, entity.name, row_id)
    if entity.name == "conflict" or not reaches_row(rights, entity.name, row, key):
        raise Refusal(Code.OUT_OF_SCOPE, _GONE, entity.name, row_id)
    _check_references(tx, rights, entity, row, tuple(edit.after))
    if entity.name == "document_line":
        require_open_draft(tx, rights.author, row["order_id"])
        require_account_of_order(tx, row)
    if entity.name == "attachment":
        require_owner(tx, row)
    if entity.name == "sales_order" and row["status"] not in ("draft", "submitted"):
        raise Refusal(Code.MOVE_NOT_ALLOWED, "A new order starts as a draft.", entity.name, row_id, "status")
    tx.stage(entity, row)


def _require_no_tombstone(tx: WriteTransaction, rights: Rights, entity: Entity, row_id: RowId) -> None:
    """Tells whoever held a record that it was purged; to others it was never there (I5)."""
    stone = tx.tombstone(entity.name, row_id)
    if stone is None:
        return
    key, purged_at = stone
    if key == EVERYBODY_KEY or reaches(rights, ScopeKey(key), row_id):
        was = last_form(tx, entity.name, row_id, purged_at)
        title = f"{entity.title} “{label_of(entity, was)}”" if was else entity.title
        raise Refusal(Code.PURGED, _PURGED.format(title=title), entity.name, row_id)


def _checked_key(entity: Entity, row: Row) -> ScopeKey:
    """The scope key of a new row, all of whose values must be fit."""
    row_id = row_id_of(row)
    try:
        for field in entity.fields.values():
            check_sent(entity, field, row[field.name])
        return scope_key(entity, row)
    except KnownError as error:
        raise Refusal.of(error, entity.name, row_id) from error
    except ValueError as error:
        sentence = f"{entity.title} needs an account or a person."
        raise Refusal(Code.REQUIRED, sentence, entity.name, row_id) from error


def _update(
    tx: WriteTransaction,
    rights: Rights,
    entity: Entity,
    row_id: RowId,
    edit: Edit,
    decisions: Decisions | None,
) -> tuple[bool, list[KeptField]]:
    row = tx.seen(entity, row_id)
    if row is None:
        _require_no_tombstone(tx, rights, entity, row_id)
    if row is None or not reaches_row(rights, entity.name, row, scope_key(entity, row)):
        raise Refusal(
            Code.NOT_FOUND, _NO_CONFLICT if entity.name == "conflict" else _GONE, entity.name, row_id
        )
    merged = tx.others_wrote_since(entity.name, row, edit.base_revision, rights.author.device_id)
    _guard_draft(tx, rights, entity, row)
    decided, kept = (
        decisions.conflict_values(row, edit) if decisions and entity.name == "conflict" else ({}, [])
    )
    if decided:
        row = {**row, **decided}
    values, clashes = _fields(tx, rights, entity, row, edit, decisions, merged=merged)
    kept.extend(clashes)
    if decided or values:
        if not _REFERENCES[entity.name].isdisjoint(edit.after):
            _check_references(tx, rights, entity, {**row, **values}, tuple(edit.after))
        stamps: Row = {"revision": tx.revision, "changed_at": tx.now, "changed_by": rights.author.user_id}
        tx.amend(entity, row_id, {**decided, **values, **stamps})
    return merged, kept


def _fields(
    tx: WriteTransaction,
    rights: Rights,
    entity: Entity,
    row: Row,
    edit: Edit,
    decisions: Decisions | None,
    *,
    merged: bool,
) -> tuple[Row, list[KeptField]]:
    """The values of an edit that are taken, and those that clash; each is judged by the row before the edit."""
    taken: Row = {}
    kept: list[KeptField] = []
    deleted_elsewhere = bool(row["archived"]) and "archived" not in edit.after
    open_fields = OPEN_TO["update"][entity.name]
    for name, after in edit.after.items():
        field, before = open_fields[name], edit.before.get(name)
        if before is not None and before != row[name]:  # else it is as fit as what is stored
            _check_fit(entity, RowId(row_id_of(row)), field, before)
        if name in DERIVED.get(entity.name, ()) or (entity.name == "conflict" and name in _DECIDED):
            continue
        if decisions is not None and decisions.holds_back(row_id_of(row), name):
            kept.extend(decisions.keep(row, name, before, after))
            continue
        if deleted_elsewhere and after != row[name]:
            kept.append(raise_conflict(tx, rights, entity, row, field, before, after, "deleted"))
            continue
        fit, value = _fit(entity, row, field, before, after, merged)
        if fit is Fit.SAME:
            continue
        left = (fit is Fit.CLASH or waits_for_holder(field, after)) and has_left(
            tx, rights.author, entity, row
        )
        if left or fit is Fit.CLASH:
            reason = "moved" if left else "clash"
            kept.append(raise_conflict(tx, rights, entity, row, field, before, after, reason))
        else:
            taken[name] = value
    return taken, kept


def _guard_draft(tx: WriteTransaction, rights: Rights, entity: Entity, row: Row) -> None:
    if entity.name == "document_line":
        require_open_draft(tx, rights.author, row["order_id"])


def _fit(
    entity: Entity, row: Row, field: Field, before: Value, after: Value, merged: bool
) -> tuple[Fit, Value]:
    """How one field fits the row as it stood before this edit, so that no field of an edit hinders another."""
    present = row[field.name]
    if field.merge is Merge.GUARDED:
        return _guarded(entity, row, field, after)
    if field.merge is Merge.APPEND and present not in (None, after):
        sentence = (
            f"{field.title} of {entity.plural.lower()} is kept as first written; add a new one instead."
        )
        raise Refusal(Code.APPEND_ONLY, sentence, entity.name, row_id_of(row), field.name)
    if field.merge is Merge.DRAFT and entity.name == "sales_order" and row["status"] != "draft":
        sentence = f"{name_of(row)} is already {row['status']!s}; ask the office."
        raise Refusal(Code.READ_ONLY, sentence, entity.name, row_id_of(row), field.name)
    if field.name == "archived" and after == 1 and merged and not present:
        # somebody edited it since this device saw it: the edit survives and the deletion waits for a person
        return Fit.CLASH, present
    return merge_field(field, before, after, present)


def _guarded(entity: Entity, row: Row, field: Field, after: Value) -> tuple[Fit, Value]:
    present = row[field.name]
    if after == present:
        return Fit.SAME, present
    if entity.name == "sales_order":
        check_move(row, after)
        return Fit.TAKE, after
    if entity.name == "duplicate_candidate":
        return judge_pair(row, field, after)
    return (Fit.TAKE, after) if present is None or after is None else (Fit.SAME, present)


def _check_references(
    tx: WriteTransaction, rights: Rights, entity: Entity, row: Row, names: tuple[str, ...]
) -> None:
    for name in names:
        value = row[name]
        if not isinstance(value, bytes):
            continue
        field = entity.field(name)
        target = CATALOGUE.get(field.to)
        if target is None:
            continue
        other = tx.row(target, RowId(value))
        if other is None or not _may_refer(rights, target, other):
            sentence = f"{field.title} points to a record that is not in the central store or not yours."
            raise Refusal(Code.PARENT_MISSING, sentence, entity.name, row_id_of(row), name)
    if entity.name == "account" and "parent_id" in names:
        account_id = row_id_of(row)
        if makes_circle(
            account_id, row["parent_id"], lambda above: (tx.row("account", above) or {}).get("parent_id")
        ):
            raise Refusal(Code.INVALID_VALUE, CIRCLE, entity.name, account_id, "parent_id")


def _may_refer(rights: Rights, target: Entity, other: Row) -> bool:
    key = scope_key(target, other)
    return key == b"G" or reaches_row(rights, target.name, other, key)
