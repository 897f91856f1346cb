"""What is sold and for how much: products, units, price lists and stock. Written by the ERP or the admin."""

from __future__ import annotations

from fieldrep.contract.entity import ScopeRule, declare
from fieldrep.contract.fields import INT64_MAX, MILLIONTH, A, E, Field, Kind, Merge, Reader, S
from fieldrep.contract.shapes import Shape


@declare("product", merge=Merge.SERVER, writers=A | E | S)
class Product:
    """Something on the price list."""

    sku = Field(Kind.TEXT, "SKU", required=True, maximum=60, search=10)
    name = Field(Kind.TEXT, "Name", required=True, maximum=200, search=8)
    description = Field(Kind.TEXT, maximum=2_000, search=1)
    family = Field(Kind.TEXT, maximum=120, search=3)
    supplier = Field(Kind.TEXT, maximum=200, search=2)
    status = Field(Kind.CHOICE, options=("active", "discontinued", "announced"), default="active")
    base_uom = Field(Kind.TEXT, "Unit", maximum=20, default="pc")
    tax_class = Field(Kind.TEXT, maximum=40)
    cost_price = Field(Kind.PRICE, "Cost", minimum=0, reader=Reader.COST)
    weight_g = Field(Kind.INTEGER, "Weight in grams", minimum=0, maximum=INT64_MAX)
    serialised = Field(Kind.FLAG, default=0)
    configurable = Field(Kind.FLAG, default=0)
    replaces_id = Field(Kind.REF, "Replaces", to="product")
    erp_ref = Field(Kind.TEXT, "ERP reference", maximum=60)


@declare(
    "product_uom",
    title="Unit of measure",
    plural="Units of measure",
    label=("uom",),
    merge=Merge.SERVER,
    writers=A | E | S,
)
class ProductUom:
    """A unit of measure a product is sold in, besides its base unit."""

    product_id = Field(Kind.REF, "Product", to="product", required=True, parent=True, fixed=True)
    uom = Field(Kind.TEXT, "Unit", required=True, maximum=20)
    factor = Field(Kind.QUANTITY, "Base units", required=True, minimum=1, default=MILLIONTH)
    barcode = Field(Kind.TEXT, maximum=60)
    sell_multiple = Field(Kind.QUANTITY, "Sold in multiples of", minimum=1)


@declare("price_list", label=("code",), merge=Merge.SERVER, writers=A | E | S)
class PriceList:
    """A list of prices in one currency."""

    code = Field(Kind.TEXT, required=True, maximum=60)
    name = Field(Kind.TEXT, "Name", maximum=120)
    currency = Field(Kind.TEXT, required=True, maximum=3, minimum=3, shape=Shape.CURRENCY)
    parent_id = Field(Kind.REF, "Based on", to="price_list")
    channel = Field(Kind.TEXT, maximum=60)
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE)
    version = Field(Kind.INTEGER, minimum=1, default=1)
    tax_included = Field(Kind.FLAG, default=0)


@declare(
    "price_list_item",
    scope=ScopeRule(account="account_id"),
    label=("price",),
    merge=Merge.SERVER,
    writers=A | E | S,
)
class PriceListItem:
    """The price of a product on a list from a quantity upwards; one customer's own price names the account."""

    price_list_id = Field(Kind.REF, "Price list", to="price_list", required=True, parent=True)
    product_id = Field(Kind.REF, "Product", to="product", required=True, parent=True)
    account_id = Field(Kind.REF, "Account", to="account", fixed=True)
    min_qty = Field(Kind.QUANTITY, "From quantity", minimum=0, default=0)
    uom = Field(Kind.TEXT, "Unit", maximum=20)
    price = Field(Kind.PRICE, required=True, minimum=0)
    valid_from = Field(Kind.DATE)
    valid_to = Field(Kind.DATE)


@declare("stock_level", label=("warehouse",), merge=Merge.SERVER, writers=E | S | A)
class StockLevel:
    """What a warehouse has of a product, as of a moment."""

    product_id = Field(Kind.REF, "Product", to="product", required=True, parent=True, fixed=True)
    warehouse = Field(Kind.TEXT, required=True, maximum=60)
    on_hand_qty = Field(Kind.QUANTITY, "On hand", default=0)
    reserved_qty = Field(Kind.QUANTITY, "Reserved", default=0)
    atp_qty = Field(Kind.QUANTITY, "Available to promise", default=0)
    on_order_qty = Field(Kind.QUANTITY, "On order", default=0)
    reorder_qty = Field(Kind.QUANTITY, "Reorder level", default=0)
    as_of = Field(Kind.INSTANT)
