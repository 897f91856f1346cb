"""Commands on accounts: making, editing, archiving and restoring them.

Owns the verbs. Owner, territory, number and price list are the office's and never set here.
"""

from __future__ import annotations

from collections.abc import Mapping

from fieldrep.commands.archiving import set_archived
from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of, standing
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.parents import CIRCLE, makes_circle
from fieldrep.store.drafts import DraftKey
from fieldrep.store.reads.prices import has_prices_in
from fieldrep.store.replica import Replica
from fieldrep.store.unit_of_work import UnitOfWork


def create_account(
    replica: Replica,
    *,
    site: Mapping[str, Value] | None = None,
    contact: Mapping[str, Value] | None = None,
    draft: DraftKey | None = None,
    **fields: Value,
) -> Done:
    """Makes an account, a prospect unless said otherwise, on wish with its first site and contact."""
    with replica.begin("create_account", "New account") as uow:
        values = entered(uow, "account", fields, creating=True)
        warning = _unpriced(uow, values)
        row_id = uow.create("account", values)
        made = {"account": row_id}
        for name, part in (("site", site), ("contact", contact)):
            if part:
                child = entered(uow, name, {**part, "account_id": row_id}, creating=True)
                made[name] = uow.create(name, child)
        uow.label = f"New account {label_of('account', values)}"
        uow.drop_draft(draft)
    return done("create_account", uow, row_id, made=made, warning=warning)


def edit_account(replica: Replica, *, row_id: RowId, draft: DraftKey | None = None, **fields: Value) -> Done:
    """Changes fields of an account; fields not named stay as they are."""
    with replica.begin("edit_account", "Edit account") as uow:
        row = standing(uow, "account", row_id)
        uow.label = f"Edit {label_of('account', row)}"
        values = entered(uow, "account", fields, creating=False)
        if makes_circle(row_id, values.get("parent_id"), lambda above: _parent_of(uow, above)):
            raise KnownError(Code.INVALID_VALUE, CIRCLE, field="parent_id")
        uow.update("account", row_id, values)
        warning = _unpriced(uow, values)
        uow.drop_draft(draft)
    return done("edit_account", uow, row_id, warning=warning)


def _unpriced(uow: UnitOfWork, values: Mapping[str, Value]) -> str:
    """What to say of a currency in which nothing can be sold yet."""
    currency = values.get("currency")
    if not isinstance(currency, str) or has_prices_in(uow.rows, currency):
        return ""
    return f"No price list is in {currency} yet, so orders of this account find no prices; ask the office for one."


def _parent_of(uow: UnitOfWork, account_id: bytes) -> Value:
    row = uow.row("account", account_id)
    return row["parent_id"] if row else None


def archive_account(replica: Replica, *, row_id: RowId) -> Done:
    """Takes an account out of lists and searches; what belongs to it stays."""
    return set_archived(replica, "archive_account", "account", row_id, archived=True)


def restore_account(replica: Replica, *, row_id: RowId) -> Done:
    """Brings an archived account back."""
    return set_archived(replica, "restore_account", "account", row_id, archived=False)
