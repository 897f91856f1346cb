"""The products list with stock and the price for the present customer, and one product's details.

Owns what a product row says. Prices come from `domain/pricing.py`, which also explains them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.fields import MILLIONTH
from fieldrep.contract.ids import RowId
from fieldrep.domain.pricing import Priced
from fieldrep.queries.cells import day, maybe_whole, ref, text, whole
from fieldrep.queries.matching import MOST_HITS, key_list, matches
from fieldrep.queries.stock import Stock, stock_of
from fieldrep.store.reader import Reader
from fieldrep.store.reads.prices import PriceBook


class ProductChip(StrEnum):
    """The quick filters above the list of products."""

    ALL = "all"
    IN_STOCK = "in_stock"
    BOUGHT_BEFORE = "bought_before"
    DISCONTINUED = "discontinued"


@dataclass(frozen=True, slots=True)
class ProductsQuestion:
    """What a person asked for; `account_id` is the present customer, None for list prices."""

    text: str = ""
    chip: ProductChip = ProductChip.ALL
    family: str = ""
    account_id: RowId | None = None


@dataclass(frozen=True, slots=True)
class ProductsFound:
    """The products that answer a question, in order; `keys` are for `product_rows`."""

    question: ProductsQuestion
    keys: tuple[int, ...]
    more: bool

    @property
    def count(self) -> int:
        """How many products are listed."""
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product; the price is for one unit in millionths of `currency`, None where no list has one.

    Attributes:
        available_qty: available to promise over all warehouses, in millionths of `uom`, less what waits here unsent.
        stock_as_of: how old that is, None when no stock is known.
    """

    key: int
    id: RowId
    sku: str
    name: str
    family: str
    supplier: str
    status: str
    uom: str
    price: int | None
    price_source: str
    currency: str
    available_qty: int | None
    stock_as_of: int | None


@dataclass(frozen=True, slots=True)
class WarehouseStock:
    """What one warehouse has, in millionths of the product's unit."""

    warehouse: str
    on_hand_qty: int
    reserved_qty: int
    available_qty: int
    on_order_qty: int
    as_of: int | None


@dataclass(frozen=True, slots=True)
class PriceBreak:
    """From this quantity upwards the customer pays this price; `own` marks the customer's own."""

    min_qty: int
    uom: str
    price: int
    own: bool
    price_list: str
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit the product is sold in; `factor` base units in millionths."""

    uom: str
    factor: int
    barcode: str
    sell_multiple: int | None


@dataclass(frozen=True, slots=True)
class LastBought:
    """When the present customer last ordered it, and how."""

    order_id: RowId
    number: str
    ordered_on: date | None
    qty: int
    uom: str
    unit_price: int
    discount_rate: int


@dataclass(frozen=True, slots=True)
class ProductDetail:
    """One product's page; `priced` explains the price for one unit."""

    row: ProductRow
    description: str
    weight_g: int | None
    cost_price: int | None
    replaces: str
    replaced_by: str
    unsent_qty: int
    priced: Priced | None
    breaks: tuple[PriceBreak, ...]
    units: tuple[UnitChoice, ...]
    stock: tuple[WarehouseStock, ...]
    last_bought: tuple[LastBought, ...]


_ALL = "SELECT json_group_array(row_no) FROM (SELECT p.row_no FROM product AS p WHERE p.archived = 0"
_AMONG = (
    "SELECT json_group_array(row_no) FROM (SELECT p.row_no FROM json_each(?) AS j "
    "CROSS JOIN product AS p ON p.row_no = j.value WHERE p.archived = 0"
)
_CHIPS: Mapping[ProductChip, str] = {
    ProductChip.ALL: "AND p.status <> 'discontinued'",
    ProductChip.IN_STOCK: (
        "AND p.status <> 'discontinued' AND "
        "(SELECT sum(s.atp_qty) FROM stock_level AS s WHERE s.product_id = p.id AND s.archived = 0) > 0"
    ),
    ProductChip.BOUGHT_BEFORE: (
        "AND p.id IN (SELECT l.product_id FROM document_line AS l WHERE l.account_id = ? AND l.archived = 0)"
    ),
    ProductChip.DISCONTINUED: "AND p.status = 'discontinued'",
}
_FAMILY = "AND p.family = ?"
_BY_NAME = "ORDER BY p.name COLLATE NOCASE, p.sku, p.id)"
_AS_GIVEN = ")"
_BY_SKU = (
    "SELECT row_no FROM product WHERE archived = 0 AND sku >= ? COLLATE NOCASE AND sku < ? COLLATE NOCASE "
    "ORDER BY sku LIMIT ?"
)
_ROWS = """
SELECT row_no, id, sku, name, family, supplier, status, base_uom FROM product
WHERE row_no IN (SELECT value FROM json_each(?))
"""
_DETAIL = """
SELECT p.row_no, p.description, p.weight_g, p.cost_price, r.sku, r.name,
    (SELECT n.sku || ' ' || n.name FROM product AS n WHERE n.replaces_id = p.id AND n.archived = 0 LIMIT 1)
FROM product AS p LEFT JOIN product AS r ON r.id = p.replaces_id WHERE p.id = ?
"""
_STOCK = """
SELECT warehouse, on_hand_qty, reserved_qty, atp_qty, on_order_qty, as_of FROM stock_level
WHERE product_id = ? AND archived = 0 ORDER BY warehouse
"""
_UNITS = """
SELECT uom, factor, barcode, sell_multiple FROM product_uom WHERE product_id = ? AND archived = 0 ORDER BY factor
"""
_BOUGHT = """
SELECT o.id, coalesce(o.number_official, o.number_local), o.ordered_on, l.qty, l.uom, l.unit_price,
    l.discount_rate
FROM document_line AS l JOIN sales_order AS o ON o.id = l.order_id
WHERE +l.account_id = ?1 AND o.account_id = ?1 AND l.product_id = ?2 AND l.archived = 0 AND o.archived = 0
    AND o.status NOT IN ('draft', 'cancelled', 'rejected')
ORDER BY o.ordered_on DESC, o.id DESC LIMIT 5
"""
_LAST_LETTER = "\uffff"


def find_products(reader: Reader, *, question: ProductsQuestion) -> ProductsFound:
    """The products that answer a question: by name, or best match of a text over SKU, name and family."""
    typed = question.text.strip()
    more, parts = False, [_ALL]
    parameters: list[object] = []
    if typed:
        found = matches(reader, "product", typed)
        first = reader.rows(_BY_SKU, (typed, typed + _LAST_LETTER, MOST_HITS))
        keys = list(dict.fromkeys([*(row[0] for row in first), *found.keys]))[:MOST_HITS]
        more, parts = found.more, [_AMONG]
        parameters.append(key_list(keys))
    parts.append(_CHIPS[question.chip])
    if question.chip is ProductChip.BOUGHT_BEFORE:
        parameters.append(question.account_id or b"")
    if question.family:
        parts.append(_FAMILY)
        parameters.append(question.family)
    parts.append(_AS_GIVEN if typed else _BY_NAME)
    return ProductsFound(question, _keys(reader, parts, parameters), more)


def product_rows(
    reader: Reader, *, keys: Sequence[int], account_id: RowId | None, today: date
) -> tuple[ProductRow, ...]:
    """The rows of a window of `ProductsFound.keys`, in that order, at the prices of a customer."""
    found = reader.rows(_ROWS, (key_list(keys),))
    book = PriceBook.of_account(reader.rows, account_id, today)
    stock = stock_of(reader, [ref(row[1]) for row in found])
    rows = {row[0]: _row(row, book, stock.get(ref(row[1]))) for row in found}
    return tuple(rows[key] for key in keys if key in rows)


def product_detail(
    reader: Reader, *, product_id: RowId, account_id: RowId | None, today: date
) -> ProductDetail | None:
    """One product's page at the prices of a customer, None when the replica does not hold it."""
    found = reader.rows(_DETAIL, (product_id,))
    if not found:
        return None
    key, description, weight, cost, old_sku, old_name, newer = found[0]
    rows = product_rows(reader, keys=(key,), account_id=account_id, today=today)
    book = PriceBook.of_account(reader.rows, account_id, today)
    levels = stock_of(reader, [product_id]).get(product_id)
    return ProductDetail(
        row=rows[0],
        description=text(description),
        weight_g=maybe_whole(weight),
        cost_price=maybe_whole(cost),
        replaces=" ".join(part for part in (text(old_sku), text(old_name)) if part),
        replaced_by=text(newer),
        unsent_qty=sum(levels.unsent.values()) if levels else 0,
        priced=book.price(product_id, MILLIONTH, rows[0].uom, rows[0].uom),
        breaks=_breaks(book, product_id, rows[0].uom),
        units=tuple(
            UnitChoice(text(row[0]), whole(row[1]), text(row[2]), maybe_whole(row[3]))
            for row in reader.rows(_UNITS, (product_id,))
        ),
        stock=tuple(_warehouse(row) for row in reader.rows(_STOCK, (product_id,))),
        last_bought=_last_bought(reader, account_id, product_id),
    )


def _row(row: Sequence[object], book: PriceBook, stock: Stock | None) -> ProductRow:
    uom = text(row[7]) or "pc"
    priced = book.price(ref(row[1]), MILLIONTH, uom, uom)
    return ProductRow(
        key=whole(row[0]),
        id=ref(row[1]),
        sku=text(row[2]),
        name=text(row[3]),
        family=text(row[4]),
        supplier=text(row[5]),
        status=text(row[6]),
        uom=uom,
        price=priced.unit_price if priced else None,
        price_source=priced.source if priced else "",
        currency=book.currency,
        available_qty=stock.available() if stock else None,
        stock_as_of=stock.as_of if stock else None,
    )


def _warehouse(row: Sequence[object]) -> WarehouseStock:
    return WarehouseStock(
        warehouse=text(row[0]),
        on_hand_qty=whole(row[1]),
        reserved_qty=whole(row[2]),
        available_qty=whole(row[3]),
        on_order_qty=whole(row[4]),
        as_of=maybe_whole(row[5]),
    )


def _breaks(book: PriceBook, product_id: RowId, base_uom: str) -> tuple[PriceBreak, ...]:
    codes = {price_list.id: price_list.code for price_list in book.lists}
    rows = [
        PriceBreak(
            min_qty=item.min_qty,
            uom=item.uom or base_uom,
            price=item.price,
            own=item.account_id is not None,
            price_list=codes[item.price_list_id],
            valid_to=item.valid_to,
        )
        for item in book.items(product_id)
        if item.price_list_id in codes
        and (item.valid_from is None or item.valid_from <= book.on)
        and (item.valid_to is None or book.on <= item.valid_to)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.own, row.min_qty, row.price)))


def _last_bought(reader: Reader, account_id: RowId | None, product_id: RowId) -> tuple[LastBought, ...]:
    if account_id is None:
        return ()
    return tuple(
        LastBought(ref(row[0]), text(row[1]), day(row[2]), row[3], text(row[4]), row[5], row[6])
        for row in reader.rows(_BOUGHT, (account_id, product_id))
    )


def _keys(reader: Reader, parts: Sequence[str], parameters: Sequence[object]) -> tuple[int, ...]:
    found: list[int] = json.loads(reader.rows(" ".join(parts), parameters)[0][0])
    return tuple(found)
