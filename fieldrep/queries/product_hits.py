"""What the fast field of an order finds: products by SKU, barcode or part of a name, with price and stock.

Owns which products are offered and in which order. Must not know an order; prices come from the customer's book.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId
from fieldrep.domain.fast_entry import parse_fast_entry
from fieldrep.queries.cells import ref, text
from fieldrep.queries.matching import matches
from fieldrep.queries.stock import Stock, in_units, stock_of
from fieldrep.store.reader import Reader
from fieldrep.store.reads.prices import PriceBook


@dataclass(frozen=True, slots=True)
class ProductHit:
    """One product the fast field found; `qty` in millionths as typed after ×, `uom` from a scanned barcode."""

    id: RowId
    sku: str
    name: str
    uom: str
    qty: int
    price: int | None
    currency: str
    available_qty: int | None
    exact: bool


_EXACT = """
SELECT id, NULL FROM product WHERE sku = ?1 COLLATE NOCASE AND archived = 0
UNION ALL SELECT product_id, uom FROM product_uom WHERE barcode = ?1 AND archived = 0
"""
_BY_KEYS = """
SELECT p.id FROM json_each(?) AS j CROSS JOIN product AS p ON p.row_no = j.value
WHERE p.archived = 0 AND p.status <> 'discontinued'
"""
_BY_SKU = """
SELECT id FROM product WHERE sku >= ? COLLATE NOCASE AND sku < ? COLLATE NOCASE AND archived = 0
    AND status <> 'discontinued' ORDER BY sku LIMIT ?
"""
_PRODUCT = "SELECT sku, name, base_uom, status FROM product WHERE id = ?"
_LAST_LETTER = "\uffff"


def find_for_order(
    reader: Reader, *, typed: str, account_id: RowId | None, today: date, limit: int = 20
) -> tuple[ProductHit, ...]:
    """What the fast field offers for a SKU, a barcode, a part of a name or `SKU x quantity`, exact hits first."""
    entry = parse_fast_entry(typed)
    if not entry.what:
        return ()
    exact = {ref(row[0]): text(row[1]) for row in reader.rows(_EXACT, (entry.what,))}
    ids = dict.fromkeys(exact)
    found = reader.rows(_BY_SKU, (entry.what, entry.what + _LAST_LETTER, limit))
    keys = matches(reader, "product", entry.what, limit=limit).keys
    found += reader.rows(_BY_KEYS, ("[" + ",".join(map(str, keys)) + "]",))
    ids |= dict.fromkeys(ref(row[0]) for row in found)
    chosen = list(ids)[:limit]
    book = PriceBook.of_account(reader.rows, account_id, today)
    stock = stock_of(reader, chosen)
    return tuple(
        _hit(reader, book, stock.get(product_id), product_id, exact, entry.qty) for product_id in chosen
    )


def _hit(
    reader: Reader,
    book: PriceBook,
    stock: Stock | None,
    product_id: RowId,
    exact: Mapping[RowId, str],
    qty: int,
) -> ProductHit:
    sku, name, base_uom, _ = reader.rows(_PRODUCT, (product_id,))[0]
    base = text(base_uom) or "pc"
    uom = exact.get(product_id, "") or base
    priced = book.price(product_id, qty, uom, base)
    return ProductHit(
        id=product_id,
        sku=text(sku),
        name=text(name),
        uom=uom,
        qty=qty,
        price=priced.unit_price if priced else None,
        currency=book.currency,
        available_qty=in_units(stock.available(), book.factor(product_id, uom, base)) if stock else None,
        exact=product_id in exact,
    )
