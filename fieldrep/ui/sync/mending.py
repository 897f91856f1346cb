"""The form in which a refused change is corrected: the record's own form, with what was entered, sent as a new change.

Owns what differs from entering it for the first time: where it starts, what is sent, and the draft it is kept under.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fieldrep.commands.refused import correct_refused
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.queries.refused_form import RefusedForm
from fieldrep.ui.forms.editor import FormSpec
from fieldrep.ui.forms.specs import activity_form, contact_form, edit_account_form, new_account, site_form


def mending_form(found: RefusedForm) -> FormSpec:
    """The record's own form, made to send the refused change again."""

    def send(now: Mapping[str, Value], _touched: Mapping[str, Value]) -> Mapping[str, Any]:
        rows: dict[RowId, dict[str, Value]] = {}
        for key, value in now.items():
            part, _, name = key.rpartition(".")
            row_id = found.parts.get(part) if part else found.row_id
            if row_id is not None and value != found.values.get(key):
                rows.setdefault(row_id, {})[name] = value
        return {"key": found.key, "rows": rows}

    return replace(
        _own_form(found),
        name="fix_refused",
        title=f"Correct: {found.label}",
        subtitle=found.sentence,
        save="Send again",
        command=correct_refused,
        send=send,
        party=None,
        alike=None,
        draft=("fix_refused", str(found.key)),
        of_record=True,
    )


def _own_form(found: RefusedForm) -> FormSpec:
    row_id = None if found.creating else found.row_id
    account_id = found.account_id or found.row_id
    if found.entity == "account":
        if not found.creating:
            return edit_account_form(found.row_id, found.label)
        form = new_account()
        return replace(
            form,
            sections=tuple(one for one in form.sections if not one.part or one.part in found.parts),
            check=None,
        )
    if found.entity == "contact":
        return contact_form(row_id, account_id, found.account)
    if found.entity == "site":
        return site_form(row_id, account_id, found.account)
    return activity_form(account_id, found.account)
