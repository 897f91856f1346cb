"""Orders on arrival: moves of their state are judged, totals are derived, a submitted order gets its number (I9).

One that gives more discount than whoever submits it may is held, by the policies and the day of the central store.
"""

from __future__ import annotations

from fieldrep.contract.catalogue import CATALOGUE
from fieldrep.contract.errors import Code
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of, zone_named
from fieldrep.domain.discounts import Giver, LineAbove, approval_needed, lines_above
from fieldrep.domain.orders import (
    EDITABLE_STATES,
    amount_of_line,
    may_move,
    may_write_draft,
    order_totals,
)
from sync_server.reconcile.author import Author
from sync_server.reconcile.refusal import Refusal, row_id_of
from sync_server.store.settling import within
from sync_server.store.statements import bytes_of
from sync_server.store.transaction import Row, WriteTransaction

ORDER = CATALOGUE["sales_order"]
PRODUCT = CATALOGUE["product"]
LINE = CATALOGUE["document_line"]
DERIVED = {
    "sales_order": frozenset({"goods_amount", "total_amount"}),
    "document_line": frozenset({"line_amount"}),
}
"""Fields a device sends for information only: the server works them out itself, so they never clash."""


def name_of(order: Row) -> str:
    """What a person calls the order: its official number, else the one its device gave it."""
    return str(order["number_official"] or order["number_local"] or "This order")


def require_open_draft(tx: WriteTransaction, author: Author, order_id: Value) -> None:
    """A draft is written by the person who made it, or whom his account has gone to, and only while it is one.

    Raises:
        Refusal: `read_only`, naming the order's state.
    """
    order = tx.row(ORDER, RowId(bytes(order_id))) if isinstance(order_id, bytes) else None
    if order is None:
        raise Refusal(Code.PARENT_MISSING, "The order of this line is not in the central store.")
    number = name_of(order)
    if order["status"] not in EDITABLE_STATES:
        sentence = f"{number} is already {order['status']!s}; ask the office for a change to it."
        raise Refusal(Code.READ_ONLY, sentence, ORDER.name, order_id if isinstance(order_id, bytes) else b"")
    if not _writes(tx, author.user_id, order):
        raise Refusal(
            Code.READ_ONLY, f"{number} is a colleague's draft; only its author may change it.", ORDER.name
        )


def _writes(tx: WriteTransaction, user_id: bytes, order: Row) -> bool:
    """Whether a user may write in a draft."""
    if order["created_by"] == user_id:
        return True
    account_id = order["account_id"]
    account = tx.row("account", account_id) if isinstance(account_id, bytes) else None
    author = tx.row("user", RowId(bytes_of(order["created_by"])))
    day = day_of(tx.now, zone_named(str((author or {}).get("tz") or "UTC"))).isoformat()
    team = tx.find("account_team", "account_id", account_id)
    beside = {
        bytes_of(member["user_id"]) for member in team if not member["archived"] and within(member, day)
    }
    above: set[bytes] = set()
    person = tx.row("user", user_id)
    while person is not None and (manager := bytes_of(person["manager_id"])) not in above:
        above.add(manager)
        person = tx.row("user", RowId(manager)) if manager else None
    owner = account["owner_user_id"] if account else None
    return may_write_draft(user_id, order["created_by"], owner, beside | above)


def require_account_of_order(tx: WriteTransaction, line: Row) -> None:
    """A line is held by whoever holds its order: nobody may see one without the other.

    Raises:
        Refusal: `invalid_value`.
    """
    order_id = line["order_id"]
    order = tx.row(ORDER, RowId(order_id)) if isinstance(order_id, bytes) else None
    if order is None or order["account_id"] != line["account_id"]:
        sentence = "The line names another account than its order."
        raise Refusal(Code.INVALID_VALUE, sentence, LINE.name, row_id_of(line), "account_id")


def check_move(order: Row, wanted: Value) -> None:
    """Whether a device may make this move now.

    Raises:
        Refusal: `move_not_allowed`, naming both states.
    """
    present = str(order["status"])
    if not may_move(present, str(wanted)):
        number = name_of(order)
        sentence = f"{number} is {present} and cannot become {wanted!s}."
        raise Refusal(Code.MOVE_NOT_ALLOWED, sentence, ORDER.name, row_id_of(order), "status")


def settle_order(tx: WriteTransaction, author: Author, order_id: RowId) -> None:
    """Derives all amounts of an order touched by a change, and receives it if it was submitted."""
    found = tx.row(ORDER, order_id)
    if found is None:
        return
    order = dict(found)
    lines = [
        _with_amount(tx, author, line, str(order["currency"]))
        for line in tx.children(LINE, "order_id", order_id)
    ]
    totals = order_totals(order, lines)
    order["goods_amount"], order["total_amount"] = totals.goods_amount, totals.total_amount
    if order["status"] == "submitted":
        _receive(tx, author, order, lines)
    if order != found:
        tx.stage(ORDER, {**order, **_stamps(tx, author)})


def _stamps(tx: WriteTransaction, author: Author) -> Row:
    """A derived amount is a change like any other: without a revision of its own no device would hear of it."""
    return {"revision": tx.revision, "changed_at": tx.now, "changed_by": author.user_id}


def _with_amount(tx: WriteTransaction, author: Author, line: Row, currency: str) -> Row:
    amount = amount_of_line(line, currency)
    if line["line_amount"] != amount:
        line = {**line, "line_amount": amount, **_stamps(tx, author)}
        tx.stage(LINE, line)
    return line


def _receive(tx: WriteTransaction, author: Author, order: Row, lines: list[Row]) -> None:
    if not any(line["kind"] == "item" and not line["archived"] for line in lines):
        number = name_of(order)
        sentence = f"{number} has no lines; add a product and submit it again."
        raise Refusal(Code.MOVE_NOT_ALLOWED, sentence, ORDER.name, row_id_of(order), "status")
    above = _above(tx, author, lines)
    order["status"] = "held" if above else "received"
    if above:
        order["hold_reasons"] = approval_needed(above)
    order["sales_rep_id"] = order["sales_rep_id"] or author.user_id
    if not order["number_official"]:
        order["number_official"] = f"SO-{tx.next_number('sales_order'):06d}"


def _above(tx: WriteTransaction, author: Author, lines: list[Row]) -> tuple[LineAbove, ...]:
    """The lines that give more discount than the author may, today."""
    policies = [policy for policy in tx.all("discount_policy") if not policy["archived"]]
    user = tx.row("user", author.user_id) if policies else None
    if user is None:
        return ()
    tx.preload(PRODUCT, {product_id for line in lines if isinstance(product_id := line["product_id"], bytes)})
    day = day_of(tx.now, zone_named(str(user["tz"] or "UTC"))).isoformat()
    giver = Giver(author.user_id, str(user["role"]), day)
    return lines_above(lines, lambda product_id: _family(tx, product_id), policies, giver)


def _family(tx: WriteTransaction, product_id: Value) -> Value:
    product = tx.row(PRODUCT, product_id) if isinstance(product_id, bytes) else None
    return product["family"] if product else None
