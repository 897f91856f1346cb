"""The plain case, which most changes are: one record edited that nobody else wrote meanwhile, in fields without a rule
of their own.

Such a change is accepted as it is. Whatever else may be asked of a change cannot matter to it, so it is not asked here;
any change that is not surely plain is left to `push.py`, which makes the same of a plain one. Decides nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Accepted, Change
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Field, Kind, Merge
from fieldrep.contract.ids import RowId
from fieldrep.contract.scope import scope_key
from fieldrep.contract.values import check_sent
from sync_server.reconcile.author import Rights
from sync_server.reconcile.edits import OPEN_TO
from sync_server.store.transaction import Row, WriteTransaction

_RULED = frozenset({"conflict", "duplicate_candidate", "sales_order", "document_line"})
"""Records of which an edit may change others, or must fit them."""

PLAIN: Mapping[str, Mapping[str, Field]] = {
    entity: {
        name: field
        for name, field in fields.items()
        if field.merge is Merge.FIELD and field.kind is not Kind.REF and name != "archived"
    }
    for entity, fields in OPEN_TO["update"].items()
    if entity not in _RULED
}
"""Per entity the fields that stand for themselves."""


def accepted(tx: WriteTransaction, rights: Rights, change: Change) -> Accepted | None:
    """Takes a plain change; None, and nothing is then done, for any other."""
    edit = change.edits[0] if len(change.edits) == 1 else None
    if edit is None or edit.kind != "update" or edit.entity not in PLAIN:
        return None
    entity, fields, row = CATALOGUE[edit.entity], PLAIN[edit.entity], tx.seen(edit.entity, edit.row_id)
    if row is None or row["archived"] or row.get("merged_into_id") is not None:
        return None
    revision = row["revision"]
    if not isinstance(revision, int) or revision > edit.base_revision or not edit.after:
        return None
    for name, after in edit.after.items():
        if name not in fields or after == row[name] or edit.before.get(name) != row[name]:
            return None
        try:
            check_sent(entity, fields[name], after)
        except KnownError:
            return None
    if not rights.covers(scope_key(entity, row)):
        return None
    drawn = tx.new_revision()
    stamps: Row = {"revision": drawn, "changed_at": tx.now, "changed_by": rights.author.user_id}
    tx.amend(entity, RowId(edit.row_id), {**edit.after, **stamps})
    return Accepted(change.n, drawn)
