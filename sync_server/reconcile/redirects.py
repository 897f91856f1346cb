"""Late children and edits find the survivor: what names a merged record is judged as if it named the one it is now.

What is held with its order, or with the record it is a file of, is put where that one stands now: undoing a merge
takes an order back to its account, and a device that had not heard of it would name the other one.

Owns the rewriting of a change that comes from a device which had not heard of a merge, and the rights of its author,
who may have held only the record that went. Stages nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import is_

from msgspec.structs import replace

from fieldrep.contract.catalogue import ENTITIES
from fieldrep.contract.change import Change, Edit
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId, ScopeKey
from fieldrep.contract.scope import ROW_PREFIX, account_key, account_of
from fieldrep.domain.files import OWNERS
from fieldrep.domain.merging import MERGING
from sync_server.reconcile.author import Rights
from sync_server.reconcile.merge_plan import standing_for
from sync_server.reconcile.refusal import row_id_of
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

_UNSEEN = -1
"""A base revision below all others: whoever edits a merged record has not seen the survivor."""

NAMING: Mapping[str, tuple[tuple[str, str], ...]] = {
    entity.name: tuple((name, field.to) for name, field in entity.fields.items() if field.to in MERGING)
    for entity in ENTITIES
}
"""Per entity the fields that name an account or a contact, and which of them."""

_NAMES: Mapping[str, frozenset[str]] = {
    entity: frozenset(name for name, _ in naming) for entity, naming in NAMING.items()
}

_HELD_WITH: Mapping[str, tuple[tuple[str, str], ...]] = {
    "document_line": (("order_id", "sales_order"),),
    "attachment": tuple(OWNERS.items()),
}
"""Per entity the fields that name the record it is held with, and what kind of record that is."""

_STAYS = "merged_into_id"


def redirected(tx: WriteTransaction, change: Change) -> Change:
    """The change with every merged record replaced by its survivor; the change itself when it names none."""
    edits = [_redirected(tx, edit) for edit in change.edits]
    if all(map(is_, edits, change.edits)):
        return change
    return replace(change, edits=tuple(edits))


def _redirected(tx: WriteTransaction, edit: Edit) -> Edit:
    naming = NAMING.get(edit.entity)
    if naming is None:
        return edit
    if edit.entity in MERGING and edit.kind == "update":
        survivor = _survivor(tx, edit.entity, edit.row_id)
        if survivor != edit.row_id:
            edit = replace(edit, row_id=survivor, base_revision=_UNSEEN)
    if not naming or (edit.kind == "update" and _NAMES[edit.entity].isdisjoint(edit.after)):
        return edit
    after = _renamed(tx, naming, edit.after)
    if edit.kind == "create":
        after = _where_it_is_held(tx, edit.entity, after)
    if after is edit.after:
        return edit
    return replace(edit, after=after, before=_renamed(tx, naming, edit.before))


def _renamed(
    tx: WriteTransaction, naming: tuple[tuple[str, str], ...], values: dict[str, Value]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, target in naming:
        value = values.get(name)
        if value is not None and isinstance(value, bytes) and name != _STAYS:
            survivor = _survivor(tx, target, value)
            if survivor != value:
                found[name] = survivor
    return {**values, **found} if found else values


def _where_it_is_held(tx: WriteTransaction, entity: str, values: dict[str, Value]) -> dict[str, Value]:
    for owner in _owners(tx, entity, values):
        account_id = owner["account_id"]
        if isinstance(account_id, bytes) and account_id != values.get("account_id"):
            return {**values, "account_id": account_id}
    return values


def _owners(tx: WriteTransaction, entity: str, values: Mapping[str, Value]) -> Iterator[Row]:
    """The records that a new or stored row of an entity is held with."""
    for name, target in _HELD_WITH.get(entity, ()):
        owner_id = values.get(name)
        owner = (
            tx.row(target, RowId(owner_id)) if isinstance(owner_id, bytes) and len(owner_id) == 16 else None
        )
        if owner is not None:
            yield owner


def _survivor(tx: WriteTransaction, entity: str, row_id: bytes) -> bytes:
    if len(row_id) != 16 or tx.merged_into(entity, row_id) is None:
        return row_id
    return standing_for(tx, entity, row_id)


def reaches_row(rights: Rights, entity: str, row: Row, key: ScopeKey) -> bool:
    """Whether the author may touch a row, stored or new; who reaches an order or a record reaches what hangs on it."""
    if rights.covers(key) or reaches(rights, key, row_id_of(row)):
        return True
    account_id = account_of(key)
    return account_id is not None and any(
        owner["account_id"] == account_id and reaches(rights, key, row_id_of(owner))
        for owner in _owners(rights.tx, entity, row)
    )


def reaches(rights: Rights, key: ScopeKey, row_id: bytes) -> bool:
    """Whether the author may touch a row with this key, be it because he held it before a merge or its undoing."""
    if rights.covers(key):
        return True
    account_id = account_of(key)
    if account_id is None:
        return False
    tx = rights.tx
    stubs = tx.find("account", "merged_into_id", account_id)
    if any(rights.covers(account_key(row_id_of(stub))) for stub in stubs):
        return True
    sql = (
        "SELECT scope_key FROM scope_ledger WHERE user_id = ? AND scope_key > ? AND scope_key < ? "
        "AND lost_revision > ?"
    )
    author, first = rights.author, ROW_PREFIX + row_id
    bounds = first, first + b"\xff" * 17
    left = tx.session.rows(sql, (author.user_id, *bounds, rights.made_since()))
    return any(rights.covers(account_key(one[len(first) :])) for (one,) in left)
