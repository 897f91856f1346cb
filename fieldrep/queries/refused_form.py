"""What the form of a refused change starts from: the record as it stands, with what was entered on top of it.

Owns which form a refused change belongs to. It must not check or write anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.change import Edit
from fieldrep.contract.errors import KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.orders import EDITABLE_STATES
from fieldrep.queries.naming import record_name
from fieldrep.store.incoming.refused import RefusedChange, refused_change
from fieldrep.store.outgoing.pending import at_the_office
from fieldrep.store.reader import Reader

FORMS = ("account", "site", "contact", "activity")
PARTS = ("site", "contact")
"""What a new account is entered with."""

ORDER_PARTS = ("sales_order", "document_line")


@dataclass(frozen=True, slots=True)
class RefusedForm:
    """A refused change to be corrected where it was entered.

    Attributes:
        entity: of the record the form is for, or `sales_order` for the order's own page.
        creating: the record was to be made by the change.
        parts: the records entered beside a new account, by part.
        values: by the form's keys, with the part before a dot.
        entered: those of them that the change carried.
        field: the key of the refused field, "" when the refusal names none that the form has.
    """

    key: int
    label: str
    sentence: str
    entity: str
    creating: bool
    row_id: RowId
    account_id: RowId | None
    account: str
    parts: Mapping[str, RowId]
    values: Mapping[str, Value]
    entered: Mapping[str, Value]
    field: str


def refused_form(reader: Reader, *, key: int) -> RefusedForm | None:
    """The form of a refused change; None when there is none for it, or its record is not on this device any more."""
    try:
        entry = refused_change(reader.driver, key)
    except KnownError:
        return None
    order_id = order_of(reader, entry)
    if order_id is not None and not _takes_changes(reader, order_id):
        return None
    if order_id is not None:
        return _form(reader, entry, "sales_order", order_id, {}, {}, {})
    main = next((edit for edit in entry.change.edits if edit.entity in FORMS), None)
    if main is None:
        return None
    row = reader.row(main.entity, main.row_id)
    if row is None and main.kind != "create":
        return None
    entered = _plain(main, "")
    values: dict[str, Value] = {**(row or {}), **entered}
    parts: dict[str, RowId] = {}
    if main.kind == "create" and main.entity == "account":
        for edit in entry.change.edits:
            if edit.entity in PARTS and edit.entity not in parts and edit.kind == "create":
                parts[edit.entity] = RowId(edit.row_id)
                entered |= _plain(edit, f"{edit.entity}.")
        values |= entered
    return _form(reader, entry, main.entity, RowId(main.row_id), parts, values, entered)


def order_of(reader: Reader, entry: RefusedChange) -> RowId | None:
    """The order that a refused change was about, through its head or its lines."""
    for edit in entry.change.edits:
        if edit.entity == "sales_order":
            return RowId(edit.row_id)
        if edit.entity == "document_line":
            line = reader.row("document_line", edit.row_id) or {}
            order_id = edit.after.get("order_id") or line.get("order_id")
            return RowId(order_id) if isinstance(order_id, bytes) else None
    return None


def _takes_changes(reader: Reader, order_id: RowId) -> bool:
    """Whether an order is still edited, here and at the office; one that is nowhere yet may come back."""
    rows = (reader.row("sales_order", order_id), at_the_office(reader.driver, "sales_order", order_id))
    return all(row is None or row["status"] in EDITABLE_STATES for row in rows)


def _form(
    reader: Reader,
    entry: RefusedChange,
    entity: str,
    row_id: RowId,
    parts: Mapping[str, RowId],
    values: Mapping[str, Value],
    entered: Mapping[str, Value],
) -> RefusedForm:
    account = row_id if entity == "account" else values.get("account_id")
    account_id = RowId(account) if isinstance(account, bytes) else None
    prefixes = {row_id: "", **{part_id: f"{part}." for part, part_id in parts.items()}}
    about = prefixes.get(RowId(entry.row_id))
    return RefusedForm(
        key=entry.refused_no,
        label=entry.label,
        sentence=entry.sentence,
        entity=entity,
        creating=any(edit.row_id == row_id and edit.kind == "create" for edit in entry.change.edits),
        row_id=row_id,
        account_id=account_id,
        account=record_name(reader, "account", account_id).label if account_id is not None else "",
        parts=parts,
        values=values,
        entered=entered,
        field=f"{about}{entry.field}" if about is not None and entry.field else "",
    )


def _plain(edit: Edit, prefix: str) -> dict[str, Value]:
    known = CATALOGUE[edit.entity]
    return {
        f"{prefix}{name}": value
        for name, value in edit.after.items()
        if known.has(name) and (value is None or isinstance(value, int | str | bytes))
    }
