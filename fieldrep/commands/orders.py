"""Commands on orders: making a draft with its lines, editing its head, copying, submitting and cancelling it.

Owns the verbs. What a state may become is judged by `domain/orders.py`, as the server does; a draft is its author's.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import entered, label_of, standing
from fieldrep.commands.order_lines import (
    NewLine,
    add_line,
    next_seq,
    open_draft,
    price_book,
    settle_totals,
    today,
)
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.orders import may_move
from fieldrep.store.incoming import refused
from fieldrep.store.outgoing import correcting
from fieldrep.store.reads.prices import PriceBook
from fieldrep.store.reads.usual_site import usual_site
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork

HEAD_FIELDS = (
    "contact_id",
    "bill_site_id",
    "ship_site_id",
    "po_ref",
    "note",
    "wanted_on",
    "priority",
    "freight_amount",
    "custom",
)
"""What a person enters in the head of an order; numbers, dates, states and sums follow from commands."""

_ITEMS = "SELECT count(*) FROM document_line WHERE order_id = ? AND archived = 0 AND kind = 'item'"
_COPIED = (
    "SELECT l.product_id, l.qty, l.uom, l.discount_rate, l.kind, l.description, l.reason_code "
    "FROM document_line AS l LEFT JOIN product AS p ON p.id = l.product_id WHERE l.order_id = ? "
    "AND l.archived = 0 AND coalesce(p.status, '') <> 'discontinued' ORDER BY l.seq, l.id"
)
_EVERY_LINE = "SELECT count(*) FROM document_line WHERE order_id = ? AND archived = 0"


def create_order(
    replica: Replica,
    *,
    account_id: RowId,
    lines: Sequence[NewLine] = (),
    doc_type: str = "order",
    **fields: Value,
) -> Done:
    """Makes a draft order of an account with its lines, priced from its price list."""
    with replica.begin("create_order", "New order") as uow:
        account = standing(uow, "account", account_id)
        order, made_lines = _create(uow, account, lines, doc_type, _head(uow, fields))
        number = text_of(order, "number_local")
        uow.label = f"Order {number} for {label_of('account', account)}"
    return _made("create_order", uow, order, made_lines)


def copy_order(replica: Replica, *, row_id: RowId) -> Done:
    """Makes a new draft with the lines of an earlier order that are still sold, at today's prices."""
    with replica.begin("copy_order", "Copy order") as uow:
        first = standing(uow, "sales_order", row_id)
        account = standing(uow, "account", ref_of(first, "account_id"))
        head = {name: first[name] for name in ("contact_id", "bill_site_id", "ship_site_id")}
        lines = [_again(row) for row in uow.rows(_COPIED, (row_id,))]
        order, made_lines = _create(uow, account, lines, text_of(first, "doc_type"), head)
        uow.label = f"Order {text_of(order, 'number_local')} {_like(uow, first, len(lines))}"
    return _made("copy_order", uow, order, made_lines)


def copy_lines(replica: Replica, *, row_id: RowId, from_id: RowId) -> Done:
    """Fills a draft with the lines of an earlier order that are still sold, at the draft's prices."""
    with replica.begin("copy_order", "Copy lines") as uow:
        order, first = open_draft(uow, row_id), standing(uow, "sales_order", from_id)
        lines = [_again(row) for row in uow.rows(_COPIED, (from_id,))]
        book, start = price_book(uow, order, today(uow)), next_seq(uow, row_id)
        made = tuple(add_line(uow, order, book, line, seq) for seq, line in enumerate(lines, start=start))
        settle_totals(uow, row_id)
        uow.label = f"Lines of order {label_of('sales_order', order)} {_like(uow, first, len(lines))}"
    return done("copy_order", uow, row_id, lines=made)


def _like(uow: UnitOfWork, first: Row, copied: int) -> str:
    left = int(uow.rows(_EVERY_LINE, (first["id"],))[0][0]) - copied
    told = f", without {left} no longer sold" if left else ""
    return f"like {label_of('sales_order', first)}{told}"


def drop_empty_order(replica: Replica, *, row_id: RowId) -> Done:
    """Takes back a draft in which nothing was entered, as when one only looked; any other order stays."""
    with replica.begin("drop_empty_order", "Empty order left") as uow:
        order = uow.row("sales_order", row_id)
        lines = uow.rows(_EVERY_LINE, (row_id,))[0][0]
        entered_fields = ("po_ref", "note", "wanted_on", "freight_amount")
        if order is not None and order["status"] == "draft" and order["created_by"] in (None, uow.user_id):
            uow.label = f"Empty order {label_of('sales_order', order)} left"
            refused_before = any(
                refused.touches_order(uow, entry.change, row_id)
                for entry in refused.refused_changes(uow.driver)
            )
            nothing = not lines and not refused_before and not any(order[name] for name in entered_fields)
            if nothing and not order["archived"]:
                uow.archive("sales_order", row_id)
    return done("drop_empty_order", uow, row_id)


def edit_order(replica: Replica, *, row_id: RowId, **fields: Value) -> Done:
    """Changes the head of a draft: wanted day, reference, note, freight, sites, contact."""
    with replica.begin("edit_order", "Edit order") as uow:
        order = open_draft(uow, row_id)
        uow.label = f"Edit order {label_of('sales_order', order)}"
        settle_totals(uow, row_id, **_head(uow, fields))
    return done("edit_order", uow, row_id)


def submit_order(replica: Replica, *, row_id: RowId) -> Done:
    """Submits a draft; from then on the office decides about it."""
    with replica.begin("submit_order", "Submit order") as uow:
        order = open_draft(uow, row_id)
        number = label_of("sales_order", order)
        if not uow.rows(_ITEMS, (row_id,))[0][0]:
            sentence = f"{number} has no lines yet; add a product before you submit it."
            raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
        uow.label = f"Submit order {number}"
        uow.update("sales_order", row_id, {"ordered_on": order["ordered_on"] or today(uow).isoformat()})
        _move(uow, order, "submitted")
    return done("submit_order", uow, row_id, number=number)


def cancel_order(replica: Replica, *, row_id: RowId) -> Done:
    """Cancels an order, or asks the office for it once it is exported."""
    with replica.begin("cancel_order", "Cancel order") as uow:
        order = standing(uow, "sales_order", row_id)
        uow.label = f"Cancel order {label_of('sales_order', order)}"
        asks = may_move(text_of(order, "status"), "cancel_requested")
        _move(uow, order, "cancel_requested" if asks else "cancelled")
    return done("cancel_order", uow, row_id)


def _create(
    uow: UnitOfWork, account: Row, lines: Sequence[NewLine], doc_type: str, head: dict[str, Value]
) -> tuple[Row, tuple[RowId, ...]]:
    account_id = ref_of(account, "id")
    day = today(uow)
    book = PriceBook.of_account(uow.rows, account_id, day)
    values: dict[str, Value] = {
        "doc_type": doc_type,
        "account_id": account_id,
        "bill_site_id": usual_site(uow.rows, account_id, "bill"),
        "ship_site_id": usual_site(uow.rows, account_id, "ship"),
        "number_local": uow.next_number("order"),
        "currency": book.currency,
        "price_list_id": book.lists[0].id if book.lists else None,
        "pricing_date": day.isoformat(),
        **head,
    }
    order_id = uow.create("sales_order", values)
    order = standing(uow, "sales_order", order_id)
    made = tuple(add_line(uow, order, book, line, seq) for seq, line in enumerate(lines, start=1))
    settle_totals(uow, order_id)
    return order, made


def _made(command: str, uow: UnitOfWork, order: Row, lines: tuple[RowId, ...]) -> Done:
    order_id = ref_of(order, "id")
    number = text_of(order, "number_local")
    return done(command, uow, order_id, made={"sales_order": order_id}, lines=lines, number=number)


def _head(uow: UnitOfWork, fields: dict[str, Value]) -> dict[str, Value]:
    for name in fields:
        if name not in HEAD_FIELDS:
            sentence = f"“{name[:60]}” of an order is not entered here. Known are: {', '.join(HEAD_FIELDS)}."
            raise KnownError(Code.FIELD_PROTECTED, sentence, field=name[:60])
    return entered(uow, "sales_order", fields, creating=True)


def _again(row: tuple[object, ...]) -> NewLine:
    product_id, qty, uom, discount_rate, kind, description, reason = row
    if kind == "text" or not isinstance(product_id, bytes):
        return NewLine(text=str(description or " "))
    assert isinstance(qty, int)  # noqa: S101 - whole numbers by the table's type
    assert isinstance(discount_rate, int)  # noqa: S101 - as above
    return NewLine(
        product_id=RowId(product_id),
        qty=qty,
        uom=str(uom or ""),
        discount_rate=discount_rate,
        reason_code=str(reason or ""),
    )


def _move(uow: UnitOfWork, order: Row, wanted: str) -> None:
    present = text_of(order, "status")
    if not may_move(present, wanted):
        number = label_of("sales_order", order)
        sentence = f"{number} is {present.replace('_', ' ')} and cannot become {wanted.replace('_', ' ')}."
        raise KnownError(Code.MOVE_NOT_ALLOWED, sentence)
    correcting.release(
        uow.driver, ref_of(order, "id")
    )  # what was being corrected goes first, the move after it
    uow.update("sales_order", ref_of(order, "id"), {"status": wanted})


__all__ = [
    "HEAD_FIELDS",
    "cancel_order",
    "copy_lines",
    "copy_order",
    "create_order",
    "drop_empty_order",
    "edit_order",
    "price_book",
    "submit_order",
    "today",
]
