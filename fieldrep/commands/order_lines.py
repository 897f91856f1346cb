"""What a line of an order becomes: product and unit found, price taken from the list or the person, amount computed.

Owns finding products by SKU or barcode and pricing a line; the verbs are in `orders` and `lines`. Prices and sums come
from `domain`, so that laptop and server agree (I9).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from datetime import date

from fieldrep.commands.entered import label_of, standing
from fieldrep.commands.row_values import ref_of, text_of
from fieldrep.contract.errors import Code, KnownError
from fieldrep.contract.fields import MILLIONTH, Value
from fieldrep.contract.ids import RowId
from fieldrep.domain.days import day_of, parse_day, zone_named
from fieldrep.domain.money import format_millionths
from fieldrep.domain.orders import EDITABLE_STATES, amount_of_line, order_totals
from fieldrep.store.reads.draft_writers import writes_in_draft
from fieldrep.store.reads.prices import PriceBook
from fieldrep.store.statements import Row
from fieldrep.store.unit_of_work import UnitOfWork

_BY_SKU = "SELECT id FROM product WHERE sku = ? COLLATE NOCASE AND archived = 0 ORDER BY sku = ? DESC LIMIT 1"
_BY_BARCODE = "SELECT product_id, uom FROM product_uom WHERE barcode = ? AND archived = 0 LIMIT 1"
_ALL_SKUS = "SELECT sku FROM product WHERE archived = 0 AND status = 'active' AND sku LIKE ? LIMIT 2000"
_LINES = "SELECT id FROM document_line WHERE order_id = ? AND archived = 0 ORDER BY seq, id"
_LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM document_line WHERE order_id = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLine:
    """A line as it is entered: a product by SKU, barcode or id, or a text; numbers in millionths.

    Attributes:
        unit_price: None to take the price from the list.
        uom: "" for the product's own unit, or the one of the scanned barcode.
    """

    sku: str = ""
    product_id: RowId | None = None
    qty: int = MILLIONTH
    discount_rate: int = 0
    unit_price: int | None = None
    uom: str = ""
    text: str = ""
    reason_code: str = ""


def open_draft(uow: UnitOfWork, order_id: RowId) -> Row:
    """The order, when this person may still write in it.

    Raises:
        KnownError: `not_found` or `read_only`, saying why.
    """
    order = standing(uow, "sales_order", order_id)
    number = label_of("sales_order", order)
    if order["status"] not in EDITABLE_STATES:
        state = text_of(order, "status").replace("_", " ")
        raise KnownError(Code.READ_ONLY, f"{number} is already {state}; ask the office for a change to it.")
    if not writes_in_draft(uow.rows, uow.user_id, order, uow.now):
        raise KnownError(Code.READ_ONLY, f"{number} is a colleague's draft; only its author may change it.")
    return order


def today(uow: UnitOfWork) -> date:
    """The day it is for the person at this device: in her own zone, in that of the machine while she has none."""
    user = uow.row("user", uow.user_id)
    zone = text_of(user, "tz") if user else ""
    return day_of(uow.now, zone_named(zone) if zone else None)


def price_book(uow: UnitOfWork, order: Row, today: date) -> PriceBook:
    """The prices that count for an order."""
    account_id, price_list = order["account_id"], order["price_list_id"]
    return PriceBook.of_account(
        uow.rows,
        RowId(account_id) if isinstance(account_id, bytes) else None,
        parse_day(order["pricing_date"]) or today,
        currency=text_of(order, "currency"),
        price_list=RowId(price_list) if isinstance(price_list, bytes) else None,
    )


def add_line(uow: UnitOfWork, order: Row, book: PriceBook, line: NewLine, seq: int) -> RowId:
    """Writes one line of an order; the caller then brings the totals up to date.

    Raises:
        KnownError: `not_found` for the product, `invalid_value` for a number or a missing price.
    """
    values: dict[str, Value] = {
        "order_id": order["id"],
        "account_id": order["account_id"],
        "seq": seq,
        "reason_code": line.reason_code or None,
    }
    if line.text and not line.sku and line.product_id is None:
        values |= {"kind": "text", "description": line.text, "qty": 0}
    else:
        values |= _item(uow, book, line)
    values["line_amount"] = amount_of_line(values, text_of(order, "currency"))
    return uow.create("document_line", values)


def next_seq(uow: UnitOfWork, order_id: RowId) -> int:
    """The position after the last line, also after removed ones, so that an undo finds its place free."""
    return int(uow.rows(_LAST_SEQ, (order_id,))[0][0]) + 1


def _item(uow: UnitOfWork, book: PriceBook, line: NewLine) -> dict[str, Value]:
    product, scanned_uom = _product(uow, line)
    product_id = ref_of(product, "id")
    uom = unit_of(book, product, line.uom or scanned_uom or text_of(product, "base_uom") or "pc")
    _check_qty(line.qty, text_of(product, "sku"))
    values: dict[str, Value] = {
        "product_id": product_id,
        "description": line.text or product["name"],
        "qty": line.qty,
        "uom": uom,
        "discount_rate": line.discount_rate,
    }
    return values | price_fields(book, product, line.qty, uom, manual=line.unit_price)


def price_fields(
    book: PriceBook, product: Row, qty: int, uom: str, *, manual: int | None
) -> dict[str, Value]:
    """The price fields of a line: from the list, or a person's own price beside the list's.

    Raises:
        KnownError: `invalid_value`, when no list has a price and none is given.
    """
    base_uom = text_of(product, "base_uom") or "pc"
    priced = book.price(ref_of(product, "id"), qty, uom, base_uom)
    if manual is not None:
        list_price = priced.unit_price if priced else 0
        return {"unit_price": manual, "list_price": list_price, "price_source": "manual"}
    if priced is None:
        where = f"price list {book.lists[0].code}" if book.lists else "any price list"
        sentence = (
            f"{text_of(product, 'sku')} has no price for {format_millionths(qty)} {uom} in {book.currency} "
            f"on {where}. Give the line a price of its own."
        )
        raise KnownError(Code.INVALID_VALUE, sentence, field="unit_price")
    return {
        "unit_price": priced.unit_price,
        "list_price": priced.list_price,
        "price_source": priced.source,
    }


def unit_of(book: PriceBook, product: Row, typed: str) -> str:
    """The unit that was typed, as the product has it.

    Raises:
        KnownError: `invalid_value`, when the product is not sold by it.
    """
    units = [text_of(product, "base_uom") or "pc", *sorted(book.units(ref_of(product, "id")))]
    known = {unit.casefold(): unit for unit in reversed(units)}
    if typed in units or typed.casefold() in known:
        return typed if typed in units else known[typed.casefold()]
    sentence = f"{text_of(product, 'sku')} is not sold by “{typed[:20]}”. It is sold by: {', '.join(units)}."
    raise KnownError(Code.INVALID_VALUE, sentence, field="uom")


def _check_qty(qty: int, sku: str) -> None:
    if isinstance(qty, int) and qty <= 0:
        raise KnownError(
            Code.INVALID_VALUE, f"The quantity of {sku} must be more than nothing.", field="quantity"
        )


def product_of(uow: UnitOfWork, line: Row) -> Row:
    """The product of a stored line.

    Raises:
        KnownError: `not_found`, when it has none.
    """
    product_id = line["product_id"]
    product = uow.row("product", product_id) if isinstance(product_id, bytes) else None
    if product is None:
        sentence = "This line has no product; remove it and add it again."
        raise KnownError(Code.NOT_FOUND, sentence, field="product_id")
    return product


def _product(uow: UnitOfWork, line: NewLine) -> tuple[Row, str]:
    """The product of an entered line, and the unit its barcode stands for."""
    uom = ""
    product_id: bytes | None = line.product_id
    if product_id is None:
        found = uow.rows(_BY_SKU, (line.sku, line.sku))
        if not found:
            found = uow.rows(_BY_BARCODE, (line.sku,))
            uom = str(found[0][1]) if found else ""
        product_id = found[0][0] if found else None
    product = uow.row("product", product_id) if product_id is not None else None
    if product is None:
        raise KnownError(Code.NOT_FOUND, _unknown_sku(uow, line.sku), field="sku")
    if line.product_id is not None and line.sku and line.sku.casefold() != text_of(product, "sku").casefold():
        sentence = f"“{line.sku[:60]}” and the product named by id are two. Name one of them."
        raise KnownError(Code.INVALID_VALUE, sentence, field="sku")
    if product["status"] == "discontinued":
        sentence = (
            f"{text_of(product, 'sku')} {text_of(product, 'name')} is discontinued and cannot be ordered."
        )
        raise KnownError(Code.INVALID_VALUE, sentence, field="sku")
    return product, uom


def _unknown_sku(uow: UnitOfWork, sku: str) -> str:
    if not sku.strip():
        return "A line needs a product: give its SKU."
    known = [row[0] for row in uow.rows(_ALL_SKUS, (f"{sku[:1]}%",))]
    near = difflib.get_close_matches(sku, known, n=3, cutoff=0.5)
    advice = f" Did you mean {', '.join(near)}?" if near else " Look it up in Products."
    return f"There is no product with the SKU “{sku[:60]}”.{advice}"


def settle_totals(uow: UnitOfWork, order_id: RowId, **fields: Value) -> None:
    """Brings the sums of an order up to date, together with head fields that changed."""
    order = uow.row("sales_order", order_id)
    assert order is not None  # noqa: S101 - the caller has just read it
    order.update(fields)
    lines = [uow.row("document_line", row_id) for (row_id,) in uow.rows(_LINES, (order_id,))]
    totals = order_totals(order, [line for line in lines if line is not None])
    sums = {"goods_amount": totals.goods_amount, "total_amount": totals.total_amount}
    uow.update("sales_order", order_id, {**fields, **sums})
