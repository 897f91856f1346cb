"""Order entry: an order with its lines, prices explained, totals and stock, and what the fast field finds.

Owns what the order page says. Prices and totals come from `domain`, so that page, command and server agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fieldrep.contract.ids import RowId
from fieldrep.domain.pricing import Priced


@dataclass(frozen=True, slots=True)
class OrderHead:
    """The head of an order; texts are "" where nothing is known.

    Attributes:
        number: the official one, else the one made here.
        editable: lines and head fields may still be changed by this person.
        read_only_reason: why not, a sentence; "" when editable.
        moves: states this device may move it to now.
        saved_at: the last change, for “Saved 08:47”.
    """

    id: RowId
    number: str
    number_local: str
    doc_type: str
    status: str
    hold_reasons: tuple[str, ...]
    account_id: RowId
    account: str
    contact: str
    bill_to: str
    ship_to: str
    bill_site_id: RowId | None
    ship_site_id: RowId | None
    contact_id: RowId | None
    po_ref: str
    note: str
    ordered_on: date | None
    wanted_on: date | None
    pricing_date: date | None
    price_list: str
    currency: str
    taken_by: str
    editable: bool
    read_only_reason: str
    moves: frozenset[str]
    saved_at: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line: quantities and prices in millionths, amount in minor units.

    Attributes:
        priced: what the price list says today, with its explanation; None for text lines or without a price.
        price_changed: the list now says another price than the line carries.
        available_qty: available to promise less what other unsent lines here take; None when no stock is known.
        short: the line asks for more than is available.
    """

    id: RowId
    seq: int
    kind: str
    product_id: RowId | None
    sku: str
    description: str
    qty: int
    uom: str
    list_price: int
    unit_price: int
    net_price: int
    price_source: str
    discount_rate: int
    amount: int
    shipped_qty: int
    priced: Priced | None
    price_changed: bool
    available_qty: int | None
    stock_as_of: int | None
    short: bool
    waiting: bool


@dataclass(frozen=True, slots=True)
class OrderTotalsRow:
    """The sums below the lines, in minor units; `units` in millionths."""

    line_count: int
    units: int
    goods_amount: int
    freight_amount: int
    tax_amount: int
    total_amount: int


@dataclass(frozen=True, slots=True)
class OrderEntry:
    """Everything the order page shows; `problems` are sentences that stand against submitting."""

    head: OrderHead
    lines: tuple[OrderLine, ...]
    totals: OrderTotalsRow
    problems: tuple[str, ...]
    stock_as_of: int | None


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
