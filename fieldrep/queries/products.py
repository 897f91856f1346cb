"""The products list with stock and the price for the present customer, and one product's details.

Owns what a product row says. Prices come from `domain/pricing.py`, which also explains them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from fieldrep.contract.ids import RowId
from fieldrep.domain.pricing import Priced


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
