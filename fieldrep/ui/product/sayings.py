"""How a product reads: two lines in the list, tiles, rows of stock, prices and units. Pure words and tones."""

from datetime import date, tzinfo

from fieldrep.queries.products import (
    LastBought,
    PriceBreak,
    ProductChip,
    ProductDetail,
    ProductRow,
    UnitChoice,
    WarehouseStock,
)
from fieldrep.ui.order.sheet import percent, unit_money
from fieldrep.ui.style.tokens import Tone
from fieldrep.ui.widgets.gridmodel import Cell, Column, GridRow
from fieldrep.ui.widgets.recordheader import HeaderView
from fieldrep.ui.widgets.recordlist import ListWords
from fieldrep.ui.widgets.rows import RowView
from fieldrep.ui.widgets.tile import TileView
from fieldrep.ui.words import NOTHING, day_and_time, quantity, sentence_case, short_day

WORDS = ListWords("product", "products", "Search SKU, name, family", ranked=True)
CHIPS = (
    (ProductChip.ALL.value, "All"),
    (ProductChip.IN_STOCK.value, "In stock"),
    (ProductChip.BOUGHT_BEFORE.value, "Bought"),
    (ProductChip.DISCONTINUED.value, "Discontinued"),
)
SORTS = (("name", "Name  A–Z"),)
STOCK_COLUMNS = (
    Column("warehouse", "Warehouse"),
    Column("on_hand", "On hand", 96, numeric=True),
    Column("reserved", "Reserved", 96, numeric=True),
    Column("available", "Available", 96, numeric=True),
    Column("on_order", "On order", 96, numeric=True),
    Column("as_of", "As of", 150),
)
PRICE_COLUMNS = (
    Column("from", "From quantity", 130, numeric=True),
    Column("uom", "Unit", 80),
    Column("price", "Price", 110, numeric=True),
    Column("list", "Price list"),
    Column("until", "Valid until", 130),
)
UNIT_COLUMNS = (
    Column("uom", "Unit", 110),
    Column("factor", "Contains", 130, numeric=True),
    Column("multiple", "Sold in steps of", 140, numeric=True),
    Column("barcode", "Barcode"),
)
BOUGHT_COLUMNS = (
    Column("order", "Order", 130),
    Column("day", "Ordered"),
    Column("qty", "Quantity", 96, numeric=True),
    Column("price", "Price", 110, numeric=True),
    Column("discount", "Discount", 96, numeric=True),
)


def row_view(row: ProductRow) -> RowView:
    """One product in two lines: what it costs, what there is."""
    if row.status == "discontinued":
        flag, tone = "discontinued", "text3"
    elif row.available_qty is None:
        flag, tone = "stock not known", "text3"
    elif row.available_qty > 0:
        flag, tone = f"{quantity(row.available_qty)} {row.uom}", Tone.SUCCESS.value
    else:
        flag, tone = "none left", Tone.DANGER.value
    return RowView(
        key=row.id,
        title=row.name,
        meta="  ·  ".join(part for part in (row.sku, row.family) if part),
        value=unit_money(row.price, row.currency) if row.price is not None else NOTHING,
        flag=flag,
        flag_tone=tone,
    )


def header_view(detail: ProductDetail) -> HeaderView:
    """The product's name, its state, and where it stands in the range."""
    row = detail.row
    badges = () if row.status == "active" else ((sentence_case(row.status), Tone.WARNING),)
    replaced = f"Replaced by {detail.replaced_by}" if detail.replaced_by else ""
    replaces = f"Replaces {detail.replaces}" if detail.replaces else ""
    facts = (f"SKU {row.sku}", row.family, row.supplier, detail.description, replaces, replaced)
    return HeaderView(row.name, tuple(fact for fact in facts if fact), badges)


def tiles(detail: ProductDetail, today: date, zone: tzinfo) -> tuple[TileView, ...]:
    """Price, stock, what comes, and the unit, each with how old or how it is meant."""
    row = detail.row
    priced = detail.priced
    price = unit_money(row.price, row.currency) if row.price is not None else NOTHING
    on_order = sum(level.on_order_qty for level in detail.stock)
    coming = _count(on_order, row.uom) if on_order else NOTHING
    return (
        TileView(
            "Price", price, f"Per {row.uom}, list {priced.price_list}" if priced else "On no price list"
        ),
        TileView("Available", _count(row.available_qty, row.uom), _stock_note(detail, today, zone)),
        TileView("On order", coming, "From suppliers, not yet here" if on_order else "Nothing on its way"),
    )


def _stock_note(detail: ProductDetail, today: date, zone: tzinfo) -> str:
    """How old the stock is, and what this laptop takes of it."""
    if detail.row.available_qty is None:
        return "No stock known"
    as_of = detail.row.stock_as_of
    age = f"As of {day_and_time(as_of, today, zone)}" if as_of else "Age of this figure not known"
    return f"{age}, {quantity(detail.unsent_qty)} in your unsent orders" if detail.unsent_qty else age


def unit_row(unit: UnitChoice, base_uom: str) -> GridRow:
    """One more unit the product is sold in."""
    steps = quantity(unit.sell_multiple) if unit.sell_multiple else NOTHING
    contains = f"{quantity(unit.factor)} {base_uom}"
    return GridRow(unit.uom, (Cell(unit.uom), Cell(contains), Cell(steps), Cell(unit.barcode or NOTHING)))


def stock_row(level: WarehouseStock, today: date, zone: tzinfo) -> GridRow:
    """What one warehouse has."""
    figures = (level.on_hand_qty, level.reserved_qty, level.available_qty, level.on_order_qty)
    tone = Tone.SUCCESS if level.available_qty > 0 else Tone.DANGER
    cells = [Cell(quantity(figure)) for figure in figures]
    cells[2] = Cell(quantity(level.available_qty), tone)
    as_of = day_and_time(level.as_of, today, zone) if level.as_of else "not known"
    return GridRow(level.warehouse, (Cell(level.warehouse), *cells, Cell(as_of)))


def price_row(at: int, item: PriceBreak, currency: str, today: date) -> GridRow:
    """One price and from how many it holds."""
    until = short_day(item.valid_to, today) if item.valid_to else "open end"
    name = f"{item.price_list}, this customer's own" if item.own else item.price_list
    price = Cell(unit_money(item.price, currency))
    start = quantity(item.min_qty) if item.min_qty else "any"
    return GridRow(at, (Cell(start), Cell(item.uom), price, Cell(name), Cell(until)))


def bought_row(bought: LastBought, currency: str, today: date) -> GridRow:
    """One earlier order of the product by the customer at hand."""
    day = short_day(bought.ordered_on, today) if bought.ordered_on else ""
    qty = Cell(f"{quantity(bought.qty)} {bought.uom}".strip())
    price = Cell(unit_money(bought.unit_price, currency))
    return GridRow(
        bought.order_id, (Cell(bought.number), Cell(day), qty, price, Cell(percent(bought.discount_rate)))
    )


def _count(value: int | None, uom: str) -> str:
    return NOTHING if value is None else f"{quantity(value)} {uom}"
