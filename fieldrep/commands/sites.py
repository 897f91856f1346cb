"""Commands on the addresses of accounts: making, editing, archiving and restoring them.

Owns the verbs; whose address it is never changes.
"""

from __future__ import annotations

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of, standing
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.store.drafts import DraftKey
from fieldrep.store.replica import Replica


def create_site(
    replica: Replica, *, account_id: RowId, draft: DraftKey | None = None, **fields: Value
) -> Done:
    """Makes an address of an account."""
    with replica.begin("create_site", "New site") as uow:
        account = standing(uow, "account", account_id)
        values = entered(uow, "site", {"account_id": account_id, **fields}, creating=True)
        row_id = uow.create("site", values)
        uow.label = f"New site of {label_of('account', account)}"
        uow.drop_draft(draft)
    return done("create_site", uow, row_id, made={"site": row_id})


def edit_site(replica: Replica, *, row_id: RowId, draft: DraftKey | None = None, **fields: Value) -> Done:
    """Changes fields of an address."""
    with replica.begin("edit_site", "Edit site") as uow:
        row = standing(uow, "site", row_id)
        uow.label = f"Edit site {label_of('site', row)}"
        uow.update("site", row_id, entered(uow, "site", fields, creating=False))
        uow.drop_draft(draft)
    return done("edit_site", uow, row_id)


def archive_site(replica: Replica, *, row_id: RowId) -> Done:
    """Takes an address out of the account's list."""
    return set_archived(replica, "archive_site", "site", row_id, archived=True)


def restore_site(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived address back."""
    return set_archived(replica, "restore_site", "site", row_id, archived=False)
