"""Commands on the lines of a draft order: adding, changing and removing them; the order's sums follow at once.

Owns the verbs. A line's price follows the list while nobody gave it one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from fieldrep.commands.done import Done, done
from fieldrep.commands.entered import label_of, standing
from fieldrep.commands.order_lines import (
    NewLine,
    add_line,
    next_seq,
    open_draft,
    price_book,
    price_fields,
    product_of,
    settle_totals,
    unit_of,
)
from fieldrep.commands.orders import today
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.money import divide_rounded
from fieldrep.domain.orders import amount_of_line
from fieldrep.store.replica import Replica
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork


def add_order_line(replica: Replica, *, order_id: RowId, line: NewLine) -> Done:
    """Adds a line to a draft order, priced from its price list unless it brings a price of its own."""
    with replica.begin("add_order_line", "Add line") as uow:
        order = open_draft(uow, order_id)
        row_id = add_line(uow, order, price_book(uow, order, today(uow)), line, next_seq(uow, order_id))
        settle_totals(uow, order_id)
        row = standing(uow, "document_line", row_id)
        uow.label = f"{label_of('document_line', row)} to order {label_of('sales_order', order)}"
    return done("add_order_line", uow, row_id, made={"document_line": row_id}, lines=(row_id,))


def edit_order_line(
    replica: Replica,
    *,
    row_id: RowId,
    qty: int | None = None,
    discount_rate: int | None = None,
    unit_price: int | None = None,
    uom: str | None = None,
    text: str | None = None,
    reason_code: str | None = None,
    use_list_price: bool = False,
) -> Done:
    """Changes a line of a draft; a new quantity or unit takes the list's price, unless the line has its own."""
    with replica.begin("edit_order_line", "Edit line") as uow:
        line = standing(uow, "document_line", row_id)
        order_id = ref_of(line, "order_id")
        order = open_draft(uow, order_id)
        given = {
            "qty": qty,
            "discount_rate": discount_rate,
            "uom": uom,
            "description": text,
            "reason_code": reason_code,
        }
        values: dict[str, Value] = {name: value for name, value in given.items() if value is not None}
        if line["kind"] == "item":
            own = None if use_list_price else unit_price
            values |= _repriced(uow, order, line, values, own, use_list=use_list_price)
        values["line_amount"] = amount_of_line({**line, **values}, text_of(order, "currency"))
        uow.label = f"{label_of('document_line', line)} in order {label_of('sales_order', order)}"
        uow.update("document_line", row_id, values)
        settle_totals(uow, order_id)
    return done("edit_order_line", uow, row_id)


def remove_order_line(replica: Replica, *, row_id: RowId) -> Done:
    """Takes a line off a draft order."""
    return remove_order_lines(replica, row_ids=(row_id,))


def remove_order_lines(replica: Replica, *, row_ids: Sequence[RowId]) -> Done:
    """Takes lines off a draft order in one change, so that one undo brings all of them back."""
    with replica.begin("remove_order_line", "Remove line") as uow:
        order = _draft_of(uow, row_ids)
        what = f"{len(row_ids)} lines"
        for row_id in row_ids:
            line = standing(uow, "document_line", row_id)
            what = label_of("document_line", line) if len(row_ids) == 1 else what
            uow.archive("document_line", row_id)
        uow.label = f"Remove {what} from order {label_of('sales_order', order)}"
        settle_totals(uow, ref_of(order, "id"))
    return done("remove_order_line", uow, row_ids[0])


def discount_order_lines(replica: Replica, *, row_ids: Sequence[RowId], discount_rate: int) -> Done:
    """Gives lines of a draft the same discount in one change."""
    with replica.begin("edit_order_line", "Same discount") as uow:
        order = _draft_of(uow, row_ids)
        for row_id in row_ids:
            line = standing(uow, "document_line", row_id)
            if line["kind"] == "item":
                values = {"discount_rate": discount_rate}
                amount = amount_of_line({**line, **values}, text_of(order, "currency"))
                uow.update("document_line", row_id, {**values, "line_amount": amount})
        uow.label = f"Discount of {len(row_ids)} lines in order {label_of('sales_order', order)}"
        settle_totals(uow, ref_of(order, "id"))
    return done("edit_order_line", uow, row_ids[0])


def _draft_of(uow: UnitOfWork, row_ids: Sequence[RowId]) -> Row:
    """The open draft that all these lines belong to.

    Raises:
        KnownError: `invalid_value`, when there are none or they belong to several orders.
    """
    orders = {ref_of(standing(uow, "document_line", row_id), "order_id") for row_id in row_ids}
    if len(orders) != 1:
        raise KnownError(Code.INVALID_VALUE, "Choose lines of one order first.", field="id")
    return open_draft(uow, orders.pop())


def _repriced(
    uow: UnitOfWork, order: Row, line: Row, values: Row, own: int | None, *, use_list: bool
) -> dict[str, Value]:
    """Unit and price after an edit: a person's own price stays until another or the list's is asked for."""
    qty = values.get("qty", line["qty"])
    if not isinstance(qty, int) or qty <= 0:
        sentence = "The quantity must be more than nothing; remove the line instead."
        raise KnownError(Code.INVALID_VALUE, sentence, field="quantity")
    product, book = product_of(uow, line), price_book(uow, order, today(uow))
    base_uom = text_of(product, "base_uom") or "pc"
    before = text_of(line, "uom") or base_uom
    uom = unit_of(book, product, text_of(values, "uom")) if "uom" in values else before
    kept = line["unit_price"]
    if own is None and not use_list and line["price_source"] == "manual" and isinstance(kept, int):
        factors = [book.factor(ref_of(product, "id"), unit, base_uom) for unit in (uom, before)]
        own = divide_rounded(kept * factors[0], factors[1])
    priced = price_fields(book, product, qty, uom, manual=own)
    return priced | ({"uom": uom} if "uom" in values else {})
