"""Commands on contacts: making, editing, archiving and restoring them, and saying what they are at an account.

Owns the verbs; a contact's home account never changes, further roles are links of their own.
"""

from __future__ import annotations

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of, standing
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.store.drafts import DraftKey
from fieldrep.store.replica import Replica
from fieldrep.store.unit_of_work import UnitOfWork

_MAIN_LINKS = (
    "SELECT id FROM account_contact "
    "WHERE account_id = ? AND is_primary = 1 AND archived = 0 AND contact_id <> ?"
)


def create_contact(
    replica: Replica,
    *,
    account_id: RowId,
    role: str = "",
    is_main: bool = False,
    draft: DraftKey | None = None,
    **fields: Value,
) -> Done:
    """Makes a contact of an account, on wish with a role there or as its main contact."""
    with replica.begin("create_contact", "New contact") as uow:
        account = standing(uow, "account", account_id)
        values = entered(uow, "contact", {"account_id": account_id, **fields}, creating=True)
        row_id = uow.create("contact", values)
        made = {"contact": row_id}
        if role or is_main:
            made["account_contact"] = _link(uow, account_id, row_id, role, is_main=is_main)
        uow.label = f"New contact {label_of('contact', values)} of {label_of('account', account)}"
        uow.drop_draft(draft)
    return done("create_contact", uow, row_id, made=made)


def edit_contact(replica: Replica, *, row_id: RowId, draft: DraftKey | None = None, **fields: Value) -> Done:
    """Changes fields of a contact."""
    with replica.begin("edit_contact", "Edit contact") as uow:
        row = standing(uow, "contact", row_id)
        uow.label = f"Edit {label_of('contact', row)}"
        uow.update("contact", row_id, entered(uow, "contact", fields, creating=False))
        uow.drop_draft(draft)
    return done("edit_contact", uow, row_id)


def link_contact(
    replica: Replica, *, account_id: RowId, contact_id: RowId, role: str = "", is_main: bool = False
) -> Done:
    """Says what a contact is at an account: a role, or its main contact."""
    with replica.begin("link_contact", "Role of a contact") as uow:
        account = standing(uow, "account", account_id)
        contact = standing(uow, "contact", contact_id)
        row_id = _link(uow, account_id, contact_id, role, is_main=is_main)
        uow.label = f"{label_of('contact', contact)} at {label_of('account', account)}"
    return done("link_contact", uow, row_id, made={"account_contact": row_id})


def unlink_contact(replica: Replica, *, row_id: RowId) -> Done:
    """Ends a role of a contact at an account."""
    return set_archived(replica, "unlink_contact", "account_contact", row_id, archived=True)


def archive_contact(replica: Replica, *, row_id: RowId) -> Done:
    """Takes a contact out of lists and searches."""
    return set_archived(replica, "archive_contact", "contact", row_id, archived=True)


def restore_contact(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived contact back."""
    return set_archived(replica, "restore_contact", "contact", row_id, archived=False)


def _link(uow: UnitOfWork, account_id: RowId, contact_id: RowId, role: str, *, is_main: bool) -> RowId:
    """Links a contact in a role; an account has one main contact, so the former one steps back."""
    if is_main:
        for (other,) in uow.rows(_MAIN_LINKS, (account_id, contact_id)):
            uow.update("account_contact", RowId(bytes(other)), {"is_primary": 0})
    values: dict[str, Value] = {
        "account_id": account_id,
        "contact_id": contact_id,
        "role": role.strip() or "Main contact",
        "is_primary": int(is_main),
    }
    return uow.create("account_contact", values)
