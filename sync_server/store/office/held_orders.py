"""Orders that wait for the office: which they are, and what becomes of one that is approved or rejected.

Each act is a small function on an open write transaction, audited with it; devices hear of it as of any change.
"""

from __future__ import annotations

from typing import Any

import msgspec

from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.values import canonical_json
from fieldrep.domain.discounts import APPROVAL
from fieldrep.domain.orders import OFFICE_DECIDES
from sync_server.store.office.acts import change_row
from sync_server.store.reading import Reader
from sync_server.store.statements import Row
from sync_server.store.transaction import WriteTransaction

ENTITY = "sales_order"


def held_orders(reader: Reader) -> list[Row]:
    """The orders that are held, the oldest first."""
    found = [order for order in reader.find(ENTITY, "status", "held") if not order["archived"]]
    return sorted(found, key=lambda order: str(order["number_official"]))


def reasons_of(order: Row) -> list[dict[str, Any]]:
    """Why an order is held; what was written in another form is passed over."""
    told = msgspec.json.decode(str(order["hold_reasons"] or "[]"))
    return [reason for reason in told if isinstance(reason, dict)]


def order_named(reader: Reader, number: str) -> Row:
    """The order with that number, the official one or that of its device.

    Raises:
        KnownError: `not_found`.
    """
    for field in ("number_official", "number_local"):
        found = reader.find(ENTITY, field, number)
        if len(found) == 1:
            return found[0]
    raise KnownError(
        Code.NOT_FOUND,
        f"There is no order “{number[:60]}”. List those that wait with fieldrep-server order held.",
    )


def approve(tx: WriteTransaction, order: Row) -> Row:
    """Lifts the hold for a discount; an order that is held for something else besides stays held.

    Raises:
        KnownError: `nothing_to_change` for one that was received already, `move_not_allowed`.
    """
    _require_held(order, OFFICE_DECIDES["approve"])
    left = [reason for reason in reasons_of(order) if reason.get("kind") != APPROVAL]
    values: dict[str, Value] = {"hold_reasons": canonical_json(left)}
    if not left:
        values["status"] = OFFICE_DECIDES["approve"]
    return change_row(tx, ENTITY, order, values, "approve_order")


def reject(tx: WriteTransaction, order: Row, why: str) -> Row:
    """Ends a held order, with the reason for whoever took it.

    Raises:
        KnownError: `nothing_to_change` for one that was rejected already, `move_not_allowed`, `required`.
    """
    _require_held(order, OFFICE_DECIDES["reject"])
    if not why.strip():
        raise KnownError(Code.REQUIRED, "Say why with --why; whoever took the order reads it.")
    values: dict[str, Value] = {"status": OFFICE_DECIDES["reject"], "reject_reason": why.strip()}
    return change_row(tx, ENTITY, order, values, "reject_order")


def _require_held(order: Row, wanted: str) -> None:
    number, status = str(order["number_official"] or order["number_local"]), str(order["status"])
    if status == wanted:
        raise KnownError(Code.NOTHING_TO_CHANGE, f"{number} is {status} already.")
    if status != "held":
        words = status.replace("_", " ")
        raise KnownError(
            Code.MOVE_NOT_ALLOWED, f"{number} is {words}; only a held order is approved or rejected."
        )
